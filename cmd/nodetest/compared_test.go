package nodetest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/cmd/nodetest"
	"github.com/pharos-registry/pharos/test/faketime"
)

// comparedNow is what a comparison finds that somebody has asked for.
type comparedNow struct {
	Items []struct {
		Kind, NamespaceID, GroupName, Name string
		States                             []struct{ Address, Digest string }
	}
	More  bool
	Nodes nodesAsked
}

func comparedOn(t *testing.T, m *nodetest.Member) (c comparedNow) {
	t.Helper()
	consoleOf(t, m, "/cluster/compared", nil, &c)
	return c
}

// A service of which one node was not told, and a config whose row was changed
// behind the back of a node, are named by whichever node is asked, with who has
// what; who is silent is named too.
func TestComparedNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		a, b, c := l.Nodes[0], l.Nodes[1], l.Nodes[2]
		publish(t, a, "c", "right")
		faketime.Pass(2 * time.Second)
		for _, m := range l.Nodes {
			if got := comparedOn(t, m); len(got.Items) != 0 || len(got.Nodes) != 3 || len(got.Nodes.silent()) != 0 {
				t.Errorf("nodes that agree, on %s: %+v", m.Addr(), got)
			}
		}
		tamper(t, c, "wrong", "2bda2998d9b0ee197da142a0447f6725")
		c.Call(http.MethodPost, "/v1/cs/ops/localCache", nil)
		faketime.Pass(1500 * time.Millisecond)
		for _, m := range l.Nodes {
			got := comparedOn(t, m)
			if len(got.Items) != 1 || got.Items[0].Kind != "config" || got.Items[0].Name != "c" || got.Items[0].GroupName != "G" || got.Items[0].NamespaceID != "public" {
				t.Fatalf("a changed row, on %s: %+v", m.Addr(), got)
			}
			digest := map[string]string{}
			for _, s := range got.Items[0].States {
				digest[s.Address] = s.Digest
			}
			if digest[a.Addr()] != digest[b.Addr()] || digest[a.Addr()] == digest[c.Addr()] || digest[c.Addr()] == "" {
				t.Errorf("a changed row, on %s: %v", m.Addr(), digest)
			}
		}
		tamper(t, c, "right", "7c4f29407893c334a6cb7a87bf045c0d")
		l.Eventually(30*time.Second, func() bool { return len(comparedOn(t, c).Items) == 0 })

		l.Net.Part(a.PeerAddr(), b.PeerAddr())
		l.Eventually(30*time.Second, func() bool { return slices.Contains(members(t, a), b.Addr()+" DOWN") })
		for i := range 12 { // some of them a owns, and cannot tell b of
			name := instance(fmt.Sprintf("192.0.2.%d", i), "ephemeral", "true")
			name.Set("serviceName", fmt.Sprint("DEFAULT_GROUP@@torn-", i))
			if status, body := a.Call(http.MethodPost, "/v1/ns/instance", name); status != http.StatusOK {
				t.Fatal(status, body)
			}
		}
		faketime.Pass(1100 * time.Millisecond)
		got := comparedOn(t, c)
		torn := 0
		for _, x := range got.Items {
			if x.Kind != "service" || !strings.HasPrefix(x.Name, "torn-") || x.NamespaceID != "public" || x.GroupName != "DEFAULT_GROUP" || len(x.States) != 3 {
				t.Errorf("%+v", x)
			}
			for _, s := range x.States {
				if s.Address == b.Addr() && s.Digest == "" {
					torn++
				}
			}
		}
		if torn == 0 || torn != len(got.Items) {
			t.Errorf("services that one node was not told of: %+v", got)
		}
		if silent := comparedOn(t, a).Nodes.silent(); len(silent) != 1 || !strings.HasPrefix(silent[0], b.Addr()+": ") {
			t.Errorf("silent for a: %v", silent)
		}
		l.Net.Join(a.PeerAddr(), b.PeerAddr())
		l.Eventually(time.Minute, func() bool {
			got := comparedOn(t, c)
			return len(got.Items) == 0 && len(got.Nodes.silent()) == 0
		})
	})
}

// What each node makes of the others is on the page of every node: one that is cut
// off from another sees it down, the third one sees both.
func TestWhoSeesWhom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		a, b, c := l.Nodes[0], l.Nodes[1], l.Nodes[2]
		views := func(m *nodetest.Member) (out []string) {
			var got struct {
				Nodes []struct {
					Address, Error string
					Sees           []struct{ Address, State string }
				}
			}
			consoleOf(t, m, "/cluster", nil, &got)
			for _, n := range got.Nodes {
				if n.Error != "" {
					out = append(out, n.Address[7:8]+" is silent")
				}
				for _, s := range n.Sees {
					if s.State != "UP" {
						out = append(out, n.Address[7:8]+" sees "+s.Address[7:8]+" "+s.State)
					}
				}
			}
			return out
		}
		for _, m := range l.Nodes {
			if got := views(m); got != nil {
				t.Errorf("%s: %v", m.Addr(), got)
			}
		}
		l.Net.Part(a.PeerAddr(), b.PeerAddr())
		want := []string{"1 sees 2 DOWN", "2 sees 1 DOWN"}
		l.Until(30*time.Second, func() string {
			if got := views(c); !slices.Equal(got, want) {
				return fmt.Sprint(got)
			}
			return ""
		})
		if got := views(a); !slices.Equal(got, want[:1]) { // b cannot be asked
			t.Errorf("asked of a: %v", got)
		}
	})
}
