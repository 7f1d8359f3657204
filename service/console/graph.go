package console

import (
	"cmp"
	"maps"
	"slices"
)

// The kinds of what stands in a graph of who uses what.
const (
	ServiceNode     = "service"
	ApplicationNode = "application"
	ClientNode      = "client"
	GroupNode       = "group" // services of one group
	RestNode        = "rest"  // what there is no room for
)

// GraphNode is something that uses services, or is used.
type GraphNode struct {
	Kind  string
	Group string // of a service
	Name  string // of a rest: the kind of what it stands for
}

// ID names a node in addresses.
func (n GraphNode) ID() string {
	if n.Kind == ServiceNode {
		return n.Kind + ":" + n.Group + "@@" + n.Name
	}
	return n.Kind + ":" + n.Name
}

// GraphEdge is how often one node is told of another.
type GraphEdge struct {
	From, To    GraphNode
	Subscribers int
	Inferred    bool // nobody has said so
}

// Graph is who uses what.
type Graph struct {
	out, in map[GraphNode]map[GraphNode]*GraphEdge // by both ends
	members map[GraphNode]int                      // how many things a node stands for
	self    map[GraphNode]int                      // subscribers of a node among its own
}

// NewGraph returns a graph of nothing.
func NewGraph() *Graph {
	return &Graph{
		out: map[GraphNode]map[GraphNode]*GraphEdge{}, in: map[GraphNode]map[GraphNode]*GraphEdge{},
		members: map[GraphNode]int{}, self: map[GraphNode]int{},
	}
}

// Put adds a node, if it is not there.
func (g *Graph) Put(n GraphNode) {
	if g.members[n] == 0 {
		g.members[n] = 1
	}
}

// Add adds subscribers of to that are from.
func (g *Graph) Add(from, to GraphNode, n int, inferred bool) {
	g.Put(from)
	g.Put(to)
	if from == to { // most services watch themselves, which says nothing
		g.self[to] += n
		return
	}
	e := g.out[from][to]
	if e == nil {
		e = &GraphEdge{From: from, To: to, Inferred: true}
		set(g.out, from, to, e)
		set(g.in, to, from, e)
	}
	e.Subscribers += n
	e.Inferred = e.Inferred && inferred
}

func set(m map[GraphNode]map[GraphNode]*GraphEdge, a, b GraphNode, e *GraphEdge) {
	if m[a] == nil {
		m[a] = map[GraphNode]*GraphEdge{}
	}
	m[a][b] = e
}

// Len is how many nodes there are.
func (g *Graph) Len() int { return len(g.members) }

// Has reports whether n is there.
func (g *Graph) Has(n GraphNode) bool { return g.members[n] > 0 }

// Members is how many things n stands for.
func (g *Graph) Members(n GraphNode) int { return g.members[n] }

// Self is how often n is told of itself.
func (g *Graph) Self(n GraphNode) int { return g.self[n] }

// Subscribers are those of n that are not its own.
func (g *Graph) Subscribers(n GraphNode) (sum int) {
	for _, e := range g.in[n] {
		sum += e.Subscribers
	}
	return sum
}

// Nodes returns all nodes, in the order of their ids.
func (g *Graph) Nodes() []GraphNode {
	return slices.SortedFunc(maps.Keys(g.members), func(a, b GraphNode) int { return cmp.Compare(a.ID(), b.ID()) })
}

// Edges returns the edges, those of the most subscribers first.
func (g *Graph) Edges() []GraphEdge {
	var all []GraphEdge
	for _, to := range g.out {
		for _, e := range to {
			all = append(all, *e)
		}
	}
	slices.SortFunc(all, func(a, b GraphEdge) int {
		return cmp.Or(cmp.Compare(b.Subscribers, a.Subscribers), cmp.Compare(a.From.ID(), b.From.ID()), cmp.Compare(a.To.ID(), b.To.ID()))
	})
	return all
}

// reach walks from n along m, at most depth steps; 0 is as far as it goes.
func reach(m map[GraphNode]map[GraphNode]*GraphEdge, n GraphNode, depth int) map[GraphNode]bool {
	seen, edge := map[GraphNode]bool{n: true}, []GraphNode{n}
	for step := 0; len(edge) > 0 && (depth == 0 || step < depth); step++ {
		var next []GraphNode
		for _, x := range edge {
			for y := range m[x] {
				if !seen[y] {
					seen[y] = true
					next = append(next, y)
				}
			}
		}
		edge = next
	}
	return seen
}

// Dependents are the nodes that use n, or what uses it, and so on: what is hit
// when it goes down.
func (g *Graph) Dependents(n GraphNode) []GraphNode {
	all := reach(g.in, n, 0)
	delete(all, n)
	return slices.Collect(maps.Keys(all))
}

// Around is the part of g that leads to n, or from it, within depth steps.
func (g *Graph) Around(n GraphNode, depth int) *Graph {
	kept := reach(g.in, n, depth)
	maps.Copy(kept, reach(g.out, n, depth))
	return g.mapped(func(x GraphNode) (GraphNode, bool) { return x, kept[x] })
}

// Bounded is g with at most limit nodes: those that have to do with the fewest
// others are put together, all of a kind in one. keep is never one of them.
func (g *Graph) Bounded(limit int, keep GraphNode) *Graph {
	if g.Len() <= limit {
		return g
	}
	all := g.Nodes()
	rank := func(n GraphNode) int {
		if n == keep {
			return -1 << 31
		}
		return -len(g.out[n]) - len(g.in[n])
	}
	slices.SortStableFunc(all, func(a, b GraphNode) int { return cmp.Compare(rank(a), rank(b)) })
	kinds := map[string]bool{}
	for _, n := range all {
		kinds[n.Kind] = true
	}
	kept := map[GraphNode]bool{}
	for _, n := range all[:max(limit-len(kinds), 1)] {
		kept[n] = true
	}
	return g.mapped(func(n GraphNode) (GraphNode, bool) {
		if kept[n] {
			return n, true
		}
		return GraphNode{Kind: RestNode, Name: n.Kind}, true
	})
}

// Grouped is g with each group of services as one.
func (g *Graph) Grouped() *Graph {
	return g.mapped(func(n GraphNode) (GraphNode, bool) {
		if n.Kind == ServiceNode {
			n = GraphNode{Kind: GroupNode, Name: n.Group}
		}
		return n, true
	})
}

// mapped is g with other nodes in the place of those it has; false leaves one
// out, with its edges.
func (g *Graph) mapped(to func(GraphNode) (GraphNode, bool)) *Graph {
	out := NewGraph()
	for n, members := range g.members {
		if m, ok := to(n); ok {
			out.members[m] += members
			if g.self[n] > 0 {
				out.self[m] += g.self[n]
			}
		}
	}
	for from, all := range g.out {
		a, ok := to(from)
		if !ok {
			continue
		}
		for n, e := range all {
			if b, ok := to(n); ok {
				out.Add(a, b, e.Subscribers, e.Inferred)
			}
		}
	}
	return out
}
