package node

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/cmd/settings"
)

// fresh is a node without an administrator.
func fresh(t *testing.T, change func(*settings.Settings)) guarded {
	t.Helper()
	set := settings.Default()
	set.Data.Dir = t.TempDir()
	set.Cluster.Standalone = true
	if change != nil {
		change(&set)
	}
	n, err := New(set, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return guarded{Node: n, tokens: map[string]string{}}
}

// The first administrator is free from the machine itself, with nothing in
// between; from anywhere else the code is needed.
func TestWhoMakesTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	header := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	for name, c := range map[string]struct {
		from, host string
		code       string
		set        func(*http.Request)
		may        bool
	}{
		"this machine":          {from: "127.0.0.1:5000", host: "127.0.0.1:8848", may: true},
		"this machine by name":  {from: "127.0.0.1:5000", host: "localhost:8848", may: true},
		"this machine, IPv6":    {from: "[::1]:5000", host: "[::1]:8848", may: true},
		"mapped":                {from: "[::ffff:127.0.0.1]:5000", host: "127.0.0.1", may: true},
		"elsewhere":             {from: "192.0.2.7:5000", host: "192.0.2.1:8848"},
		"elsewhere, code":       {from: "192.0.2.7:5000", host: "192.0.2.1:8848", code: "right", may: true},
		"elsewhere, wrong code": {from: "192.0.2.7:5000", host: "192.0.2.1:8848", code: "wrong"},
		"its other address":     {from: "192.0.2.1:5000", host: "192.0.2.1:8848"},
		"forwarded for":         {from: "127.0.0.1:5000", host: "127.0.0.1:8848", set: header("X-Forwarded-For", "127.0.0.1")},
		"forwarded, code":       {from: "127.0.0.1:5000", host: "127.0.0.1:8848", code: "right", set: header("X-Forwarded-For", "192.0.2.7"), may: true},
		"forwarded proto":       {from: "127.0.0.1:5000", host: "127.0.0.1:8848", set: header("X-Forwarded-Proto", "https")},
		"real ip":               {from: "127.0.0.1:5000", host: "127.0.0.1:8848", set: header("X-Real-IP", "192.0.2.7")},
		"forwarded, standard":   {from: "127.0.0.1:5000", host: "127.0.0.1:8848", set: header("Forwarded", "for=192.0.2.7")},
		"via":                   {from: "127.0.0.1:5000", host: "127.0.0.1:8848", set: header("Via", "1.1 proxy")},
		"an empty header":       {from: "127.0.0.1:5000", host: "127.0.0.1:8848", set: header("X-Forwarded-For", "")},
		"a silent proxy":        {from: "127.0.0.1:5000", host: "127.0.0.1:8848", set: func(r *http.Request) { r.Proto, r.ProtoMinor = "HTTP/1.0", 0 }},
		"a name of others":      {from: "127.0.0.1:5000", host: "rebound.example:8848"},
		"another page":          {from: "127.0.0.1:5000", host: "127.0.0.1:8848", set: header("Origin", "https://page.example")},
		"another page's fetch":  {from: "127.0.0.1:5000", host: "127.0.0.1:8848", set: header("Sec-Fetch-Site", "cross-site")},
		"the console":           {from: "127.0.0.1:5000", host: "127.0.0.1:8848", set: header("Origin", "http://127.0.0.1:8848"), may: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := fresh(t, nil)
			code := strings.Replace(c.code, "right", g.code, 1)
			w := g.call(http.MethodPost, g.set.Server.ContextPath+"/v1/auth/users/admin?password=a-first-password&code="+code, func(r *http.Request) {
				r.RemoteAddr, r.Host = c.from, c.host
				if c.set != nil {
					c.set(r)
				}
			})
			if (w.Code == http.StatusOK) != c.may || g.auth.HasAdmin() != c.may {
				t.Errorf("%d %s, want made %v", w.Code, w.Body, c.may)
			}
		})
	}
}

// Before the first administrator management is open, but not for what would
// outlast it; from then on it is closed.
func TestBeforeTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	base := g.set.Server.ContextPath
	refused := func(method, path string, want bool) {
		t.Helper()
		if w := g.call(method, base+path, nil); (w.Code == http.StatusForbidden) != want {
			t.Errorf("%s %s: %d %s, want refused %v", method, path, w.Code, w.Body, want)
		}
	}
	refused("POST", "/v1/auth/users?username=u&password=p", true)
	refused("POST", "/v1/auth/roles?role=r&username=u", true)
	refused("POST", "/v1/auth/permissions?role=r&resource=*&action=rw", true)
	refused("PUT", "/v1/auth/users?username=u&newPassword=p", true)
	refused("POST", "/v1/console/namespaces?customNamespaceId=n&namespaceName=n", false)
	refused("GET", "/v1/cs/history?search=accurate&dataId=d&group=g&pageNo=1&pageSize=1", false)
	if _, err := g.auth.CreateAdmin(t.Context(), testPassword); err != nil {
		t.Fatal(err)
	}
	refused("POST", "/v1/console/namespaces?customNamespaceId=m&namespaceName=m", true)
	refused("GET", "/v1/cs/history?search=accurate&dataId=d&group=g&pageNo=1&pageSize=1", true)
	refused("POST", "/v1/cs/configs?dataId=d&group=g&content=x", false) // clients: observed
}

// What each state answers, and what the console is told of it.
func TestModes(t *testing.T) {
	t.Parallel()
	type seen struct{ client, management bool } // does a stranger pass?
	for name, c := range map[string]struct {
		set           func(*settings.Auth)
		before, after seen // the first administrator
		enabled       string
		login         string // login_page_enabled after
		request       string // auth_admin_request before
	}{
		"nothing said": {func(*settings.Auth) {}, seen{true, true}, seen{true, false}, "false", "true", "false"},
		"false":        {func(a *settings.Auth) { a.Enabled = settings.No }, seen{true, true}, seen{true, true}, "false", "false", "false"},
		"true":         {func(a *settings.Auth) { a.Enabled = settings.Yes }, seen{false, false}, seen{false, false}, "true", "true", "true"},
		"mode off":     {func(a *settings.Auth) { a.Mode = "off" }, seen{true, true}, seen{true, true}, "false", "false", "false"},
		"mode observe": {func(a *settings.Auth) { a.Mode, a.Enabled = "observe", settings.Yes }, seen{true, false}, seen{true, false}, "false", "true", "false"},
		"mode enforce": {func(a *settings.Auth) { a.Mode = "enforce" }, seen{false, false}, seen{false, false}, "true", "true", "true"},
		"3.x: false, admin true": {
			func(a *settings.Auth) { a.Enabled, a.Admin = settings.No, settings.Yes }, seen{true, false}, seen{true, false}, "false", "true", "false",
		},
		"3.x: true, admin false": {
			func(a *settings.Auth) { a.Enabled, a.Admin = settings.Yes, settings.No }, seen{false, true}, seen{false, true}, "true", "true", "true",
		},
		"3.x: console true": {
			func(a *settings.Auth) { a.Console = settings.Yes }, seen{true, false}, seen{true, false}, "false", "true", "false",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := fresh(t, func(s *settings.Settings) { c.set(&s.Auth) })
			base := g.set.Server.ContextPath
			look := func() seen {
				return seen{
					client:     g.call(http.MethodGet, base+"/v1/ns/instance/list?serviceName=s", nil).Code != http.StatusForbidden,
					management: g.call(http.MethodGet, base+"/v1/core/cluster/nodes", nil).Code != http.StatusForbidden,
				}
			}
			if got := look(); got != c.before {
				t.Errorf("before the first administrator a stranger passes %+v, want %+v", got, c.before)
			}
			if got := *g.state()["auth_admin_request"]; got != c.request {
				t.Errorf("auth_admin_request %s, want %s", got, c.request)
			}
			if _, err := g.auth.CreateAdmin(t.Context(), testPassword); err != nil {
				t.Fatal(err)
			}
			if got := look(); got != c.after {
				t.Errorf("then a stranger passes %+v, want %+v", got, c.after)
			}
			st := g.state()
			if *st["auth_enabled"] != c.enabled || *st["login_page_enabled"] != c.login {
				t.Errorf("auth_enabled %s, login_page_enabled %s, want %s and %s", *st["auth_enabled"], *st["login_page_enabled"], c.enabled, c.login)
			}
		})
	}
}

// Why a user may or may not is told.
func TestExplain(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	base := g.set.Server.ContextPath
	for query, want := range map[string]string{
		"username=nacos&action=w&resource=console/users":                      `"allowed":true,"reason":"the user is an administrator"`,
		"username=nobody&action=r&groupName=G&name=d":                         `"allowed":false,"reason":"there is no such user, or it has no role"`,
		"username=no+role&action=r&groupName=G&name=d":                        `"allowed":false,"reason":"the user has no role"`,
		"username=read+only&action=r&groupName=G&name=d":                      `"allowed":true,"reason":"a permission grants it","resource":":G:config/d","role":"role of read only","pattern":":*:*","action":"r"`,
		"username=read+only&action=w&groupName=G&name=d":                      `"allowed":false,"reason":"no permission of the user's roles grants it"`,
		"username=read+only&action=r&resource=console/users":                  `"allowed":false,"reason":"only an administrator may"`,
		"username=wrong+namespace&action=w&namespaceId=elsewhere&type=naming": `"allowed":true,"reason":"a permission grants it","resource":"elsewhere:*:naming/*"`,
	} {
		w := g.call(http.MethodGet, base+"/v1/auth/rights/explain?"+query, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens["admin"]) })
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", query, w.Code, w.Body, want)
		}
	}
	if w := g.call(http.MethodGet, base+"/v1/auth/rights/explain?username=nacos&action=r", nil); w.Code != http.StatusForbidden {
		t.Errorf("a stranger: %d", w.Code)
	}
}
