package controller

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

// DeclaredKey is the service that a v1 request is about where Nacos lets Spring
// look for the name.
func (f *form) DeclaredKey() naming.Key {
	return f.keyOf(strings.TrimSpace(f.Declared("serviceName", "String")))
}

// threshold reads a protection threshold.
func threshold(s string) (float32, bool) {
	n, err := strconv.ParseFloat(s, 32)
	return float32(n), err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

func (a *API) createService(q *middleware.Request) (any, error) {
	f := formOf(q)
	s := naming.Spec{Key: f.DeclaredKey(), Metadata: f.Optional("metadata", ""), Selector: f.Optional("selector", "")}
	var ok bool
	if s.Threshold, ok = threshold(f.Optional("protectThreshold", "0")); !ok {
		f.fail(service.BadParam, "For input string: \"%s\"", f.Optional("protectThreshold", ""))
	}
	if f.err != nil {
		return nil, f.err
	}
	return done(q, a.o.Naming.CreateService(q.Context(), &s))
}

func (a *API) updateService(q *middleware.Request) (any, error) {
	f := formOf(q)
	s := naming.Spec{Key: f.Key(), Metadata: f.Optional("metadata", ""), Selector: f.Optional("selector", "")}
	if n, ok := threshold(f.Required("protectThreshold")); ok { // what is no number is 0
		s.Threshold = n
	}
	if f.err != nil {
		return nil, f.err
	}
	return done(q, a.o.Naming.UpdateService(q.Context(), &s))
}

func (a *API) deleteService(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.DeclaredKey()
	if f.err != nil {
		return nil, f.err
	}
	return done(q, a.o.Naming.DeleteService(q.Context(), k))
}

// serviceV1 is a service as its own route shows it.
type serviceV1 struct {
	Namespace string           `json:"namespaceId"`
	Group     string           `json:"groupName"`
	Name      string           `json:"name"`
	Threshold float            `json:"protectThreshold"`
	Metadata  *naming.Metadata `json:"metadata"`
	Selector  naming.Selector  `json:"selector"`
	Clusters  []clusterV1      `json:"clusters"`
}

type clusterV1 struct {
	Name     string           `json:"name"`
	Checker  naming.Checker   `json:"healthChecker"`
	Metadata *naming.Metadata `json:"metadata"`
}

// existing returns what a service shows, or the error of one that is not there.
func (a *API) existing(k naming.Key) (*naming.View, error) {
	v := a.o.Naming.View(k)
	if !v.Exists {
		return nil, service.Errorf(service.ServiceMissing, "service not found, namespace: %s, serviceName: %s", k.Namespace, v.Grouped)
	}
	return v, nil
}

func (a *API) service(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.DeclaredKey()
	if f.err != nil {
		return nil, f.err
	}
	v, err := a.existing(k)
	if err != nil {
		return nil, err
	}
	out := serviceV1{k.Namespace, k.Group, k.Service, float(v.Threshold()), metadataOf(v.Metadata()), v.Selector(), []clusterV1{}}
	for _, name := range v.Clusters() {
		c, _ := v.Meta.Cluster(name)
		out.Clusters = append(out.Clusters, clusterV1{name, c.Checker, metadataOf(c.Metadata)})
	}
	return out, nil
}

// namesWindow returns the bounds of a page, as Nacos pages the names of services.
func namesWindow(total, pageNo, size int) (from, to int, err error) {
	start := max(int64(pageNo)-1, 0) * int64(size)
	if size < 0 {
		start = 0
	}
	end := min(start+int64(size), int64(total))
	if start >= int64(total) && size >= 0 {
		return 0, 0, nil
	}
	if start > end {
		return 0, 0, service.Errorf(service.BadParam, "fromIndex(%d) > toIndex(%d)", start, end)
	}
	return int(start), int(end), nil
}

// namesPage is one page of the names of a group's services, and how many there
// are in all.
func (a *API) namesPage(namespace, group string, pageNo, size int) (int, []string, error) {
	names := a.o.Naming.NamesIn(namespace, group)
	from, to, err := namesWindow(len(names), pageNo, size)
	if err != nil {
		return 0, nil, err
	}
	return len(names), names[from:to], nil
}

func (a *API) serviceList(q *middleware.Request) (any, error) {
	f := formOf(q)
	pageNo, size := number(f.Required("pageNo")), number(f.Required("pageSize"))
	namespace, group := f.Optional("namespaceId", naming.DefaultNamespace), f.Optional("groupName", naming.DefaultGroup)
	if f.err != nil {
		return nil, f.err
	}
	count, names, err := a.namesPage(namespace, group, pageNo, size)
	return struct {
		Count int      `json:"count"`
		Doms  []string `json:"doms"`
	}{count, names}, err
}

// number is what NumberUtils.toInt makes of a text: 0 of what is no number.
func number(s string) int {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0
	}
	return int(n)
}

// maxPattern bounds a regular expression that a client sends.
const maxPattern = 1024

// pattern compiles an expression that is looked for anywhere.
func pattern(expr string) (*regexp.Regexp, error) {
	if len(expr) > maxPattern {
		return nil, service.Errorf(service.BadParam, "the expression is longer than %d bytes", maxPattern)
	}
	re, err := regexp.Compile("(?s)" + expr)
	if err != nil {
		return nil, service.Wrap(service.BadParam, err, "the expression cannot be read: "+err.Error())
	}
	return re, nil
}

func (a *API) serviceNames(q *middleware.Request) (any, error) {
	f := formOf(q)
	namespace, expr := f.Optional("namespaceId", ""), f.Optional("expr", "")
	re, err := pattern(expr)
	if err != nil {
		return nil, err
	}
	names := map[string][]string{}
	if namespace != "" {
		names[namespace] = []string{}
	}
	count := 0
	for _, k := range a.o.Naming.Names(namespace) {
		if g := k.Grouped(); re.MatchString(g) && mayRead(q, k) {
			names[k.Namespace] = append(names[k.Namespace], g)
			count++
		}
	}
	return map[string]any{"META-INF/services": names, "count": count}, nil
}

// subscriberV1 is a subscriber as v1 shows it.
type subscriberV1 struct {
	Address   string `json:"addrStr"`
	Agent     string `json:"agent"`
	App       string `json:"app"`
	IP        string `json:"ip"`
	Port      uint16 `json:"port"`
	Namespace string `json:"namespaceId"`
	Service   string `json:"serviceName"`
	Cluster   string `json:"cluster"`
}

// subscribers looks for what is asked for anywhere in the names.
func (a *API) subscribers(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.Key()
	pageNo, size := f.Int("pageNo", 1), f.Int("pageSize", 1000)
	everywhere := f.True("aggregation", true)
	if f.err != nil {
		return nil, f.err
	}
	all := a.o.Naming.SubscribersLike(q.Context(), k, everywhere)
	found := slices.DeleteFunc(all, func(s naming.Subscriber) bool { return !mayRead(q, s.Key) })
	out := []subscriberV1{}
	if from, to, err := namesWindow(len(found), pageNo, size); err == nil {
		for _, s := range found[from:to] {
			addr := s.IP
			if s.Port != 0 {
				addr = naming.Address(s.IP, s.Port)
			}
			out = append(out, subscriberV1{addr, s.Agent, s.App, s.IP, s.Port, s.Key.Namespace, s.Key.Grouped(), s.Clusters})
		}
	}
	return map[string]any{"subscribers": out, "count": len(found)}, nil
}

func selectorTypes(*middleware.Request) (any, error) { return restOK([]string{"none", "label"}), nil }
