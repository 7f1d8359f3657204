package controller

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

// namingV2Routes are the rows of /v2/ns.
func (a *API) namingV2Routes() []middleware.Route {
	const get, post, put, del, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch
	catalogV2 := catalogRead
	catalogV2.NoGroup = true
	rows := []middleware.Route{
		{Method: post, Path: "/v2/ns/instance", Access: namingWrite, Tag: a.instanceTag, Do: a.registerV2},
		{Method: del, Path: "/v2/ns/instance", Access: namingWrite, Tag: a.instanceTag, Do: a.deregisterV2},
		{Method: put, Path: "/v2/ns/instance", Access: namingWrite, Do: a.updateInstanceV2},
		{Method: patch, Path: "/v2/ns/instance", Access: namingWrite, Do: a.patchInstanceV2},
		{Method: get, Path: "/v2/ns/instance", Access: namingRead, Do: a.instanceV2},
		{Method: get, Path: "/v2/ns/instance/list", Access: namingRead, Do: a.listV2},
		{Method: put, Path: "/v2/ns/instance/beat", Access: namingWrite, Tag: a.instanceTag, Copy: a.beatAnswered((*form).GroupedKey), Do: a.beatV2},
		{Method: middleware.Any, Path: "/v2/ns/instance/statuses/:key", Access: statusRead, Do: a.statusesV2},
		{Method: put, Path: "/v2/ns/instance/metadata/batch", Access: namingWrite, Do: a.batchMetadataV2},
		{Method: del, Path: "/v2/ns/instance/metadata/batch", Access: namingWrite, Do: a.batchMetadataV2},

		{Method: post, Path: "/v2/ns/service", Access: namingWrite, Do: a.createServiceV2},
		{Method: del, Path: "/v2/ns/service", Access: namingWrite, Do: a.deleteServiceV2},
		{Method: put, Path: "/v2/ns/service", Access: namingWrite, Do: a.updateServiceV2},
		{Method: get, Path: "/v2/ns/service", Access: namingRead, Do: a.serviceV2},
		{Method: get, Path: "/v2/ns/service/list", Access: namingList, Do: a.serviceListV2},
		{Method: middleware.Any, Path: "/v2/ns/catalog/instances", Dialect: v2Catalog, Access: catalogV2, Do: a.catalogInstancesV2},

		{Method: get, Path: "/v2/ns/client/list", Access: adminRead, Do: a.clientList},
		{Method: get, Path: "/v2/ns/client", Access: adminRead, Do: a.client},
		{Method: get, Path: "/v2/ns/client/publish/list", Access: adminRead, Do: a.clientPublishes},
		{Method: get, Path: "/v2/ns/client/subscribe/list", Access: adminRead, Do: a.clientSubscribes},
		{Method: get, Path: "/v2/ns/client/service/publisher/list", Access: adminRead, Do: a.servicePublishers},
		{Method: get, Path: "/v2/ns/client/service/subscriber/list", Access: adminRead, Do: a.serviceSubscribers},

		{Method: put, Path: "/v2/ns/health", Access: catalogWrite, Do: a.forceHealthV2},
		{Method: put, Path: "/v2/ns/health/instance", Access: catalogWrite, Do: a.forceHealthV2},
	}
	for _, base := range []string{"/v2/ns/operator", "/v2/ns/ops"} {
		rows = append(rows,
			middleware.Route{Method: get, Path: base + "/switches", Access: namingOpen, Do: a.switches},
			middleware.Route{Method: put, Path: base + "/switches", Access: switchWrite, Do: a.setSwitchV2},
			middleware.Route{Method: get, Path: base + "/metrics", Access: namingOpen, Do: a.namingMetricsV2},
		)
	}
	for i := range rows {
		r := &rows[i]
		grouped := r.Path == "/v2/ns/instance/beat" || r.Path == "/v2/ns/catalog/instances" || r.Path == "/v2/ns/instance" && r.Method == patch
		r.Access.Bare = r.Access.Resource == middleware.NamingResource && !grouped // as KeyV2 reads it
	}
	return namingRows(v2, rows)
}

// okV2 answers a write of v2.
func okV2(err error) (any, error) { return "ok", err }

func (a *API) registrationV2(q *middleware.Request) (*naming.Registration, error) {
	f := formOf(q)
	r := f.RegistrationV2(a.o.Naming.Switches().DefaultEphemeral)
	return &r, f.err
}

func (a *API) registerV2(q *middleware.Request) (any, error) {
	r, err := a.registrationV2(q)
	if err != nil {
		return nil, err
	}
	return okV2(a.o.Naming.Register(q.Context(), r))
}

func (a *API) deregisterV2(q *middleware.Request) (any, error) {
	r, err := a.registrationV2(q)
	if err != nil {
		return nil, err
	}
	return okV2(a.o.Naming.Deregister(q.Context(), r))
}

func (a *API) updateInstanceV2(q *middleware.Request) (any, error) {
	r, err := a.registrationV2(q)
	if err != nil {
		return nil, err
	}
	return okV2(a.o.Naming.Update(q.Context(), r))
}

// patchInstanceV2 wants every field, as Nacos declares them, and answers without
// an envelope.
func (a *API) patchInstanceV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	p := naming.Patch{By: q.User, IP: f.Declared("ip", "String")}
	meta := f.Declared("metadata", "String")
	cluster := f.Optional("cluster", naming.DefaultCluster)
	port := f.Declared("port", "Integer")
	f.Declared("weight", "Double")
	f.Declared("enabled", "Boolean")
	w, e := f.Real("weight", 1), f.Flag("enabled", true)
	p.Key, p.Cluster, p.Weight, p.Enabled = f.GroupedKey(), cluster, &w, &e
	if f.err == nil {
		p.Port = f.port(port)
	}
	if strings.TrimSpace(meta) != "" {
		p.Metadata = &meta
	}
	if f.err != nil {
		return nil, f.err
	}
	if err := a.o.Naming.Patch(q.Context(), &p); err != nil {
		return nil, err
	}
	return okText, nil
}

// instanceDetail is an instance as its own v2 route shows it.
type instanceDetail struct {
	Service  string           `json:"serviceName"`
	IP       string           `json:"ip"`
	Port     uint16           `json:"port"`
	Cluster  string           `json:"clusterName"`
	Weight   double           `json:"weight"`
	Healthy  bool             `json:"healthy"`
	ID       *string          `json:"instanceId"`
	Metadata *naming.Metadata `json:"metadata"`
}

func (a *API) instanceV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.KeyBound()
	ip, port := f.Declared("ip", "String"), f.Declared("port", "Integer")
	cluster := f.Optional("clusterName", naming.DefaultCluster)
	var n uint16
	if f.err == nil {
		n = f.port(port)
	}
	if f.err != nil {
		return nil, f.err
	}
	in, err := a.o.Naming.Find(k, ip, n, cluster)
	if err != nil {
		return nil, err
	}
	return instanceDetail{k.Grouped(), in.IP, in.Port, in.Cluster, double(in.Weight), in.Healthy, idOf(in, k), metadataOf(in.Metadata)}, nil
}

// The envelope around an answer that is made in advance.
const (
	envelopeHead = `{"code":0,"message":"success","data":`
	envelopeTail = `}`
)

func (a *API) listV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	port, only := f.Num("port", 0), f.Flag("healthyOnly", false)
	l := naming.List{Key: f.KeyBound(), Clusters: f.Optional("clusterName", ""), HealthyOnly: only, Consumer: f.Optional("ip", "")}
	if f.err != nil {
		return nil, f.err
	}
	a.subscribe(q, &l, port, f.Optional("app", "unknown"))
	ans := a.o.Naming.List(l)
	head := append(q.Scratch(), envelopeHead...)
	return q.Reply(middleware.Raw{ContentType: middleware.JSON, Head: naming.AppendHead(head, q.Arrived), Body: ans.Body, Tail: []byte(envelopeTail)}), nil
}

func (a *API) beatV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	return a.answerBeat(q, &f, (*form).GroupedKey)
}

func (a *API) statusesV2(q *middleware.Request) (any, error) {
	v, err := a.statusesOf(q, q.Gin.Param("key"))
	if err != nil {
		return nil, err
	}
	return rawJSON(v)
}

// rawJSON is an answer of v2 that has no envelope.
func rawJSON(v any) (any, error) {
	b, err := encode(v)
	return middleware.Raw{ContentType: middleware.JSON, Body: b}, err
}

func (a *API) batchMetadataV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	b := naming.Batch{Key: f.KeyV2(), Metadata: f.Field("metadata", "String")}
	return a.answerBatch(q, &f, &b)
}

func (a *API) createServiceV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	s := f.specV2()
	if f.err != nil {
		return nil, f.err
	}
	return okV2(a.o.Naming.CreateService(q.Context(), &s))
}

func (a *API) updateServiceV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	s := f.specV2()
	if f.err != nil {
		return nil, f.err
	}
	return okV2(a.o.Naming.UpdateService(q.Context(), &s))
}

func (a *API) deleteServiceV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.KeyBound()
	if f.err != nil {
		return nil, f.err
	}
	return okV2(a.o.Naming.DeleteService(q.Context(), k))
}

// serviceDetail is a service as v2 shows it.
type serviceDetail struct {
	Namespace string                   `json:"namespace"`
	Name      string                   `json:"serviceName"`
	Group     string                   `json:"groupName"`
	Clusters  map[string]clusterDetail `json:"clusterMap"`
	Metadata  *naming.Metadata         `json:"metadata"`
	Threshold float                    `json:"protectThreshold"`
	Selector  naming.Selector          `json:"selector"`
	Ephemeral bool                     `json:"ephemeral"`
}

type clusterDetail struct {
	Name     string           `json:"clusterName"`
	Checker  naming.Checker   `json:"healthChecker"`
	Metadata *naming.Metadata `json:"metadata"`
	Hosts    *string          `json:"hosts"` // always null
}

func (a *API) serviceV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.KeyBound()
	if f.err != nil {
		return nil, f.err
	}
	v, err := a.existing(k)
	if err != nil {
		return nil, err
	}
	out := serviceDetail{
		k.Namespace, k.Service, k.Group,
		map[string]clusterDetail{},
		metadataOf(v.Metadata()),
		float(v.Threshold()), v.Selector(), v.Ephemeral,
	}
	for _, name := range v.Clusters() {
		c, _ := v.Meta.Cluster(name)
		out.Clusters[name] = clusterDetail{Name: name, Checker: c.Checker, Metadata: metadataOf(c.Metadata)}
	}
	return out, nil
}

// maxNames bounds a page of names of services.
const maxNames = 500

func (a *API) serviceListV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	pageNo, size := f.Num("pageNo", 1), min(f.Num("pageSize", 20), maxNames)
	namespace, group := f.Optional("namespaceId", naming.DefaultNamespace), f.Optional("groupName", naming.DefaultGroup)
	if f.err != nil {
		return nil, f.err
	}
	count, names, err := a.namesPage(namespace, group, pageNo, size)
	if err != nil {
		return nil, err
	}
	return struct {
		Count    int      `json:"count"`
		Services []string `json:"services"`
	}{count, slices.Clip(names)}, nil
}

func (a *API) forceHealthV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	healthy := f.Flag("healthy", false)
	f.Field("healthy", "Boolean")
	k, ip := f.KeyV2(), f.Field("ip", "String")
	p := f.Field("port", "Integer")
	cluster := f.Optional("clusterName", naming.DefaultCluster)
	var port uint16
	if f.err == nil {
		port = f.port(p)
	}
	if f.err != nil {
		return nil, f.err
	}
	return okV2(a.o.Naming.ForceHealth(q.Context(), k, ip, port, cluster, healthy, q.User))
}

// setSwitchV2 is setSwitch, where a bad value is the server's failure.
func (a *API) setSwitchV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	debug := f.Flag("debug", false)
	entry, value := f.Field("entry", "String"), f.Field("value", "String")
	if f.err != nil {
		return nil, f.err
	}
	err := a.o.Naming.SetSwitch(q.Context(), entry, value, debug)
	if service.CodeOf(err) == service.BadParam {
		err = service.Errorf(service.Internal, "%s", err.Error())
	}
	return okV2(err)
}
