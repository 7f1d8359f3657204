package controller

import (
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/console"
	"github.com/pharos-registry/pharos/service/naming"
)

// Bounds of the picture of who uses what.
const (
	maxDrawn = 150  // nodes: nobody reads more
	maxEdges = 1000 // those of the most subscribers
	maxDepth = 5    // steps from the focus
)

// Ways to put subscribers and services together.
const (
	byApplication = "application"
	byClient      = "client"
	byGroup       = "group"
)

// topologyFilter is what of it is asked of the other nodes.
type topologyFilter struct {
	Namespace string `json:"namespace,omitempty"`
	ByAddress bool   `json:"byAddress,omitempty"`
}

// topologyNode is a node as the console draws it.
type topologyNode struct {
	ID          string `json:"id"`
	Kind        string `json:"kind"`
	Group       string `json:"groupName"`
	Name        string `json:"name"`
	Health      string `json:"health"`
	Instances   int    `json:"instances"`
	Healthy     int    `json:"healthy"`
	Subscribers int    `json:"subscribers"`
	Self        int    `json:"self"` // that are its own
	Members     int    `json:"members"`
}

type topologyEdge struct {
	From        string `json:"from"`
	To          string `json:"to"`
	Subscribers int    `json:"subscribers"`
	Inferred    bool   `json:"inferred"`
}

// topologyView is who uses what.
type topologyView struct {
	Nodes     []topologyNode `json:"nodes"`
	Edges     []topologyEdge `json:"edges"`
	Alone     int            `json:"alone"`  // services that nobody uses and that use none, left out
	Impact    *impact        `json:"impact"` // of the focus
	Truncated bool           `json:"truncated"`
	Answered  []nodeAnswer   `json:"answered"`
}

// impact is what is hit when a node goes down.
type impact struct {
	Services    int `json:"services"`
	Subscribers int `json:"subscribers"`
}

// use is a naming.Use and how often it is there.
type use struct {
	naming.Use

	Count int `json:"count"`
}

// usesHere is who subscribes on this node.
func (a *API) usesHere(f *topologyFilter, who viewer) (out someRows[use]) {
	uses := a.o.Naming.Uses(func(k naming.Key) bool {
		return k.Namespace == f.Namespace && who.sees(serviceResource(k))
	}, f.ByAddress)
	out.Total = len(uses)
	for u, n := range uses {
		if len(out.Rows) == maxGathered {
			break
		}
		out.Rows = append(out.Rows, use{u, n})
	}
	return out
}

func (a *API) extTopology(q *middleware.Request) (any, error) {
	f := formOf(q)
	filter := topologyFilter{Namespace: f.namingNamespace()}
	by, focus, depth := f.Optional("groupBy", byApplication), f.text("focus"), f.Num("depth", 1)
	if by != byApplication && by != byClient && by != byGroup {
		f.fail(service.BadParam, "groupBy must be application, client or group")
	}
	if len(focus) > topicBytes || depth < 1 || depth > maxDepth {
		f.fail(service.BadParam, "focus must be the id of a node, and depth from 1 to %d", maxDepth)
	}
	if f.err != nil {
		return nil, f.err
	}
	filter.ByAddress = by == byClient
	who := a.viewerOf(q)
	all := a.usesHere(&filter, who)
	view := topologyView{Answered: askAll(q.Context(), a, question{Kind: askUses, User: who.user, Topology: filter}, all.add)}
	view.Truncated = all.Total > len(all.Rows)
	g := graphOf(all.Rows)
	lone := a.loneServices(g, filter.Namespace, who)
	if focus == "" && g.Len()+len(lone) > maxDrawn && by != byGroup {
		view.Alone = len(lone)
	} else {
		for _, n := range lone {
			g.Put(n)
		}
	}
	if by == byGroup {
		g = g.Grouped()
	}
	var at console.GraphNode
	if focus != "" {
		at = nodeOf(focus)
		if !g.Has(at) {
			return nil, service.Errorf(service.NotFound, "nothing here is called %q", focus)
		}
		view.Impact = impactOf(g, at)
		g = g.Around(at, depth)
	}
	g = g.Bounded(maxDrawn, at)
	a.draw(&view, g, filter.Namespace)
	return view, nil
}

// graphOf is the graph of who uses what.
func graphOf(uses []use) *console.Graph {
	g := console.NewGraph()
	for i := range uses {
		u := &uses[i]
		from := console.GraphNode{Kind: console.ClientNode, Name: u.IP}
		switch {
		case u.Service != naming.Key{}:
			from = serviceNode(u.Service)
		case u.App != "":
			from = console.GraphNode{Kind: console.ApplicationNode, Name: u.App}
		}
		g.Add(from, serviceNode(u.To), u.Count, u.Inferred)
	}
	return g
}

func serviceNode(k naming.Key) console.GraphNode {
	return console.GraphNode{Kind: console.ServiceNode, Group: k.Group, Name: k.Service}
}

// nodeOf is the node of an id.
func nodeOf(id string) console.GraphNode {
	kind, name, _ := strings.Cut(id, ":")
	n := console.GraphNode{Kind: kind, Name: name}
	if kind == console.ServiceNode {
		n.Group, n.Name, _ = strings.Cut(name, "@@")
	}
	return n
}

// loneServices are those that have no part in g.
func (a *API) loneServices(g *console.Graph, ns string, who viewer) (lone []console.GraphNode) {
	for _, k := range a.o.Naming.Names(ns) {
		if n := serviceNode(k); !g.Has(n) && who.sees(serviceResource(k)) {
			lone = append(lone, n)
		}
	}
	return lone
}

func impactOf(g *console.Graph, n console.GraphNode) *impact {
	i := &impact{}
	for _, d := range g.Dependents(n) {
		if d.Kind == console.ServiceNode || d.Kind == console.GroupNode {
			i.Services += g.Members(d)
		} else {
			i.Subscribers += g.Members(d)
		}
	}
	return i
}

// The states of what is drawn.
const (
	healthOK      = "ok"
	healthWarn    = "warn"    // some instances are unhealthy
	healthBad     = "bad"     // all are
	healthEmpty   = "empty"   // there are none
	healthUnknown = "unknown" // it is no service
)

// draw adds the nodes and edges of g to view.
func (a *API) draw(view *topologyView, g *console.Graph, ns string) {
	view.Nodes, view.Edges = []topologyNode{}, []topologyEdge{}
	for _, n := range g.Nodes() {
		t := topologyNode{ID: n.ID(), Kind: n.Kind, Group: n.Group, Name: n.Name, Health: healthUnknown, Subscribers: g.Subscribers(n), Self: g.Self(n), Members: g.Members(n)}
		if n.Kind == console.ServiceNode {
			v := a.o.Naming.View(naming.Key{Namespace: ns, Group: n.Group, Service: n.Name})
			t.Instances, t.Healthy = len(v.Instances), v.Healthy()
			t.Health = healthOf(t.Healthy, t.Instances)
		}
		view.Nodes = append(view.Nodes, t)
	}
	for _, e := range g.Edges() {
		if len(view.Edges) == maxEdges {
			view.Truncated = true
			break
		}
		view.Edges = append(view.Edges, topologyEdge{e.From.ID(), e.To.ID(), e.Subscribers, e.Inferred})
	}
}

func healthOf(healthy, all int) string {
	switch {
	case all == 0:
		return healthEmpty
	case healthy == 0:
		return healthBad
	case healthy < all:
		return healthWarn
	default:
		return healthOK
	}
}
