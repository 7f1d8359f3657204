package node

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/service/preference"
)

func (g guarded) put(key, value string, set func(*http.Request)) *httptest.ResponseRecorder {
	return g.call(http.MethodPut, ext+"/prefs?"+url.Values{"key": {key}, "value": {value}}.Encode(), set)
}

// TestPreferences: each user's own, under every one of his sessions, until he is
// removed.
func TestPreferences(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	one, two, other := g.open(t, "no+role"), g.open(t, "no+role"), g.open(t, "read+only")
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens["no role"]) }
	for _, x := range []struct {
		name, key, value string
		set              func(*http.Request)
		status           int
		reason           string
	}{
		{"a value", "settings", `{"theme":"dark"}`, own(with(one)), 200, ""},
		{"with a token", "views.configs", `[{"name":"a, b"}]`, own(bearer), 200, ""},
		{"of another user", "settings", `{"theme":"light"}`, own(with(other)), 200, ""},
		{"no JSON", "settings", `{`, own(with(one)), 400, "invalid"},
		{"no key", "", `1`, own(with(one)), 400, "missing"},
		{"another key", "A B", `1`, own(with(one)), 400, "invalid"},
		{"too long", "settings", `"` + strings.Repeat("x", preference.MaxValue) + `"`, own(with(one)), 413, "too_large"},
		{"nobody", "settings", `1`, own(), 401, "login"},
		{"without the header", "settings", `1`, with(one), 403, "csrf"},
	} {
		if w := g.put(x.key, x.value, x.set); w.Code != x.status || x.reason != "" && keyOf(t, w) != x.reason {
			t.Errorf("%s: %d %s", x.name, w.Code, w.Body)
		}
	}
	const mine = `"data":{"settings":{"theme":"dark"},"views.configs":[{"name":"a, b"}]}`
	for name, x := range map[string]struct {
		set  func(*http.Request)
		want string
	}{
		"one":     {own(with(one)), mine},
		"another": {own(with(two)), mine},
		"a token": {own(bearer), mine},
		"others":  {own(with(other)), `"data":{"settings":{"theme":"light"}}`},
	} {
		if w := g.call(http.MethodGet, ext+"/prefs", x.set); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), x.want) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := g.call(http.MethodGet, ext+"/prefs", own()); w.Code != http.StatusUnauthorized {
		t.Errorf("nobody: %d %s", w.Code, w.Body)
	}
	if err := g.auth.RemoveUser(t.Context(), "no role"); err != nil {
		t.Fatal(err)
	}
	if err := g.auth.CreateUser(t.Context(), "no role", testPassword); err != nil {
		t.Fatal(err)
	}
	if w := g.call(http.MethodGet, ext+"/prefs", own(with(g.open(t, "no+role")))); !strings.Contains(w.Body.String(), `"data":{}`) {
		t.Errorf("who has the name of one who was removed inherits %s", w.Body)
	}
	open := fresh(t, nil)
	if w := open.call(http.MethodGet, "/nacos/v3/console/ext/prefs", own()); w.Code != http.StatusUnauthorized {
		t.Errorf("where nobody has to log in: %d %s", w.Code, w.Body)
	}
}
