package controller

import (
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/naming"
)

func (a *API) namingV1Routes() []middleware.Route {
	read := middleware.Access{Class: middleware.Client, Action: middleware.Read, Resource: "naming"}
	write := middleware.Access{Class: middleware.Client, Action: middleware.Write, Resource: "naming"}
	return namingRows(
		middleware.Route{Method: http.MethodPost, Path: "/v1/ns/instance", Dialect: v1, Access: write, Tag: instanceTag, Do: a.register},
		middleware.Route{Method: http.MethodDelete, Path: "/v1/ns/instance", Dialect: v1, Access: write, Tag: instanceTag, Do: a.deregister},
		middleware.Route{Method: http.MethodPut, Path: "/v1/ns/instance/beat", Dialect: v1, Access: write, Tag: instanceTag, Do: a.beat},
		middleware.Route{Method: http.MethodGet, Path: "/v1/ns/instance/list", Dialect: v1, Access: read, Do: a.list},
	)
}

// namingRows marks rows as a part of service discovery.
func namingRows(rows ...middleware.Route) []middleware.Route {
	for i := range rows {
		rows[i].Module = middleware.Naming
	}
	return rows
}

// okText is the answer to most writes of v1.
//
//nolint:gochecknoglobals // a constant
var okText = any(middleware.Raw{ContentType: middleware.TextPlain, Body: []byte("ok")})

// okFor is okText for the clients that would rather have a page.
func okFor(q *middleware.Request) any {
	if wantsHTML(q) {
		return "ok"
	}
	return okText
}

func (a *API) register(q *middleware.Request) (any, error) {
	f := formOf(q)
	r := f.Registration(a.o.Naming.Switches().DefaultEphemeral)
	if f.err != nil {
		return nil, f.err
	}
	return okFor(q), a.o.Naming.Register(q.HTTP().Context(), &r)
}

func (a *API) deregister(q *middleware.Request) (any, error) {
	f := formOf(q)
	r := f.Registration(a.o.Naming.Switches().DefaultEphemeral)
	if f.err != nil {
		return nil, f.err
	}
	return okFor(q), a.o.Naming.Deregister(q.HTTP().Context(), &r)
}

func (a *API) beat(q *middleware.Request) (any, error) {
	f := formOf(q)
	b := naming.Beat{Key: f.Key()}
	f.beat(&b)
	if f.err != nil {
		return nil, f.err
	}
	reply, err := a.o.Naming.Beat(q.HTTP().Context(), &b)
	return middleware.Raw{ContentType: middleware.JSON, Body: reply}, err
}

// beat reads who a beat is for: what its JSON says, else the parameters.
func (f *form) beat(b *naming.Beat) {
	raw := f.Optional("beat", "")
	if raw == "" {
		b.IP = f.Optional("ip", "")
		b.Port = f.port(f.Optional("port", "0"))
		return
	}
	info, err := naming.ParseBeat(raw)
	if err != nil {
		f.keep(&middleware.PageError{Status: http.StatusInternalServerError, Msg: "Server failed, caused: errCode: 101, errMsg: the beat cannot be read: " + err.Error()})
		return
	}
	b.Full, b.IP, b.Port = &info, info.IP, uint16(info.Port)
	if info.Cluster == "" {
		info.Cluster = f.Optional("clusterName", naming.DefaultCluster)
	}
}

func (a *API) list(q *middleware.Request) (any, error) {
	f := formOf(q)
	l := naming.List{
		Key:         f.Key(),
		Clusters:    f.Optional("clusters", ""),
		HealthyOnly: f.True("healthyOnly", false),
		Consumer:    f.Optional("clientIP", ""),
	}
	port := 0
	if s := f.Optional("udpPort", ""); s != "" {
		port = f.Int("udpPort", 0)
	}
	if f.err != nil {
		return nil, f.err
	}
	a.subscribe(q, &l, port, f.Optional("app", "unknown"))
	ans := a.o.Naming.List(l)
	return middleware.Raw{
		ContentType: middleware.JSON, Length: ans.Length,
		Head: naming.AppendHead(make([]byte, 0, 32), q.Arrived), Body: ans.Body,
	}, nil
}

// subscribe records that who asks for a list wants to be told of changes by UDP.
func (a *API) subscribe(q *middleware.Request, l *naming.List, port int, app string) {
	if port > 0 && port <= 65535 && l.Consumer != "" {
		a.o.Naming.Subscribe(naming.Subscriber{
			Key: l.Key, IP: l.Consumer, Port: uint16(port), Clusters: l.Clusters, App: app, Agent: agent(q),
		})
	}
}

// instanceTag names the client that a write is about: its address, from the
// parameters or from the beat.
func instanceTag(q *middleware.Request) string {
	f := formOf(q)
	ip, port := f.Optional("ip", ""), f.Optional("port", "0")
	if ip == "" {
		var b naming.Beat
		if f.beat(&b); f.err == nil && b.Full != nil && b.IP != "" {
			return naming.Address(b.IP, b.Port)
		}
		return "null:0"
	}
	return ip + ":" + port
}
