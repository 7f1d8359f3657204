package nodetest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/cmd/nodetest"
)

// loads is what a node says of the connections of all nodes.
type loads struct {
	Total, Min, Avg, Max, MemberCount, MetricsCount int
	Threshold                                       float64
	Completed                                       bool
	Detail                                          []struct {
		Address string
		Metric  struct{ SDKConCount string }
	}
}

func loadsOn(t *testing.T, m *nodetest.Member) (l loads, held map[string]string) {
	t.Helper()
	status, body := m.Get("/v2/core/loader/cluster", nil)
	if err := json.Unmarshal([]byte(body), &l); err != nil || status != http.StatusOK {
		t.Fatal(status, body)
	}
	held = map[string]string{}
	for _, d := range l.Detail {
		held[d.Address] = d.Metric.SDKConCount
	}
	l.Detail = nil
	return l, held
}

func balance(t *testing.T, m *nodetest.Member, want string, pairs ...string) {
	t.Helper()
	if status, body := m.Get("/v2/core/loader/smartReloadCluster", query(pairs...)); status != http.StatusOK || body != want {
		t.Errorf("balancing is answered %d %s, want %s", status, body, want)
	}
	synctest.Wait()
}

// asked is how many of the clients are told to go to another node, and to which.
func asked(all []*sdk) map[string]int {
	out := map[string]int{}
	for _, s := range all {
		for len(s.pushes) > 0 {
			p := <-s.pushes
			body := struct{ ServerIP, ServerPort string }{}
			if p.Type == "ConnectResetRequest" && json.Unmarshal(p.Body, &body) == nil {
				out[body.ServerIP+":"+body.ServerPort]++
			}
		}
	}
	return out
}

// TestConnectionsAreBalanced: whichever node is asked, one that has too many
// connections sends some to one that has few.
func TestConnectionsAreBalanced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		first := l.Nodes[0]
		var all []*sdk
		for range 7 {
			s := dial(t, l, first, "naming")
			defer s.close()
			all = append(all, s)
		}
		other := dial(t, l, l.Nodes[1], "naming")
		defer other.close()
		for _, m := range l.Nodes {
			got, held := loadsOn(t, m)
			want := loads{Total: 8, Min: 0, Avg: 2, Max: 7, MemberCount: 3, MetricsCount: 3, Threshold: 2.2, Completed: true}
			got.Threshold = float64(int(got.Threshold*1000+0.5)) / 1000
			if d := cmp.Diff(want, got) + cmp.Diff(map[string]string{first.Addr(): "7", l.Nodes[1].Addr(): "1", l.Nodes[2].Addr(): "0"}, held); d != "" {
				t.Errorf("loads on %s: -want +got\n%s", m.Addr(), d)
			}
		}
		balance(t, l.Nodes[1], "Ok", "loaderFactor", "9")
		if got := asked(all); len(got) != 0 {
			t.Errorf("nobody is far enough from the average, and clients are sent to %v", got)
		}
		balance(t, l.Nodes[1], "Ok")
		if d := cmp.Diff(map[string]int{l.Nodes[2].Addr(): 5}, asked(append(all, other))); d != "" {
			t.Errorf("where clients are sent to: -want +got\n%s", d)
		}
		if status, body := first.Get("/v2/core/loader/smartReloadCluster", query("loaderFactor", "much")); status == http.StatusOK {
			t.Errorf("a factor that is no number is answered %d %s", status, body)
		}
		// A node that does not answer counts as a member, and that is all.
		l.Nodes[2].Crash()
		got, held := loadsOn(t, first)
		if got.MemberCount != 3 || got.MetricsCount != 2 || got.Completed || len(held) != 2 {
			t.Errorf("with one node down: %+v %v", got, held)
		}
	})
}

// TestListenersOfBothGenerations: the console and Prometheus tell those who poll
// from those who are connected.
func TestListenersOfBothGenerations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 1)
		m := l.Nodes[0]
		publishOn(t, m, "a")
		listen(t, m, "10.9.0.1", "a", md5OfOne)
		s := dial(t, l, m, "config")
		defer s.close()
		s.ok("ConfigBatchListenRequest", `{"listen":true,"configListenContexts":[{"dataId":"a","group":"G","tenant":"","md5":"`+md5OfOne+`"}]}`)
		naming := dial(t, l, m, "naming")
		defer naming.close()
		naming.ok("SubscribeServiceRequest", inService("s", `"subscribe":true,"clusters":""`))
		seen := struct {
			PageItems []struct{ IP, Transport string }
		}{}
		consoleOf(t, m, "/listeners", query("namespaceId", "public"), &seen)
		want := []struct{ IP, Transport string }{{"10.1.0.1", "grpc"}, {"10.9.0.1", "poll"}}
		if d := cmp.Diff(want, seen.PageItems); d != "" {
			t.Errorf("listeners: -want +got\n%s", d)
		}
		publishTwo(t, m)
		time.Sleep(time.Second) // both are told, and the one that is connected does not ask
		consoleOf(t, m, "/listeners", query("namespaceId", "public", "state", "behind"), &seen)
		if d := cmp.Diff(want, seen.PageItems); d != "" {
			t.Errorf("those that are behind: -want +got\n%s", d)
		}
		_, metrics := m.Get("/actuator/prometheus", nil)
		for _, line := range []string{
			`nacos_naming_subscriber{version="v1"} 0`, `nacos_naming_subscriber{version="v2"} 1`,
			`nacos_config_subscriber{version="v1"} 0`, `nacos_config_subscriber{version="v2"} 1`,
		} {
			if !strings.Contains(metrics, line+"\n") {
				t.Errorf("metrics do not have %s", line)
			}
		}
	})
}

func publishTwo(t *testing.T, m *nodetest.Member) {
	t.Helper()
	if status, body := m.Call(http.MethodPost, "/v1/cs/configs", query("dataId", "a", "group", "G", "content", "2")); status != http.StatusOK {
		t.Fatal(status, body)
	}
}
