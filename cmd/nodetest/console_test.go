package nodetest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/cmd/nodetest"
)

const consolePath = "/v3/console/ext"

func consoleOf(t *testing.T, m *nodetest.Member, path string, query url.Values, out any) {
	t.Helper()
	status, body := m.Get(consolePath+path, query)
	answer := struct{ Data any }{out}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("%s of %s: %d %s", path, m.Addr(), status, body)
	}
}

func query(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

type nodesAsked []struct {
	Address string
	OK      bool
	Error   string
}

// silent are the nodes that did not answer.
func (n nodesAsked) silent() (out []string) {
	for _, x := range n {
		if !x.OK {
			out = append(out, x.Address+": "+x.Error)
		}
	}
	return out
}

type listenersSeen struct {
	TotalCount int
	PageItems  []struct{ DataID, IP, Node, State string }
	Nodes      nodesAsked
}

// listen has a client at an address wait for a config that it has never seen
// changed, on one node.
func listen(t *testing.T, m *nodetest.Member, ip, dataID, md5 string) {
	t.Helper()
	form := query("Listening-Configs", dataID+"\x02G\x02"+md5+"\x02"+"\x01")
	go func() { // ended by the time limit of the poll
		m.Call(http.MethodPost, "/v1/cs/configs/listener", form, "Long-Pulling-Timeout", "30000", "X-Forwarded-For", ip, "User-Agent", "Nacos-Java-Client:v1.4.6")
	}()
	synctest.Wait()
}

func publishOn(t *testing.T, m *nodetest.Member, dataID string) {
	t.Helper()
	if status, body := m.Call(http.MethodPost, "/v1/cs/configs", query("dataId", dataID, "group", "G", "content", "1")); status != http.StatusOK {
		t.Fatal(status, body)
	}
}

// md5OfOne is the digest of "1".
const md5OfOne = "c4ca4238a0b923820dcc509a6f75849b"

// TestEveryNodeShowsAllListeners: whoever listens does so on one node, and every
// node's console shows it, with the node's name.
func TestEveryNodeShowsAllListeners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		publishOn(t, l.Nodes[0], "a")
		publishOn(t, l.Nodes[1], "b")
		l.Eventually(time.Minute, func() bool {
			status, _ := l.Nodes[2].Get("/v1/cs/configs", query("dataId", "b", "group", "G"))
			return status == http.StatusOK
		})
		listen(t, l.Nodes[0], "10.9.0.1", "a", md5OfOne)
		listen(t, l.Nodes[1], "10.9.0.2", "a", md5OfOne)
		listen(t, l.Nodes[2], "10.9.0.1", "b", md5OfOne)
		for _, m := range l.Nodes {
			seen := listenersSeen{}
			consoleOf(t, m, "/listeners", query("namespaceId", "public"), &seen)
			want := listenersSeen{TotalCount: 3, Nodes: seen.Nodes, PageItems: []struct{ DataID, IP, Node, State string }{
				{"a", "10.9.0.1", l.Nodes[0].Addr(), "current"},
				{"b", "10.9.0.1", l.Nodes[2].Addr(), "current"},
				{"a", "10.9.0.2", l.Nodes[1].Addr(), "current"},
			}}
			if d := cmp.Diff(want, seen); d != "" || len(seen.Nodes.silent()) != 0 || len(seen.Nodes) != 3 {
				t.Errorf("listeners on %s, %+v: -want +got\n%s", m.Addr(), seen.Nodes, d)
			}
			second := listenersSeen{}
			consoleOf(t, m, "/listeners", query("namespaceId", "public", "pageNo", "2", "pageSize", "2"), &second)
			if second.TotalCount != 3 || len(second.PageItems) != 1 || second.PageItems[0].IP != "10.9.0.2" {
				t.Errorf("the second page on %s: %+v", m.Addr(), second)
			}
			configs := struct {
				PageItems []struct {
					DataID    string
					Listeners int
				}
			}{}
			consoleOf(t, m, "/configs", query("namespaceId", "public", "sort", "listeners", "order", "desc"), &configs)
			if len(configs.PageItems) != 2 || configs.PageItems[0].DataID != "a" || configs.PageItems[0].Listeners != 2 || configs.PageItems[1].Listeners != 1 {
				t.Errorf("configs on %s: %+v", m.Addr(), configs.PageItems)
			}
			consoleOf(t, m, "/configs", query("namespaceId", "public"), &configs)
			if configs.PageItems[0].Listeners != 2 {
				t.Errorf("configs on %s: %+v", m.Addr(), configs.PageItems)
			}
			view := struct {
				Tiles struct {
					Listeners struct{ Clients, Configs int }
				}
				Nodes nodesAsked
			}{}
			consoleOf(t, m, "/overview", nil, &view)
			if n := view.Tiles.Listeners; n.Clients != 3 || n.Configs != 2 || len(view.Nodes) != 3 {
				t.Errorf("overview on %s: %+v", m.Addr(), view)
			}
			checkNacosListeners(t, m)
		}
	})
}

// checkNacosListeners asks as the consoles of Nacos do.
func checkNacosListeners(t *testing.T, m *nodetest.Member) {
	t.Helper()
	for _, c := range []struct {
		path string
		ask  url.Values
		want string
	}{
		{"/v1/cs/configs/listener", query("dataId", "a", "group", "G"), `{"collectStatus":200,"lisentersGroupkeyStatus":{"10.9.0.1":"` + md5OfOne + `","10.9.0.2":"` + md5OfOne + `"}}`},
		{"/v1/cs/listener", query("ip", "10.9.0.1", "tenant", "elsewhere"), `{"collectStatus":200,"lisentersGroupkeyStatus":{"a+G":"` + md5OfOne + `","b+G":"` + md5OfOne + `"}}`},
		{"/v1/cs/listener", query("ip", "10.9.0.1"), `{"collectStatus":200,"lisentersGroupkeyStatus":{"a+G":"` + md5OfOne + `","b+G":"` + md5OfOne + `"}}`},
	} {
		status, body := m.Get(c.path, c.ask)
		if status != http.StatusOK || body != c.want {
			t.Errorf("%s on %s: %d %s", c.path, m.Addr(), status, body)
		}
	}
}

type clientsSeen struct {
	TotalCount int
	PageItems  []struct{ ClientID, Node, Agent string }
	Nodes      nodesAsked
}

// TestEveryNodeShowsAllClients: each client once, by the node that answers for it,
// and a subscriber by the node where it subscribes.
func TestEveryNodeShowsAllClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		for i, ip := range []string{"10.9.0.1", "10.9.0.2", "10.9.0.3", "10.9.0.4"} {
			m := l.Nodes[i%3]
			if status, body := m.Call(http.MethodPost, "/v1/ns/instance", query("serviceName", "s", "ip", ip, "port", "80")); status != http.StatusOK {
				t.Fatal(status, body)
			}
		}
		status, body := l.Nodes[1].Get("/v1/ns/instance/list", query("serviceName", "s", "udpPort", "4000", "clientIP", "10.9.1.1", "app", "shop"), "User-Agent", "Nacos-Java-Client:v1.4.6", "X-Forwarded-For", "10.9.1.1")
		if status != http.StatusOK {
			t.Fatal(status, body)
		}
		subscriber := "10.9.1.1:4000#true"
		for _, m := range l.Nodes {
			l.Eventually(10*time.Second, func() bool {
				seen := clientsSeen{}
				consoleOf(t, m, "/clients", nil, &seen)
				return seen.TotalCount == 5 && len(seen.PageItems) == 5
			})
			seen := clientsSeen{}
			consoleOf(t, m, "/clients", query("q", "10.9.1.1"), &seen)
			if seen.TotalCount != 1 || seen.PageItems[0].Node != l.Nodes[1].Addr() || seen.PageItems[0].ClientID != subscriber {
				t.Errorf("clients on %s: %+v", m.Addr(), seen)
			}
			one := struct {
				Subscribed []struct{ ServiceName string }
				Node       string
				Nodes      nodesAsked
			}{}
			consoleOf(t, m, "/client", query("clientId", subscriber), &one)
			if len(one.Subscribed) != 1 || one.Node != l.Nodes[1].Addr() || len(one.Nodes) != 3 {
				t.Errorf("the subscriber on %s: %+v", m.Addr(), one)
			}
			view := struct {
				Tiles struct{ Clients, Subscribers int }
			}{}
			consoleOf(t, m, "/overview", nil, &view)
			drawn := struct {
				Edges    []struct{ From, To string }
				Answered nodesAsked
			}{}
			consoleOf(t, m, "/topology", nil, &drawn)
			if len(drawn.Edges) != 1 || drawn.Edges[0].From != "application:shop" || drawn.Edges[0].To != "service:DEFAULT_GROUP@@s" || len(drawn.Answered) != 3 {
				t.Errorf("the topology on %s: %+v", m.Addr(), drawn)
			}
			if view.Tiles.Subscribers != 1 || view.Tiles.Clients < 4 {
				t.Errorf("overview on %s: %+v", m.Addr(), view)
			}
		}
	})
}

// TestEveryNodeShowsWhatHappened: each thing once, by the node that knows of it.
func TestEveryNodeShowsWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		for i, ip := range []string{"10.9.0.1", "10.9.0.2", "10.9.0.3", "10.9.0.4"} {
			m := l.Nodes[i%3]
			if status, body := m.Call(http.MethodPost, "/v1/ns/instance", query("serviceName", "s", "ip", ip, "port", "80")); status != http.StatusOK {
				t.Fatal(status, body)
			}
			if status, body := m.Call(http.MethodPost, "/v1/ns/instance", query("serviceName", "kept", "ip", ip, "port", "80", "ephemeral", "false")); status != http.StatusOK {
				t.Fatal(status, body)
			}
		}
		type activity struct {
			Items []struct{ Kind, IP string }
			Nodes nodesAsked
		}
		at := func(m *nodetest.Member, name string) (a activity, kinds map[string]int) {
			consoleOf(t, m, "/services/activity", query("serviceName", name), &a)
			kinds = map[string]int{}
			for _, h := range a.Items {
				kinds[h.Kind]++
			}
			return a, kinds
		}
		for _, m := range l.Nodes {
			for _, name := range []string{"s", "kept"} {
				if a, kinds := at(m, name); len(a.Nodes) != 3 || len(a.Nodes.silent()) != 0 || kinds["registered"] != 4 || len(a.Items) != 4 {
					t.Errorf("%s on %s: %+v", name, m.Addr(), a)
				}
			}
		}
		<-time.After(40 * time.Second) // nobody beats
		synctest.Wait()
		for _, m := range l.Nodes {
			if a, kinds := at(m, "s"); kinds["unhealthy"] != 4 || kinds["expired"] != 4 || len(a.Items) != 12 {
				t.Errorf("after silence on %s: %+v", m.Addr(), a)
			}
		}
	})
}

// TestSilentNodesAreNamed: a node that does not answer delays the others' answers
// by its time limit, and is named in them.
func TestSilentNodesAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		publishOn(t, l.Nodes[0], "a")
		listen(t, l.Nodes[0], "10.9.0.1", "a", md5OfOne)
		listen(t, l.Nodes[2], "10.9.0.3", "a", md5OfOne)
		lost := l.Nodes[2]
		l.Net.Isolate(lost.PeerAddr(), l.Nodes[0].PeerAddr(), l.Nodes[1].PeerAddr())
		for range 15 { // until it is known to be down, and after
			began := time.Now()
			seen := listenersSeen{}
			consoleOf(t, l.Nodes[1], "/listeners", nil, &seen)
			if took := time.Since(began); took > 1500*time.Millisecond {
				t.Errorf("the answer took %v", took)
			}
			if silent := seen.Nodes.silent(); seen.TotalCount != 1 || len(silent) != 1 || silent[0] != lost.Addr()+": it did not answer" && silent[0] != lost.Addr()+": it is down" {
				t.Fatalf("%+v", seen)
			}
			<-time.After(time.Second)
		}
		clients := clientsSeen{}
		consoleOf(t, l.Nodes[0], "/clients", nil, &clients)
		if silent := clients.Nodes.silent(); len(silent) != 1 || silent[0] != lost.Addr()+": it is down" {
			t.Errorf("%+v", clients)
		}
		if status, body := l.Nodes[1].Get("/v1/cs/configs/listener", query("dataId", "a", "group", "G")); status != http.StatusOK || body != `{"collectStatus":200,"lisentersGroupkeyStatus":{"10.9.0.1":"`+md5OfOne+`"}}` {
			t.Error(status, body)
		}
	})
}

// TestRepushReachesAllNodes: a client is told once more on whichever node it
// listens, and a rule of a gray copy is tried on the clients of all nodes.
func TestRepushReachesAllNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		publishOn(t, l.Nodes[0], "a")
		for _, m := range l.Nodes[1:] {
			l.Eventually(time.Minute, func() bool {
				status, _ := m.Get("/v1/cs/configs", query("dataId", "a", "group", "G"))
				return status == http.StatusOK
			})
		}
		answers := make(chan string, 2)
		for i, ip := range []string{"10.9.0.1", "10.9.0.2"} {
			go func() {
				_, body := l.Nodes[i].Call(http.MethodPost, "/v1/cs/configs/listener", query("Listening-Configs", "a\x02G\x02"+md5OfOne+"\x02"+"\x01"), "Long-Pulling-Timeout", "30000", "X-Forwarded-For", ip)
				answers <- body
			}()
		}
		synctest.Wait()
		last := l.Nodes[2]
		ask := func(path string, form url.Values, out any) {
			t.Helper()
			form.Set("namespaceId", "public")
			form.Set("groupName", "G")
			form.Set("dataId", "a")
			status, body := last.Call(http.MethodPost, consolePath+path, form, "X-Console", "1")
			if err := json.Unmarshal([]byte(body), &struct{ Data any }{out}); err != nil || status != http.StatusOK {
				t.Fatalf("%s: %d %s", path, status, body)
			}
		}
		var preview struct {
			Matched      []struct{ IP, Node string }
			Count, Total int
			Nodes        nodesAsked
		}
		ask("/config/gray/preview", query("kind", "ip", "betaIps", "10.9.0.2,10.9.0.3"), &preview)
		if preview.Total != 2 || preview.Count != 1 || preview.Matched[0].IP != "10.9.0.2" || preview.Matched[0].Node != l.Nodes[1].Addr() || len(preview.Nodes) != 3 || len(preview.Nodes.silent()) != 0 {
			t.Errorf("preview: %+v", preview)
		}
		var seen struct {
			Clients []struct{ Address, Node, Transport string }
		}
		consoleOf(t, last, "/config/convergence", query("namespaceId", "public", "groupName", "G", "dataId", "a"), &seen)
		if len(seen.Clients) != 2 {
			t.Fatalf("who listens: %+v", seen)
		}
		var done struct {
			Told    int
			Results []struct{ Address, Node, Result string }
			Nodes   nodesAsked
		}
		ask("/config/repush", query("connections", seen.Clients[0].Address+","+seen.Clients[1].Address), &done)
		if done.Told != 2 || len(done.Results) != 2 || len(done.Nodes.silent()) != 0 {
			t.Errorf("repush: %+v", done)
		}
		for range 2 {
			if body := <-answers; body != "a%02G%01\n" {
				t.Errorf("a client is told %q", body)
			}
		}
		s := dial(t, l, l.Nodes[1], "config")
		defer s.close()
		s.ok("ConfigBatchListenRequest", `{"listen":true,"configListenContexts":[{"dataId":"a","group":"G","tenant":"","md5":"`+md5OfOne+`"}]}`)
		consoleOf(t, last, "/config/convergence", query("namespaceId", "public", "groupName", "G", "dataId", "a"), &seen)
		for _, c := range seen.Clients {
			if c.Transport == "grpc" {
				ask("/config/repush", query("connections", c.Address), &done)
			}
		}
		if p := s.next(); p.Type != "ConfigChangeNotifyRequest" || done.Told != 1 || done.Results[0].Result != "told" {
			t.Errorf("over gRPC: %s %s, %+v", p.Type, p.Body, done)
		}
		ask("/config/repush", query("connections", "192.0.2.99:1"), &done)
		if done.Told != 0 || len(done.Results) != 1 || done.Results[0].Result != "absent" {
			t.Errorf("who does not listen: %+v", done)
		}
	})
}
