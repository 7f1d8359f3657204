package controller

import (
	"net"
	"net/http"
	"strconv"

	"github.com/pharos-registry/pharos/controller/rpc"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/ops"
)

func (a *API) loaderRoutes() []middleware.Route {
	read := manage(middleware.Read, "/v2/core/loader")
	write := manage(middleware.Write, "/v2/core/loader")
	return []middleware.Route{
		{Method: http.MethodGet, Path: "/v2/core/loader/current", Dialect: v2Bare, Access: read, Do: a.loaderCurrent},
		{Method: http.MethodGet, Path: "/v2/core/loader/cluster", Dialect: v2Bare, Access: read, Do: a.loaderCluster},
		{Method: http.MethodGet, Path: "/v2/core/loader/reloadCurrent", Dialect: v2Bare, Access: write, Do: a.loaderReload},
		{Method: http.MethodGet, Path: "/v2/core/loader/smartReloadCluster", Dialect: v2Bare, Access: write, Do: a.loaderBalance},
		{Method: http.MethodGet, Path: "/v2/core/loader/reloadClient", Dialect: v2Bare, Access: write, Do: a.loaderReloadClient},
	}
}

// clients are the connections of SDKs over gRPC. Those of the HTTP generation
// hold none.
func (a *API) clients() []*rpc.Conn {
	if a.o.Clients == nil {
		return nil
	}
	return a.o.Clients.Connections()
}

// load is how busy this node is, with the connections that it has.
func (a *API) load() ops.Load {
	l := a.o.Ops.Load()
	if a.o.Clients != nil {
		l.SDK = a.o.Clients.Count()
		l.Connections = l.SDK
	}
	return l
}

// loaderConnection is a long connection as Nacos shows it.
type loaderConnection struct {
	Traced    bool              `json:"traced"`
	Abilities map[string]bool   `json:"abilityTable"`
	Meta      loaderMeta        `json:"metaInfo"`
	Connected bool              `json:"connected"`
	Labels    map[string]string `json:"labels"`
	App       map[string]string `json:"appLabels"`
}

type loaderMeta struct {
	Type       string            `json:"connectType"`
	ClientIP   string            `json:"clientIp"`
	RemoteIP   string            `json:"remoteIp"`
	RemotePort int               `json:"remotePort"`
	LocalPort  int               `json:"localPort"`
	Version    string            `json:"version"`
	ID         string            `json:"connectionId"`
	Created    string            `json:"createTime"`
	Active     int64             `json:"lastActiveTime"`
	AppName    string            `json:"appName"`
	Tenant     string            `json:"tenant"`
	Labels     map[string]string `json:"labels"`
	TLS        bool              `json:"tlsProtected"`
	Cluster    bool              `json:"clusterSource"`
	Tag        *string           `json:"tag"`
	App        map[string]string `json:"appLabels"`
	SDK        bool              `json:"sdkSource"`
}

// loaderCurrent lists the long connections by id.
func (a *API) loaderCurrent(*middleware.Request) (any, error) {
	out := map[string]loaderConnection{}
	for _, c := range a.clients() {
		host, text, _ := net.SplitHostPort(c.Remote)
		port, _ := strconv.Atoi(text)
		app := map[string]string{"AppName": c.App, "ClientVersion": c.Version}
		out[c.ID] = loaderConnection{
			Abilities: map[string]bool{}, Connected: true, Labels: c.Labels, App: app,
			Meta: loaderMeta{
				Type: "GRPC", ClientIP: c.ClientIP, RemoteIP: host, RemotePort: port, LocalPort: a.o.Ops.Port() + grpcOffset,
				Version: c.Version, ID: c.ID, Created: c.Created.UTC().Format("2006-01-02T15:04:05.000+00:00"), Active: c.Active().UnixMilli(),
				AppName: c.App, Tenant: c.Tenant, Labels: c.Labels, App: app, TLS: c.Labels["tls.enable"] == "true",
				Cluster: c.Labels["source"] == "cluster", SDK: c.Labels["source"] == "sdk",
			},
		}
	}
	return out, nil
}

// grpcOffset is where the port of gRPC is, above that of HTTP: clients add it by
// themselves.
const grpcOffset = 1000

func (a *API) loaderReload(q *middleware.Request) (any, error) {
	f := formOf(q)
	count := f.Declared("count", "Integer")
	if err := f.Err(); err != nil {
		return nil, err
	}
	keep, err := strconv.Atoi(count)
	if err != nil {
		return nil, service.Errorf(service.BadParam, "For input string: \"%s\"", count)
	}
	a.shed(keep, q.Params.Get("redirectAddress"))
	return "success", nil
}

// shed asks the oldest clients to go to another server until no more than keep
// are left, and returns how many it asked.
func (a *API) shed(keep int, to string) int {
	all := a.clients()
	over := max(len(all)-max(keep, 0), 0)
	for _, c := range all[:over] {
		go c.Reset(to) // ends with the connection, at the latest
	}
	return over
}

// loaderReloadClient succeeds for a connection that there is not, as in Nacos.
func (a *API) loaderReloadClient(q *middleware.Request) (any, error) {
	f := formOf(q)
	id := f.Declared("connectionId", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if a.o.Clients != nil {
		if c := a.o.Clients.Connection(id); c != nil {
			go c.Reset(q.Params.Get("redirectAddress")) // ends with the connection, at the latest
		}
	}
	return "success", nil
}
