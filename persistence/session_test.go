package persistence_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pharos-registry/pharos/persistence"
)

// One session is ended, then all but one, and the rows go when they have nothing
// to say any more.
func testEndedSessions(t *testing.T, db *persistence.DB) {
	t.Helper()
	one := persistence.EndSession{User: "ann", ID: "s1", Expires: now.Add(time.Hour), Now: now, Max: 2}
	all := persistence.EndSession{User: "ann", Before: now.Truncate(time.Second), Kept: "s2", Expires: now.Add(2 * time.Hour), Now: now, Max: 2}
	check := func(what string, want ...persistence.EndedSession) {
		t.Helper()
		if d := cmp.Diff(want, must(db.EndedSessions(t.Context()))(t), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
	rowOne := persistence.EndedSession{ID: "s1", User: "ann", Expires: one.Expires.UTC()}
	rowAll := persistence.EndedSession{User: "ann", Kept: "s2", Before: all.Before.UTC(), Expires: all.Expires.UTC()}
	check("nothing")
	mustApply(t, db, one)
	mustApply(t, db, one)
	check("one, twice", rowOne)
	mustApply(t, db, all)
	mustApply(t, db, all)
	check("all, twice", rowAll, rowOne)
	over := all
	over.Kept, over.Since, rowAll.Kept = "s3", all.Before, ""
	mustApply(t, db, over)
	check("all but one that is over", rowAll, rowOne)
	over.Since, rowAll.Kept = all.Before.Add(time.Second), "s3"
	mustApply(t, db, over)
	check("all but a later one", rowAll, rowOne)
	more := one
	more.ID = "s4"
	wantRefusal(t, db, more, persistence.ErrTooMany)
	check("one too many", rowAll, rowOne)
	mustApply(t, db, over) // which is never one too many
	more.User = "bob"
	mustApply(t, db, more)
	mustApply(t, db, persistence.EndSession{User: "bob", ID: "s4", Expires: now.Add(3 * time.Hour), Now: now.Add(90 * time.Minute), Max: 2})
	check("later", rowAll, persistence.EndedSession{ID: "s4", User: "bob", Expires: now.Add(3 * time.Hour).UTC()})
	wantRefusal(t, db, persistence.EndSession{User: strings.Repeat("x", 256), ID: "s", Max: 9}, persistence.ErrValue)
}

// Values are stored within their bounds, each user's apart.
func testPreferences(t *testing.T, db *persistence.DB) {
	t.Helper()
	put := func(user, name, value string) persistence.PutPreference {
		return persistence.PutPreference{User: user, Name: name, Value: value, Bounds: persistence.PreferenceBounds{Names: 2, Bytes: 10, Rows: 3}}
	}
	check := func(user string, want ...persistence.Preference) {
		t.Helper()
		if d := cmp.Diff(want, must(db.Preferences(t.Context(), user))(t), cmpopts.EquateEmpty()); d != "" {
			t.Error(d)
		}
	}
	mustApply(t, db, persistence.CreateUser{Name: "ann", Password: "hash"})
	check("ann")
	mustApply(t, db, put("ann", "a", "12345"))
	mustApply(t, db, put("ann", "a", "1234567890")) // in place of the one before
	check("ann", persistence.Preference{User: "ann", Name: "a", Value: "1234567890"})
	wantRefusal(t, db, put("ann", "b", "x"), persistence.ErrTooMany) // bytes
	mustApply(t, db, put("ann", "a", "é"))
	wantRefusal(t, db, put("ann", "b", "123456789"), persistence.ErrTooMany) // bytes, which are not letters
	mustApply(t, db, put("ann", "b", "12345678"))
	wantRefusal(t, db, put("ann", "c", "x"), persistence.ErrTooMany) // names
	mustApply(t, db, put("bob", "a", "x"))
	wantRefusal(t, db, put("eve", "a", "x"), persistence.ErrTooMany) // rows
	check("bob", persistence.Preference{User: "bob", Name: "a", Value: "x"})
	mustApply(t, db, put("ann", "a", ""))
	mustApply(t, db, put("ann", "a", ""))
	check("ann", persistence.Preference{User: "ann", Name: "b", Value: "12345678"})
	mustApply(t, db, persistence.RemoveUser{Name: "ann", Roles: true})
	check("ann")
	check("bob", persistence.Preference{User: "bob", Name: "a", Value: "x"})
	wantRefusal(t, db, put("bob", strings.Repeat("n", 65), "x"), persistence.ErrValue)
}
