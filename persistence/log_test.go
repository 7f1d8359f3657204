package persistence_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/persistence"
)

func openLog(tb testing.TB) (*persistence.DB, persistence.Log) {
	tb.Helper()
	db, err := persistence.OpenFile(filepath.Join(tb.TempDir(), "p.db"), persistence.Options{Replayed: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db, persistence.NewLog(db)
}

func entries(tb testing.TB, first uint64, ops ...persistence.Op) []persistence.Entry {
	tb.Helper()
	out := make([]persistence.Entry, len(ops))
	for i, op := range ops {
		out[i] = persistence.Entry{Index: first + uint64(i), Data: must(persistence.Marshal(op))(tb)}
	}
	return out
}

func TestLogAppliesOnce(t *testing.T) {
	db, log := openLog(t)
	var seen []string
	db.Observe(func(op persistence.Op, _ persistence.Result) {
		if p, ok := op.(persistence.PublishConfig); ok {
			seen = append(seen, p.DataID+"="+p.Content)
		}
	})
	cas := publish("a", "three")
	cas.CAS = "no such digest"
	batch := entries(t, 5, publish("a", "one"), publish("b", "two"), cas)
	got := log.ApplyBatch(batch)
	if got[0].Err != nil || got[1].Err != nil || !errors.Is(got[2].Err, persistence.ErrConflict) {
		t.Errorf("%+v", got)
	}
	if n := must(log.Applied())(t); n != 7 {
		t.Errorf("applied %d", n)
	}
	log.ApplyBatch(append(batch, entries(t, 8, publish("c", "four"))...)) // the first three again
	if d := cmp.Diff([]string{"a=one", "b=two", "c=four"}, seen); d != "" {
		t.Error(d)
	}
	if h := must(db.HistoryOf(t.Context(), key("a"), 1, 10))(t); h.Total != 1 {
		t.Errorf("an entry took effect twice: %d rows", h.Total)
	}
}

// An op that the database itself refuses after it has written must not take its
// neighbours with it, nor the index.
func TestLogLateRefusal(t *testing.T) {
	_, log := openLog(t)
	user := persistence.CreateUser{Name: "x", Password: "p", First: "ROLE_ADMIN"}
	got := log.ApplyBatch(entries(t, 1, publish("a", "one"), persistence.AddRole{Role: "ROLE_X", User: "x"}, user, publish("b", "two")))
	for i, a := range got {
		if a.Err != nil {
			t.Errorf("entry %d: %v", i, a.Err)
		}
	}
	if n := must(log.Applied())(t); n != 4 {
		t.Errorf("applied %d", n)
	}
}

func TestLogSnapshot(t *testing.T) {
	db, log := openLog(t)
	log.ApplyBatch(entries(t, 1, publish("a", "one"), publish("b", "two")))
	snap := must(log.Snapshot())(t)
	image := must(io.ReadAll(snap))(t)
	if err := snap.Close(); err != nil {
		t.Fatal(err)
	}

	other, otherLog := openLog(t)
	told := 0
	other.ObserveRestore(func() { told++ })
	otherLog.ApplyBatch(entries(t, 1, publish("z", "gone")))
	damaged := bytes.Clone(image)
	for i := 4096; i < len(damaged); i++ {
		damaged[i] ^= 0x55
	}
	for name, b := range map[string][]byte{"empty": nil, "text": []byte("not a database at all"), "damaged": damaged} {
		if err := otherLog.Restore(bytes.NewReader(b)); err == nil {
			t.Errorf("%s: restored", name)
		}
	}
	if c := must(other.Config(t.Context(), key("z")))(t); c == nil || told != 0 {
		t.Fatalf("a snapshot that was refused changed the database: %+v", c)
	}
	if err := otherLog.Restore(bytes.NewReader(image)); err != nil {
		t.Fatal(err)
	}
	want, got := must(db.ConfigPage(t.Context(), 0, 10, true))(t), must(other.ConfigPage(t.Context(), 0, 10, true))(t)
	if d := cmp.Diff(want, got); d != "" || told != 1 {
		t.Errorf("told %d times; %s", told, d)
	}
	otherLog.ApplyBatch(entries(t, 2, publish("b", "passed over"), publish("c", "three")))
	if c := must(other.Config(t.Context(), key("b")))(t); c.Content != "two" {
		t.Errorf("%+v", c)
	}
}

func TestAnswerTravels(t *testing.T) {
	for _, want := range []persistence.Answer{
		{Result: persistence.Result{ID: 7, Created: true, Time: now, Keys: []persistence.ConfigKey{key("a")}}},
		{Err: persistence.ErrConflict},
	} {
		var got persistence.Answer
		if err := json.Unmarshal(must(json.Marshal(want))(t), &got); err != nil {
			t.Fatal(err)
		}
		if !errors.Is(got.Err, want.Err) || !cmp.Equal(want.Result, got.Result) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
