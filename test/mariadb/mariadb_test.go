package mariadb_test

import (
	"testing"

	"github.com/pharos-registry/pharos/test/mariadb"
)

// The helper itself: rows survive a kill, and a database can be made twice.
func TestServerSurvivesKill(t *testing.T) {
	s := mariadb.Start(t)
	name := s.Create("helper")
	db := s.DB(name)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (v varchar(20)); INSERT INTO t VALUES ('héllo 😀')"); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	s.Restart()
	var v string
	if err := s.DB(name).QueryRowContext(t.Context(), "SELECT v FROM t").Scan(&v); err != nil || v != "héllo 😀" {
		t.Fatalf("after a kill the row reads %q (%v)", v, err)
	}
	s.Create(name)
	if err := s.DB(name).QueryRowContext(t.Context(), "SELECT v FROM t").Scan(&v); err == nil {
		t.Fatal("a database made again still has its table")
	}
}
