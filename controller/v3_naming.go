package controller

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

// namingV3Routes are services and instances as the console of Nacos 3 asks for
// them.
func (a *API) namingV3Routes() []middleware.Route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	const svc, inst = "/v3/console/ns/service", "/v3/console/ns/instance"
	read, write, list := catalogRead, catalogWrite, catalogRead
	read.Bare, write.Bare = true, true // as KeyV2 reads the name
	list.Wide = true
	return v3Rows(middleware.Naming, []middleware.Route{
		{Method: post, Path: svc, Access: write, Do: a.createServiceV2},
		{Method: put, Path: svc, Access: write, Do: a.updateServiceV3},
		{Method: del, Path: svc, Access: write, Do: a.deleteServiceV2},
		{Method: get, Path: svc, Access: read, Do: a.serviceV3},
		{Method: get, Path: svc + "/list", Access: list, Do: a.servicesV3},
		{Method: get, Path: svc + "/subscribers", Access: read, Do: a.subscribersV3},
		{Method: get, Path: svc + "/selector/types", Access: namingOpen, Do: selectorTypesV3},
		{Method: put, Path: svc + "/cluster", Access: write, Do: a.updateClusterV3},

		{Method: get, Path: inst + "/list", Access: read, Do: a.instancesV3},
		{Method: put, Path: inst, Access: write, Do: a.updateInstanceV3},
		{Method: del, Path: inst, Access: write, Tag: a.instanceTag, Do: a.deregisterV2},
	})
}

// quotedService is a service as the reference writes it in its errors.
func quotedService(k naming.Key, ephemeral bool) string {
	return "Service{namespace='" + naming.Quote(k.Namespace) + "', group='" + naming.Quote(k.Group) + "', name='" + naming.Quote(k.Service) +
		"', ephemeral=" + strconv.FormatBool(ephemeral) + ", revision=0}"
}

func (a *API) updateServiceV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	s := f.specV2()
	if f.err != nil {
		return nil, f.err
	}
	err := a.o.Naming.UpdateService(q.Context(), &s)
	if service.Is(err, service.ServiceMissing) {
		missing := wires[service.ServiceMissing]
		missing.status = http.StatusNotFound
		return nil, &coded{missing, "service " + quotedService(s.Key, true) + " is not exist."}
	}
	return okV2(err)
}

// serviceDetailV3 is a service as v3 shows it.
type serviceDetailV3 struct {
	Namespace string                     `json:"namespaceId"`
	Name      string                     `json:"serviceName"`
	Group     string                     `json:"groupName"`
	Clusters  map[string]clusterDetailV3 `json:"clusterMap"`
	Metadata  *naming.Metadata           `json:"metadata"`
	Threshold float                      `json:"protectThreshold"`
	Selector  naming.Selector            `json:"selector"`
	Ephemeral bool                       `json:"ephemeral"`
}

type clusterDetailV3 struct {
	Name            string           `json:"clusterName"`
	Checker         naming.Checker   `json:"healthChecker"`
	CheckPort       int              `json:"healthyCheckPort"`
	UseInstancePort bool             `json:"useInstancePortForCheck"`
	Metadata        *naming.Metadata `json:"metadata"`
	Hosts           *string          `json:"hosts"` // always null
}

// cataloguedV3 is what a service shows.
func (a *API) cataloguedV3(k naming.Key) (*naming.View, error) {
	v := a.o.Naming.View(k)
	if !v.Exists {
		return nil, notFoundV3("service " + naming.Quote(v.Grouped) + " is not found!")
	}
	return v, nil
}

func (a *API) serviceV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.KeyV2()
	if f.err != nil {
		return nil, f.err
	}
	v, err := a.cataloguedV3(k)
	if err != nil {
		return nil, err
	}
	out := serviceDetailV3{
		k.Namespace, k.Service, k.Group, map[string]clusterDetailV3{}, metadataOf(v.Metadata()), float(v.Threshold()), v.Selector(), v.Ephemeral,
	}
	for _, name := range v.Clusters() {
		c, _ := v.Meta.Cluster(name)
		out.Clusters[name] = clusterDetailV3{Name: name, Checker: c.Checker, CheckPort: c.CheckPort, UseInstancePort: c.UseInstancePort, Metadata: metadataOf(c.Metadata)}
	}
	return out, nil
}

// pagesV3 is a page of v3 where naming answers.
func pagesV3[T any](total, pageNo, size int, items []T) rowsPage[T] {
	return rowsPage[T]{int64(total), pageNo, int64((total + size - 1) / size), items}
}

func (a *API) servicesV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	pageNo, size := f.pageV3()
	namespace, filled, full := f.Optional("namespaceId", naming.DefaultNamespace), f.Flag("ignoreEmptyService", false), f.Flag("withInstances", false)
	group, name := f.grep("groupNameParam"), f.grep("serviceNameParam")
	if f.err != nil {
		return nil, f.err
	}
	all := a.o.Naming.Views(func(k naming.Key) bool {
		return k.Namespace == namespace && group.MatchString(k.Group) && name.MatchString(k.Service)
	})
	if filled {
		all = slices.DeleteFunc(all, func(v *naming.View) bool { return len(v.Instances) == 0 })
	}
	from, to := window(len(all), pageNo, size)
	if full {
		rows := []serviceWithInstances{}
		for _, v := range all[from:to] {
			rows = append(rows, withInstances(v))
		}
		return pagesV3(len(all), pageNo, size, rows), nil
	}
	rows := []serviceRow{}
	for _, v := range all[from:to] {
		rows = append(rows, rowOf(v))
	}
	return pagesV3(len(all), pageNo, size, rows), nil
}

// subscriberV3 is who wants to be told of a service.
type subscriberV3 struct {
	Namespace string `json:"namespaceId"`
	Group     string `json:"groupName"`
	Service   string `json:"serviceName"`
	IP        string `json:"ip"`
	Port      uint16 `json:"port"`
	Agent     string `json:"agent"`
	App       string `json:"appName"`
	Address   string `json:"address"`
}

func (a *API) subscribersV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.KeyV2()
	pageNo, size := f.pageV3()
	everywhere := f.True("aggregation", true)
	if f.err != nil {
		return nil, f.err
	}
	all := slices.DeleteFunc(a.o.Naming.SubscribersLike(q.Context(), k, everywhere), func(s naming.Subscriber) bool { return s.Key != k })
	from, to := window(len(all), pageNo, size)
	rows := []subscriberV3{}
	for _, s := range all[from:to] {
		rows = append(rows, subscriberV3{k.Namespace, k.Group, k.Service, s.IP, s.Port, s.Agent, s.App, naming.Address(s.IP, s.Port)})
	}
	return pagesV3(len(all), pageNo, size, rows), nil
}

func selectorTypesV3(*middleware.Request) (any, error) { return []string{"label", "none"}, nil }

func (a *API) updateClusterV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	r := naming.ClusterSpec{Key: f.KeyV2(), Cluster: f.Field("clusterName", "String")}
	f.Field("checkPort", "Integer")
	f.Field("useInstancePort4Check", "Boolean")
	r.CheckPort, r.UseInstancePort = f.Num("checkPort", 0), f.Flag("useInstancePort4Check", false)
	r.Checker, r.Metadata = f.Field("healthChecker", "String"), f.Optional("metadata", "")
	if f.err != nil {
		return nil, f.err
	}
	return okV2(a.o.Naming.UpdateCluster(q.Context(), &r))
}

func (a *API) instancesV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, cluster := f.KeyV2(), f.Optional("clusterName", naming.DefaultCluster)
	pageNo, size := f.Num("pageNo", 1), f.Num("pageSize", defaultRows)
	healthy := f.Flag("healthyOnly", false)
	if f.err != nil {
		return nil, f.err
	}
	size = min(max(size, 1), maxRows)
	v, err := a.cataloguedV3(k)
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
		return nil, notFoundV3("cluster " + naming.Quote(cluster) + " is not found!")
	}
	if healthy {
		all = slices.DeleteFunc(all, func(in *naming.Instance) bool { return !in.Healthy })
	}
	from, to := window(len(all), pageNo, size)
	rows := v.List(all[from:to])
	if rows == nil {
		rows = []json.RawMessage{}
	}
	return pagesV3(len(all), pageNo, size, rows), nil
}

// updateInstanceV3 is updateInstanceV2 where an instance is a persistent one if
// nothing is said.
func (a *API) updateInstanceV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	r := f.RegistrationV2(false)
	if f.err != nil {
		return nil, f.err
	}
	return okV2(a.o.Naming.Update(q.Context(), &r))
}
