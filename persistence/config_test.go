package persistence_test

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/persistence"
)

var now = time.UnixMilli(1795263958000).UTC()

func open(tb testing.TB) *persistence.DB {
	tb.Helper()
	db, err := persistence.Open(filepath.Join(tb.TempDir(), "p.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

func digest(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func key(dataID string) persistence.ConfigKey {
	return persistence.ConfigKey{Group: "G", DataID: dataID}
}

func writer(user string) persistence.Writer {
	return persistence.Writer{SrcUser: &user, SrcIP: "10.0.0.1", Time: now}
}

func publish(dataID, content string) persistence.PublishConfig {
	typ := "text"
	return persistence.PublishConfig{ConfigKey: key(dataID), Writer: writer("ann"), Content: content, MD5: digest(content), Type: &typ}
}

func mustApply(tb testing.TB, db *persistence.DB, op persistence.Op) persistence.Result {
	tb.Helper()
	res, err := db.Apply(tb.Context(), op)
	if err != nil {
		tb.Fatalf("apply %T: %v", op, err)
	}
	return res
}

func wantRefusal(t *testing.T, db *persistence.DB, op persistence.Op, want persistence.Refusal) {
	t.Helper()
	if _, err := db.Apply(t.Context(), op); !errors.Is(err, want) {
		t.Errorf("apply %T: got %v, want %v", op, err, want)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// operations are the tests of what a database does, on whichever engine.
var operations = map[string]func(*testing.T, *persistence.DB){
	"publish keeps history":           testPublishKeepsHistory,
	"publish keeps what is not given": testPublishKeepsWhatIsNotGiven,
	"publish refusals":                testPublishRefusals,
	"remove by ids":                   testRemoveByIDs,
	"search":                          testSearch,
	"gray":                            testGray,
	"capacity":                        testCapacity,
	"capacity of all":                 testCapacityOfAll,
	"purge history":                   testPurgeHistory,
	"tenants":                         testTenants,
	"users":                           testUsers,
	"ended sessions":                  testEndedSessions,
	"preferences":                     testPreferences,
	"policies":                        testPolicies,
	"notes of changes":                testNotes,
}

func TestOnSQLite(t *testing.T) {
	for name, fn := range operations {
		t.Run(name, func(t *testing.T) { fn(t, open(t)) })
	}
}

func testPublishKeepsHistory(t *testing.T, db *persistence.DB) {
	t.Helper()
	first := publish("a", "one")
	first.Tags, first.Desc, first.AppName = new("x,y"), new(" what it is "), new("shop")
	if res := mustApply(t, db, first); !res.Created || res.ID != 1 {
		t.Errorf("first publish: %+v", res)
	}
	if res := mustApply(t, db, publish("a", "two")); res.Created || res.ID != 1 {
		t.Errorf("second publish: %+v", res)
	}
	mustApply(t, db, persistence.RemoveConfig{ConfigKey: key("a"), Writer: writer("bob")})

	h := must(db.HistoryOf(t.Context(), key("a"), 1, 10))(t)
	type row struct{ Op, User, MD5, Ext string }
	var got []row
	for _, r := range h.Items {
		got = append(got, row{r.Op, *r.SrcUser, r.MD5, *r.ExtInfo})
	}
	want := []row{
		{"D", "bob", digest("two"), `{"type":"text","config_tags":"x,y","src_user":"ann"}`},
		{"U", "ann", digest("one"), `{"type":"text","config_tags":"x,y","src_user":"ann","c_desc":"what it is"}`},
		{"I", "ann", digest("one"), `{"src_user":"ann","type":"text","config_tags":"x,y","c_desc":"what it is"}`},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if ids := []int64{h.Items[0].ID, h.Items[1].ID, h.Items[2].ID}; !cmp.Equal(ids, []int64{1, 1, 0}) {
		t.Errorf("ids %v", ids)
	}
}

func testPublishKeepsWhatIsNotGiven(t *testing.T, db *persistence.DB) {
	t.Helper()
	first := publish("a", "one")
	first.Tags, first.Desc, first.AppName = new("x,y"), new("d"), new("shop")
	mustApply(t, db, first)
	mustApply(t, db, publish("a", "two"))
	c := must(db.Config(t.Context(), key("a")))(t)
	if *c.Tags != "x,y" || c.AppName != "shop" || c.Desc != nil || c.Content != "two" {
		t.Errorf("%+v", c)
	}
	third := publish("a", "three")
	third.Tags, third.AppName = new(""), new("")
	mustApply(t, db, third)
	if c = must(db.Config(t.Context(), key("a")))(t); c.Tags != nil || c.AppName != "" {
		t.Errorf("%+v", c)
	}
}

func testPublishRefusals(t *testing.T, db *persistence.DB) {
	t.Helper()
	cas := publish("a", "one")
	cas.CAS = "something"
	mustApply(t, db, cas) // an absent config is inserted whatever CAS says
	wantRefusal(t, db, cas, persistence.ErrConflict)
	insert := publish("a", "two")
	insert.InsertOnly = true
	wantRefusal(t, db, insert, persistence.ErrExists)
	twice := publish("b", "one")
	twice.Tags = new("t,t ")
	wantRefusal(t, db, twice, persistence.ErrValue)
	wantRefusal(t, db, persistence.RemoveConfig{ConfigKey: key("b"), Writer: writer("bob")}, persistence.ErrNotFound)
	if h := must(db.HistoryOf(t.Context(), key("a"), 1, 10))(t); h.Total != 1 {
		t.Errorf("a refused publish left history: %d rows", h.Total)
	}
	cas.CAS = digest("one")
	mustApply(t, db, cas)
}

func testRemoveByIDs(t *testing.T, db *persistence.DB) {
	t.Helper()
	for _, n := range []string{"a", "b", "c"} {
		mustApply(t, db, publish(n, n))
	}
	res := mustApply(t, db, persistence.RemoveConfigs{IDs: []int64{1, 3, 99}, Writer: writer("bob")})
	if d := cmp.Diff([]persistence.ConfigKey{key("a"), key("c")}, res.Keys); d != "" {
		t.Error(d)
	}
	left := must(db.ConfigPage(t.Context(), 0, 10, true))(t)
	if len(left) != 1 || left[0].Content != "b" {
		t.Errorf("%+v", left)
	}
}

func testSearch(t *testing.T, db *persistence.DB) {
	t.Helper()
	for i, n := range []string{"app.yaml", "App.yaml", "app_x", "a*b", "app[1]", "other"} {
		c := publish(n, "body of "+n)
		c.Tags = new([]string{"red", "blue", "red,blue", "green", "", "redder"}[i])
		c.AppName = new([]string{"one", "one ", "two", "", "", ""}[i])
		mustApply(t, db, c)
	}
	for name, tc := range map[string]struct {
		q    persistence.ConfigSearch
		want []string
	}{
		"all":             {persistence.ConfigSearch{}, []string{"app.yaml", "App.yaml", "app_x", "a*b", "app[1]", "other"}},
		"whole":           {persistence.ConfigSearch{DataID: "app_x"}, []string{"app_x"}},
		"star":            {persistence.ConfigSearch{DataID: "app*", Blur: true}, []string{"app.yaml", "app_x", "app[1]"}},
		"live underscore": {persistence.ConfigSearch{DataID: "app_yaml", Blur: true}, []string{"app.yaml"}},
		"escaped":         {persistence.ConfigSearch{DataID: `app\_*`, Blur: true}, []string{"app_x"}},
		"percent":         {persistence.ConfigSearch{DataID: "%[1]", Blur: true}, []string{"app[1]"}},
		"app, blanks":     {persistence.ConfigSearch{AppName: "one"}, []string{"app.yaml", "App.yaml"}},
		"tags, twice":     {persistence.ConfigSearch{Tags: []string{"red", "blue"}}, []string{"app.yaml", "App.yaml", "app_x", "app_x"}},
		"tag patterns":    {persistence.ConfigSearch{Tags: []string{"red*", "b*"}, TagPatterns: true}, []string{"app.yaml", "App.yaml", "app_x", "other"}},
		"content":         {persistence.ConfigSearch{Detail: "of*x", Blur: true}, []string{"app_x"}},
		"content, whole":  {persistence.ConfigSearch{Detail: "of*x"}, []string{}},
		"types":           {persistence.ConfigSearch{Types: []string{"json"}, Blur: true}, []string{}},
		"group":           {persistence.ConfigSearch{Group: "H"}, []string{}},
		"tenant":          {persistence.ConfigSearch{Tenant: "dev"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			p := must(db.SearchConfigs(t.Context(), tc.q, 1, 100))(t)
			got := []string{}
			for _, c := range p.Items {
				got = append(got, c.DataID)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
			if p.Total != int64(len(tc.want)) {
				t.Errorf("total %d", p.Total)
			}
		})
	}
	if p := must(db.SearchConfigs(t.Context(), persistence.ConfigSearch{}, 3, 4))(t); p.Total != 6 || len(p.Items) != 0 {
		t.Errorf("page beyond the end: %+v", p)
	}
}

func testGray(t *testing.T, db *persistence.DB) {
	t.Helper()
	op := persistence.PublishGray{
		ConfigKey: key("a"), Writer: writer("ann"), Name: persistence.BetaName, Rule: persistence.BetaRule("10.0.0.1,10.0.0.2"),
		Content: "beta", MD5: digest("beta"), Max: 1,
	}
	if res := mustApply(t, db, op); !res.Created {
		t.Errorf("%+v", res)
	}
	op.CAS = "other"
	wantRefusal(t, db, op, persistence.ErrConflict)
	op.CAS, op.Content, op.MD5 = digest("beta"), "beta 2", digest("beta 2")
	mustApply(t, db, op)
	tag := op
	tag.Name, tag.Rule = persistence.TagPrefix+"blue", persistence.TagRule("blue")
	wantRefusal(t, db, tag, persistence.ErrTooMany)
	g := must(db.Gray(t.Context(), key("a"), "beta"))(t)
	if g.Content != "beta 2" || g.Rule != `{"type":"beta","version":"1.0.0","expr":"10.0.0.1,10.0.0.2","priority":2147483647}` || !g.Modified.Equal(now) {
		t.Errorf("%+v", g)
	}
	mustApply(t, db, persistence.RemoveGray{ConfigKey: key("a"), Writer: writer("bob"), Name: "beta"})
	wantRefusal(t, db, persistence.RemoveGray{ConfigKey: key("a"), Writer: writer("bob"), Name: "beta"}, persistence.ErrNotFound)
	h := must(db.HistoryOf(t.Context(), key("a"), 1, 10))(t)
	if len(h.Items) != 3 || h.Items[0].Op != "D" || h.Items[0].PublishType != "gray" || *h.Items[0].GrayName != "beta" ||
		*h.Items[0].ExtInfo != `{"gray_name":"beta","src_user":"ann","gray_rule":"{\"type\":\"beta\",\"expr\":\"10.0.0.1,10.0.0.2\",\"version\":\"1.0.0\",\"priority\":\"2147483647\"}"}` {
		t.Errorf("%+v", h.Items)
	}
}

func testCapacity(t *testing.T, db *persistence.DB) {
	t.Helper()
	q := &persistence.Quotas{Cluster: 100, Group: 2, Tenant: 2, Percent: 100}
	for _, n := range []string{"a", "b"} {
		mustApply(t, db, publish(n, n)) // not counted
	}
	c := publish("c", "c")
	c.Count = q
	mustApply(t, db, c)
	group := must(db.Capacity(t.Context(), persistence.CapacityOf{Name: "G"}))(t)
	if group.Usage != 3 || group.Quota != 5 {
		t.Errorf("%+v", group)
	}
	mustApply(t, db, persistence.RemoveConfig{ConfigKey: key("a"), Writer: writer("x"), Count: q})
	whole := must(db.Capacity(t.Context(), persistence.CapacityOf{}))(t)
	if whole.Usage != 2 || whole.Quota != 0 {
		t.Errorf("%+v", whole)
	}
	mustApply(t, db, persistence.RemoveConfig{ConfigKey: key("b"), Writer: writer("x")})
	mustApply(t, db, persistence.CorrectUsage{Time: now})
	if group = must(db.Capacity(t.Context(), persistence.CapacityOf{Name: "G"}))(t); group.Usage != 1 {
		t.Errorf("%+v", group)
	}
	of := persistence.EnsureCapacity{Of: persistence.CapacityOf{Tenant: true, Name: "dev"}, Quotas: *q, Time: now}
	mustApply(t, db, persistence.UpdateCapacity{EnsureCapacity: of, MaxSize: new(int64(77))})
	if got := must(db.Capacity(t.Context(), of.Of))(t); got.MaxSize != 77 || got.Usage != 0 {
		t.Errorf("%+v", got)
	}
}

func testCapacityOfAll(t *testing.T, db *persistence.DB) {
	t.Helper()
	q := persistence.Quotas{Cluster: 100, Group: 2, Tenant: 2, Percent: 100}
	for _, n := range []string{"a", "b"} {
		mustApply(t, db, publish(n, n))
		c := publish(n, n)
		c.Tenant = "dev"
		mustApply(t, db, c)
	}
	c := publish("c", "c")
	c.Tenant, c.Group = "prod", "H"
	mustApply(t, db, c)
	h := publish("c", "c")
	h.Group = "H"
	mustApply(t, db, h)
	set := persistence.UpdateCapacity{EnsureCapacity: persistence.EnsureCapacity{Of: persistence.CapacityOf{Name: "H"}, Quotas: q, Time: now}, Quota: new(int64(7))}
	mustApply(t, db, set)
	for range 2 { // the second time all are there
		mustApply(t, db, persistence.InitCapacity{Quotas: q, Time: now})
		for of, want := range map[persistence.CapacityOf][2]int64{
			{Name: ""}: {6, 0}, {Name: "G"}: {2, 4}, {Name: "H"}: {1, 7}, {Tenant: true, Name: "dev"}: {2, 4}, {Tenant: true, Name: "prod"}: {1, 0},
		} {
			if got := must(db.Capacity(t.Context(), of))(t); got == nil || got.Usage != want[0] || got.Quota != want[1] {
				t.Errorf("%+v: %+v, want usage and quota %v", of, got, want)
			}
		}
	}
	if got := must(db.Capacity(t.Context(), persistence.CapacityOf{Tenant: true}))(t); got != nil {
		t.Errorf("the public namespace has a row of its own: %+v", got)
	}
}

func testPurgeHistory(t *testing.T, db *persistence.DB) {
	t.Helper()
	for i := range 5 {
		c := publish("a", "v")
		c.Time = now.Add(time.Duration(i) * time.Hour)
		mustApply(t, db, c)
	}
	if res := mustApply(t, db, persistence.PurgeHistory{Before: now.Add(90 * time.Minute), Limit: 100}); res.N != 2 {
		t.Errorf("by age: %+v", res)
	}
	if res := mustApply(t, db, persistence.PurgeHistory{Keep: 1, Limit: 100}); res.N != 2 {
		t.Errorf("by count: %+v", res)
	}
	if h := must(db.HistoryOf(t.Context(), key("a"), 1, 10))(t); h.Total != 1 || !h.Items[0].Modified.Equal(now.Add(4*time.Hour)) {
		t.Errorf("%+v", h)
	}
}

func testTenants(t *testing.T, db *persistence.DB) {
	t.Helper()
	mustApply(t, db, persistence.CreateTenant{ID: "dev", Name: "Dev", Time: now})
	wantRefusal(t, db, persistence.CreateTenant{ID: "dev", Name: "Dev", Time: now}, persistence.ErrExists)
	if res := mustApply(t, db, persistence.UpdateTenant{ID: "dev", Name: "D", Desc: new("d"), Time: now}); res.N != 1 {
		t.Errorf("%+v", res)
	}
	got := must(db.Tenants(t.Context()))(t)
	if d := cmp.Diff([]persistence.Tenant{{ID: "dev", Name: "D", Desc: new("d"), Created: now, Modified: now}}, got); d != "" {
		t.Error(d)
	}
	mustApply(t, db, persistence.RemoveTenant{ID: "dev"})
	if got := must(db.Tenant(t.Context(), "dev"))(t); got != nil {
		t.Errorf("%+v", got)
	}
}

func testUsers(t *testing.T, db *persistence.DB) {
	t.Helper()
	admin := persistence.CreateUser{Name: "nacos", Password: "hash", First: "ROLE_ADMIN"}
	mustApply(t, db, admin)
	wantRefusal(t, db, admin, persistence.ErrConflict)
	wantRefusal(t, db, persistence.CreateUser{Name: "nacos", Password: "h"}, persistence.ErrExists)
	mustApply(t, db, persistence.CreateUser{Name: "a_b", Password: "h"})
	mustApply(t, db, persistence.AddRole{Role: "dev", User: "a_b"})
	wantRefusal(t, db, persistence.AddRole{Role: "dev", User: "a_b"}, persistence.ErrExists)
	mustApply(t, db, persistence.AddPermission{Role: "dev", Resource: ":*:*", Action: "r"})
	wantRefusal(t, db, persistence.AddPermission{Role: "dev", Resource: ":*:*", Action: "r"}, persistence.ErrExists)
	for name, tc := range map[string]struct {
		m    persistence.Match
		want int64
	}{
		"all": {persistence.Match{}, 2}, "whole": {persistence.Match{Text: "a_b"}, 1}, "no pattern": {persistence.Match{Text: "a*"}, 0},
		"blur": {persistence.Match{Text: "a*", Blur: true}, 1}, "underscore stands for itself": {persistence.Match{Text: "naco_", Blur: true}, 0},
	} {
		if p := must(db.Users(t.Context(), tc.m, 1, 10))(t); p.Total != tc.want {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if got := must(db.Usernames(t.Context(), "_"))(t); !cmp.Equal(got, []string{"a_b"}) {
		t.Error(got)
	}
	if p := must(db.Roles(t.Context(), persistence.Match{}, persistence.Match{Text: "dev"}, 1, 10))(t); p.Total != 1 || p.Items[0].User != "a_b" {
		t.Errorf("%+v", p)
	}
	if p := must(db.Permissions(t.Context(), persistence.Match{Text: "dev"}, 1, 10))(t); p.Total != 1 {
		t.Errorf("%+v", p)
	}
	mustApply(t, db, persistence.RevokeTokens{User: "a_b", Before: now})
	mustApply(t, db, persistence.RevokeTokens{User: "a_b", Before: now.Add(-time.Hour)})
	if r := must(db.Revocations(t.Context()))(t); len(r) != 1 || !r[0].Before.Equal(now) {
		t.Errorf("%+v", r)
	}
	mustApply(t, db, persistence.RemoveUser{Name: "a_b", Roles: true})
	if u := must(db.User(t.Context(), "a_b"))(t); u != nil {
		t.Errorf("%+v", u)
	}
}
