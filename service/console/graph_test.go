package console_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/console"
)

func svc(name string) console.GraphNode {
	return console.GraphNode{Kind: console.ServiceNode, Group: "G", Name: name}
}

func app(name string) console.GraphNode {
	return console.GraphNode{Kind: console.ApplicationNode, Name: name}
}

// drawn is a graph in words.
func drawn(g *console.Graph) (nodes, edges []string) {
	for _, n := range g.Nodes() {
		word := n.ID()
		if m := g.Members(n); m > 1 {
			word += fmt.Sprintf(" of %d", m)
		}
		if s := g.Self(n); s > 0 {
			word += fmt.Sprintf(" itself %d", s)
		}
		nodes = append(nodes, word)
	}
	for _, e := range g.Edges() {
		word := fmt.Sprintf("%s > %s %d", e.From.Name, e.To.Name, e.Subscribers)
		if e.Inferred {
			word += "?"
		}
		edges = append(edges, word)
	}
	return nodes, edges
}

// shop is a graph of three services in a row, two in a circle, and applications.
func shop() *console.Graph {
	g := console.NewGraph()
	g.Add(app("web"), svc("order"), 2, false)
	g.Add(svc("order"), svc("stock"), 1, true)
	g.Add(svc("order"), svc("stock"), 4, true)
	g.Add(svc("stock"), svc("price"), 1, true)
	g.Add(svc("stock"), svc("price"), 1, false) // somebody has said so
	g.Add(svc("a"), svc("b"), 1, false)
	g.Add(svc("b"), svc("a"), 1, false)
	g.Add(svc("price"), svc("price"), 3, false)
	g.Put(svc("lone"))
	return g
}

func TestGraph(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		of           func(*console.Graph) *console.Graph
		nodes, edges []string
	}{
		"all of it": {
			func(g *console.Graph) *console.Graph { return g.Bounded(100, console.GraphNode{}) },
			[]string{"application:web", "service:G@@a", "service:G@@b", "service:G@@lone", "service:G@@order", "service:G@@price itself 3", "service:G@@stock"},
			[]string{"order > stock 5?", "web > order 2", "stock > price 2", "a > b 1", "b > a 1"},
		},
		"around one": {
			func(g *console.Graph) *console.Graph { return g.Around(svc("stock"), 1) },
			[]string{"service:G@@order", "service:G@@price itself 3", "service:G@@stock"},
			[]string{"order > stock 5?", "stock > price 2"},
		},
		"further around it": {
			func(g *console.Graph) *console.Graph { return g.Around(svc("price"), 2) },
			[]string{"service:G@@order", "service:G@@price itself 3", "service:G@@stock"},
			[]string{"order > stock 5?", "stock > price 2"},
		},
		"in a circle": {
			func(g *console.Graph) *console.Graph { return g.Around(svc("a"), 5) },
			[]string{"service:G@@a", "service:G@@b"},
			[]string{"a > b 1", "b > a 1"},
		},
		"no room": {
			func(g *console.Graph) *console.Graph { return g.Bounded(4, svc("lone")) },
			[]string{"rest:application", "rest:service of 4 itself 10", "service:G@@a", "service:G@@lone"},
			[]string{"application > service 2", "service > a 1", "a > service 1"},
		},
		"by group": {
			func(g *console.Graph) *console.Graph { return g.Grouped() },
			[]string{"application:web", "group:G of 6 itself 12"},
			[]string{"web > G 2"},
		},
	} {
		nodes, edges := drawn(tt.of(shop()))
		if d := cmp.Diff(tt.nodes, nodes) + cmp.Diff(tt.edges, edges); d != "" {
			t.Errorf("%s: -want +got\n%s", name, d)
		}
	}
	g := shop()
	var hit []string
	for _, n := range g.Dependents(svc("price")) {
		hit = append(hit, n.Name)
	}
	if slices.Sort(hit); strings.Join(hit, " ") != "order stock web" || g.Subscribers(svc("stock")) != 5 || g.Has(svc("none")) {
		t.Errorf("%v, %d", hit, g.Subscribers(svc("stock")))
	}
}
