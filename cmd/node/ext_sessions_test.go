package node

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/service/audit"
)

type sessionsSeen struct {
	TotalCount int
	PageItems  []struct {
		ID, Username, Address, Agent string
		Since, Expires, LastSeen     int64
		Current                      bool
	}
	Nodes []struct{ OK bool }
}

func (g guarded) sessions(t *testing.T, query string, set func(*http.Request)) (out sessionsSeen) {
	t.Helper()
	w := g.call(http.MethodGet, ext+"/sessions?"+query, set)
	if err := json.Unmarshal(w.Body.Bytes(), &struct{ Data any }{&out}); err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	return out
}

// idOf is the id of the session of a cookie.
func (g guarded) idOf(t *testing.T, c *http.Cookie) string {
	t.Helper()
	s, err := g.auth.Session(c.Value)
	if err != nil {
		t.Fatal(err)
	}
	return s.ID
}

// TestSessionsAreListed: everybody sees his own, who looks after users sees all.
func TestSessionsAreListed(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	admin, one, two := g.open(t, "nacos"), g.open(t, "no+role"), g.open(t, "no+role")
	agent := func(r *http.Request) {
		r.Header.Set("User-Agent", "a browser")
		r.RemoteAddr = "192.0.2.9:1"
	}
	got := g.sessions(t, "", own(with(one), agent))
	if got.TotalCount != 2 || len(got.PageItems) != 2 || len(got.Nodes) != 1 || !got.Nodes[0].OK {
		t.Fatalf("%+v", got)
	}
	first := got.PageItems[0]
	if !first.Current || first.ID != g.idOf(t, one) || first.Username != "no role" || first.Address != "192.0.2.9" || first.Agent != "a browser" ||
		first.Since == 0 || first.Expires <= first.Since || first.LastSeen < first.Since {
		t.Errorf("%+v", first)
	}
	if other := got.PageItems[1]; other.Current || other.ID != g.idOf(t, two) {
		t.Errorf("%+v", other)
	}
	if all := g.sessions(t, "", own(with(admin))); all.TotalCount != 3 || !all.PageItems[0].Current || all.PageItems[0].Username != "nacos" {
		t.Errorf("%+v", all)
	}
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens["admin"]) }
	for query, n := range map[string]int{"q=no+role": 2, "q=192.0.2.9": 1, "q=nothing": 0, "pageNo=2&pageSize=2": 3} {
		if got := g.sessions(t, query, own(bearer)); got.TotalCount != n || len(got.PageItems) > 0 && got.PageItems[0].Current {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if got := g.sessions(t, "pageNo=2&pageSize=2", own(bearer)); len(got.PageItems) != 1 {
		t.Errorf("the second page: %+v", got)
	}
	// Another node is told of one user's, or of all.
	for ask, n := range map[string]int{`"user":"no role",`: 2, `"user":"",`: 0, "": 3} {
		answer, err := g.api.AnswerPeer(t.Context(), []byte(`{`+ask+`"kind":"sessions"}`))
		var lines []struct{ Username string }
		if err != nil || json.Unmarshal(answer, &lines) != nil || len(lines) != n {
			t.Errorf("%s %s %v", ask, answer, err)
		}
	}
}

// TestSessionsAreEnded: one's own, others' by who looks after users alone, and
// each time it is in the audit log.
func TestSessionsAreEnded(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	admin, mine, other, third, theirs := g.open(t, "nacos"), g.open(t, "no+role"), g.open(t, "no+role"), g.open(t, "no+role"), g.open(t, "read+only")
	id := func(c *http.Cookie) string { return "id=" + url.QueryEscape(g.idOf(t, c)) }
	live := func(c *http.Cookie) bool {
		return g.call(http.MethodGet, ext+"/me", own(with(c))).Code == http.StatusOK
	}
	for _, x := range []struct {
		name, query string
		as          *http.Cookie
		status      int
		key         string
		over        []*http.Cookie
		outcome     string
	}{
		{"nothing is said", "", mine, 400, "invalid", nil, audit.Failed},
		{"both", id(other) + "&others=true", mine, 400, "invalid", nil, audit.Failed},
		{"one that is not there", "id=none", mine, 404, "not_found", nil, audit.Failed},
		{"another's, as one's own", id(theirs), mine, 404, "not_found", nil, audit.Failed},
		{"another's", id(theirs) + "&username=read+only", mine, 403, "forbidden", nil, audit.Denied},
		{"all of another", "others=true&username=read+only", mine, 403, "forbidden", nil, audit.Denied},
		{"one's own", id(other), mine, 200, "", []*http.Cookie{other}, audit.Done},
		{"all others", "others=true", mine, 200, "", []*http.Cookie{third}, audit.Done},
		{"another's, by who looks after users", id(theirs) + "&username=read+only", admin, 200, "", []*http.Cookie{theirs}, audit.Done},
		{"all of another, by who looks after users", "others=true&username=no+role", admin, 200, "", []*http.Cookie{mine}, audit.Done},
	} {
		count := func() int {
			found, err := g.audit.Find(audit.Query{Outcome: x.outcome, Contains: "ext/sessions", Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			return len(found)
		}
		before := count()
		w := g.call(http.MethodDelete, ext+"/sessions?"+x.query, own(with(x.as)))
		if w.Code != x.status || x.key != "" && keyOf(t, w) != x.key {
			t.Errorf("%s: %d %s", x.name, w.Code, w.Body)
		}
		if x.status == 200 && !strings.Contains(w.Body.String(), `{"ended":1}`) {
			t.Errorf("%s: %s", x.name, w.Body)
		}
		if n := count() - before; n != 1 {
			t.Errorf("%s: %d rows in the audit log", x.name, n)
		}
		for _, c := range x.over {
			if live(c) {
				t.Errorf("%s: it goes on", x.name)
			}
		}
		if x.over == nil && (!live(mine) || !live(theirs)) {
			t.Errorf("%s: something was ended", x.name)
		}
	}
	if !live(admin) || live(mine) || live(theirs) {
		t.Error("at the end only the administrator is logged in")
	}
	if again := g.open(t, "no+role"); !live(again) {
		t.Error("who logs in again is not let in")
	}
	if w := g.call(http.MethodDelete, ext+"/sessions?others=true", with(admin)); w.Code != http.StatusForbidden {
		t.Errorf("without the header: %d %s", w.Code, w.Body)
	}
}
