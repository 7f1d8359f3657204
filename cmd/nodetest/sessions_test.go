package nodetest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/cmd/nodetest"
	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/middleware"
)

const firstPassword = "the-first-one"

// enter logs in at the console of a node and returns the header with which the
// browser calls from then on.
func enter(t *testing.T, m *nodetest.Member) []string {
	t.Helper()
	body := strings.NewReader(url.Values{"username": {"nacos"}, "password": {firstPassword}}.Encode())
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/nacos"+consolePath+"/session", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Console", "1")
	r.Header.Set("User-Agent", "browser of "+m.Addr())
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == middleware.SessionCookie {
			return []string{"X-Console", "1", "Cookie", c.Name + "=" + c.Value, "User-Agent", "browser of " + m.Addr()}
		}
	}
	t.Fatal(w.Code, w.Body)
	return nil
}

type sessionsOf struct {
	TotalCount int
	PageItems  []struct {
		ID, Agent string
		Current   bool
	}
	Nodes nodesAsked
}

func sessions(t *testing.T, m *nodetest.Member, browser []string) (out sessionsOf) {
	t.Helper()
	status, body := m.Get(consolePath+"/sessions", nil, browser...)
	if err := json.Unmarshal([]byte(body), &struct{ Data any }{&out}); err != nil || status != http.StatusOK {
		t.Fatal(status, body)
	}
	return out
}

// TestSessionsOfAllNodes: a session is seen from every node, ends on every node
// when any one is told, and stays over when they start again. What its user has
// set is on every node, too.
func TestSessionsOfAllNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.New(t, 3)
		for _, m := range l.Nodes {
			m.Tune(func(s *settings.Settings) { s.Auth.Enabled, s.Auth.AdminPassword = settings.Yes, firstPassword })
			m.Start()
		}
		l.Ready()
		l.Eventually(time.Minute, func() bool {
			for _, m := range l.Nodes {
				if status, _ := m.Call(http.MethodPost, "/v1/auth/users/login", url.Values{"username": {"nacos"}, "password": {firstPassword}}); status != http.StatusOK {
					return false
				}
			}
			return true
		})
		browsers := make([][]string, len(l.Nodes))
		for i, m := range l.Nodes {
			browsers[i] = enter(t, m)
		}
		ids := map[string]string{}
		for i, m := range l.Nodes {
			seen := sessions(t, m, browsers[0])
			if seen.TotalCount != 3 || len(seen.Nodes) != 3 || len(seen.Nodes.silent()) != 0 || !seen.PageItems[0].Current {
				t.Fatalf("from node %d: %+v", i, seen)
			}
			for _, s := range seen.PageItems {
				ids[s.Agent] = s.ID
			}
		}
		live := func(m *nodetest.Member, browser []string) bool {
			status, _ := m.Get(consolePath+"/me", nil, browser...)
			return status == http.StatusOK
		}
		check := func(when string, want ...bool) {
			t.Helper()
			for i, browser := range browsers {
				for _, m := range l.Nodes {
					l.Until(10*time.Second, func() string {
						if live(m, browser) == want[i] {
							return ""
						}
						return when + ": what became of the session of node " + l.Nodes[i].Addr() + " on " + m.Addr() + " is not so"
					})
				}
			}
		}
		check("at first", true, true, true)
		if status, body := l.Nodes[1].Call(http.MethodPut, consolePath+"/prefs", query("key", "settings", "value", `{"theme":"dark"}`), browsers[1]...); status != http.StatusOK {
			t.Fatal(status, body)
		}
		kept := func(when string) {
			t.Helper()
			for _, m := range l.Nodes {
				l.Until(10*time.Second, func() string {
					if status, body := m.Get(consolePath+"/prefs", nil, browsers[1]...); status != http.StatusOK || !strings.Contains(body, `"data":{"settings":{"theme":"dark"}}`) {
						return when + ": on " + m.Addr() + " the user has set " + body
					}
					return ""
				})
			}
		}
		kept("at first")
		id := ids["browser of "+l.Nodes[2].Addr()]
		if status, body := l.Nodes[0].Call(http.MethodDelete, consolePath+"/sessions", query("id", id), browsers[1]...); status != http.StatusOK {
			t.Fatal(status, body)
		}
		check("one was ended", true, true, false)
		if status, body := l.Nodes[1].Call(http.MethodDelete, consolePath+"/sessions", query("others", "true"), browsers[1]...); status != http.StatusOK {
			t.Fatal(status, body)
		}
		check("all others were ended", false, true, false)
		for _, m := range l.Nodes {
			m.Stop()
		}
		for _, m := range l.Nodes {
			m.Start()
		}
		l.Ready()
		check("all nodes started again", false, true, false)
		kept("all nodes started again")
		if seen := sessions(t, l.Nodes[2], browsers[1]); seen.TotalCount != 1 || !seen.PageItems[0].Current {
			t.Errorf("%+v", seen)
		}
		if status, body := l.Nodes[2].Call(http.MethodDelete, consolePath+"/session", nil, browsers[1]...); status != http.StatusOK {
			t.Fatal(status, body)
		}
		check("the last one logged out", false, false, false)
	})
}
