package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type keyChanges struct {
	DataID                              string
	Semantic, Masked                    bool
	KeysAdded, KeysRemoved, KeysChanged []string
	Counts                              struct{ Added, Removed, Changed int }
}

type comparedSpaces struct {
	OnlyLeft, OnlyRight, Equal []struct{ DataID string }
	Different                  []keyChanges
	Same                       int
	Counts                     map[string]int
	TotalCount, PagesAvailable int
}

// twoSpaces puts configs into the public namespace and into dev.
func (g guarded) twoSpaces(t *testing.T, left, right map[string]string) {
	t.Helper()
	if w := g.call(http.MethodPost, "/nacos/v1/console/namespaces?customNamespaceId=dev&namespaceName=dev", own()); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	for ns, all := range map[string]map[string]string{"public": left, "dev": right} {
		for name, content := range all {
			kind := name[strings.LastIndexByte(name, '.')+1:]
			if status, key := g.ask(t, http.MethodPost, "/config/publish", form("namespaceId", ns, "groupName", "G", "dataId", name, "content", content, "type", kind, "expect", "absent"), nil); status != http.StatusOK {
				t.Fatal(name, status, key)
			}
		}
	}
}

func TestCompareNamespaces(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	many := strings.Builder{}
	for i := range 60 {
		many.WriteString("k" + strconv.Itoa(i) + "=1\n")
	}
	g.twoSpaces(t,
		map[string]string{"same.yaml": "a: 1", "left.json": "{}", "app.yaml": "a: 1\nb: 2\nc: {d: 3}\n", "words.text": "one", "many.properties": "x=1"},
		map[string]string{"same.yaml": "a: 1", "right.json": "{}", "app.yaml": "b: 3\nc: {d: 3, e: 4}\n", "words.text": "two", "many.properties": many.String()})
	var got comparedSpaces
	if status, key := g.ask(t, http.MethodGet, "/compare", form("left", "public", "right", "dev"), &got); status != http.StatusOK {
		t.Fatal(status, key)
	}
	if d := cmp.Diff(map[string]int{"left": 1, "right": 1, "different": 3, "same": 1}, got.Counts); d != "" || got.Same != 1 || got.TotalCount != 5 {
		t.Errorf("%+v %s", got, d)
	}
	want := []keyChanges{
		{DataID: "app.yaml", Semantic: true, KeysAdded: []string{"c.e"}, KeysRemoved: []string{"a"}, KeysChanged: []string{"b"}, Counts: struct{ Added, Removed, Changed int }{1, 1, 1}},
		{DataID: "many.properties", Semantic: true, KeysAdded: got.Different[1].KeysAdded, KeysRemoved: []string{"x"}, KeysChanged: []string{}, Counts: struct{ Added, Removed, Changed int }{60, 1, 0}},
		{DataID: "words.text", KeysAdded: []string{}, KeysRemoved: []string{}, KeysChanged: []string{}},
	}
	if d := cmp.Diff(want, got.Different); d != "" || len(got.Different[1].KeysAdded) != 50 {
		t.Errorf("%d named, -want +got\n%s", len(got.Different[1].KeysAdded), d)
	}
	if len(got.OnlyLeft) != 1 || got.OnlyLeft[0].DataID != "left.json" || len(got.OnlyRight) != 1 || got.OnlyRight[0].DataID != "right.json" || len(got.Equal) != 0 {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct {
		more  []string
		count int
		names string
	}{
		{[]string{"state", "same"}, 1, "same.yaml"},
		{[]string{"pageSize", "2", "pageNo", "2"}, 5, "left.json words.text"},
		{[]string{"pageSize", "2", "pageNo", "9"}, 5, ""},
		{[]string{"q", "APP"}, 1, "app.yaml"},
		{[]string{"groupName", "other"}, 0, ""},
		{[]string{"dataId", "*.json", "state", "right,left"}, 2, "left.json right.json"},
	} {
		got = comparedSpaces{}
		g.ask(t, http.MethodGet, "/compare", form(append([]string{"left", "public", "right", "dev"}, c.more...)...), &got)
		names := []string{}
		for _, l := range [][]struct{ DataID string }{got.OnlyLeft, got.OnlyRight, got.Equal} {
			for _, x := range l {
				names = append(names, x.DataID)
			}
		}
		for _, x := range got.Different {
			names = append(names, x.DataID)
		}
		if got.TotalCount != c.count || strings.Join(names, " ") != c.names {
			t.Errorf("%v: %d %v", c.more, got.TotalCount, names)
		}
	}
	for _, c := range []struct {
		left, right, state string
		status             int
	}{{"public", "", "", 400}, {"", "dev", "", 400}, {"dev", "dev", "", 400}, {"public", "nowhere", "", 404}, {"public", "dev", "odd", 400}} {
		if status, _ := g.ask(t, http.MethodGet, "/compare", form("left", c.left, "right", c.right, "state", c.state), nil); status != c.status {
			t.Errorf("%+v: %d", c, status)
		}
	}
}

// TestCompareHidesSecrets: who may not see a secret is not told whether it is the
// one that he has put on the other side, and what he may not read is not there.
func TestCompareHidesSecrets(t *testing.T) {
	t.Parallel()
	g := veiled(t)
	for _, who := range []string{"reader", "revealer"} {
		if err := g.auth.AddPermission(t.Context(), "role of "+who, "dev:*:config/*", "r"); err != nil {
			t.Fatal(err)
		}
	}
	post := func(content string) {
		if a := g.asking("admin", http.MethodPost, "/v3/console/ext/config/publish", form("namespaceId", "dev", "groupName", "G", "dataId", "a.yaml", "content", content, "type", "yaml", "expect", "any")); a.Code != http.StatusOK {
			t.Fatal(a)
		}
	}
	for _, c := range []struct {
		who, guess string
		total      int
		masked     bool
		changed    []string
	}{
		{"reader", "wrong", 1, true, []string{"db.user"}},
		{"reader", "newHunter", 1, true, []string{"db.user"}}, // as with any other
		{"revealer", "wrong", 1, true, []string{"db.user"}},   // of one side alone
		{"admin", "wrong", 1, false, []string{"db.password", "db.user"}},
		{"admin", "newHunter", 1, false, []string{"db.user"}},
		{"blind", "wrong", 0, false, nil},
	} {
		post(fmt.Sprintf("db:\n  password: %s\n  user: other\n", c.guess))
		a := g.asking(c.who, http.MethodGet, "/v3/console/ext/compare", form("left", "public", "right", "dev"))
		var got struct{ Data comparedSpaces }
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Code != http.StatusOK {
			t.Fatal(c, a)
		}
		if strings.Contains(a.Body, "Hunter") || got.Data.TotalCount != c.total {
			t.Errorf("%+v: %s", c, a.Body)
		}
		if c.total == 0 {
			continue
		}
		if len(got.Data.Different) != 1 {
			t.Fatalf("%+v: %s", c, a.Body)
		}
		if x := got.Data.Different[0]; x.Masked != c.masked || cmp.Diff(c.changed, x.KeysChanged) != "" {
			t.Errorf("%+v: %+v", c, x)
		}
	}
}
