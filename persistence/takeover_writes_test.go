package persistence_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/persistence"
)

// checkWrites writes and looks at the rows as Nacos would.
func checkWrites(t *testing.T, db *persistence.DB, raw *sql.DB, version string) {
	t.Helper()
	k := persistence.ConfigKey{Group: "DEFAULT_GROUP", DataID: "pharos.new"}
	at := time.UnixMilli(1795264000999).UTC()
	op := persistence.PublishConfig{
		ConfigKey: k, Writer: persistence.Writer{SrcUser: new("ann"), SrcIP: "10.9.9.9", Time: at},
		Content: "a: 1", MD5: digest("a: 1"), Type: new("yaml"), Desc: new("d"), Tags: new("t1,t2"), AppName: new("app"), EncryptedDataKey: "sealed key",
	}
	mustApply(t, db, op)
	op.Content, op.MD5, op.Tags, op.AppName = "a: 2", digest("a: 2"), nil, nil
	mustApply(t, db, op)
	gray := persistence.PublishGray{ConfigKey: k, Writer: op.Writer, Name: "tag_blue", Rule: persistence.TagRule("blue"), Content: "g", MD5: digest("g")}
	mustApply(t, db, gray)
	beta := gray
	beta.Name, beta.Rule = "beta", persistence.BetaRule("10.1.1.1")
	mustApply(t, db, beta)

	got := must(db.Config(t.Context(), k))(t)
	if got.Content != "a: 2" || got.AppName != "app" || *got.Tags != "t1,t2" || got.EncryptedDataKey != "sealed key" || !got.Modified.Equal(at.Truncate(time.Second)) {
		t.Errorf("%+v", got)
	}
	if g := must(db.GraysOf(t.Context(), k))(t); len(g) != 2 || g[0].Name != "beta" || g[1].Rule != persistence.TagRule("blue").String() {
		t.Errorf("%+v", g)
	}
	checkRows(t, raw, version, at)
	mustApply(t, db, persistence.RemoveGray{ConfigKey: k, Writer: op.Writer, Name: "beta"})
	mustApply(t, db, persistence.RemoveGray{ConfigKey: k, Writer: op.Writer, Name: "tag_blue"})
	mustApply(t, db, persistence.RemoveConfig{ConfigKey: k, Writer: op.Writer})
	for _, table := range []string{"config_info", "config_info_gray", "config_info_beta", "config_info_tag", "config_tags_relation"} {
		if n := count(t, raw, table, "data_id = 'pharos.new'"); n > 0 {
			t.Errorf("%d rows left in %s", n, table)
		}
	}
}

func checkRows(t *testing.T, raw *sql.DB, version string, at time.Time) {
	t.Helper()
	where := "data_id = 'pharos.new' AND group_id = 'DEFAULT_GROUP'"
	public := map[string]int{"''": 1}
	if version == "3.0.3" {
		public = map[string]int{"''": 1, "'public'": 1}
	}
	for tenant, want := range public {
		w := where + " AND tenant_id = " + tenant
		if n := count(t, raw, "config_info", w+" AND c_use IS NULL AND effect IS NULL AND c_schema IS NULL AND c_desc = 'd' AND type = 'yaml' AND src_ip = '10.9.9.9' AND app_name = 'app' AND md5 = '"+digest("a: 2")+
			"' AND gmt_create = '"+at.Format(time.DateTime)+"' AND gmt_modified = '"+at.Format(time.DateTime)+"'"); n != want {
			t.Errorf("%d rows of config_info under %s", n, tenant)
		}
		if n := count(t, raw, "config_tags_relation", w+" AND tag_type = '' AND tag_name IN ('t1', 't2')"); n != 2*want {
			t.Errorf("%d tags under %s", n, tenant)
		}
	}
	history := where + " AND src_user = 'ann' AND app_name = 'app'"
	if version == "3.0.3" {
		history += " AND tenant_id = 'public'"
	}
	if n := count(t, raw, "his_config_info", history+" AND op_type = 'I' AND id = 0 AND content = 'a: 1'"); n != 1 {
		t.Errorf("%d rows of history for the insert", n)
	}
	if n := count(t, raw, "his_config_info", history+" AND op_type = 'U' AND id > 0 AND content = 'a: 1'"); n != 1 {
		t.Errorf("%d rows of history for the update", n)
	}
	switch version {
	case "2.0.3":
		if n := count(t, raw, "config_info_beta", where+" AND beta_ips = '10.1.1.1' AND content = 'g'"); n != 1 {
			t.Errorf("%d beta rows", n)
		}
		if n := count(t, raw, "config_info_tag", where+" AND tag_id = 'blue' AND tenant_id = '' AND app_name = ''"); n != 1 {
			t.Errorf("%d tag rows", n)
		}
	default:
		if n := count(t, raw, "config_info_gray", where+" AND gray_name = 'tag_blue' AND gmt_modified = '"+at.Format("2006-01-02 15:04:05.000")+"'"); n != len(public) {
			t.Errorf("%d gray rows", n)
		}
		if n := count(t, raw, "his_config_info", where+" AND publish_type = 'gray' AND op_type = 'I' AND id = 0"); n != 2 {
			t.Errorf("%d rows of history for gray copies", n)
		}
	}
}

func count(t *testing.T, raw *sql.DB, table, where string) (n int) {
	t.Helper()
	var there int
	if err := raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?", table).Scan(&there); err != nil {
		t.Fatal(err)
	}
	if there == 0 {
		return 0
	}
	if err := raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table+" WHERE "+where).Scan(&n); err != nil { // the test's own text
		t.Fatal(err)
	}
	return n
}

// schemaOf lists what every table is made of.
func schemaOf(t *testing.T, raw *sql.DB) map[string]string {
	t.Helper()
	rows, err := raw.QueryContext(t.Context(), "SELECT table_name, column_name, column_type, is_nullable, COALESCE(column_default, 'none'), COALESCE(collation_name, '') FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]string{}
	for rows.Next() {
		var c [6]string
		if err := rows.Scan(&c[0], &c[1], &c[2], &c[3], &c[4], &c[5]); err != nil {
			t.Fatal(err)
		}
		out[c[0]] += strings.Join(c[1:], " ") + "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func withoutOwn(schema map[string]string) map[string]string {
	for t := range schema {
		if strings.HasPrefix(t, "pharos_") {
			delete(schema, t)
		}
	}
	return schema
}
