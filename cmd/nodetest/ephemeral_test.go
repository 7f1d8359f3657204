package nodetest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/cmd/nodetest"
	"github.com/pharos-registry/pharos/test/faketime"
)

// instance is the form of a request about an instance of x.
func instance(ip string, more ...string) url.Values {
	v := url.Values{"serviceName": {"DEFAULT_GROUP@@x"}, "ip": {ip}, "port": {"80"}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// instances are how many hosts of x a node lists, -1 where it does not answer.
func instances(m *nodetest.Member) int {
	if m.Node == nil {
		return -1
	}
	status, body := m.Get("/v1/ns/instance/list", url.Values{"serviceName": {"x"}})
	if status != http.StatusOK {
		return -1
	}
	return strings.Count(body, `"instanceId"`) + strings.Count(body, `"marked"`)
}

// everywhere waits until every node lists so many.
func everywhere(l *nodetest.Lab, want int, within time.Duration) {
	l.Until(within, func() string {
		for _, m := range l.Nodes {
			if m.Node == nil || instances(m) == want {
				continue
			}
			_, body := m.Get("/v1/ns/instance/list", url.Values{"serviceName": {"x"}})
			return fmt.Sprintf("%s does not list %d: %s", m.Addr(), want, body)
		}
		return ""
	})
}

// agreed reports whether all nodes say the same of whose some addresses are, and
// not all are of one.
func agreed(l *nodetest.Lab, n int) bool {
	owners := map[string]bool{}
	for i := range n {
		q := url.Values{"ip": {fmt.Sprintf("10.1.0.%d", i)}, "port": {"80"}}
		_, want := l.Nodes[0].Get("/v1/ns/operator/distro/client", q)
		for _, m := range l.Nodes {
			if _, got := m.Get("/v1/ns/operator/distro/client", q); got != want || !strings.Contains(got, ":8848") {
				return false
			}
		}
		owners[want] = true
	}
	return len(owners) == len(l.Nodes)
}

// Requests of v1 and v2 may go to any node; all nodes answer alike, also of
// whose an instance is.
func TestInstancesOnAnyNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		l.Eventually(5*time.Second, func() bool { return agreed(l, 9) })
		for i := range 9 {
			ip := fmt.Sprintf("10.1.0.%d", i)
			if status, body := l.Nodes[i%3].Call(http.MethodPost, "/v1/ns/instance", instance(ip)); body != "ok" {
				t.Fatalf("register %s: %d %s", ip, status, body)
			}
		}
		everywhere(l, 9, time.Second)
		form := instance("10.1.1.1")
		form.Set("serviceName", "x")
		if _, body := l.Nodes[1].Call(http.MethodPost, "/v2/ns/instance", form); !strings.Contains(body, `"data":"ok"`) {
			t.Fatalf("register over v2: %s", body)
		}
		for _, m := range l.Nodes {
			for _, path := range []string{"/v1/ns/instance/beat", "/v2/ns/instance/beat"} {
				if _, body := m.Call(http.MethodPut, path, instance("10.1.0.1")); !strings.Contains(body, "10200") {
					t.Errorf("beat at %s %s: %s", m.Addr(), path, body)
				}
				if _, body := m.Call(http.MethodPut, path, instance("10.9.9.9")); !strings.Contains(body, "20404") {
					t.Errorf("beat of nobody at %s %s: %s", m.Addr(), path, body)
				}
			}
		}
		owned := 0
		for _, m := range l.Nodes {
			_, body := m.Get("/v1/ns/operator/metrics", url.Values{"onlyStatus": {"false"}})
			var n int
			if _, rest, ok := strings.Cut(body, `"responsibleInstanceCount":`); ok {
				_, _ = fmt.Sscanf(rest, "%d", &n)
			}
			owned += n
		}
		if owned != 10 {
			t.Errorf("%d instances have an owner, not 10", owned)
		}
		if _, body := l.Nodes[2].Call(http.MethodDelete, "/v2/ns/instance", form); !strings.Contains(body, `"data":"ok"`) {
			t.Fatalf("deregister over v2: %s", body)
		}
		for i := range 9 {
			if _, body := l.Nodes[(i+1)%3].Call(http.MethodDelete, "/v1/ns/instance", instance(fmt.Sprintf("10.1.0.%d", i))); body != "ok" {
				t.Fatalf("deregister: %s", body)
			}
		}
		everywhere(l, 0, time.Second)
	})
}

// A request whose owner has died a moment ago is answered, and nothing that
// lives is lost; a node that stops hands over what it owns.
func TestInstancesOutliveANode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		alive := func(rounds int) {
			t.Helper()
			for range rounds {
				for i := range 12 {
					m := l.Nodes[i%2] // the third one is to die
					ip := fmt.Sprintf("10.1.0.%d", i)
					if status, body := m.Call(http.MethodPut, "/v1/ns/instance/beat", instance(ip)); !strings.Contains(body, "10200") {
						if _, reg := m.Call(http.MethodPost, "/v1/ns/instance", instance(ip)); reg != "ok" {
							t.Errorf("beat of %s: %d %s, and registration: %s", ip, status, body, reg)
						}
					}
				}
				for _, m := range l.Nodes[:2] {
					if n := instances(m); n != 12 {
						t.Errorf("%s lists %d", m.Addr(), n)
					}
				}
				time.Sleep(5 * time.Second)
			}
		}
		for i := range 12 {
			if _, body := l.Nodes[i%3].Call(http.MethodPost, "/v1/ns/instance", instance(fmt.Sprintf("10.1.0.%d", i))); body != "ok" {
				t.Fatal(body)
			}
		}
		everywhere(l, 12, time.Second)
		l.Nodes[2].Crash()
		for i := range 6 { // whoever owned them: they are answered
			ip := fmt.Sprintf("10.2.0.%d", i)
			if status, body := l.Nodes[i%2].Call(http.MethodPost, "/v1/ns/instance", instance(ip)); body != "ok" {
				t.Errorf("register %s: %d %s", ip, status, body)
			}
			if _, body := l.Nodes[i%2].Call(http.MethodDelete, "/v1/ns/instance", instance(ip)); body != "ok" {
				t.Errorf("deregister %s: %s", ip, body)
			}
		}
		faketime.Pass(time.Second) // until then a copy may be here of what has left
		everywhere(l, 12, time.Second)
		alive(12)
		l.Nodes[2].Start()
		l.Nodes[2].Ready()
		everywhere(l, 12, time.Second)
		alive(12)
		l.Nodes[2].Stop()
		alive(12)
		faketime.Pass(30 * time.Second) // all fall silent
		everywhere(l, 0, 10*time.Second)
	})
}

// A node that comes back where there is no leader serves discovery, and nothing
// else.
func TestDiscoveryNeedsNoLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		leader(t, l)
		publish(t, l.Nodes[0], "a", "1")
		for _, m := range l.Nodes {
			m.Crash()
		}
		m := l.Nodes[1]
		m.Start()
		l.Eventually(30*time.Second, func() bool {
			_, body := m.Call(http.MethodPost, "/v1/ns/instance", instance("10.1.0.1"))
			return body == "ok"
		})
		if n := instances(m); n != 1 {
			t.Errorf("it lists %d", n)
		}
		for range 12 {
			time.Sleep(5 * time.Second)
			if _, body := m.Call(http.MethodPut, "/v1/ns/instance/beat", instance("10.1.0.1")); !strings.Contains(body, "10200") {
				t.Errorf("beat: %s", body)
			}
		}
	})
}

// A node that joins a cluster which has just lost another one knows all
// instances when it is ready, those of the lost one too.
func TestJoiningNodeKnowsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		l.Eventually(5*time.Second, func() bool { return agreed(l, 9) })
		for i := range 30 {
			if _, body := l.Nodes[i%3].Call(http.MethodPost, "/v1/ns/instance", instance(fmt.Sprintf("10.1.0.%d", i))); body != "ok" {
				t.Fatal(body)
			}
		}
		everywhere(l, 30, time.Second)
		l.Nodes[2].Crash()
		time.Sleep(2 * time.Second)
		m := l.Add(nil)
		m.Start()
		l.Eventually(20*time.Second, func() bool { return instances(m) >= 0 })
		if n := instances(m); n != 30 {
			t.Errorf("it lists %d", n)
		}
	})
}

// An operator who removes a service, or sets something over one, on a node that
// has not heard of it is answered as on the others.
func TestOperationsOnAnyNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		l.Eventually(5*time.Second, func() bool { return agreed(l, 9) })
		for i := range 12 {
			form := instance(fmt.Sprintf("10.1.0.%d", i))
			name := fmt.Sprintf("x%d", i)
			form.Set("serviceName", name)
			if _, body := l.Nodes[i%3].Call(http.MethodPost, "/v1/ns/instance", form); body != "ok" {
				t.Fatal(body)
			}
			m := l.Nodes[(i+1)%3]
			if i%2 == 0 {
				if status, body := m.Call(http.MethodDelete, "/v1/ns/service", url.Values{"serviceName": {name}}); !strings.Contains(body, "is not empty") {
					t.Errorf("delete %s on %s: %d %s", name, m.Addr(), status, body)
				}
				continue
			}
			form.Set("weight", "3")
			if status, body := m.Call(http.MethodPut, "/v1/ns/instance", form); body != "ok" {
				t.Errorf("update %s on %s: %d %s", name, m.Addr(), status, body)
			}
		}
	})
}
