package controller

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

// clientLine is a client in the console's table.
type clientLine struct {
	ID         string `json:"clientId"`
	IP         string `json:"ip"`
	Port       uint16 `json:"port"`
	Kind       string `json:"kind"`
	Seen       int64  `json:"lastSeen"`
	Publishes  int    `json:"publishes"`
	Subscribes int    `json:"subscribes"`
	App        string `json:"app"`
	Agent      string `json:"agent"`
	Node       string `json:"node"` // that holds the connection, or answers for it
}

// clientDetail is a client with all that is known of it.
type clientDetail struct {
	clientLine
	Published  []placeOf   `json:"published"`
	Subscribed []placeOf   `json:"subscribed"`
	Listens    []listensTo `json:"listens"`

	Nodes []nodeAnswer `json:"nodes,omitempty"`
	Own   bool         `json:"own,omitempty"` // the node that tells this answers for it
}

type placeOf struct {
	Namespace string `json:"namespaceId"`
	Group     string `json:"groupName"`
	Service   string `json:"serviceName"`
	IP        string `json:"ip,omitempty"`
	Port      uint16 `json:"port,omitempty"`
	Cluster   string `json:"clusterName,omitempty"`
	Agent     string `json:"agent,omitempty"`
	App       string `json:"app,omitempty"`
}

type listensTo struct {
	Namespace string `json:"namespaceId"`
	Group     string `json:"groupName"`
	DataID    string `json:"dataId"`
	MD5       string `json:"md5"`
	State     string `json:"state"`
}

// clientOfNaming is a client, as far as the caller may see it; false where he may
// see nothing that it does.
func (a *API) clientOfNaming(who viewer, id, ns string) (clientDetail, bool) {
	c, err := a.o.Naming.Client(id)
	if err != nil {
		return clientDetail{}, false
	}
	d := clientDetail{clientLine: clientLine{ID: c.ID, IP: c.IP, Port: c.Port, Seen: c.Updated, Kind: kindPersistent, Node: a.o.Ops.Address()}, Published: []placeOf{}, Subscribed: []placeOf{}}
	switch {
	case c.Connected:
		d.Kind = kindConnection
	case c.Ephemeral:
		d.Kind = kindEphemeral
	}
	sees := func(k naming.Key) bool { return (ns == "" || k.Namespace == ns) && who.sees(serviceResource(k)) }
	published, err := a.o.Naming.Published(id)
	if err != nil {
		return d, false
	}
	for _, p := range published {
		if sees(p.Key) {
			d.Published = append(d.Published, placeOf{Namespace: p.Key.Namespace, Group: p.Key.Group, Service: p.Key.Service, IP: p.Instance.IP, Port: p.Instance.Port, Cluster: p.Instance.Cluster})
		}
	}
	subscribed, err := a.o.Naming.Subscribed(id)
	if err != nil {
		return d, false
	}
	for _, s := range subscribed {
		if sees(s.Key) {
			d.Agent, d.App = s.Agent, s.App
			d.Subscribed = append(d.Subscribed, placeOf{Namespace: s.Key.Namespace, Group: s.Key.Group, Service: s.Key.Service, Agent: s.Agent, App: s.App})
		}
	}
	d.Publishes, d.Subscribes = len(d.Published), len(d.Subscribed)
	return d, d.Publishes+d.Subscribes > 0
}

// clientFilter is what the table of clients shows.
type clientFilter struct {
	Namespace string `json:"namespace,omitempty"` // "": all
	Kind      string `json:"kind,omitempty"`
	Text      string `json:"text,omitempty"`
}

func (a *API) extClients(q *middleware.Request) (any, error) {
	f := formOf(q)
	pageNo, size := f.pageV3()
	filter := clientFilter{f.text("namespaceId"), f.text("kind"), f.text("q")}
	f.wanted("q") // refused where it is too long
	if f.err != nil {
		return nil, f.err
	}
	who, rows := a.viewerOf(q), a.first(pageNo, size)
	all := a.clientsHere(&filter, who, rows)
	nodes := askAll(q.Context(), a, question{Kind: askClients, User: who.user, Clients: filter, Rows: rows}, all.add)
	return all.page(rows, pageNo, size, compareClients, nodes), nil
}

func compareClients(x, y clientLine) int {
	return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Node, y.Node))
}

// clientsHere are the clients that this node answers for, and those that subscribe
// here: what is held of others is a copy.
func (a *API) clientsHere(f *clientFilter, who viewer, rows int) (out someRows[clientLine]) {
	text := wantedOf(f.Text)
	ids := a.o.Naming.ClientsHere(func(c *naming.ClientInfo) bool {
		return text.match(c.ID) && (f.Kind == "" || f.Kind == kindOfClient(c))
	}, func(k naming.Key) bool {
		return (f.Namespace == "" || k.Namespace == f.Namespace) && who.sees(serviceResource(k))
	})
	out.Total = len(ids)
	for _, id := range service.Window(ids, 0, rows, strings.Compare) {
		if d, ok := a.clientOfNaming(who, id, f.Namespace); ok {
			out.Rows = append(out.Rows, d.clientLine)
		}
	}
	return out
}

func kindOfClient(c *naming.ClientInfo) string {
	switch {
	case c.Connected:
		return kindConnection
	case c.Ephemeral:
		return kindEphemeral
	default:
		return kindPersistent
	}
}

func (a *API) extClient(q *middleware.Request) (any, error) {
	f := formOf(q)
	id := f.notBlank("clientId")
	if f.err != nil {
		return nil, f.err
	}
	who := a.viewerOf(q)
	told := []clientDetail{a.clientHere(id, who)}
	nodes := askAll(q.Context(), a, question{Kind: askClient, User: who.user, ID: id}, func(d clientDetail) { told = append(told, d) })
	// The node that answers for the client knows best what it publishes.
	slices.SortStableFunc(told, func(x, y clientDetail) int { return cmp.Compare(rankOf(&x), rankOf(&y)) })
	d := told[0]
	for i := range told[1:] {
		x := &told[1+i]
		d.Seen = max(d.Seen, x.Seen)
		d.App, d.Agent = cmp.Or(d.App, x.App), cmp.Or(d.Agent, x.Agent)
		d.Subscribed, d.Listens = append(d.Subscribed, x.Subscribed...), append(d.Listens, x.Listens...)
	}
	if d.ID == "" {
		return nil, noSuchClient()
	}
	d.Subscribes, d.Nodes, d.Own = len(d.Subscribed), nodes, false
	return d, nil
}

func rankOf(d *clientDetail) int {
	switch {
	case d.Own:
		return 0
	case d.ID != "":
		return 1
	default:
		return 2
	}
}

// clientHere is what this node knows of a client; without an id where that is
// nothing but what its address listens to.
func (a *API) clientHere(id string, who viewer) clientDetail {
	d, ok := a.clientOfNaming(who, id, "")
	if !ok {
		d = clientDetail{Published: []placeOf{}, Subscribed: []placeOf{}}
	}
	d.Own = ok && a.o.Naming.AnswersFor(id)
	d.Listens = []listensTo{}
	if ip := cmp.Or(d.IP, addressIn(id)); ip != "" && !a.off(middleware.Config) {
		d.Listens = a.listensOf(who, ip)
	}
	return d
}

// addressIn is the address in the id of a client that is one, "" of another.
func addressIn(id string) string {
	address, _, ok := strings.Cut(id, "#")
	if i := strings.LastIndexByte(address, ':'); ok && i > 0 {
		return address[:i]
	}
	return ""
}

// listensOf are the configs that an address listens to here.
func (a *API) listensOf(who viewer, ip string) []listensTo {
	out := []listensTo{}
	for _, w := range a.o.Config.Cache().WatchedBy(ip) {
		if who.sees(configResource(w.Key)) {
			out = append(out, listensTo{shownNamespace(w.Key.Tenant), w.Key.Group, w.Key.DataID, w.MD5, stateCurrent})
		}
	}
	for _, l := range a.o.Config.Lags().All() {
		if l.Client.IP == ip && who.sees(configResource(l.Key)) {
			out = append(out, listensTo{shownNamespace(l.Key.Tenant), l.Key.Group, l.Key.DataID, l.MD5, stateBehind})
		}
	}
	return out
}
