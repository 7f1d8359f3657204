package persistence_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pharos-registry/pharos/persistence"
)

// A namespace has one policy, which goes with it.
func testPolicies(t *testing.T, db *persistence.DB) {
	t.Helper()
	check := func(want ...persistence.Policy) {
		t.Helper()
		if d := cmp.Diff(want, must(db.Policies(t.Context()))(t), cmpopts.EquateEmpty()); d != "" {
			t.Error(d)
		}
	}
	put := func(tenant, policy string) persistence.PutPolicy {
		return persistence.PutPolicy{Tenant: tenant, Policy: policy, Rows: 2}
	}
	check()
	mustApply(t, db, persistence.CreateTenant{ID: "prod", Name: "Production"})
	mustApply(t, db, put("prod", "{}"))
	mustApply(t, db, put("prod", `{"protected":true}`))
	mustApply(t, db, put("", `{"color":"red"}`))
	check(persistence.Policy{Policy: `{"color":"red"}`}, persistence.Policy{Tenant: "prod", Policy: `{"protected":true}`})
	wantRefusal(t, db, put("dev", "{}"), persistence.ErrTooMany)
	wantRefusal(t, db, put(strings.Repeat("x", 129), "{}"), persistence.ErrValue)
	wantRefusal(t, db, put("dev", strings.Repeat("x", 1025)), persistence.ErrValue)
	mustApply(t, db, persistence.RemoveTenant{ID: "prod"})
	check(persistence.Policy{Policy: `{"color":"red"}`})
	mustApply(t, db, put("", ""))
	check()
}

// What a change is for stands in its row of history, and nowhere else.
func testNotes(t *testing.T, db *persistence.DB) {
	t.Helper()
	by := func(note string) persistence.Writer {
		w := writer("ann")
		w.Note = note
		return w
	}
	config := func(content, note string) persistence.PublishConfig {
		p := publish("a", content)
		p.Writer = by(note)
		return p
	}
	gray := persistence.PublishGray{ConfigKey: key("a"), Name: "tag_x", Rule: persistence.TagRule("x"), Content: "g", MD5: digest("g"), Writer: by("a try")}
	mustApply(t, db, config("one", " first \U0001F680 "))
	mustApply(t, db, config("two", ""))
	mustApply(t, db, config("three", `what "was" <asked>`))
	mustApply(t, db, gray)
	mustApply(t, db, persistence.RemoveGray{ConfigKey: key("a"), Name: "tag_x", Writer: by("no good")})
	mustApply(t, db, persistence.RemoveConfig{ConfigKey: key("a"), Writer: by("not needed")})
	wantRefusal(t, db, config("four", strings.Repeat("x", 1025)), persistence.ErrValue)

	rows := must(db.HistoryOf(t.Context(), key("a"), 1, 10))(t).Items
	var got []string
	for _, r := range rows {
		_, note, _ := strings.Cut(*r.ExtInfo, `"note":`)
		got = append(got, strings.TrimSpace(r.Op)+" "+note)
	}
	want := []string{`D "not needed"}`, `D "no good"}`, `I "a try"}`, `U "what \"was\" <asked>"}`, `U `, `I "first \ud83d\ude80"}`}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
