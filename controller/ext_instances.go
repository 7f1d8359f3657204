package controller

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/naming"
)

// instanceLine is an instance in the console's table, with where its values come
// from.
type instanceLine struct {
	Namespace string           `json:"namespaceId"`
	Group     string           `json:"groupName"`
	Service   string           `json:"serviceName"`
	Cluster   string           `json:"clusterName"`
	IP        string           `json:"ip"`
	Port      uint16           `json:"port"`
	ID        *string          `json:"instanceId"`
	Healthy   bool             `json:"healthy"`
	Enabled   bool             `json:"enabled"`
	Weight    double           `json:"weight"`
	Ephemeral bool             `json:"ephemeral"`
	Metadata  *naming.Metadata `json:"metadata"`
	Client    string           `json:"clientId"`
	Beat      int64            `json:"lastBeat"`
	Operator  operatorSet      `json:"operator"`
	Sent      sentValues       `json:"client"`
	May       string           `json:"may"`

	key naming.Key
}

// operatorSet says which values an operator has set.
type operatorSet struct {
	Weight   bool     `json:"weight"`
	Enabled  bool     `json:"enabled"`
	Metadata []string `json:"metadata"`
}

// sentValues are those that the client sends.
type sentValues struct {
	Weight   double           `json:"weight"`
	Enabled  bool             `json:"enabled"`
	Metadata *naming.Metadata `json:"metadata"`
}

func instanceLineOf(k naming.Key, d *naming.Detail) instanceLine {
	in := d.Shown
	l := instanceLine{
		Namespace: k.Namespace, Group: k.Group, Service: k.Service, Cluster: in.Cluster, IP: in.IP, Port: in.Port, ID: idOf(in, k),
		Healthy: in.Healthy, Enabled: in.Enabled, Weight: double(in.Weight), Ephemeral: in.Ephemeral, Metadata: metadataOf(in.Metadata),
		Client: d.ClientID, Beat: d.Heard, Operator: operatorSet{Metadata: []string{}},
		Sent: sentValues{double(d.Sent.Weight), d.Sent.Enabled, metadataOf(d.Sent.Metadata)}, key: k,
	}
	if o := d.Set; o != nil {
		l.Operator.Weight, l.Operator.Enabled = o.Weight != nil, o.Enabled != nil
		for _, p := range o.Metadata.Pairs() {
			l.Operator.Metadata = append(l.Operator.Metadata, p.Name)
		}
	}
	return l
}

// instanceFilter is what the table of instances shows.
type instanceFilter struct {
	namespace, service, group, cluster, health, enabled, metadata, host string
	text, ip                                                            wanted
}

func instanceFilterOf(f *form) instanceFilter {
	c := instanceFilter{
		namespace: f.namingNamespace(), service: f.text("serviceName"), group: f.text("groupName"), cluster: f.text("clusterName"),
		health: f.text("health"), enabled: f.text("enabled"), metadata: f.text("metadata"), text: f.wanted("q"), ip: f.wanted("ip"),
		host: f.text("host"),
	}
	if !slices.Contains([]string{"", "healthy", "unhealthy"}, c.health) {
		f.fail(service.BadParam, "health must be healthy or unhealthy")
	}
	if !slices.Contains([]string{"", "true", "false"}, c.enabled) {
		f.fail(service.BadParam, "enabled must be true or false")
	}
	return c
}

// fits reports whether an instance is shown.
func (c *instanceFilter) fits(p naming.Placed) bool {
	in := p.Shown
	switch {
	case c.cluster != "" && in.Cluster != c.cluster,
		c.host != "" && in.IP != c.host,
		c.health != "" && in.Healthy != (c.health == "healthy"),
		c.enabled != "" && in.Enabled != (c.enabled == "true"),
		!tagged(in.Metadata, c.metadata):
		return false
	}
	if c.ip.none() && c.text.none() {
		return true
	}
	address := naming.Address(in.IP, in.Port)
	return c.ip.match(address) && (c.text.match(address) || c.text.match(p.Key.Service))
}

func (a *API) extInstances(q *middleware.Request) (any, error) {
	f := formOf(q)
	filter := instanceFilterOf(&f)
	pageNo, size := f.pageV3()
	o := f.sorted("ip", "serviceName", "weight", "healthy", "enabled", "lastBeat", "clusterName")
	if f.err != nil {
		return nil, f.err
	}
	found := a.placed(q, &filter)
	lines := []instanceLine{}
	from, to := window(len(found), pageNo, size)
	for _, p := range service.Window(found, from, to, compareIn(o, compareInstances(o.by))) {
		d := p.Detail()
		line := instanceLineOf(*p.Key, &d)
		line.May = may(q, serviceResource(*p.Key))
		lines = append(lines, line)
	}
	return pagesV3(len(found), pageNo, size, lines), nil
}

// placed lists the instances that a filter shows to the caller, in no order.
func (a *API) placed(q *middleware.Request, filter *instanceFilter) []naming.Placed {
	found := a.o.Naming.Placed(func(k naming.Key) bool {
		return k.Namespace == filter.namespace && (filter.service == "" || k.Service == filter.service) && (filter.group == "" || k.Group == filter.group) && q.Sees(serviceResource(k))
	})
	return slices.DeleteFunc(found, func(p naming.Placed) bool { return !filter.fits(p) })
}

func compareInstances(by string) func(a, b naming.Placed) int {
	place := func(a, b naming.Placed) int {
		return cmp.Or(cmp.Compare(a.Shown.IP, b.Shown.IP), cmp.Compare(a.Shown.Port, b.Shown.Port), cmp.Compare(a.Key.Service, b.Key.Service),
			cmp.Compare(a.Key.Group, b.Key.Group), cmp.Compare(a.Shown.Cluster, b.Shown.Cluster))
	}
	flag := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	first := func(c func(a, b naming.Placed) int) func(a, b naming.Placed) int {
		return func(a, b naming.Placed) int { return cmp.Or(c(a, b), place(a, b)) }
	}
	switch by {
	case "serviceName":
		return first(func(a, b naming.Placed) int { return cmp.Compare(a.Key.Service, b.Key.Service) })
	case "clusterName":
		return first(func(a, b naming.Placed) int { return cmp.Compare(a.Shown.Cluster, b.Shown.Cluster) })
	case "weight":
		return first(func(a, b naming.Placed) int { return cmp.Compare(a.Shown.Weight, b.Shown.Weight) })
	case "healthy":
		return first(func(a, b naming.Placed) int { return cmp.Compare(flag(a.Shown.Healthy), flag(b.Shown.Healthy)) })
	case "enabled":
		return first(func(a, b naming.Placed) int { return cmp.Compare(flag(a.Shown.Enabled), flag(b.Shown.Enabled)) })
	case "lastBeat":
		return first(func(a, b naming.Placed) int { return cmp.Compare(a.Heard(), b.Heard()) })
	default:
		return place
	}
}

// chosenInstance is one of those that an action is about.
type chosenInstance struct {
	Group     string `json:"groupName"`
	Service   string `json:"serviceName"`
	Cluster   string `json:"clusterName"`
	IP        string `json:"ip"`
	Port      uint16 `json:"port"`
	Ephemeral bool   `json:"ephemeral"`
}

// failedInstance is one with which it did not work.
type failedInstance struct {
	chosenInstance
	Error string `json:"error"`
}

// maxChosen bounds the instances of one action.
const maxChosen = 1000

func (a *API) extBatch(q *middleware.Request) (any, error) {
	f := formOf(q)
	ns, action, value, raw := f.namingNamespace(), f.notBlank("action"), f.text("value"), f.notBlank("instances")
	var chosen []chosenInstance
	if f.err == nil {
		if err := json.Unmarshal([]byte(raw), &chosen); err != nil {
			f.fail(service.BadParam, "instances must be a JSON array of instances")
		}
	}
	if len(chosen) > maxChosen {
		f.fail(service.TooLarge, "more than %d instances", maxChosen)
	}
	do := a.instanceAction(q, &f, action, value)
	if f.err != nil {
		return nil, f.err
	}
	done, failed := 0, []failedInstance{}
	for _, c := range chosen {
		k := naming.Key{Namespace: ns, Group: cmp.Or(c.Group, naming.DefaultGroup), Service: c.Service}
		c.Cluster = cmp.Or(c.Cluster, naming.DefaultCluster)
		err := q.May(serviceResource(k), auth.Write)
		if err == nil {
			err = do(k, c)
		}
		if err != nil {
			failed = append(failed, failedInstance{c, asKeyed(q, err).msg})
			continue
		}
		done++
	}
	return map[string]any{"done": done, "failed": failed}, nil
}

// instanceAction is what is to be done to each instance.
func (a *API) instanceAction(q *middleware.Request, f *form, action, value string) func(naming.Key, chosenInstance) error {
	patch := func(change func(*naming.Patch)) func(naming.Key, chosenInstance) error {
		return func(k naming.Key, c chosenInstance) error {
			p := &naming.Patch{Key: k, IP: c.IP, Port: c.Port, Cluster: c.Cluster, By: q.User}
			change(p)
			return a.o.Naming.Patch(q.Context(), p)
		}
	}
	switch action {
	case "enable", "disable":
		on := action == "enable"
		return patch(func(p *naming.Patch) { p.Enabled = &on })
	case "weight":
		w, err := strconv.ParseFloat(value, 64)
		if err != nil || w < 0 || w > naming.MaxWeight {
			f.fail(service.BadWeight, "value must be a weight from 0 to %.0f", naming.MaxWeight)
		}
		return patch(func(p *naming.Patch) { p.Weight = &w })
	case "metadata":
		return patch(func(p *naming.Patch) { p.Metadata = &value })
	case "reset":
		return func(k naming.Key, c chosenInstance) error {
			return a.o.Naming.Reset(q.Context(), k, []naming.At{{IP: c.IP, Port: c.Port, Cluster: c.Cluster}}, q.User)
		}
	case "deregister":
		return func(k naming.Key, c chosenInstance) error { return a.takeOff(q.Context(), q, k, c) }
	default:
		f.fail(service.BadParam, "action must be enable, disable, weight, metadata, reset or deregister")
		return nil
	}
}

// takeOff deregisters an instance that this node answers for.
func (a *API) takeOff(ctx context.Context, q *middleware.Request, k naming.Key, c chosenInstance) error {
	if at := naming.Address(c.IP, c.Port); c.Ephemeral && a.o.Owner != nil && a.o.Owner(at) != a.o.Ops.Address() {
		return service.Errorf(service.Unavailable, "another node answers for this instance: take it off by itself")
	}
	return a.o.Naming.Deregister(ctx, &naming.Registration{Key: k, IP: c.IP, Port: c.Port, Cluster: c.Cluster, Weight: 1, Ephemeral: c.Ephemeral, By: q.User})
}
