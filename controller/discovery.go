package controller

import (
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/naming"
)

// discoveryRoutes serve the instances as targets to Prometheus, where that is
// switched on.
func (a *API) discoveryRoutes() []middleware.Route {
	if !a.o.Discovery {
		return nil
	}
	read := middleware.Access{Class: middleware.Client, Action: middleware.Read, Resource: middleware.NamingResource, Each: true, Basic: true}
	rows := []middleware.Route{
		{Path: "/prometheus", Do: a.targets(func(*middleware.Request, naming.Key) bool { return true })},
		{Path: "/prometheus/namespaceId/:ns", Do: a.targets(func(q *middleware.Request, k naming.Key) bool {
			return k.Namespace == q.Gin.Param("ns")
		})},
		{Path: "/prometheus/namespaceId/:ns/service/:svc", Do: a.targets(func(q *middleware.Request, k naming.Key) bool {
			return k.Namespace == q.Gin.Param("ns") && k.Service == q.Gin.Param("svc")
		})},
	}
	for i := range rows {
		rows[i].Method, rows[i].Dialect, rows[i].Module, rows[i].Access = http.MethodGet, v1, middleware.Naming, read
	}
	return rows
}

// target is an instance as Prometheus's HTTP discovery has it.
type target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// targets lists the instances of the services that match and that the caller
// may read.
func (a *API) targets(match func(*middleware.Request, naming.Key) bool) middleware.Handler {
	return func(q *middleware.Request) (any, error) {
		all := []target{}
		for _, v := range a.o.Naming.Views(func(k naming.Key) bool { return match(q, k) && mayRead(q, k) }) {
			for _, i := range v.Instances {
				all = append(all, targetOf(i))
			}
		}
		b, err := encode(all)
		return middleware.Raw{ContentType: middleware.JSONUTF8, Body: b}, err
	}
}

func targetOf(i *naming.Instance) target {
	t := target{
		Targets: []string{net.JoinHostPort(i.IP, strconv.Itoa(int(i.Port)))},
		Labels:  map[string]string{"__meta_clusterName": i.Cluster},
	}
	for _, p := range i.Metadata.Pairs() {
		t.Labels[labelName(p.Name)] = p.Value
	}
	return t
}

// labelName makes a metadata key a label of Prometheus, as Nacos does.
func labelName(s string) string { return strings.NewReplacer(".", "_", "-", "_").Replace(s) }

// mayRead reports whether the caller may read a service.
func mayRead(q *middleware.Request, k naming.Key) bool { return q.Sees(serviceResource(k)) }

func serviceResource(k naming.Key) auth.Resource {
	return auth.Resource{Namespace: k.Namespace, Group: k.Group, Kind: middleware.NamingResource, Name: k.Service}
}
