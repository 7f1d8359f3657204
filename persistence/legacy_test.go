package persistence_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/test/mariadb"
)

// A database of 2.0 to 2.4 that a 2.5 was started on has both models: the tables
// for beta and tag are kept in step, and what is newer there comes over.
func TestBothGrayModels(t *testing.T) {
	s := mariadb.Start(t)
	name := s.Create("nacos")
	s.Load(name, filepath.Join("testdata", "mysql", "nacos-2.0.3.sql"))
	raw := s.DB(name)
	for _, q := range []string{
		"CREATE TABLE config_info_gray (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, data_id varchar(255) NOT NULL, group_id varchar(128) NOT NULL, content longtext NOT NULL, md5 varchar(32), src_user text, src_ip varchar(100), " +
			"gmt_create datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), gmt_modified datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), app_name varchar(128), tenant_id varchar(128) DEFAULT '', gray_name varchar(128) NOT NULL, gray_rule text NOT NULL, " +
			"encrypted_data_key varchar(256) NOT NULL DEFAULT '', UNIQUE KEY (data_id, group_id, tenant_id, gray_name)) ENGINE=InnoDB DEFAULT CHARSET=utf8",
		"INSERT INTO config_info_gray (data_id, group_id, content, md5, gmt_modified, gray_name, gray_rule) VALUES ('lamp', 'shade', 'newer', 'm', '2025-01-01', 'tag_amber', '{}')",
	} {
		if _, err := raw.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	db := openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{source(s, name)}})
	lamp := persistence.ConfigKey{Group: "shade", DataID: "lamp"}
	g := must(db.GraysOf(t.Context(), lamp))(t)
	if len(g) != 3 || g[0].Name != "beta" || g[0].Rule != persistence.BetaRule("198.51.100.1,198.51.100.2").String() || *g[0].SrcUser != "nacos_auto_migrate" ||
		g[1].Content != "newer" || g[2].Content != "blue copy 蓝" || g[2].Modified.Year() != 2021 {
		t.Errorf("%+v", g)
	}
	op := persistence.PublishGray{ConfigKey: lamp, Writer: writer("ann"), Name: "beta", Rule: persistence.BetaRule("10.0.0.1"), Content: "b", MD5: digest("b")}
	mustApply(t, db, op)
	if n := count(t, raw, "config_info_beta", "data_id = 'lamp' AND beta_ips = '10.0.0.1' AND content = 'b' AND src_user = 'ann'"); n != 1 {
		t.Errorf("%d rows in the table for beta", n)
	}
	mustApply(t, db, persistence.RemoveGray{ConfigKey: lamp, Writer: writer("ann"), Name: "tag_blue-2"})
	if n := count(t, raw, "config_info_tag", "data_id = 'lamp'") + count(t, raw, "config_info_gray", "data_id = 'lamp'"); n != 1+2 {
		t.Errorf("%d rows left", n)
	}
	alone := openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{source(s, name)}, OneGrayModel: true})
	op.Content, op.MD5 = "c", digest("c")
	mustApply(t, alone, op)
	if n := count(t, raw, "config_info_beta", "data_id = 'lamp' AND content = 'b'"); n != 1 {
		t.Errorf("the table for beta was touched")
	}
}

// DATETIME columns hold the wall clock of serverTimezone, whatever zone the
// server's session and this process are in.
func TestTimeZone(t *testing.T) {
	s := mariadb.Start(t)
	name := s.Create("nacos")
	src := source(s, name)
	src.URL += "&serverTimezone=Asia/Shanghai"
	db := openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{src}})
	mustApply(t, db, publish("a", "one"))
	shanghai := must(time.LoadLocation("Asia/Shanghai"))(t)
	if n := count(t, s.DB(name), "config_info", "gmt_modified = '"+now.In(shanghai).Format(time.DateTime)+"'"); n != 1 {
		t.Error("the row has another wall clock")
	}
	if c := must(db.Config(t.Context(), key("a")))(t); !c.Modified.Equal(now) {
		t.Errorf("%v, want %v", c.Modified, now)
	}
	if rows := must(db.ConfigsSince(t.Context(), now, 10))(t); len(rows) != 1 {
		t.Errorf("%+v", rows)
	}
	if rows := must(db.ConfigsSince(t.Context(), now.Add(time.Second), 10))(t); len(rows) != 0 {
		t.Errorf("%+v", rows)
	}
}

// Content at rest in a MySQL: sealed in its rows and in the copy.
func TestSealedMySQL(t *testing.T) {
	s := mariadb.Start(t)
	name := s.Create("nacos")
	s.Load(name, filepath.Join("testdata", "mysql", "nacos-2.5.1.sql"))
	o := persistence.MySQLOptions{Sources: []persistence.Source{source(s, name)}, Keys: ring(t, false, "k"), Copy: filepath.Join(t.TempDir(), "copy.db")}
	db := openMySQL(t, o)
	if r := must(db.Reseal(t.Context()))(t); r.Rows != 55+9+97 || r.Failed != 0 {
		t.Errorf("%+v", r)
	}
	if n := count(t, s.DB(name), "config_info", "content NOT LIKE 'pharos:sealed:v1:k:%'"); n != 0 {
		t.Errorf("%d rows in the clear", n)
	}
	n := readNacos(t, "2.5.1")
	n.checkConfigs(t, db)
	n.checkHistory(t, db)
}

// TestSealedCopy seals what a MySQL held in the clear: its copy on this disk is
// sealed with it, and read with the key alone.
func TestSealedCopy(t *testing.T) {
	s := mariadb.Start(t)
	path := filepath.Join(t.TempDir(), "copy.db")
	o := persistence.MySQLOptions{Sources: []persistence.Source{source(s, s.Create("nacos"))}, Copy: path}
	in := func(keys *persistence.Keyring, fn func(*persistence.DB)) {
		t.Helper()
		o.Keys = keys
		db := must(persistence.OpenMySQL(t.Context(), o))(t)
		fn(db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	const plain = "password=the quick brown fox"
	in(nil, func(db *persistence.DB) {
		mustApply(t, db, publish("a", plain+strings.Repeat(".", 20_000)))
		mustApply(t, db, persistence.PublishGray{ConfigKey: key("a"), Writer: writer("ann"), Name: "beta", Rule: persistence.BetaRule("10.0.0.1"), Content: plain, MD5: digest(plain)})
		mustApply(t, db, persistence.CreateUser{Name: "u", Password: "p"})
		mustApply(t, db, persistence.CreateTenant{ID: "dev", Name: "Dev", Time: now})
		until(t, "the copy is complete", func() bool { return persistence.CopyHas(db, key("a"), "beta", "u", "dev") })
	})
	in(ring(t, false, "k"), func(db *persistence.DB) { must(db.Reseal(t.Context()))(t) })
	inTheClear(t, path, plain)
	in(ring(t, false, "new", "k"), func(db *persistence.DB) { must(db.Reseal(t.Context()))(t) })
	s.Kill()
	in(ring(t, false, "new"), func(db *persistence.DB) {
		if c := must(db.Config(t.Context(), key("a")))(t); c == nil || c.Err != nil || !strings.HasPrefix(c.Content, plain) {
			t.Errorf("from the copy, without the old key: %+v", c)
		}
	})
}
