package nodetest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/cmd/nodetest"
)

// moved is what a node says of a client that it was told to move.
type moved struct {
	status   int
	key      string
	From, To string
}

func moveClient(t *testing.T, m *nodetest.Member, form url.Values) moved {
	t.Helper()
	var out moved
	answer := struct {
		Data  any
		Error struct{ Key string }
	}{}
	status, body := m.Call(http.MethodPost, consolePath+"/client/move", form, "X-Console", "1")
	if status == http.StatusOK {
		answer.Data = &out
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(status, body)
	}
	out.status, out.key = status, answer.Error.Key
	return out
}

// TestClientsAreMoved: whichever node is asked, the client is told to go to the
// node that is named, or to the one with the fewest connections, and nobody else is.
func TestClientsAreMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		var all []*sdk
		for _, m := range []*nodetest.Member{l.Nodes[0], l.Nodes[0], l.Nodes[1]} {
			time.Sleep(time.Second) // the time is in the id of a connection
			s := dial(t, l, m, "naming")
			defer s.close()
			s.ok("SubscribeServiceRequest", inService("s", `"subscribe":true,"clusters":""`))
			all = append(all, s)
		}
		seen := clientsSeen{}
		l.Eventually(10*time.Second, func() bool {
			consoleOf(t, l.Nodes[2], "/clients", nil, &seen)
			return seen.TotalCount == 3
		})
		on := map[string]string{} // a client of each node
		for _, c := range seen.PageItems {
			on[c.Node] = c.ClientID
		}
		first, second, third := l.Nodes[0].Addr(), l.Nodes[1].Addr(), l.Nodes[2].Addr()
		for name, c := range map[string]struct {
			id, to string
			want   moved
		}{
			"to the node that is named":         {on[first], second, moved{200, "", first, second}},
			"to the one with the fewest":        {on[second], "", moved{200, "", second, third}},
			"to where it is":                    {on[first], first, moved{status: 400, key: "invalid"}},
			"to a stranger":                     {on[first], "10.9.9.9:8848", moved{status: 400, key: "invalid"}},
			"a client that there is not":        {"nobody", "", moved{status: 404, key: "not_found"}},
			"a client that does not have an id": {"", "", moved{status: 400, key: "missing"}},
		} {
			for _, m := range l.Nodes {
				asked(all)
				got := moveClient(t, m, query("clientId", c.id, "to", c.to))
				if got != c.want {
					t.Errorf("%s, said on %s: %+v", name, m.Addr(), got)
				}
				synctest.Wait()
				want := map[string]int{}
				if c.want.status == http.StatusOK {
					want[c.want.To] = 1
				}
				if d := cmp.Diff(want, asked(all)); d != "" {
					t.Errorf("%s, said on %s: -want +got\n%s", name, m.Addr(), d)
				}
			}
		}
		if status, body := l.Nodes[0].Call(http.MethodPost, "/v1/ns/instance", query("serviceName", "s", "ip", "10.9.0.1", "port", "80")); status != http.StatusOK {
			t.Fatal(status, body)
		}
		l.Until(10*time.Second, func() string { // its owner tells the others a little later
			got := moveClient(t, l.Nodes[0], query("clientId", "10.9.0.1:80#true"))
			if got.status == 400 && got.key == "invalid" {
				return ""
			}
			return fmt.Sprintf("a client of the HTTP generation: %+v", got)
		})
		l.Nodes[1].Crash()
		l.Nodes[2].Crash()
		if got := moveClient(t, l.Nodes[0], query("clientId", on[first])); got.status != 400 || got.key != "invalid" {
			t.Errorf("where no other node is left: %+v", got)
		}
	})
}
