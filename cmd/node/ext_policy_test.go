package node

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type policySeen struct {
	NamespaceID             string
	Protected, NoteRequired bool
	Color, Label            string
}

// policies sets the policy of a namespace and returns all there are.
func (g guarded) setPolicy(t *testing.T, ns string, more ...string) (out []policySeen) {
	t.Helper()
	if status, key := g.ask(t, http.MethodPut, "/namespace/policy", form(append([]string{"namespaceId", ns}, more...)...), nil); status != http.StatusOK {
		t.Fatal(status, key)
	}
	if status, key := g.ask(t, http.MethodGet, "/namespace/policies", nil, &out); status != http.StatusOK {
		t.Fatal(status, key)
	}
	return out
}

// TestPolicies: what is set is there, and goes with its namespace.
func TestPolicies(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	g.twoSpaces(t, nil, nil)
	g.setPolicy(t, "dev", "color", "green")
	got := g.setPolicy(t, "public", "protected", "true", "noteRequired", "true", "color", "red", "label", " Prod 一 ")
	want := []policySeen{{NamespaceID: "dev", Color: "green"}, {"public", true, true, "red", "Prod 一"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for name, p := range map[string]url.Values{
		"no such namespace":  form("namespaceId", "nowhere", "protected", "true"),
		"no namespace":       form("protected", "true"),
		"no such color":      form("namespaceId", "dev", "color", "#ff0000"),
		"no switch":          form("namespaceId", "dev", "protected", "perhaps"),
		"too long a label":   form("namespaceId", "dev", "label", strings.Repeat("x", 25)),
		"a label of control": form("namespaceId", "dev", "label", "a\x07"),
	} {
		if status, key := g.ask(t, http.MethodPut, "/namespace/policy", p, nil); status/100 != 4 {
			t.Errorf("%s: %d %s", name, status, key)
		}
	}
	if got = g.setPolicy(t, "public"); cmp.Diff(want[:1], got) != "" {
		t.Errorf("what is off has no row: %+v", got)
	}
	if w := g.call(http.MethodDelete, "/nacos/v3/console/core/namespace?namespaceId=dev", own()); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	g.ask(t, http.MethodGet, "/namespace/policies", nil, &got)
	if len(got) != 0 {
		t.Errorf("it outlives its namespace: %+v", got)
	}
}

// TestProtected: nothing is written through the console to a protected namespace that
// does not name it. What programs write is as it was.
func TestProtected(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	g.twoSpaces(t, map[string]string{"a.yaml": "a: 1", "b.yaml": "b: 1"}, map[string]string{"a.yaml": "a: 2"})
	gone := g.must(t, "", "/plan", form("action", "config.delete", "selection", chosenIDs("b.yaml")))
	copied := g.must(t, "", "/plan", form("action", "config.clone", "namespaceId", "dev", "targetNamespaceId", "public", "policy", "OVERWRITE", "selection", chosenIDs("a.yaml")))
	g.setPolicy(t, "public", "protected", "true")
	refused := func(name, method, path string, p url.Values) {
		t.Helper()
		for _, confirm := range []string{"", "dev", "PUBLIC"} {
			p.Set("confirm", confirm)
			if status, key := g.ask(t, method, path, p, nil); status != http.StatusBadRequest || key != "unconfirmed" {
				t.Errorf("%s, %q: %d %s", name, confirm, status, key)
			}
		}
		p.Set("confirm", "public")
	}
	works := func(name, method, path string, p url.Values) {
		t.Helper()
		refused(name, method, path, p)
		if status, key := g.ask(t, method, path, p, nil); status != http.StatusOK {
			t.Errorf("%s: %d %s", name, status, key)
		}
	}
	works("publish", http.MethodPost, "/config/publish", configForm("content", "a: 3", "expect", "any"))
	works("gray", http.MethodPost, "/config/publish", configForm("content", "a: 4", "expect", "absent", "tag", "x"))
	works("promote", http.MethodPost, "/config/gray/promote", configForm("name", "tag_x", "expect", "any"))
	works("gray again", http.MethodPost, "/config/publish", configForm("content", "a: 5", "expect", "absent", "betaIps", "192.0.2.1"))
	works("end of gray", http.MethodDelete, "/config/gray", configForm("name", "beta"))
	works("delete", http.MethodDelete, "/config", configForm("expect", "any"))
	works("restore", http.MethodPost, "/config/restore", configForm("expect", "absent", "nid", g.newest(t)))
	works("plan to delete", http.MethodPost, "/bulk/"+gone.PlanID+"/apply", form())
	refused("plan to copy", http.MethodPost, "/bulk/"+copied.PlanID+"/apply", form())
	refused("import", http.MethodPost, "/config/import", form("namespaceId", "public", "policy", "SKIP"))
	if got := g.contentOf(t, "public", "b.yaml").Content; got != "" {
		t.Errorf("%q is left", got)
	}
	if status, key := g.ask(t, http.MethodPost, "/config/publish", form("namespaceId", "dev", "groupName", "G", "dataId", "a.yaml", "content", "a: 9", "expect", "any"), nil); status != http.StatusOK {
		t.Errorf("another namespace: %d %s", status, key)
	}
	if w := g.call(http.MethodPost, "/nacos/v1/cs/configs?dataId=a.yaml&group=G&content=a:9", nil); w.Code != http.StatusOK {
		t.Errorf("a program: %d %s", w.Code, w.Body)
	}
}

// newest is the number of the last version of public's a.yaml.
func (g guarded) newest(t *testing.T) string {
	t.Helper()
	return g.versionsOf(t)[0].NID
}

type noteSeen struct{ NID, Kind, Note string }

func (g guarded) versionsOf(t *testing.T) []noteSeen {
	t.Helper()
	var page struct{ PageItems []noteSeen }
	if status, key := g.ask(t, http.MethodGet, "/config/versions", configForm(), &page); status != http.StatusOK || len(page.PageItems) == 0 {
		t.Fatal(status, key)
	}
	return page.PageItems
}

// TestNotes: what a change is for is asked for where the namespace wants it, and is told
// with the version.
func TestNotes(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	publish := func(content string, more ...string) (int, string) {
		t.Helper()
		return g.ask(t, http.MethodPost, "/config/publish", configForm(append([]string{"content", content, "expect", "any"}, more...)...), nil)
	}
	if status, key := publish("a: 1", "note", " for the \U0001F680 "); status != http.StatusOK {
		t.Fatal(status, key)
	}
	g.setPolicy(t, "public", "noteRequired", "true")
	for _, note := range []string{"", " \t"} {
		if status, key := publish("a: 2", "note", note); status != http.StatusBadRequest || key != "note_required" {
			t.Errorf("%q: %d %s", note, status, key)
		}
	}
	if status, key := publish("a: 2", "note", strings.Repeat("x", 501)); status != http.StatusBadRequest || key != "invalid" {
		t.Errorf("a long one: %d %s", status, key)
	}
	if status, key := publish("a: 2", "note", "what for"); status != http.StatusOK {
		t.Fatal(status, key)
	}
	p := g.must(t, "", "/plan", form("action", "config.delete", "selection", chosenIDs("a.yaml")))
	if _, status, key := g.bulk(t, "", http.MethodPost, "/"+p.PlanID+"/apply", nil); status != http.StatusBadRequest || key != "note_required" {
		t.Errorf("%d %s", status, key)
	}
	g.must(t, "", "/"+p.PlanID+"/apply", form("note", "nobody reads it"))
	var got []string
	for _, v := range g.versionsOf(t) {
		got = append(got, v.Kind+": "+v.Note)
	}
	want := []string{"remove: nobody reads it", "publish: what for", "create: for the \U0001F680"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if w := g.call(http.MethodPost, "/nacos/v1/cs/configs?dataId=a.yaml&group=G&content=a:9", nil); w.Code != http.StatusOK {
		t.Errorf("a program: %d %s", w.Code, w.Body)
	}
}
