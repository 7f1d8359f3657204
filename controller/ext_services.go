package controller

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

func (a *API) extNamingRoutes() []middleware.Route {
	const get, post = http.MethodGet, http.MethodPost
	read, write := each(middleware.Read, middleware.NamingResource), each(middleware.Write, middleware.NamingResource)
	return extRows(middleware.Naming, []middleware.Route{
		{Method: get, Path: "/services", Access: read, Do: a.extServices},
		{Method: get, Path: "/services/activity", Access: read, Do: a.extHappened},
		{Method: get, Path: "/instances", Access: read, Do: a.extInstances},
		{Method: post, Path: "/instances/batch", Access: write, Do: a.extBatch},
		{Method: get, Path: "/clients", Access: read, Do: a.extClients},
		{Method: get, Path: "/topology", Access: read, Do: a.extTopology},
		{Method: get, Path: "/client", Access: read, Do: a.extClient},
		{Method: post, Path: "/client/move", Access: manage(middleware.Write, "/v1/core/cluster"), Do: a.extMove},
	})
}

// serviceLine is a service in the console's table.
type serviceLine struct {
	Namespace   string `json:"namespaceId"`
	Group       string `json:"groupName"`
	Name        string `json:"serviceName"`
	Kind        string `json:"kind"`
	Clusters    int    `json:"clusters"`
	Instances   int    `json:"instances"`
	Healthy     int    `json:"healthy"`
	Disabled    int    `json:"disabled"`
	Subscribers int    `json:"subscribers"`
	Threshold   float  `json:"protectThreshold"`
	Protected   bool   `json:"protected"`
	Described   bool   `json:"described"`
	May         string `json:"may"`
}

// The kinds of services and clients.
const (
	kindEphemeral  = "ephemeral"
	kindPersistent = "persistent"
	kindConnection = "connection"
)

func kindOfService(v *naming.View) string {
	if v.Ephemeral {
		return kindEphemeral
	}
	return kindPersistent
}

func (a *API) serviceLineOf(v *naming.View) serviceLine {
	return serviceLine{
		Namespace: v.Key.Namespace, Group: v.Key.Group, Name: v.Key.Service, Kind: kindOfService(v), Clusters: len(v.Clusters()), Instances: len(v.Instances),
		Healthy: v.Healthy(), Disabled: v.Disabled(), Subscribers: a.o.Naming.SubscriberCount(v.Key), Threshold: float(v.Threshold()), Protected: v.Protected(), Described: v.Meta != nil,
	}
}

// serviceStates are the filters of the table of services by their health.
//
//nolint:gochecknoglobals // a table
var serviceStates = map[string]func(*naming.View) bool{
	"":          func(*naming.View) bool { return true },
	"healthy":   func(v *naming.View) bool { return len(v.Instances) > 0 && v.Healthy() == len(v.Instances) },
	"unhealthy": func(v *naming.View) bool { return v.Healthy() < len(v.Instances) },
	"down":      func(v *naming.View) bool { return len(v.Instances) > 0 && v.Healthy() == 0 },
	"empty":     func(v *naming.View) bool { return len(v.Instances) == 0 },
	"protected": func(v *naming.View) bool { return v.Protected() },
}

// servicesPage is a page of services with what all that match have together.
type servicesPage struct {
	rowsPage[serviceLine]
	Summary serviceSummary `json:"summary"`
}

type serviceSummary struct {
	Services  int `json:"services"`
	Instances int `json:"instances"`
	Unhealthy int `json:"unhealthy"`
	Empty     int `json:"empty"`
	Protected int `json:"protected"`
}

// namingNamespace is the namespace of a list of naming.
func (f *form) namingNamespace() string { return f.Optional("namespaceId", naming.DefaultNamespace) }

func (a *API) extServices(q *middleware.Request) (any, error) {
	f := formOf(q)
	pageNo, size := f.pageV3()
	o := f.sorted("serviceName", "groupName", "instances", "healthy", "subscribers", "kind")
	views := a.servicesFound(q, &f)
	if f.err != nil {
		return nil, f.err
	}
	out := servicesPage{}
	for _, v := range views {
		out.Summary.add(v)
	}
	lines := []serviceLine{}
	from, to := window(len(views), pageNo, size)
	for _, v := range service.Window(views, from, to, compareIn(o, a.compareServices(o.by))) {
		line := a.serviceLineOf(v)
		line.May = may(q, serviceResource(v.Key))
		lines = append(lines, line)
	}
	out.rowsPage = pagesV3(len(views), pageNo, size, lines)
	return out, nil
}

// servicesFound lists the services that the parameters choose, as far as the caller
// may see them, in no order.
func (a *API) servicesFound(q *middleware.Request, f *form) []*naming.View {
	ns, text, group, kind, meta := f.namingNamespace(), f.wanted("q"), f.wanted("groupName"), f.text("kind"), f.text("metadata")
	fits, ok := serviceStates[f.text("state")]
	if !ok {
		f.fail(service.BadParam, "state must be healthy, unhealthy, down, empty or protected")
	}
	if f.err != nil {
		return nil
	}
	views := a.o.Naming.Shown(func(k naming.Key) bool {
		return k.Namespace == ns && (text.match(k.Service) || text.match(k.Group)) && group.match(k.Group) && q.Sees(serviceResource(k))
	})
	return slices.DeleteFunc(views, func(v *naming.View) bool {
		return kind != "" && kind != kindOfService(v) || !tagged(v.Metadata(), meta) || !fits(v)
	})
}

func (s *serviceSummary) add(v *naming.View) {
	s.Services++
	s.Instances += len(v.Instances)
	s.Unhealthy += len(v.Instances) - v.Healthy()
	if len(v.Instances) == 0 {
		s.Empty++
	}
	if v.Protected() {
		s.Protected++
	}
}

// tagged reports whether metadata has what is asked for: a name, or name=value.
func tagged(m *naming.Metadata, want string) bool {
	if want == "" {
		return true
	}
	name, value, exact := strings.Cut(want, "=")
	v, ok := m.Get(strings.TrimSpace(name))
	return ok && (!exact || v == strings.TrimSpace(value))
}

func (a *API) compareServices(by string) func(x, y *naming.View) int {
	names := func(x, y *naming.View) int {
		return cmp.Or(cmp.Compare(x.Key.Service, y.Key.Service), cmp.Compare(x.Key.Group, y.Key.Group))
	}
	number := func(of func(*naming.View) int) func(x, y *naming.View) int {
		return func(x, y *naming.View) int { return cmp.Or(cmp.Compare(of(x), of(y)), names(x, y)) }
	}
	switch by {
	case "groupName":
		return func(x, y *naming.View) int { return cmp.Or(cmp.Compare(x.Key.Group, y.Key.Group), names(x, y)) }
	case "instances":
		return number(func(v *naming.View) int { return len(v.Instances) })
	case "healthy":
		return number((*naming.View).Healthy)
	case "subscribers":
		return number(func(v *naming.View) int { return a.o.Naming.SubscriberCount(v.Key) })
	case "kind":
		return func(x, y *naming.View) int {
			return cmp.Or(cmp.Compare(kindOfService(x), kindOfService(y)), names(x, y))
		}
	default:
		return names
	}
}
