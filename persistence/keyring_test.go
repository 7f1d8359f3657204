package persistence_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/persistence"
)

func ring(tb testing.TB, plain bool, ids ...string) *persistence.Keyring {
	tb.Helper()
	var keys []persistence.Key
	for _, id := range ids {
		keys = append(keys, persistence.Key{ID: id, Secret: bytes.Repeat([]byte(id[:1]), 32)})
	}
	return must(persistence.NewKeyring(keys, plain))(tb)
}

func TestContentAtRest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.db")
	const plain = "password=the quick brown fox"
	secret := plain + strings.Repeat(".", 20_000) // takes pages of its own, which are free afterwards
	in := func(r *persistence.Keyring, fn func(*persistence.DB)) {
		t.Helper()
		db := must(persistence.OpenFile(path, persistence.Options{Keys: r}))(t)
		fn(db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	readable := func(db *persistence.DB, want bool) {
		t.Helper()
		for _, name := range []string{"a", "b"} {
			c := must(db.Config(t.Context(), key(name)))(t)
			g := must(db.Gray(t.Context(), key(name), "beta"))(t)
			h := must(db.HistoryOf(t.Context(), key(name), 1, 1))(t)
			row := must(db.History(t.Context(), h.Items[0].NID))(t)
			if got := c.Content == secret && g.Content == secret && row.Content == secret && c.Err == nil; got != want {
				t.Errorf("%s: %+v %+v %+v", name, c, g, row)
			}
			if c.MD5 != digest(secret) || want == (c.Err != nil) {
				t.Errorf("%+v", c)
			}
		}
	}
	write := func(db *persistence.DB, name string) {
		t.Helper()
		mustApply(t, db, publish(name, secret))
		mustApply(t, db, publish(name, secret)) // a row of history with what was
		mustApply(t, db, persistence.PublishGray{ConfigKey: key(name), Writer: writer("x"), Name: "beta", Rule: persistence.BetaRule("1"), Content: secret, MD5: digest(secret)})
	}
	in(nil, func(db *persistence.DB) { write(db, "a") })
	in(ring(t, false, "old"), func(db *persistence.DB) {
		write(db, "b")
		readable(db, true)
		if _, err := db.SearchConfigs(t.Context(), persistence.ConfigSearch{Detail: "fox"}, 1, 10); !errors.Is(err, persistence.ErrSealed) {
			t.Errorf("searched: %v", err)
		}
		if r := must(db.Reseal(t.Context()))(t); r.Rows != 5 || r.Failed != 0 {
			t.Errorf("%+v", r) // the five rows of a: its config, its gray copy and three of history
		}
		readable(db, true)
	})
	inTheClear(t, path, plain)
	in(nil, func(db *persistence.DB) { readable(db, false) })
	in(ring(t, false, "new", "old"), func(db *persistence.DB) {
		readable(db, true)
		if r := must(db.Reseal(t.Context()))(t); r.Rows != 10 {
			t.Errorf("%+v", r)
		}
		if r := must(db.Reseal(t.Context()))(t); r.Rows != 0 {
			t.Errorf("again %+v", r)
		}
	})
	in(ring(t, false, "old"), func(db *persistence.DB) {
		readable(db, false)
		if r := must(db.Reseal(t.Context()))(t); r.Failed != 10 {
			t.Errorf("%+v", r)
		}
	})
	in(ring(t, true, "new"), func(db *persistence.DB) {
		readable(db, true)
		must(db.Reseal(t.Context()))(t)
	})
	in(nil, func(db *persistence.DB) { readable(db, true) })
}

// inTheClear fails the test where a text stands in the file of a closed database,
// in what is free in it too.
func inTheClear(t *testing.T, path, what string) {
	t.Helper()
	if b := must(os.ReadFile(path))(t); bytes.Contains(b, []byte(what)) {
		t.Errorf("%q stands in %s", what, filepath.Base(path))
	}
}

func TestSealedLogEntries(t *testing.T) {
	db := must(persistence.OpenFile(filepath.Join(t.TempDir(), "p.db"), persistence.Options{Keys: ring(t, false, "k")}))(t)
	defer func() { _ = db.Close() }()
	b := must(db.Seal(publish("a", "a secret")))(t)
	if bytes.Contains(b, []byte("a secret")) {
		t.Error("the entry is readable")
	}
	if got := must(db.Unseal(b))(t).(persistence.PublishConfig); got.Content != "a secret" {
		t.Errorf("%+v", got)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 1
		if op, err := db.Unseal(bad); err == nil && op.(persistence.PublishConfig).Content != "a secret" {
			t.Fatalf("byte %d: %+v", i, op)
		}
	}
}

func TestKeyringRefuses(t *testing.T) {
	good := bytes.Repeat([]byte("x"), 32)
	for name, keys := range map[string][]persistence.Key{
		"short": {{ID: "a", Secret: good[1:]}},
		"no id": {{Secret: good}},
		"colon": {{ID: "a:b", Secret: good}},
		"twice": {{ID: "a", Secret: good}, {ID: "a", Secret: good}},
	} {
		if _, err := persistence.NewKeyring(keys, false); err == nil || strings.Contains(err.Error(), "xxx") {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantRefusal(t, open(t), publish("a", "pharos:sealed:v1:x"), persistence.ErrValue)
}

// What a leader asks of an entry: the version that it takes, or that it cannot be
// read here.
func TestSinceSealed(t *testing.T) {
	open := func(r *persistence.Keyring) *persistence.DB {
		db := must(persistence.OpenFile(filepath.Join(t.TempDir(), "p.db"), persistence.Options{Keys: r}))(t)
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	plain, sealed, other := open(nil), open(ring(t, false, "a")), open(ring(t, false, "b"))
	op := publish("a", "x")
	readable, secret := must(plain.Seal(op))(t), must(sealed.Seal(op))(t)
	for _, tt := range []struct {
		name  string
		db    *persistence.DB
		b     []byte
		known bool
	}{
		{"plain", plain, readable, true},
		{"plain, by one that seals", sealed, readable, true},
		{"sealed", sealed, secret, true},
		{"sealed, by one without a key", plain, secret, false},
		{"sealed with another key", other, secret, false},
		{"of a later version", plain, append([]byte{0xf0, 0x01}, readable[2:]...), false},
		{"cut", plain, readable[:1], false},
	} {
		v, err := tt.db.SinceSealed(tt.b)
		if (err == nil) != tt.known || tt.known && v != persistence.Since(op) {
			t.Errorf("%s: %d %v", tt.name, v, err)
		}
	}
}
