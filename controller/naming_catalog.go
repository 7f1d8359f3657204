package controller

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

// catalogCluster is a cluster as the console shows it.
type catalogCluster struct {
	Service         string           `json:"serviceName"`
	Name            string           `json:"name"`
	Checker         naming.Checker   `json:"healthChecker"`
	Port            int              `json:"defaultPort"` // always 80
	CheckPort       int              `json:"defaultCheckPort"`
	UseInstancePort bool             `json:"useIPPort4Check"`
	Metadata        *naming.Metadata `json:"metadata"`
}

type catalogServiceInfo struct {
	Name      string           `json:"name"`
	Group     string           `json:"groupName"`
	Threshold float            `json:"protectThreshold"`
	Selector  naming.Selector  `json:"selector"`
	Metadata  *naming.Metadata `json:"metadata"`
}

// catalogued returns what a service shows, or the console's error of one that is
// not there.
func (a *API) catalogued(k naming.Key) (*naming.View, error) {
	v := a.o.Naming.View(k)
	if !v.Exists {
		return nil, service.Errorf(service.NotFound, "service %s is not found!", v.Grouped)
	}
	return v, nil
}

func (a *API) catalogService(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.DeclaredKey()
	if f.err != nil {
		return nil, f.err
	}
	v, err := a.catalogued(k)
	if err != nil {
		return nil, err
	}
	clusters := []catalogCluster{}
	for _, name := range v.Clusters() {
		c, _ := v.Meta.Cluster(name)
		clusters = append(clusters, catalogCluster{v.Grouped, name, c.Checker, 80, c.CheckPort, c.UseInstancePort, metadataOf(c.Metadata)})
	}
	return map[string]any{
		"service":  catalogServiceInfo{k.Service, k.Group, float(v.Threshold()), v.Selector(), metadataOf(v.Metadata())},
		"clusters": clusters,
	}, nil
}

// window returns the bounds of a page, as the console pages instances: page 0 is
// empty, and so is what lies behind the end.
func window(total, pageNo, size int) (from, to int) {
	n := int64(total)
	start := (int64(pageNo) - 1) * int64(size)
	end := start + int64(size)
	start, end = min(max(start, 0), n), min(max(end, 0), n)
	return int(start), int(max(start, end))
}

func (a *API) catalogInstances(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, cluster := f.DeclaredKey(), f.Declared("clusterName", "String")
	pageNo, size := int(f.DeclaredInt("pageNo", "int")), int(f.DeclaredInt("pageSize", "int"))
	if f.err != nil {
		return nil, f.err
	}
	v, err := a.catalogued(k)
	if err != nil {
		return nil, err
	}
	var all []*naming.Instance
	for _, in := range v.Instances {
		if in.Cluster == cluster {
			all = append(all, in)
		}
	}
	if len(all) == 0 {
		return nil, service.Errorf(service.NotFound, "cluster %s is not found!", cluster)
	}
	from, to := window(len(all), pageNo, size)
	return map[string]any{"list": v.List(all[from:to]), "count": len(all)}, nil
}

// serviceRow is a service in the console's table.
type serviceRow struct {
	Name     string `json:"name"`
	Group    string `json:"groupName"`
	Clusters int    `json:"clusterCount"`
	IPs      int    `json:"ipCount"`
	Healthy  int    `json:"healthyInstanceCount"`
	Trigger  string `json:"triggerFlag"` // true or false, as text
}

func rowOf(v *naming.View) serviceRow {
	return serviceRow{
		v.Key.Service, v.Key.Group, len(v.Clusters()), len(v.Instances), v.Healthy(), strconv.FormatBool(v.Protected()),
	}
}

// serviceWithInstances is a service in the console's table with all of its hosts.
type serviceWithInstances struct {
	Namespace *string                   `json:"namespace"`
	Name      string                    `json:"serviceName"`
	Group     string                    `json:"groupName"`
	Clusters  map[string]clusterOfHosts `json:"clusterMap"`
	Metadata  *naming.Metadata          `json:"metadata"`
	Threshold float                     `json:"protectThreshold"` // always 0 here
	Selector  *string                   `json:"selector"`
	Ephemeral *bool                     `json:"ephemeral"`
}

type clusterOfHosts struct {
	Name     *string        `json:"clusterName"`
	Checker  *string        `json:"healthChecker"`
	Metadata *string        `json:"metadata"`
	Hosts    []hostOfTables `json:"hosts"`
}

type hostOfTables struct {
	Valid    bool             `json:"valid"`
	Metadata *naming.Metadata `json:"metadata"`
	Port     uint16           `json:"port"`
	IP       string           `json:"ip"`
	Weight   double           `json:"weight"`
	Enabled  bool             `json:"enabled"`
}

func withInstances(v *naming.View) serviceWithInstances {
	out := serviceWithInstances{
		Name: v.Key.Service, Group: v.Key.Group, Clusters: map[string]clusterOfHosts{},
		Metadata: metadataOf(v.Metadata()),
	}
	for _, in := range v.Instances {
		c := out.Clusters[in.Cluster]
		c.Hosts = append(c.Hosts, hostOfTables{in.Healthy, metadataOf(in.Metadata), in.Port, in.IP, double(in.Weight), in.Enabled})
		out.Clusters[in.Cluster] = c
	}
	return out
}

// PrimitiveInt is a number that Nacos binds to a primitive: one that is missing
// is the server's failure there.
func (f *form) PrimitiveInt(name string) int {
	v := f.Optional(name, "")
	if v == "" {
		f.fail(service.Internal, "caused: Optional int parameter '%s' is present but cannot be translated into a null value due to being declared as a primitive type. Consider declaring it as object wrapper for the corresponding primitive type.;", name)
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil {
		f.keep(&conversion{v, "int"})
	}
	return int(n)
}

func (a *API) catalogServices(q *middleware.Request) (any, error) {
	f := formOf(q)
	full := f.Flag("withInstances", false)
	pageNo, size := f.PrimitiveInt("pageNo"), f.PrimitiveInt("pageSize")
	namespace, hasIP := f.Optional("namespaceId", naming.DefaultNamespace), f.Flag("hasIpCount", false)
	group, name := f.grep("groupNameParam"), f.grep("serviceNameParam")
	if f.err != nil {
		return nil, f.err
	}
	all := a.o.Naming.Views(func(k naming.Key) bool {
		return k.Namespace == namespace && group.MatchString(k.Group) && name.MatchString(k.Service)
	})
	if hasIP {
		all = slices.DeleteFunc(all, func(v *naming.View) bool { return len(v.Instances) == 0 })
	}
	from, to := 0, len(all)
	if len(all) >= size { // a list shorter than a page is on every page
		from, to = window(len(all), pageNo, size)
	}
	if full {
		out := []serviceWithInstances{}
		for _, v := range all[from:to] {
			out = append(out, withInstances(v))
		}
		return out, nil
	}
	rows := []serviceRow{}
	for _, v := range all[from:to] {
		rows = append(rows, rowOf(v))
	}
	return map[string]any{"count": len(all), "serviceList": rows}, nil
}

// grep is an expression that is looked for anywhere in a name.
func (f *form) grep(param string) *regexp.Regexp {
	re, err := pattern(f.Optional(param, ""))
	if err != nil {
		f.keep(err)
	}
	return re
}

// catalogInstancesV2 lists the instances of all clusters. healthyOnly and
// enabledOnly are filters of three states.
func (a *API) catalogInstancesV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.DeclaredKey()
	k.Group = groupOf(f.q.Params.Get("serviceName"))
	pageNo, size := int(f.DeclaredInt("pageNo", "int")), int(f.DeclaredInt("pageSize", "int"))
	healthy, enabled := f.tri("healthyOnly"), f.tri("enabledOnly")
	if f.err != nil {
		return nil, f.err
	}
	v := a.o.Naming.View(k)
	var all []*naming.Instance
	for _, in := range v.Instances {
		if (healthy == nil || *healthy == in.Healthy) && (enabled == nil || *enabled == in.Enabled) {
			all = append(all, in)
		}
	}
	from, to := window(len(all), pageNo, size)
	out := struct {
		Instances []json.RawMessage `json:"instances,omitempty"`
		Count     int               `json:"count"`
	}{v.List(all[from:to]), len(all)}
	return out, nil
}

// groupOf is the group that a name carries, else the default one: a groupName
// beside it means nothing here.
func groupOf(name string) string {
	if g, _, ok := strings.Cut(name, "@@"); ok {
		return strings.TrimSpace(g)
	}
	return naming.DefaultGroup
}

func (f *form) tri(name string) *bool {
	if f.Optional(name, "") == "" {
		return nil
	}
	v := f.Flag(name, false)
	return &v
}

// v2Catalog is v2 with the errors of v1: its controller lacks Nacos's marker.
func v2Catalog(q *middleware.Request, v any, err error) {
	if err != nil {
		v1(q, nil, err)
		return
	}
	v2(q, v, nil)
}

// updateCluster sets what is said of a cluster.
func (a *API) updateCluster(q *middleware.Request) (any, error) {
	f := formOf(q)
	r := naming.ClusterSpec{Cluster: f.Required("clusterName")}
	r.Key = f.Key()
	r.CheckPort = number(f.Required("checkPort"))
	r.UseInstancePort = yes(f.Required("useInstancePort4Check"))
	r.Checker, r.Metadata = f.Required("healthChecker"), f.Optional("metadata", "")
	if f.err != nil {
		return nil, f.err
	}
	return done(q, a.o.Naming.UpdateCluster(q.Context(), &r))
}

func (a *API) forceHealth(q *middleware.Request) (any, error) {
	f := formOf(q)
	healthy := f.Either("healthy", "valid", "")
	if healthy == "" {
		f.fail(service.ParamMissing, "Param 'healthy' is required.")
	}
	k, ip, port := f.Key(), f.Required("ip"), f.Port()
	cluster := f.Optional("clusterName", naming.DefaultCluster)
	if f.err != nil {
		return nil, f.err
	}
	return done(q, a.o.Naming.ForceHealth(q.Context(), k, ip, port, cluster, yes(healthy), q.User))
}

func (a *API) healthServer(*middleware.Request) (any, error) {
	n := a.o.Naming.Counts().Services
	return map[string]string{"msg": "Hello! I am Nacos-Naming and healthy! total services: " + strconv.Itoa(n) + ", local port:" + strconv.Itoa(a.o.Ops.Port())}, nil
}

// checkersJSON are the checkers that clients know, with the defaults of their
// members. Clients compare it, so checkers of ours are not in it.
const checkersJSON = `{"TCP":{},"HTTP":{"path":"","headers":"","expectedResponseCode":200},"MYSQL":{"user":null,"pwd":null,"cmd":null},"NONE":{}}`

func healthCheckers(*middleware.Request) (any, error) {
	return middleware.Raw{Status: http.StatusOK, ContentType: middleware.JSON, Body: []byte(checkersJSON)}, nil
}
