package nodetest_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/cmd/nodetest"
	"github.com/pharos-registry/pharos/cmd/settings"
)

const current = "Pharos-Read"

func config(id, content string) url.Values {
	v := url.Values{"dataId": {id}, "group": {"G"}}
	if content != "" {
		v.Set("content", content)
	}
	return v
}

func publish(t *testing.T, m *nodetest.Member, id, content string, header ...string) {
	t.Helper()
	if status, body := m.Call(http.MethodPost, "/v1/cs/configs", config(id, content), header...); body != "true" {
		t.Fatalf("publish %s=%s on %s: %d %s", id, content, m.Addr(), status, body)
	}
}

func wants(t *testing.T, m *nodetest.Member, id, want string, header ...string) {
	t.Helper()
	if status, body := m.Get("/v1/cs/configs", config(id, ""), header...); body != want {
		t.Errorf("%s on %s: %d %q, want %q", id, m.Addr(), status, body, want)
	}
}

// leader is the index of the node that leads.
func leader(t *testing.T, l *nodetest.Lab) (at int) {
	t.Helper()
	l.Eventually(30*time.Second, func() bool {
		for i, m := range l.Nodes {
			if m.Node != nil && m.Leads() {
				at = i
				return true
			}
		}
		return false
	})
	return at
}

// What is written on one node is read there at once, wakes a long poll on
// another, and outlives the leader, a restart and the loss of a directory.
func TestDurableWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		lead := leader(t, l)
		a, b := l.Nodes[(lead+1)%3], l.Nodes[(lead+2)%3]

		woken := make(chan string, 1)
		go func() {
			_, body := b.Call(http.MethodPost, "/v1/cs/configs/listener", url.Values{"Listening-Configs": {"a\x02G\x02\x01"}}, "Long-Pulling-Timeout", "30000")
			woken <- body
		}()
		synctest.Wait()
		publish(t, a, "a", "1")
		wants(t, a, "a", "1")
		wants(t, b, "a", "1", current, "linearizable")
		began := time.Now()
		if body := <-woken; !strings.HasPrefix(body, "a%02G%01") || time.Since(began) > time.Second {
			t.Errorf("the long poll was answered %q after %v", body, time.Since(began))
		}

		// Refusals are those of a server that stands alone.
		if status, body := a.Call(http.MethodPost, "/v1/cs/configs", config("a", "2"), "Casmd5", "0123"); status != http.StatusInternalServerError {
			t.Errorf("stale compare-and-set: %d %s", status, body)
		}
		ns := url.Values{"customNamespaceId": {"n1"}, "namespaceName": {"n1"}}
		for i, want := range []string{"true", "false"} {
			if _, body := l.Nodes[i].Call(http.MethodPost, "/v1/console/namespaces", ns); body != want {
				t.Errorf("namespace made %d times: %s, want %s", i+1, body, want)
			}
		}

		l.Nodes[lead].Crash()
		for i := range 20 {
			publish(t, a, fmt.Sprintf("c%d", i), "x")
		}
		wants(t, b, "c19", "x", current, "linearizable")
		l.Nodes[lead].Start()
		l.Ready()
		wants(t, l.Nodes[lead], "c19", "x")
		if a.Leads() == b.Leads() {
			t.Error("two leaders, or none")
		}
	})
}

// A persistent instance is on all nodes, and is taken away on all.
func TestPersistentInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		in := url.Values{"serviceName": {"s"}, "ip": {"1.1.1.1"}, "port": {"80"}, "ephemeral": {"false"}, "clusterName": {"c"}}
		listed := func(m *nodetest.Member) bool {
			_, body := m.Get("/v1/ns/instance/list", url.Values{"serviceName": {"s"}})
			return strings.Contains(body, `"ip":"1.1.1.1"`)
		}
		for i, method := range []string{http.MethodPost, http.MethodDelete} {
			if _, body := l.Nodes[i].Call(method, "/v1/ns/instance", in); body != "ok" {
				t.Fatal(method, body)
			}
			if got := listed(l.Nodes[i]); got != (i == 0) {
				t.Errorf("%s: listed where it was written: %v", method, got)
			}
			for _, m := range l.Nodes {
				l.Eventually(time.Second, func() bool { return listed(m) == (i == 0) })
			}
		}
	})
}

// Without a majority nothing is written and nothing is promised, in words.
func TestNoLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		publish(t, l.Nodes[0], "a", "1")
		l.Nodes[1].Crash()
		l.Nodes[2].Crash()
		began := time.Now()
		status, body := l.Nodes[0].Call(http.MethodPost, "/v1/cs/configs", config("a", "2"))
		if status != http.StatusServiceUnavailable || time.Since(began) > 15*time.Second {
			t.Errorf("publish without a majority: %d %s after %v", status, body, time.Since(began))
		}
		if status, body := l.Nodes[0].Get("/v1/cs/configs", config("a", ""), current, "linearizable"); status != http.StatusServiceUnavailable {
			t.Errorf("a linearizable read without a majority: %d %s", status, body)
		}
		wants(t, l.Nodes[0], "a", "1")
	})
}

// A server that stood alone brings its data when it is the first of a cluster;
// one that comes to others with data of its own is refused.
func TestOwnData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.New(t, 3)
		alone := func(s *settings.Settings) { s.Cluster.Standalone = true }
		first := l.Nodes[1]
		first.Tune(alone)
		first.Start()
		publish(t, first, "a", "mine")
		first.Stop()
		first.Tune(nil)
		halfFounded(t, first.Dir())
		for _, m := range l.Nodes {
			m.Start()
		}
		l.Ready()
		for _, m := range l.Nodes {
			wants(t, m, "a", "mine")
		}
		first.Stop()
		first.Tune(alone)
		if err := first.TryStart(); err == nil || !strings.Contains(err.Error(), "member of a cluster") {
			t.Errorf("a member starts alone: %v", err)
		}
		first.Tune(nil)
		first.Start()

		other := l.Add(alone)
		other.Start()
		publish(t, other, "b", "other")
		other.Stop()
		other.Tune(func(s *settings.Settings) { s.Cluster.Join = []string{first.Addr()} })
		other.Start()
		if err := other.Wait(); err == nil || !strings.Contains(err.Error(), "data of its own") {
			t.Errorf("a node with other data joins: %v", err)
		}
	})
}

// halfFounded leaves what a node leaves that ends while it makes its data the
// first snapshot of a cluster: a log that nobody has taken part in.
func halfFounded(t *testing.T, dir string) {
	t.Helper()
	dir = filepath.Join(dir, "raft")
	err := errors.Join(
		os.MkdirAll(filepath.Join(dir, "snapshots", "1-1-1.tmp"), 0o700),
		os.WriteFile(filepath.Join(dir, "raft.db"), []byte("half"), 0o600),
		os.WriteFile(filepath.Join(dir, "founding"), nil, 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
}

// A node comes by asking one member, moves, and goes.
func TestMembersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		publish(t, l.Nodes[0], "a", "1")
		m := l.Add(nil)
		m.Start()
		l.Ready()
		wants(t, m, "a", "1")
		m.Stop()
		m.Move(9)
		publish(t, l.Nodes[0], "a", "2")
		m.Start()
		l.Ready()
		wants(t, m, "a", "2")
		publish(t, m, "a", "3")
		wants(t, l.Nodes[0], "a", "3", current, "linearizable")
	})
}

// What one node has just written decides on the others too, though their copy
// is a moment behind.
func TestNewsOfAnotherNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		for _, from := range l.Nodes { // what is written reaches the others late
			for _, to := range l.Nodes {
				l.Net.Delay(from.PeerAddr(), to.PeerAddr(), 40*time.Millisecond)
			}
		}
		instance := url.Values{"serviceName": {"s"}, "ip": {"1.1.1.1"}, "port": {"80"}, "ephemeral": {"false"}}
		for _, step := range []struct {
			method, path string
			form         url.Values
			want         string
		}{
			{http.MethodPost, "/v1/auth/users", url.Values{"username": {"u"}, "password": {"pw"}}, "create user ok!"},
			{http.MethodPost, "/v1/auth/users/login", url.Values{"username": {"u"}, "password": {"pw"}}, `"username":"u"`},
			{http.MethodPost, "/v1/auth/roles", url.Values{"username": {"u"}, "role": {"r"}}, "add role ok!"},
			{http.MethodPost, "/v1/auth/permissions", url.Values{"role": {"r"}, "resource": {":*:*"}, "action": {"rw"}}, "add permission ok!"},
			{http.MethodPut, "/v1/auth/users", url.Values{"username": {"u"}, "newPassword": {"pw2"}}, "update user ok!"},
			{http.MethodPost, "/v1/ns/instance", instance, "ok"},
			{http.MethodDelete, "/v1/ns/service", url.Values{"serviceName": {"s"}}, "is not empty"},
			{http.MethodDelete, "/v1/ns/instance", instance, "ok"},
			{http.MethodPost, "/v1/ns/instance", instance, "ok"},
			{http.MethodPost, "/v1/console/namespaces", url.Values{"customNamespaceId": {"n"}, "namespaceName": {"n"}}, "true"},
			{http.MethodGet, "/v1/console/namespaces", url.Values{"checkNamespaceIdExist": {"true"}, "customNamespaceId": {"n"}}, "true"},
		} {
			m := l.Nodes[0] // each step is asked of the next node
			l.Nodes = append(l.Nodes[1:], m)
			if status, body := m.Call(step.method, step.path, step.form); !strings.Contains(body, step.want) {
				t.Errorf("%s %s on %s: %d %s, want %s", step.method, step.path, m.Addr(), status, body, step.want)
			}
		}
		_, body := l.Nodes[1].Get("/v1/ns/instance/list", url.Values{"serviceName": {"s"}}, current, "linearizable")
		if !strings.Contains(body, "1.1.1.1") {
			t.Errorf("an instance that was taken away elsewhere and registered again is not there: %s", body)
		}
	})
}
