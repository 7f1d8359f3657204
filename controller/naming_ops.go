package controller

import (
	"net"
	"strconv"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/naming"
)

func (a *API) pushState(q *middleware.Request) (any, error) {
	f := formOf(q)
	detail, reset := f.Flag("detail", false), f.Flag("reset", false)
	if f.err != nil {
		return nil, f.err
	}
	n := a.o.Pushes.Read(reset)
	out := map[string]any{"succeed": n.Total - n.Failed, "total": n.Total, "ratio": 0, "reset": reset}
	if n.Total > 0 {
		out["ratio"] = float(float32(n.Total-n.Failed) / float32(n.Total))
	}
	if detail {
		out["detail"] = map[string]int64{"avgPushCost": int64(n.AvgCostMillis()), "maxPushCost": int64(n.MaxCostMillis())}
	}
	return out, nil
}

func (a *API) switches(*middleware.Request) (any, error) { return a.o.Naming.Switches(), nil }

func (a *API) setSwitch(q *middleware.Request) (any, error) {
	f := formOf(q)
	entry, value, debug := f.Declared("entry", "String"), f.Declared("value", "String"), f.Flag("debug", false)
	if f.err != nil {
		return nil, f.err
	}
	return done(q, a.o.Naming.SetSwitch(q.Context(), entry, value, debug))
}

// namingMetric is the state of the server and how much it holds. Members that
// were not asked for are left out.
type namingMetric struct {
	Status      string   `json:"status"`
	Services    *int     `json:"serviceCount,omitempty"`
	Instances   *int     `json:"instanceCount,omitempty"`
	Subscribers *int     `json:"subscribeCount,omitempty"`
	OwnedIPs    *int     `json:"responsibleInstanceCount,omitempty"` // v1 alone
	Clients     *int     `json:"clientCount,omitempty"`
	Connected   *int     `json:"connectionBasedClientCount,omitempty"`
	Ephemeral   *int     `json:"ephemeralIpPortClientCount,omitempty"`
	Persistent  *int     `json:"persistentIpPortClientCount,omitempty"`
	Owned       *int     `json:"responsibleClientCount,omitempty"`
	CPU         *float64 `json:"cpu,omitempty"`
	Load        *float64 `json:"load,omitempty"`
	Memory      *float64 `json:"mem,omitempty"`
}

func (a *API) metricsOf(onlyStatus bool) namingMetric {
	m := namingMetric{Status: a.o.Naming.Status()}
	if onlyStatus {
		return m
	}
	n, load := a.o.Naming.Counts(), a.load()
	m.Services, m.Instances, m.Subscribers = &n.Services, &n.Instances, &n.Subscribers
	m.Clients, m.Connected, m.Ephemeral, m.Persistent = &n.Clients, &n.Connected, &n.Ephemeral, &n.Persistent
	m.Owned, m.OwnedIPs = &n.Owned, &n.OwnedInstances
	cpu, avg, mem := numberOf(load.CPU), numberOf(load.Average), a.o.Ops.Memory()
	m.CPU, m.Load, m.Memory = &cpu, &avg, &mem
	return m
}

// numberOf is the number of a text, 0 of what is none.
func numberOf(s string) float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return n
}

func (a *API) namingMetrics(q *middleware.Request) (any, error) {
	f := formOf(q)
	only := f.Flag("onlyStatus", true)
	if f.err != nil {
		return nil, f.err
	}
	return a.metricsOf(only), nil
}

func (a *API) namingMetricsV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	only := f.Flag("onlyStatus", true)
	if f.err != nil {
		return nil, f.err
	}
	m := a.metricsOf(only)
	m.OwnedIPs = nil
	return m, nil
}

// ownerOf tells which server a client's address belongs to.
func (a *API) ownerOf(q *middleware.Request) (any, error) {
	f := formOf(q)
	ip, port := f.Declared("ip", "String"), f.Declared("port", "String")
	if f.err != nil {
		return nil, f.err
	}
	owner := a.o.Ops.Address()
	if a.o.Owner != nil {
		owner = a.o.Owner(ip + ":" + port)
	}
	return map[string]string{"responsibleServer": owner}, nil
}

func (a *API) namingLog(q *middleware.Request) (any, error) {
	f := formOf(q)
	name, level := f.Declared("logName", "String"), f.Declared("logLevel", "String")
	if f.err != nil {
		return nil, f.err
	}
	a.o.Ops.SetLogLevel(name, level)
	return done(q, nil)
}

// clientV2 is a client as v2 shows it. Ports are texts.
type clientV2 struct {
	ID        string `json:"clientId"`
	Ephemeral bool   `json:"ephemeral"`
	Updated   int64  `json:"lastUpdatedTime"`
	Type      string `json:"clientType"`
	*clientConnection
	IP   string `json:"clientIp"`
	Port string `json:"clientPort"`
}

// clientConnection is what only a client with a connection shows.
type clientConnection struct {
	Type    string `json:"connectType"`
	App     string `json:"appName"`
	Version string `json:"version"`
}

type publicationV2 struct {
	Namespace string     `json:"namespace"`
	Group     string     `json:"group"`
	Service   string     `json:"serviceName"`
	Instance  instanceAt `json:"registeredInstance"`
}

type instanceAt struct {
	IP      string `json:"ip"`
	Port    uint16 `json:"port"`
	Cluster string `json:"cluster"`
}

type subscriptionV2 struct {
	Namespace  string       `json:"namespace"`
	Group      string       `json:"group"`
	Service    string       `json:"serviceName"`
	Subscriber subscriberV2 `json:"subscriberInfo"`
}

type subscriberV2 struct {
	App   string `json:"app"`
	Agent string `json:"agent"`
	Addr  string `json:"addr"`
}

func (a *API) clientList(*middleware.Request) (any, error) { return a.o.Naming.Clients(), nil }

func (a *API) client(q *middleware.Request) (any, error) {
	f := formOf(q)
	id := f.Declared("clientId", "String")
	if f.err != nil {
		return nil, f.err
	}
	c, err := a.o.Naming.Client(id)
	if err != nil {
		return nil, err
	}
	out := clientV2{ID: c.ID, Ephemeral: c.Ephemeral, Updated: c.Updated, Type: "ipPort", IP: c.IP, Port: strconv.Itoa(int(c.Port))}
	if c.Connected {
		a.showConnection(&out)
	}
	return out, nil
}

// showConnection adds what is known of the connection of a client. Of one to
// another node this one knows no more than the naming client.
func (a *API) showConnection(out *clientV2) {
	out.Type = "connection"
	for _, x := range a.clients() {
		if x.ID == out.ID {
			_, out.Port, _ = net.SplitHostPort(x.Remote)
			out.IP, out.clientConnection = x.ClientIP, &clientConnection{"GRPC", x.App, x.Version}
			return
		}
	}
}

func (a *API) clientPublishes(q *middleware.Request) (any, error) {
	f := formOf(q)
	id := f.Declared("clientId", "String")
	if f.err != nil {
		return nil, f.err
	}
	all, err := a.o.Naming.Published(id)
	if err != nil {
		return nil, err
	}
	out := []publicationV2{}
	for _, p := range all {
		out = append(out, publicationV2{p.Key.Namespace, p.Key.Group, p.Key.Service, instanceAt{p.Instance.IP, p.Instance.Port, p.Instance.Cluster}})
	}
	return out, nil
}

func (a *API) clientSubscribes(q *middleware.Request) (any, error) {
	f := formOf(q)
	id := f.Declared("clientId", "String")
	if f.err != nil {
		return nil, f.err
	}
	all, err := a.o.Naming.Subscribed(id)
	if err != nil {
		return nil, err
	}
	out := []subscriptionV2{}
	for _, s := range all {
		out = append(out, subscriptionV2{s.Key.Namespace, s.Key.Group, s.Key.Service, subscriberV2{s.App, s.Agent, addressOf(s)}})
	}
	return out, nil
}

func addressOf(s naming.Subscriber) string {
	if s.Port == 0 {
		return s.IP
	}
	return naming.Address(s.IP, s.Port)
}

// servicePublishers lists who publishes a service at an address. As in the
// reference both parts of the address must be given.
func (a *API) servicePublishers(q *middleware.Request) (any, error) {
	f := formOf(q)
	port := f.Num("port", -1)
	k, ip := f.KeyBound(), f.Optional("ip", "")
	if f.err != nil {
		return nil, f.err
	}
	type publisher struct {
		instanceAt
		Client string `json:"clientId"`
	}
	out := []publisher{}
	for _, p := range a.o.Naming.Publishers(k) {
		if in := p.Instance; in.IP == ip && int(in.Port) == port {
			out = append(out, publisher{instanceAt{in.IP, in.Port, in.Cluster}, p.ClientID})
		}
	}
	return out, nil
}

func (a *API) serviceSubscribers(q *middleware.Request) (any, error) {
	f := formOf(q)
	port := f.Num("port", -1)
	k, ip := f.KeyBound(), f.Optional("ip", "")
	if f.err != nil {
		return nil, f.err
	}
	type subscriber struct {
		Client string `json:"clientId"`
		IP     string `json:"ip"`
		Port   uint16 `json:"port"`
	}
	out := []subscriber{}
	for _, s := range a.o.Naming.Subscribers(k) {
		if (ip == "" || s.IP == ip) && (port < 0 || int(s.Port) == port) {
			out = append(out, subscriber{s.ClientID, s.IP, s.Port})
		}
	}
	return out, nil
}
