package persistence_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/test/mariadb"
)

// What is in the embedded database comes over to a MySQL, once however often it
// is asked for, and what is there already stays.
func TestMove(t *testing.T) {
	from := open(t)
	for _, name := range []string{"a", "b", "there"} {
		op := publish(name, "one "+name)
		op.Tags, op.Desc = new("x,y"), new("d")
		mustApply(t, from, op)
		mustApply(t, from, publish(name, "two "+name))
	}
	mustApply(t, from, publish("gone", "x"))
	mustApply(t, from, persistence.RemoveConfig{ConfigKey: key("gone"), Writer: writer("x")})
	mustApply(t, from, persistence.PublishGray{ConfigKey: key("a"), Writer: writer("x"), Name: "beta", Rule: persistence.BetaRule("10.0.0.1"), Content: "g", MD5: digest("g")})
	mustApply(t, from, persistence.CreateTenant{ID: "dev", Name: "Dev", Time: now})
	mustApply(t, from, persistence.CreateUser{Name: "u", Password: "p", First: "ROLE_ADMIN"})
	mustApply(t, from, persistence.AddPermission{Role: "r", Resource: ":*:*", Action: "r"})
	mustApply(t, from, persistence.RevokeTokens{User: "u", Before: now})
	mustApply(t, from, persistence.EndSession{User: "u", ID: "s", Expires: now, Now: now, Max: 1})
	mustApply(t, from, persistence.PutPolicy{Tenant: "dev", Policy: "{}", Rows: 1})
	mustApply(t, from, persistence.PutPreference{User: "u", Name: "theme", Value: "dark", Bounds: persistence.PreferenceBounds{Names: 1, Bytes: 9, Rows: 1}})

	s := mariadb.Start(t)
	to := openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{source(s, s.Create("nacos"))}})
	mustApply(t, to, publish("there", "of its own"))
	m := must(persistence.Move(t.Context(), from, to, now))(t)
	want := persistence.Moved{
		Contents: persistence.Contents{Configs: 2, Grays: 1, Tenants: 1, Users: 1}, Roles: 1, Permissions: 1, History: 7,
		Kept: persistence.Contents{Configs: 1},
	}
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
	if again := must(persistence.Move(t.Context(), from, to, now))(t); again.Contents != (persistence.Contents{}) || again.History != 0 {
		t.Errorf("%+v", again)
	}
	if at := must(from.MovedAt(t.Context()))(t); !at.Equal(now) {
		t.Errorf("moved at %v", at)
	}
	for _, name := range []string{"a", "b"} {
		w, g := must(from.Config(t.Context(), key(name)))(t), must(to.Config(t.Context(), key(name)))(t)
		w.ID = g.ID
		if d := cmp.Diff(w, g); d != "" {
			t.Error(d)
		}
		wh, gh := must(from.HistoryOf(t.Context(), key(name), 1, 10))(t), must(to.HistoryOf(t.Context(), key(name), 1, 10))(t)
		for i := range wh.Items {
			wh.Items[i].NID = gh.Items[i].NID
			if wh.Items[i].ID != 0 && wh.Items[i].PublishType == "formal" {
				wh.Items[i].ID = g.ID
			}
		}
		if d := cmp.Diff(wh, gh); d != "" {
			t.Error(d)
		}
	}
	if c := must(to.Config(t.Context(), key("there")))(t); c.Content != "of its own" {
		t.Errorf("%+v", c)
	}
	if r := must(to.Revocations(t.Context()))(t); len(r) != 1 {
		t.Errorf("%+v", r)
	}
	if r := must(to.EndedSessions(t.Context()))(t); len(r) != 1 || r[0].ID != "s" || !r[0].Expires.Equal(now) {
		t.Errorf("%+v", r)
	}
	if p := must(to.Policies(t.Context()))(t); len(p) != 1 || p[0].Tenant != "dev" {
		t.Errorf("%+v", p)
	}
	if p := must(to.Preferences(t.Context(), "u"))(t); len(p) != 1 || p[0].Value != "dark" {
		t.Errorf("%+v", p)
	}
}
