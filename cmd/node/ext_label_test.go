package node

import (
	"archive/zip"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLabelPlan changes what is said of configs and leaves their contents; what
// somebody else has said meanwhile is left alone, and all of it comes back.
func TestLabelPlan(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	g.publish(t, "public", "a.yaml", "a: 1", "type", "yaml", "desc", "why", "appName", "shop", "tags", "x,y")
	g.publish(t, "public", "b.txt", "b", "type", "text", "appName", "till", "tags", "y,new")
	g.publish(t, "public", "c.txt", "c", "type", "text")
	g.publish(t, "public", "full", "f", "type", "text", "tags", "1,2,3,4,5")
	before := []one{g.contentOf(t, "public", "a.yaml"), g.contentOf(t, "public", "b.txt")}
	ask := form("action", "config.label", "setAppName", " store ", "setDesc", "", "addTags", "new, z", "removeTags", "x,none", "selection", chosenIDs("a.yaml", "b.txt", "c.txt", "full", "gone"))
	p := g.must(t, "", "/plan", ask)
	want := []string{"a.yaml update waiting", "b.txt update waiting", "c.txt update waiting", "full none tags_full waiting", "gone none missing waiting"}
	if d := cmp.Diff(want, p.summary()); d != "" {
		t.Fatal(d)
	}
	if now := g.contentOf(t, "public", "a.yaml"); now != before[0] {
		t.Fatalf("a plan has changed something: %+v", now)
	}
	g.publish(t, "public", "c.txt", "c", "type", "text", "desc", "of somebody else") // the content is as it was
	p = g.must(t, "", "/"+p.PlanID+"/apply", nil)
	want = []string{"a.yaml update done", "b.txt update done", "c.txt update conflict", "full none tags_full skipped", "gone none missing skipped"}
	if d := cmp.Diff(want, p.summary()); d != "" {
		t.Fatal(d)
	}
	got := []one{g.contentOf(t, "public", "a.yaml"), g.contentOf(t, "public", "b.txt")}
	if d := cmp.Diff([]one{{"a: 1", "yaml", "", "store", "y,new,z"}, {"b", "text", "", "store", "y,new,z"}}, got); d != "" {
		t.Error(d)
	}
	if c := g.contentOf(t, "public", "c.txt"); c.Desc != "of somebody else" || c.AppName != "" {
		t.Errorf("%+v", c)
	}
	again := g.must(t, "", "/plan", ask)
	if again.Items[0].summary() != "a.yaml none same waiting" {
		t.Errorf("%+v", again.Items[0])
	}
	u := g.must(t, "", "/"+p.PlanID+"/undo-plan", nil)
	if d := cmp.Diff([]string{"b.txt update waiting", "a.yaml update waiting"}, u.summary()); d != "" {
		t.Error(d)
	}
	u = g.must(t, "", "/"+u.PlanID+"/apply", nil)
	if d := cmp.Diff(before, []one{g.contentOf(t, "public", "a.yaml"), g.contentOf(t, "public", "b.txt")}); d != "" || u.Outcomes["done"] != 2 {
		t.Errorf("%+v %s", u, d)
	}
}

// TestLabelOfQuery: the values to be set are not the values that are looked for.
func TestLabelOfQuery(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	g.publish(t, "public", "a", "a: 1", "type", "text", "tags", "x")
	g.publish(t, "public", "b", "b: 1", "type", "text", "tags", "x,y")
	g.publish(t, "public", "c", "c: 1", "type", "text", "tags", "y")
	p := g.must(t, "", "/plan", form("action", "config.label", "query", "true", "tags", "x", "type", "text", "setType", "yaml", "setTags", "only"))
	if d := cmp.Diff([]string{"a update waiting", "b update waiting"}, p.summary()); d != "" || p.Items[0].Before.Type != "text" || p.Items[0].After.Type != "yaml" {
		t.Fatalf("%+v %s", p.Items, d)
	}
	g.must(t, "", "/"+p.PlanID+"/apply", nil)
	for name, want := range map[string]one{"a": {"a: 1", "yaml", "", "", "only"}, "b": {"b: 1", "yaml", "", "", "only"}, "c": {"c: 1", "text", "", "", "y"}} {
		if d := cmp.Diff(want, g.contentOf(t, "public", name)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	for name, more := range map[string][]string{
		"nothing to set": {"desc", "looked for"}, "no type": {"setType", "cobol"}, "too many tags": {"setTags", "1,2,3,4,5,6"}, "a long description": {"setDesc", strings.Repeat("d", 129)},
		"a long application": {"setAppName", strings.Repeat("a", 129)}, "very long": {"setDesc", strings.Repeat("d", 2000)},
	} {
		if _, status, _ := g.bulk(t, "", http.MethodPost, "/plan", form(append([]string{"action", "config.label", "selection", chosenIDs("a")}, more...)...)); status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, status)
		}
	}
}

// TestLabelRights: whoever may not write changes nothing, and sees no more than he may.
func TestLabelRights(t *testing.T) {
	t.Parallel()
	g := veiled(t)
	g.publish(t, "public", "plain.txt", "plain")
	for _, step := range []error{
		g.auth.CreateUser(t.Context(), "looker", testPassword), g.auth.AddRole(t.Context(), "role of looker", "looker"),
		g.auth.AddPermission(t.Context(), "role of looker", ":*:*", "r"),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	g.login(t, "looker", "looker")
	for who, sees := range map[string]bool{"looker": true, "blind": false} {
		p := g.must(t, who, "/plan", form("action", "config.label", "setDesc", "mine", "selection", chosenIDs("plain.txt")))
		if (p.Items[0].Before != nil || p.Items[0].After != nil) != sees {
			t.Errorf("%s sees %+v", who, p.Items[0])
		}
		_, status, _ := g.bulk(t, who, http.MethodPost, "/"+p.PlanID+"/apply", nil)
		if p, _, _ = g.bulk(t, who, http.MethodGet, "/"+p.PlanID, nil); status == http.StatusOK && p.Outcomes["denied"] != 1 || p.Refused != 1 || g.contentOf(t, "public", "plain.txt").Desc != "" {
			t.Errorf("%s: %d %+v", who, status, p)
		}
	}
}

// TestLabelPolicy: labels are asked for as contents are, where a namespace is protected or
// wants notes.
func TestLabelPolicy(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	g.publish(t, "public", "a", "a: 1")
	if w := g.asking("", http.MethodPut, "/v3/console/ext/namespace/policy", form("namespaceId", "public", "protected", "true", "noteRequired", "true")); w.Code != http.StatusOK {
		t.Fatal(w)
	}
	p := g.must(t, "", "/plan", form("action", "config.label", "setDesc", "new", "selection", chosenIDs("a")))
	for key, said := range map[string][]string{"unconfirmed": {"note", "because"}, "note_required": {"confirm", "public"}} {
		if _, status, got := g.bulk(t, "", http.MethodPost, "/"+p.PlanID+"/apply", form(said...)); status != http.StatusBadRequest || got != key {
			t.Errorf("%s: %d %s", key, status, got)
		}
	}
	p = g.must(t, "", "/"+p.PlanID+"/apply", form("confirm", "public", "note", "because"))
	if p.Outcomes["done"] != 1 || g.contentOf(t, "public", "a").Desc != "new" {
		t.Errorf("%+v", p)
	}
}

// TestExportOfQuery: an archive has what the list shows with the same filter, with
// secrets as the caller sees them.
func TestExportOfQuery(t *testing.T) {
	t.Parallel()
	g := veiled(t)
	g.publish(t, "public", "plain.txt", "plain words")
	g.publish(t, "public", "other.txt", "other words")
	export := func(who string, more ...string) (names []string, text string) {
		t.Helper()
		w := g.asking(who, http.MethodGet, "/v3/console/ext/config/export", form(append([]string{"query", "true", "namespaceId", "public"}, more...)...))
		if w.Code != http.StatusOK {
			return []string{http.StatusText(w.Code)}, ""
		}
		z, err := zip.NewReader(bytes.NewReader([]byte(w.Body)), int64(len(w.Body)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if _, err := b.ReadFrom(r); err != nil {
				t.Fatal(err)
			}
			names, text = append(names, f.Name), text+b.String()
		}
		return names, text
	}
	names, _ := export("admin", "content", "words")
	if d := cmp.Diff([]string{"G/plain.txt", "G/other.txt", ".metadata.yml"}, names); d != "" {
		t.Error(d)
	}
	if names, _ = export("admin", "q", "plain", "content", "words"); cmp.Diff([]string{"G/plain.txt", ".metadata.yml"}, names) != "" {
		t.Error(names)
	}
	if names, _ = export("admin", "q", "none at all"); cmp.Diff([]string{"Not Found"}, names) != "" {
		t.Error(names)
	}
	if names, _ = export("blind"); cmp.Diff([]string{"Not Found"}, names) != "" {
		t.Error(names)
	}
	_, all := export("admin", "q", "a.yaml")
	_, hidden := export("reader", "q", "a.yaml")
	if all == hidden || !strings.Contains(hidden, "MASKED") || strings.Contains(all, "MASKED") {
		t.Errorf("who may not see secrets exports %q, who may %q", hidden, all)
	}
}
