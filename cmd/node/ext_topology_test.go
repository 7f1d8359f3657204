package node

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type topologySeen struct {
	Nodes []struct {
		ID, Health                  string
		Instances, Healthy, Members int
	}
	Edges []struct {
		From, To    string
		Subscribers int
	}
	Alone    int
	Impact   *struct{ Services, Subscribers int }
	Answered []struct{ OK bool }
}

func (s *topologySeen) words() (nodes, edges []string) {
	for _, n := range s.Nodes {
		nodes = append(nodes, n.ID+" "+n.Health)
	}
	for _, e := range s.Edges {
		edges = append(edges, fmt.Sprintf("%s > %s %d", e.From, e.To, e.Subscribers))
	}
	slices.Sort(edges)
	return nodes, edges
}

// follow subscribes as a client of the first generation does.
func follow(t *testing.T, g guarded, service, ip, app string) {
	t.Helper()
	w := g.call(http.MethodGet, "/nacos/v1/ns/instance/list?"+form("serviceName", service, "udpPort", "4000", "clientIP", ip, "app", app).Encode(), func(r *http.Request) {
		r.RemoteAddr = ip + ":50000"
		r.Header.Set("User-Agent", "Nacos-Java-Client:v1.4.6")
	})
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
}

func TestTopology(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	register(t, g, "order", "192.0.2.1", "")
	register(t, g, "stock", "192.0.2.2", "")
	register(t, g, "stock", "192.0.2.3", "&healthy=false")
	register(t, g, "price", "192.0.2.4", "&healthy=false")
	register(t, g, "lone", "192.0.2.5", "")
	follow(t, g, "stock", "192.0.2.1", "shop") // that is order
	follow(t, g, "price", "192.0.2.2", "shop") // that is stock
	follow(t, g, "order", "192.0.2.77", "web")
	follow(t, g, "order", "192.0.2.78", "web")
	follow(t, g, "nowhere", "192.0.2.79", "unknown")
	const at = "service:DEFAULT_GROUP@@"
	line := func(from, to string, n int) string { return fmt.Sprintf("%s > %s%s %d", from, at, to, n) }
	for name, tt := range map[string]struct {
		ask          []string
		nodes, edges []string
	}{
		"all": {
			nil,
			[]string{"application:web unknown", "client:192.0.2.79 unknown", at + "lone ok", at + "nowhere empty", at + "order ok", at + "price bad", at + "stock warn"},
			[]string{line("application:web", "order", 2), line("client:192.0.2.79", "nowhere", 1), line(at+"order", "stock", 1), line(at+"stock", "price", 1)},
		},
		"around one": {[]string{"focus", at + "stock"}, []string{at + "order ok", at + "price bad", at + "stock warn"}, []string{line(at+"order", "stock", 1), line(at+"stock", "price", 1)}},
		"deeper":     {[]string{"focus", at + "price", "depth", "2"}, []string{at + "order ok", at + "price bad", at + "stock warn"}, []string{line(at+"order", "stock", 1), line(at+"stock", "price", 1)}},
		"alone":      {[]string{"focus", at + "lone"}, []string{at + "lone ok"}, nil},
		"addresses": {
			[]string{"groupBy", "client", "focus", at + "order"},
			[]string{"client:192.0.2.77 unknown", "client:192.0.2.78 unknown", at + "order ok"},
			[]string{line("client:192.0.2.77", "order", 1), line("client:192.0.2.78", "order", 1)},
		},
		"groups":    {[]string{"groupBy", "group"}, []string{"application:web unknown", "client:192.0.2.79 unknown", "group:DEFAULT_GROUP unknown"}, []string{"application:web > group:DEFAULT_GROUP 2", "client:192.0.2.79 > group:DEFAULT_GROUP 1"}},
		"elsewhere": {[]string{"namespaceId", "other"}, nil, nil},
	} {
		var seen topologySeen
		if status, key := g.ask(t, http.MethodGet, "/topology", form(tt.ask...), &seen); status != 200 || len(seen.Answered) != 1 {
			t.Fatal(name, status, key)
		}
		nodes, edges := seen.words()
		slices.Sort(tt.edges)
		if d := cmp.Diff(tt.nodes, nodes) + cmp.Diff(tt.edges, edges); d != "" {
			t.Errorf("%s: -want +got\n%s", name, d)
		}
		if name == "deeper" && (seen.Impact == nil || seen.Impact.Services != 2 || seen.Impact.Subscribers != 1) {
			t.Errorf("of price depend %+v", seen.Impact)
		}
	}
	for _, wrong := range [][]string{{"depth", "0"}, {"depth", "9"}, {"groupBy", "zone"}} {
		if status, _ := g.ask(t, http.MethodGet, "/topology", form(wrong...), nil); status != http.StatusBadRequest {
			t.Errorf("%v: %d", wrong, status)
		}
	}
	if status, key := g.ask(t, http.MethodGet, "/topology", form("focus", at+"none"), nil); status != http.StatusNotFound || key != "not_found" {
		t.Errorf("%d %s", status, key)
	}
}

// TestTopologyIsBounded: of many services those that have to do with each other
// are drawn, and no more than a person can look at.
func TestTopologyIsBounded(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	for i := range 200 {
		register(t, g, fmt.Sprint("s", i), fmt.Sprint("192.0.2.", i), "")
	}
	var seen topologySeen
	if g.ask(t, http.MethodGet, "/topology", nil, &seen); len(seen.Nodes) != 0 || seen.Alone != 200 {
		t.Errorf("%d nodes, %d alone", len(seen.Nodes), seen.Alone)
	}
	for i := range 180 {
		follow(t, g, fmt.Sprint("s", i), "198.51.100.7", "busy")
	}
	if g.ask(t, http.MethodGet, "/topology", nil, &seen); len(seen.Nodes) > 150 || len(seen.Nodes) < 140 || seen.Alone != 20 {
		t.Errorf("%d nodes, %d alone", len(seen.Nodes), seen.Alone)
	}
	members, subscribers := 0, 0
	for _, n := range seen.Nodes {
		members += n.Members
	}
	for _, e := range seen.Edges {
		subscribers += e.Subscribers
	}
	if members != 181 || subscribers != 180 {
		t.Errorf("%d things and %d subscribers are drawn", members, subscribers)
	}
}
