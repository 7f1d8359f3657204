package node

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/audit"
)

const ext = "/nacos/v3/console/ext"

// cookieOf is the session that an answer gives to a browser.
func cookieOf(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	for _, c := range w.Result().Cookies() {
		if c.Name == middleware.SessionCookie {
			return c
		}
	}
	t.Fatalf("no session: %d %s", w.Code, w.Body)
	return nil
}

// keyOf is why a call failed, as our console is told.
func keyOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var e struct {
		Error struct {
			Key string `json:"key"`
		} `json:"error"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	return e.Error.Key
}

func own(more ...func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("X-Console", "1")
		for _, m := range more {
			m(r)
		}
	}
}

func with(c *http.Cookie) func(*http.Request) { return func(r *http.Request) { r.AddCookie(c) } }

func (g guarded) open(t *testing.T, user string) *http.Cookie {
	t.Helper()
	c := cookieOf(t, g.call(http.MethodPost, ext+"/session?username="+user+"&password="+strings.ReplaceAll(testPassword, " ", "+"), own()))
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
		t.Errorf("the cookie is not for the browser alone: %+v", c)
	}
	return c
}

// TestConsoleSession is the life of a login, and what its cookie is worth where.
func TestConsoleSession(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	c := g.open(t, "nacos")
	for _, x := range []struct {
		method, path string
		set          func(*http.Request)
		status       int
		key          string
	}{
		{http.MethodGet, ext + "/me", own(with(c)), 200, ""},
		{http.MethodGet, ext + "/me", with(c), 401, "login"},
		{http.MethodGet, ext + "/me", own(), 401, "login"},
		{http.MethodGet, "/nacos/v3/auth/user/list?pageNo=1&pageSize=1", own(with(c)), 200, ""},
		{http.MethodGet, "/nacos/v3/auth/user/list?pageNo=1&pageSize=1", with(c), 403, ""},
		{http.MethodGet, "/nacos/v1/auth/users?search=accurate&pageNo=1&pageSize=1", own(with(c)), 403, ""}, // never beyond v3
		{http.MethodGet, "/nacos/v1/cs/configs?search=blur&dataId=&group=&pageNo=1&pageSize=1", own(with(c)), 403, ""},
		{http.MethodPost, "/nacos/v3/console/core/namespace?namespaceName=x", own(with(c), origin("http://evil.example")), 401, "login"},
		{http.MethodPost, "/nacos/v3/console/core/namespace?namespaceName=x", own(with(c), origin("http://example.com")), 200, ""},
		{http.MethodPost, ext + "/session?username=nacos&password=wrong", own(), 401, "password"},
		{http.MethodPost, ext + "/session?username=nobody&password=wrong", own(), 401, "password"},
		{http.MethodPut, ext + "/me/password?old=wrong&new=other-Pw-1", own(with(c)), 401, "password"},
	} {
		w := g.call(x.method, x.path, x.set)
		if w.Code != x.status || x.key != "" && keyOf(t, w) != x.key {
			t.Errorf("%s %s: %d %s, want %d %s", x.method, x.path, w.Code, w.Body, x.status, x.key)
		}
		if w.Header().Get("Cache-Control") != "no-store" && strings.Contains(x.path, "/v3/") {
			t.Errorf("%s: may be kept: %v", x.path, w.Header())
		}
	}
	other := g.open(t, "nacos")
	if w := g.call(http.MethodDelete, ext+"/session", own(with(c))); w.Code != http.StatusOK || cookieOf(t, w).Value != "" {
		t.Errorf("log-out: %d %s", w.Code, w.Body)
	}
	if w := g.call(http.MethodGet, ext+"/me", own(with(c))); w.Code != http.StatusUnauthorized {
		t.Errorf("after the log-out: %d %s", w.Code, w.Body)
	}
	w := g.call(http.MethodPut, ext+"/me/password?old="+strings.ReplaceAll(testPassword, " ", "+")+"&new=other-Pw-1", own(with(other)))
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	if again := g.call(http.MethodGet, ext+"/me", own(with(cookieOf(t, w)))); again.Code != http.StatusOK {
		t.Errorf("whoever changed the password is logged out: %s", again.Body)
	}
	if w := g.call(http.MethodGet, ext+"/me", own(with(other))); w.Code != http.StatusUnauthorized {
		t.Errorf("another session outlives the password: %d", w.Code)
	}
}

// TestNobodyAsksWhoHeIs: a page that finds out whether somebody is logged in has
// tried nothing. Whoever says who he is, and is not, has.
func TestNobodyAsksWhoHeIs(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	stale := g.open(t, "nacos")
	g.call(http.MethodDelete, ext+"/session", own(with(stale)))
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	denied := func() (n int) {
		found, err := g.audit.Find(audit.Query{Outcome: audit.Denied, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	for name, x := range map[string]struct {
		method, path string
		set          func(*http.Request)
		rows         int
	}{
		"nobody":               {http.MethodGet, ext + "/me", own(), 0},
		"nobody, as a program": {http.MethodGet, ext + "/me", nil, 0},
		"an ended session":     {http.MethodGet, ext + "/me", own(with(stale)), 1},
		"a page of others":     {http.MethodGet, ext + "/me", with(stale), 1},
		"a forged token":       {http.MethodGet, ext + "/me", header("Authorization", "Bearer a.b.c"), 1},
		"a wrong password":     {http.MethodGet, ext + "/me?username=nacos&password=wrong", own(), 1},
		"nobody, elsewhere":    {http.MethodGet, ext + "/overview", own(), 1},
		"nobody, who writes":   {http.MethodPut, ext + "/me/password?old=a&new=b", own(), 1},
	} {
		before := denied()
		if w := g.call(x.method, x.path, x.set); w.Code/100 != 4 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if n := denied() - before; n != x.rows {
			t.Errorf("%s: %d rows in the audit log, want %d", name, n, x.rows)
		}
	}
}

func origin(o string) func(*http.Request) { return func(r *http.Request) { r.Header.Set("Origin", o) } }

// TestForgedWrites sends every write of ours as a page of another origin could,
// where nobody has to log in: none may come through.
func TestForgedWrites(t *testing.T) {
	t.Parallel()
	n := fresh(t, nil)
	for _, row := range n.api.Routes() {
		if !row.Ours || row.Method == http.MethodGet {
			continue
		}
		for _, set := range []func(*http.Request){
			nil, own(origin("http://evil.example")), own(origin("null")), own(func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }),
		} {
			w := n.call(row.Method, "/nacos"+row.Path+"?"+params, set)
			if w.Code != http.StatusForbidden || keyOf(t, w) != "csrf" {
				t.Errorf("%s %s: %d %s", row.Method, row.Path, w.Code, w.Body)
			}
		}
	}
}

// TestRights is what a user of a few rights is told that he may do.
func TestRights(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	w := g.call(http.MethodGet, ext+"/me", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens["read only"]) })
	for _, want := range []string{`"admin":false`, `"public":{"config":"r","naming":"r","part":false}`, `"users":""`, `"roles":["role of read only"]`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s is not in %s", want, w.Body)
		}
	}
}
