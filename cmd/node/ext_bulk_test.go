package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/audit"
)

// seenPlan is a plan as a console sees it.
type seenPlan struct {
	PlanID, State, Undoes       string
	Done, Of, Undoable, Refused int
	Effects, Outcomes           map[string]int
	Items                       []seenItem
}

type seenItem struct {
	Target struct {
		NamespaceID, DataID, GroupName, ServiceName, IP string
	}
	Effect, Outcome, Error string
	Before, After          *struct {
		MD5, Type       string
		Size, Instances int
		Enabled         bool
		Weight          float64
	}
	Warnings []struct {
		Key    string
		Params map[string]string
	}
	Allowed bool
}

// summary is what an item would do, what was to be known of it and how it went.
func (i *seenItem) summary() string {
	words := []string{i.Target.DataID + i.Target.ServiceName, i.Effect}
	for _, w := range i.Warnings {
		words = append(words, w.Key+w.Params["n"])
	}
	if !i.Allowed {
		words = append(words, "refused")
	}
	return strings.Join(append(words, i.Outcome), " ")
}

func (p *seenPlan) summary() (out []string) {
	for i := range p.Items {
		out = append(out, p.Items[i].summary())
	}
	return out
}

// bulk calls a route of plans as somebody, "" as nobody.
func (g guarded) bulk(t *testing.T, who, method, path string, more url.Values) (p seenPlan, status int, key string) {
	t.Helper()
	w := g.asking(who, method, "/v3/console/ext/bulk"+path, more)
	var e struct {
		Data  json.RawMessage
		Error struct{ Key string }
	}
	if err := json.Unmarshal([]byte(w.Body), &e); err != nil {
		t.Fatal(w)
	}
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(e.Data, &p); err != nil {
			t.Fatal(err, w)
		}
	}
	return p, w.Code, e.Error.Key
}

// must is bulk where it has to work.
func (g guarded) must(t *testing.T, who, path string, more url.Values) seenPlan {
	t.Helper()
	p, status, key := g.bulk(t, who, http.MethodPost, path, more)
	if status != http.StatusOK {
		t.Fatal(path, status, key)
	}
	return p
}

func (g guarded) publish(t *testing.T, ns, dataID, content string, more ...string) {
	t.Helper()
	all := append([]string{"namespaceId", ns, "groupName", "G", "dataId", dataID, "content", content, "expect", "any"}, more...)
	if w := g.asking("admin", http.MethodPost, "/v3/console/ext/config/publish", form(all...)); w.Code != http.StatusOK {
		t.Fatal(w)
	}
}

// one is all that is known of a config; its content is "" where there is none.
type one struct{ Content, Type, Desc, AppName, ConfigTags string }

func (g guarded) contentOf(t *testing.T, ns, dataID string) one {
	t.Helper()
	var e struct{ Data one }
	w := g.asking("admin", http.MethodGet, "/v3/console/ext/config", form("namespaceId", ns, "groupName", "G", "dataId", dataID))
	if w.Code == http.StatusNotFound {
		return one{}
	}
	if err := json.Unmarshal([]byte(w.Body), &e); err != nil {
		t.Fatal(w)
	}
	return e.Data
}

func chosenIDs(names ...string) string {
	all := []map[string]string{}
	for _, n := range names {
		all = append(all, map[string]string{"groupName": "G", "dataId": n})
	}
	b, _ := json.Marshal(all)
	return string(b)
}

// TestDeletePlan: what a plan says, that it is done once, that what changed meanwhile
// is left alone, and that all of it comes back.
func TestDeletePlan(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	g.publish(t, "public", "a.yaml", "a: 1", "type", "yaml", "desc", "why", "appName", "shop", "tags", "x,y")
	g.publish(t, "public", "b.json", "{}", "type", "json")
	g.publish(t, "public", "c.txt", "first")
	g.publish(t, "public", "c.txt", "some", "betaIps", "192.0.2.7")
	g.publish(t, "public", "other.txt", "stays")
	before := g.contentOf(t, "public", "a.yaml")
	p := g.must(t, "", "/plan", form("action", "config.delete", "selection", chosenIDs("a.yaml", "b.json", "c.txt", "none")))
	want := []string{"a.yaml delete waiting", "b.json delete waiting", "c.txt delete gray1 waiting", "none none missing waiting"}
	if d := cmp.Diff(want, p.summary()); d != "" || p.State != "planned" || p.Items[0].Before.Size != 4 || p.Items[0].Before.Type != "yaml" || p.Items[0].After != nil {
		t.Fatalf("%+v %s", p, d)
	}
	if g.contentOf(t, "public", "a.yaml") != before {
		t.Fatal("a plan has changed something")
	}
	if _, status, _ := g.bulk(t, "", http.MethodPost, "/"+p.PlanID+"/undo-plan", nil); status != http.StatusConflict {
		t.Errorf("what was not done is undone: %d", status)
	}
	g.publish(t, "public", "b.json", `{"somebody":"else"}`)
	for range 2 { // the second time nothing is done
		p = g.must(t, "", "/"+p.PlanID+"/apply", nil)
		want = []string{"a.yaml delete done", "b.json delete conflict", "c.txt delete gray1 done", "none none missing skipped"}
		if d := cmp.Diff(want, p.summary()); d != "" || p.State != "applied" || p.Done != 4 || p.Undoable != 2 || p.Items[1].Error == "" {
			t.Fatalf("%+v %s", p, d)
		}
		g.publish(t, "public", "c.txt", "again") // and is not deleted once more
	}
	if g.contentOf(t, "public", "a.yaml").Content != "" || g.contentOf(t, "public", "b.json").Content == "" || g.contentOf(t, "public", "c.txt").Content != "again" {
		t.Error("something else was done than planned")
	}
	u := g.must(t, "", "/"+p.PlanID+"/undo-plan", nil)
	want = []string{"c.txt create changed waiting", "a.yaml create waiting"}
	if d := cmp.Diff(want, u.summary()); d != "" || u.Undoes != p.PlanID {
		t.Fatalf("%+v %s", u, d)
	}
	u = g.must(t, "", "/"+u.PlanID+"/apply", nil)
	if d := cmp.Diff([]string{"c.txt create changed conflict", "a.yaml create done"}, u.summary()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(before, g.contentOf(t, "public", "a.yaml")); d != "" || g.contentOf(t, "public", "c.txt").Content != "again" {
		t.Errorf("it is not what it was: %s", d)
	}
	if again, _, _ := g.bulk(t, "", http.MethodGet, "/"+u.PlanID, nil); cmp.Diff(u, again) != "" {
		t.Errorf("read: %+v", again)
	}
	redo := g.must(t, "", "/"+g.must(t, "", "/"+u.PlanID+"/undo-plan", nil).PlanID+"/apply", nil)
	if redo.Outcomes["done"] != 1 || g.contentOf(t, "public", "a.yaml").Content != "" {
		t.Errorf("an undo is not undone: %+v", redo)
	}
	auditedActs(t, g)
}

// auditedActs: each act has a record of its own.
func auditedActs(t *testing.T, g guarded) {
	t.Helper()
	found, err := g.audit.Find(audit.Query{Contains: "/apply", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, r := range found {
		got[r.Params["dataId"]+" "+r.Outcome]++
		if r.Params["dataId"] != "" && r.Resource != "config" {
			t.Errorf("%+v", r)
		}
	}
	want := map[string]int{"a.yaml done": 3, "b.json failed": 1, "c.txt done": 1, "c.txt failed": 1, " done": 4}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestClonePlan copies with a policy, and takes back what was made and replaced.
func TestClonePlan(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	g.twoSpaces(t, map[string]string{"new.yaml": "n: 1", "same.yaml": "s: 1", "old.yaml": "o: 2"}, map[string]string{"same.yaml": "s: 1", "old.yaml": "o: 1"})
	was := g.contentOf(t, "dev", "old.yaml")
	chosen := chosenIDs("new.yaml", "same.yaml", "old.yaml")
	for _, c := range []struct {
		policy string
		want   []string
	}{
		{"SKIP", []string{"new.yaml create waiting", "same.yaml none same waiting", "old.yaml none exists waiting"}},
		{"OVERWRITE", []string{"new.yaml create waiting", "same.yaml none same waiting", "old.yaml update waiting"}},
	} {
		p := g.must(t, "", "/plan", form("action", "config.clone", "targetNamespaceId", "dev", "policy", c.policy, "selection", chosen))
		if d := cmp.Diff(c.want, p.summary()); d != "" {
			t.Fatal(d)
		}
		if c.policy == "SKIP" {
			continue
		}
		p = g.must(t, "", "/"+p.PlanID+"/apply", nil)
		if p.Outcomes["done"] != 2 || p.Outcomes["skipped"] != 1 || g.contentOf(t, "dev", "old.yaml").Content != "o: 2" || g.contentOf(t, "dev", "new.yaml").Type != "yaml" {
			t.Errorf("%+v", p)
		}
		u := g.must(t, "", "/"+p.PlanID+"/undo-plan", nil)
		if d := cmp.Diff([]string{"old.yaml update waiting", "new.yaml delete waiting"}, u.summary()); d != "" {
			t.Error(d)
		}
		g.must(t, "", "/"+u.PlanID+"/apply", nil)
		if g.contentOf(t, "dev", "old.yaml") != was || g.contentOf(t, "dev", "new.yaml").Content != "" {
			t.Error("it is not what it was")
		}
	}
	p := g.must(t, "", "/plan", form("action", "config.clone", "targetNamespaceId", "public", "selection", `[{"groupName":"G","dataId":"new.yaml","asDataId":"renamed.yaml"}]`))
	g.publish(t, "public", "new.yaml", "n: 2") // the source is another one
	if p = g.must(t, "", "/"+p.PlanID+"/apply", nil); p.Outcomes["conflict"] != 1 || g.contentOf(t, "public", "renamed.yaml").Content != "" {
		t.Errorf("%+v", p)
	}
}

// TestInstancePlan takes a host offline across services, and puts back exactly what
// was set before.
func TestInstancePlan(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	register(t, g, "order", "192.0.2.1", "&weight=3")
	register(t, g, "pay", "192.0.2.1", "&enabled=false")
	register(t, g, "stock", "192.0.2.1", "")
	register(t, g, "stock", "192.0.2.11", "")
	if w := g.call(http.MethodPut, "/nacos/v1/ns/instance?serviceName=stock&ip=192.0.2.1&port=8080&weight=7&metadata=by%3Doperator", nil); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	before := [][]instanceSeen{}
	for _, s := range []string{"order", "pay", "stock"} {
		before = append(before, g.instances(t, "serviceName", s))
	}
	p := g.must(t, "", "/plan", form("action", "instance.disable", "query", "true", "host", "192.0.2.1"))
	if d := cmp.Diff([]string{"order update waiting", "pay none same waiting", "stock update waiting"}, p.summary()); d != "" || !p.Items[0].Before.Enabled || p.Items[0].After.Enabled || p.Items[0].After.Weight != 3 {
		t.Fatalf("%+v %s", p, d)
	}
	p = g.must(t, "", "/"+p.PlanID+"/apply", nil)
	off := 0
	for _, in := range g.instances(t, "enabled", "false") {
		if in.IP == "192.0.2.1" {
			off++
		}
	}
	if p.Outcomes["done"] != 2 || off != 3 || len(g.instances(t, "enabled", "true")) != 1 {
		t.Errorf("%+v, off %d", p, off)
	}
	g.must(t, "", "/"+g.must(t, "", "/"+p.PlanID+"/undo-plan", nil).PlanID+"/apply", nil)
	for i, s := range []string{"order", "pay", "stock"} {
		if d := cmp.Diff(before[i], g.instances(t, "serviceName", s), cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".LastBeat" }, cmp.Ignore())); d != "" {
			t.Errorf("%s is not as it was: %s", s, d)
		}
	}
	weight := func(value string) seenPlan {
		return g.must(t, "", "/plan", form("action", "instance.weight", "value", value, "query", "true", "serviceName", "stock"))
	}
	p, q := weight("5"), weight("6")
	g.must(t, "", "/"+p.PlanID+"/apply", nil)
	if q = g.must(t, "", "/"+q.PlanID+"/apply", nil); q.Outcomes["conflict"] != 2 {
		t.Errorf("what changed meanwhile is changed: %+v", q)
	}
	p = g.must(t, "", "/plan", form("action", "instance.reset", "query", "true", "serviceName", "stock"))
	p = g.must(t, "", "/"+p.PlanID+"/apply", nil)
	if got := g.instances(t, "serviceName", "stock"); p.Outcomes["done"] != 2 || got[0].Weight != 1 || got[0].Operator.Weight || got[0].Metadata["by"] != "" {
		t.Errorf("%+v %+v", p, got)
	}
	p = g.must(t, "", "/plan", form("action", "instance.deregister", "selection", `[{"serviceName":"stock","ip":"192.0.2.11","port":8080,"ephemeral":true}]`))
	if d := cmp.Diff([]string{"stock delete no_undo comes_back waiting"}, p.summary()); d != "" {
		t.Error(d)
	}
	p = g.must(t, "", "/"+p.PlanID+"/apply", nil)
	if _, status, _ := g.bulk(t, "", http.MethodPost, "/"+p.PlanID+"/undo-plan", nil); status != http.StatusNotFound || len(g.instances(t, "serviceName", "stock")) != 1 {
		t.Errorf("%d %+v", status, p)
	}
}

// TestServicePlan deletes services that are empty, and makes them again.
func TestServicePlan(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	for _, name := range []string{"empty", "filled", "soon"} {
		if w := g.call(http.MethodPost, "/nacos/v1/ns/service?protectThreshold=0.5&metadata=a%3Db&serviceName="+name, nil); w.Code != http.StatusOK {
			t.Fatal(w.Body)
		}
	}
	register(t, g, "filled", "192.0.2.1", "&ephemeral=false")
	p := g.must(t, "", "/plan", form("action", "service.delete", "query", "true", "state", "empty"))
	if d := cmp.Diff([]string{"empty delete waiting", "soon delete waiting"}, p.summary()); d != "" {
		t.Fatal(d)
	}
	all := g.must(t, "", "/plan", form("action", "service.delete", "selection", `[{"serviceName":"filled"},{"serviceName":"none"}]`))
	if d := cmp.Diff([]string{"filled none not_empty1 waiting", "none none missing waiting"}, all.summary()); d != "" {
		t.Error(d)
	}
	register(t, g, "soon", "192.0.2.2", "&ephemeral=false")
	p = g.must(t, "", "/"+p.PlanID+"/apply", nil)
	if d := cmp.Diff([]string{"empty delete done", "soon delete conflict"}, p.summary()); d != "" {
		t.Error(d)
	}
	get := func() string {
		return g.call(http.MethodGet, "/nacos/v1/ns/service?serviceName=empty", nil).Body.String()
	}
	if strings.Contains(get(), `"protectThreshold"`) {
		t.Errorf("it is there: %s", get())
	}
	g.must(t, "", "/"+g.must(t, "", "/"+p.PlanID+"/undo-plan", nil).PlanID+"/apply", nil)
	if s := get(); !strings.Contains(s, `"protectThreshold":0.5`) || !strings.Contains(s, `"a":"b"`) {
		t.Errorf("it is not what it was: %s", s)
	}
}

// TestPlanRights: everybody may plan, and is told what he may not do; what counts is
// what he may when it is done. A plan is its maker's alone.
func TestPlanRights(t *testing.T) {
	t.Parallel()
	g := veiled(t)
	g.publish(t, "public", "plain.txt", "plain")
	if err := g.auth.AddPermission(t.Context(), "role of reader", "dev:*:*", "rw"); err != nil {
		t.Fatal(err)
	}
	clone := func(name string) url.Values {
		return form("action", "config.clone", "targetNamespaceId", "dev", "selection", chosenIDs(name))
	}
	for _, c := range []struct {
		who  string
		ask  url.Values
		want string
		sees bool
	}{
		{"reader", form("action", "config.delete", "selection", chosenIDs("a.yaml")), "a.yaml delete gray1", true},
		{"revealer", clone("a.yaml"), "a.yaml create refused", true}, // he may not write there
		{"reader", clone("a.yaml"), "a.yaml create refused", true},   // it has secrets that he may not see
		{"reader", clone("plain.txt"), "plain.txt create", true},
		{"admin", clone("a.yaml"), "a.yaml create", true},
		{"blind", form("action", "config.delete", "selection", chosenIDs("plain.txt")), "plain.txt delete refused", false},
		{"blind", form("action", "instance.disable", "selection", `[{"serviceName":"s","ip":"192.0.2.1","port":1}]`), "s none missing refused", false},
	} {
		p := g.must(t, c.who, "/plan", c.ask)
		it := p.Items[0]
		if got := strings.TrimSuffix(it.summary(), " waiting"); got != c.want || (it.Before != nil || it.After != nil) != c.sees {
			t.Errorf("%s %v: %s %+v", c.who, c.ask, got, it)
		}
		for _, other := range []string{"blind", "admin"} {
			if other == c.who {
				continue
			}
			for method, path := range map[string]string{http.MethodGet: "", http.MethodPost: "/apply"} {
				if _, status, key := g.bulk(t, other, method, "/"+p.PlanID+path, nil); status != http.StatusNotFound || key != "not_found" {
					t.Errorf("%s of another: %d %s", path, status, key)
				}
			}
		}
		if strings.Contains(c.want, "refused") {
			if p = g.must(t, c.who, "/"+p.PlanID+"/apply", nil); it.Effect != "none" && (p.Outcomes["denied"] != 1 || p.Items[0].Error == "") {
				t.Errorf("%s %v: %+v", c.who, c.ask, p)
			}
		}
	}
	if g.contentOf(t, "dev", "a.yaml").Content != "" || g.contentOf(t, "public", "plain.txt").Content != "plain" {
		t.Error("what was refused is done")
	}
	p := g.must(t, "reader", "/plan", form("action", "config.delete", "selection", chosenIDs("plain.txt")))
	if err := g.auth.RemovePermission(t.Context(), "role of reader", ":*:*", "rw"); err != nil {
		t.Fatal(err)
	}
	if p = g.must(t, "reader", "/"+p.PlanID+"/apply", nil); p.Outcomes["denied"] != 1 || g.contentOf(t, "public", "plain.txt").Content != "plain" {
		t.Errorf("a right that is gone still counts: %+v", p)
	}
	if _, status, _ := g.bulk(t, "nobody", http.MethodPost, "/plan", form("action", "config.delete", "selection", chosenIDs("a.yaml"))); status != http.StatusForbidden && status != http.StatusUnauthorized {
		t.Errorf("nobody plans: %d", status)
	}
}

// TestPlanBounds are requests for which there is no plan.
func TestPlanBounds(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	many := func(n int) string {
		names := []string{}
		for i := range n {
			names = append(names, fmt.Sprint("c", i))
		}
		return chosenIDs(names...)
	}
	for name, c := range map[string]struct {
		ask    url.Values
		status int
		key    string
	}{
		"no action":       {form("selection", chosenIDs("a")), 400, "missing"},
		"unknown action":  {form("action", "config.explode", "selection", chosenIDs("a")), 400, "invalid"},
		"no selection":    {form("action", "config.delete"), 400, "missing"},
		"no list":         {form("action", "config.delete", "selection", "{}"), 400, "invalid"},
		"nothing":         {form("action", "config.delete", "selection", "[]"), 400, "invalid"},
		"too many":        {form("action", "config.delete", "selection", many(1001)), 413, "too_large"},
		"twice":           {form("action", "config.delete", "selection", chosenIDs("a", "a")), 400, "invalid"},
		"no name":         {form("action", "config.delete", "selection", `[{"groupName":"G"}]`), 400, ""},
		"nothing is so":   {form("action", "config.delete", "query", "true", "q", "none"), 400, "invalid"},
		"onto itself":     {form("action", "config.clone", "targetNamespaceId", "public", "selection", chosenIDs("a")), 400, "invalid"},
		"no target":       {form("action", "config.clone", "selection", chosenIDs("a")), 400, "missing"},
		"unknown target":  {form("action", "config.clone", "targetNamespaceId", "nowhere", "selection", chosenIDs("a")), 404, "not_found"},
		"unknown policy":  {form("action", "config.clone", "targetNamespaceId", "public", "policy", "ABORT", "selection", chosenIDs("a")), 400, "invalid"},
		"no weight":       {form("action", "instance.weight", "value", "heavy", "selection", `[{"serviceName":"s"}]`), 400, "invalid"},
		"no number":       {form("action", "instance.weight", "value", "NaN", "selection", `[{"serviceName":"s"}]`), 400, "invalid"},
		"a long name":     {form("action", "service.delete", "selection", `[{"serviceName":"`+strings.Repeat("s", 3000)+`"}]`), 400, "invalid"},
		"an odd filter":   {form("action", "instance.enable", "query", "true", "health", "so-so"), 400, "invalid"},
		"an odd service":  {form("action", "service.delete", "query", "true", "state", "odd"), 400, "invalid"},
		"a selected twin": {form("action", "instance.enable", "selection", `[{"serviceName":"s","ip":"1","port":1},{"serviceName":"s","groupName":"DEFAULT_GROUP","ip":"1","port":1}]`), 400, "invalid"},
	} {
		if p, status, key := g.bulk(t, "", http.MethodPost, "/plan", c.ask); status != c.status || c.key != "" && key != c.key {
			t.Errorf("%s: %d %s %+v", name, status, key, p)
		}
	}
	if p := g.must(t, "", "/plan", form("action", "config.delete", "selection", many(1000))); p.Of != 1000 || p.Effects["none"] != 1000 {
		t.Errorf("%d of 1000", p.Of)
	}
	for _, path := range []string{"/plan/apply", "/0/apply", "/0/undo-plan"} {
		if _, status, key := g.bulk(t, "", http.MethodPost, path, nil); status != http.StatusNotFound || key != "not_found" {
			t.Errorf("%s: %d %s", path, status, key)
		}
	}
	w := g.call(http.MethodPost, "/nacos/v3/console/ext/bulk/plan?"+form("action", "config.delete", "selection", chosenIDs("a")).Encode(), nil)
	if w.Code != http.StatusForbidden {
		t.Errorf("another page makes a plan: %d %s", w.Code, w.Body)
	}
}
