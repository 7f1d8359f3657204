package persistence_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/test/mariadb"
)

func source(s *mariadb.Server, name string) persistence.Source {
	set := s.Settings(name)
	return persistence.Source{URL: set["db.url.0"], User: set["db.user.0"], Password: set["db.password.0"]}
}

func openMySQL(tb testing.TB, o persistence.MySQLOptions) *persistence.DB {
	tb.Helper()
	db, err := persistence.OpenMySQL(tb.Context(), o)
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

func TestOnMariaDB(t *testing.T) {
	s := mariadb.Start(t)
	for name, fn := range operations {
		t.Run(name, func(t *testing.T) {
			fn(t, openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{source(s, s.Create("nacos"))}}))
		})
	}
	t.Run("writers at once", func(t *testing.T) {
		db := openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{source(s, s.Create("nacos"))}})
		testWritersAtOnce(t, db)
	})
	t.Run("one writer at a time may not create", func(t *testing.T) { testMayNotCreate(t, s) })
}

// Writers of the same and of different configs all succeed, and each leaves its
// history row.
func testWritersAtOnce(t *testing.T, db *persistence.DB) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 20 {
				op := publish(fmt.Sprint("k", i%4), fmt.Sprint(w, ".", i))
				op.Tags = new("a,b")
				op.Count = &persistence.Quotas{Cluster: 100, Group: 100, Tenant: 100}
				if _, err := db.Apply(t.Context(), op); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var rows, inserts int64
	for i := range 4 {
		h := must(db.HistoryOf(t.Context(), key(fmt.Sprint("k", i)), 1, 500))(t)
		rows += h.Total
		for _, r := range h.Items {
			if r.Op == "I" {
				inserts++
			}
		}
	}
	if rows != 320 || inserts != 4 {
		t.Errorf("%d rows of history, %d inserts", rows, inserts)
	}
	if c := must(db.Capacity(t.Context(), persistence.CapacityOf{}))(t); c.Usage != 4 {
		t.Errorf("%+v", c)
	}
}

// A database user who may only read and write rows gets all but what needs
// tables of our own.
func testMayNotCreate(t *testing.T, s *mariadb.Server) {
	t.Helper()
	name := s.Create("nacos")
	s.Load(name, filepath.Join("testdata", "mysql", "nacos-2.0.3.sql"))
	admin := s.DB(name)
	for _, q := range []string{
		"CREATE OR REPLACE USER 'rows'@'127.0.0.1' IDENTIFIED BY 'a secret word'",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON nacos.* TO 'rows'@'127.0.0.1'",
	} {
		if _, err := admin.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	src := source(s, name)
	src.User, src.Password = "rows", "a secret word"
	db := openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{src}, Log: slog.New(slog.NewTextHandler(&out, nil))})
	wantRefusal(t, db, persistence.RevokeTokens{User: "x", Before: now}, persistence.ErrUnsupported)
	sealed := publish("cipher-x", "text")
	sealed.EncryptedDataKey = "key"
	wantRefusal(t, db, sealed, persistence.ErrUnsupported)
	mustApply(t, db, publish("plain", "text"))
	if n := strings.Count(out.String(), "may not create"); n != 2 {
		t.Errorf("said %d times:\n%s", n, out.String())
	}
	s.Create("nacos")
	_, err := persistence.OpenMySQL(t.Context(), persistence.MySQLOptions{Sources: []persistence.Source{src}})
	if err == nil || !strings.Contains(err.Error(), "may not create tables") || strings.Contains(err.Error(), "secret word") {
		t.Errorf("%v", err)
	}
}

// Nodes that start together find an empty database, and one of them makes the
// tables.
func TestMySQLStartsTogether(t *testing.T) {
	s := mariadb.Start(t)
	for round := range 3 {
		src := source(s, s.Create("nacos"+strconv.Itoa(round)))
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				db, err := persistence.OpenMySQL(t.Context(), persistence.MySQLOptions{Sources: []persistence.Source{src}, Pool: persistence.Pool{Max: 1}})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := db.Apply(t.Context(), persistence.PublishGray{ConfigKey: key("a"), Writer: writer("x"), Name: "tag_x", Rule: persistence.TagRule("x"), Content: "c", MD5: digest("c"), Max: 9}); err != nil {
					t.Error(err)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
}

func TestMySQLRefusesWhatIsNotNacos(t *testing.T) {
	s := mariadb.Start(t)
	name := s.Create("other")
	if _, err := s.DB(name).ExecContext(t.Context(), "CREATE TABLE config_info (id int)"); err != nil {
		t.Fatal(err)
	}
	for what, tc := range map[string]struct {
		src  persistence.Source
		want string
	}{
		"half a schema":  {source(s, name), "not a database of Nacos"},
		"no database":    {source(s, "nowhere"), "nowhere"},
		"wrong password": {persistence.Source{URL: source(s, name).URL, User: "nacos", Password: "wrong word"}, "Access denied"},
		"no host":        {persistence.Source{URL: "jdbc:mysql://127.0.0.1:1/x"}, "not available"},
	} {
		_, err := persistence.OpenMySQL(t.Context(), persistence.MySQLOptions{Sources: []persistence.Source{tc.src}})
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "wrong word") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// The database goes away and comes back: reads go on, writes are refused and
// work again by themselves; so do they after a start without the database.
func TestMySQLAway(t *testing.T) {
	s := mariadb.Start(t)
	o := persistence.MySQLOptions{
		Sources: []persistence.Source{source(s, s.Create("nacos"))},
		Copy:    filepath.Join(t.TempDir(), "copy.db"),
	}
	db := openMySQL(t, o)
	back := make(chan struct{}, 8)
	db.ObserveRestore(func() { back <- struct{}{} })
	op := publish("a", "one")
	op.Tags = new("x,y")
	mustApply(t, db, op)
	mustApply(t, db, persistence.PublishGray{ConfigKey: key("a"), Writer: writer("ann"), Name: "beta", Rule: persistence.BetaRule("10.0.0.1"), Content: "b", MD5: digest("b")})
	mustApply(t, db, persistence.CreateUser{Name: "u", Password: "p"})
	mustApply(t, db, persistence.CreateTenant{ID: "dev", Name: "Dev", Time: now})
	want := must(db.Config(t.Context(), key("a")))(t)
	until(t, "the copy is complete", func() bool { return persistence.CopyHas(db, key("a"), "beta", "u", "dev") })

	s.Kill()
	until(t, "writes are refused", func() bool {
		_, err := db.Apply(t.Context(), publish("b", "two"))
		return errors.Is(err, persistence.ErrUnavailable)
	})
	check := func(db *persistence.DB) {
		t.Helper()
		var got *persistence.ConfigInfo
		until(t, "reads go on", func() bool {
			var err error
			got, err = db.Config(t.Context(), key("a"))
			return err == nil && got != nil
		})
		if got.Content != want.Content || got.ID != want.ID || *got.Tags != "x,y" || !got.Modified.Equal(want.Modified) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if u := must(db.User(t.Context(), "u"))(t); u == nil {
			t.Error("the user is gone")
		}
		if _, err := db.HistoryOf(t.Context(), key("a"), 1, 10); !errors.Is(err, persistence.ErrUnavailable) {
			t.Errorf("history without the database: %v", err)
		}
	}
	check(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openMySQL(t, o)
	db.ObserveRestore(func() { back <- struct{}{} })
	check(db)
	s.Restart()
	<-back
	mustApply(t, db, publish("b", "two"))
	if h := must(db.HistoryOf(t.Context(), key("a"), 1, 10))(t); h.Total != 2 {
		t.Errorf("%+v", h)
	}
}

// Of two databases the first that can be written to is the master.
func TestMySQLFailover(t *testing.T) {
	one, two := mariadb.Start(t), mariadb.Start(t)
	db := openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{source(one, one.Create("nacos")), source(two, two.Create("nacos"))}})
	mustApply(t, db, publish("a", "one"))
	if _, err := one.DB("").ExecContext(t.Context(), "SET GLOBAL read_only = 1"); err != nil {
		t.Fatal(err)
	}
	one.Kill()
	until(t, "the second is the master", func() bool {
		_, err := db.Apply(t.Context(), publish("a", "two"))
		return err == nil
	})
	if c := must(db.Config(t.Context(), key("a")))(t); c.Content != "two" {
		t.Errorf("%+v", c)
	}
}

// A user of the database who may only read: what is refused is told to the caller
// as such, and to the operator, once.
func TestMySQLReadOnlyUser(t *testing.T) {
	s := mariadb.Start(t)
	name := s.Create("nacos")
	mustApply(t, openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{source(s, name)}}), publish("a", "one"))
	for _, statement := range []string{"CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'only'", "GRANT SELECT ON `" + name + "`.* TO reader@'127.0.0.1'"} {
		if _, err := s.DB("").ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	from := source(s, name)
	from.User, from.Password = "reader", "only"
	db := openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{from}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if c := must(db.Config(t.Context(), key("a")))(t); c == nil || c.Content != "one" {
		t.Errorf("%+v", c)
	}
	for range 3 {
		if _, err := db.Apply(t.Context(), publish("a", "two")); !errors.Is(err, persistence.ErrDenied) {
			t.Errorf("%v", err)
		}
	}
	if got := log.String(); strings.Count(got, "a write failed") != 1 || !strings.Contains(got, "PublishConfig") || strings.Contains(got, "two") {
		t.Errorf("logged:\n%s", got)
	}
}

// until waits for something that other processes bring about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("not so: %s", what)
		}
	}
}
