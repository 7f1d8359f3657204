package persistence_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/test/mariadb"
)

// TestTakeover opens databases of real Nacos servers as they stand. All in them
// reads back as their own server answered; what is then written has the shape
// that a Nacos would give it.
func TestTakeover(t *testing.T) {
	s := mariadb.Start(t)
	for _, version := range []string{"2.0.3", "2.5.1", "3.0.3"} {
		t.Run(version, func(t *testing.T) {
			name := s.Create("nacos_" + strings.ReplaceAll(version, ".", "_"))
			s.Load(name, filepath.Join("testdata", "mysql", "nacos-"+version+".sql"))
			before := schemaOf(t, s.DB(name))
			db := openMySQL(t, persistence.MySQLOptions{Sources: []persistence.Source{source(s, name)}, Copy: filepath.Join(t.TempDir(), "copy.db")})
			n := readNacos(t, version)
			n.checkConfigs(t, db)
			n.checkGrays(t, db)
			n.checkHistory(t, db)
			n.checkTenants(t, db)
			n.checkUsers(t, db)
			n.checkCapacity(t, db)
			checkWrites(t, db, s.DB(name), version)
			if d := cmp.Diff(before, withoutOwn(schemaOf(t, s.DB(name)))); d != "" {
				t.Errorf("the schema was altered: %s", d)
			}
		})
	}
}

// nacos is what a server of Nacos said about its database.
type nacos struct {
	v3      bool
	Configs []map[string]any `json:"configs"`
	Gray    []map[string]any `json:"gray"`
	History []struct {
		Tenant, Group, DataID string
		Items                 []map[string]any
	} `json:"history"`
	Namespaces  []map[string]any         `json:"namespaces"`
	Users       []map[string]string      `json:"users"`
	Roles       []map[string]string      `json:"roles"`
	Permissions []persistence.Permission `json:"permissions"`
	Capacity    []struct {
		Query map[string]string
		Data  map[string]any
	} `json:"capacity"`
}

func readNacos(t *testing.T, version string) nacos {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "mysql", "nacos-"+version+".json"))
	if err != nil {
		t.Fatal(err)
	}
	n := nacos{v3: strings.HasPrefix(version, "3.")}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// str reads a member as text; null is nil.
func str(m map[string]any, names ...string) *string {
	for _, name := range names {
		if v, ok := m[name]; ok && v != nil {
			return new(fmt.Sprint(v))
		}
	}
	return nil
}

func txt(m map[string]any, names ...string) string {
	if s := str(m, names...); s != nil {
		return *s
	}
	return ""
}

// tenant is a namespace as we know it: 3.x says "public".
func (n nacos) tenant(id string) string {
	if n.v3 && id == "public" {
		return ""
	}
	return id
}

func (n nacos) key(m map[string]any) persistence.ConfigKey {
	return persistence.ConfigKey{Tenant: n.tenant(txt(m, "tenant", "namespaceId")), Group: txt(m, "group", "groupName"), DataID: txt(m, "dataId")}
}

// body checks a content against what is said of it.
func body(t *testing.T, what string, m map[string]any, got string) {
	t.Helper()
	if sum := txt(m, "contentSha256"); sum != "" {
		h := sha256.Sum256([]byte(got))
		if hex.EncodeToString(h[:]) != sum || txt(m, "contentLength") != strconv.Itoa(utf8.RuneCountInString(got)) {
			t.Errorf("%s: another content of %d letters", what, utf8.RuneCountInString(got))
		}
	} else if got != txt(m, "content") {
		t.Errorf("%s: content %q, want %q", what, got, txt(m, "content"))
	}
}

func (n nacos) checkConfigs(t *testing.T, db *persistence.DB) {
	t.Helper()
	total := must(db.CountConfigs(t.Context()))(t)
	if total != int64(len(n.Configs)) {
		t.Errorf("%d configs, want %d", total, len(n.Configs))
	}
	for _, want := range n.Configs {
		k := n.key(want)
		c := must(db.Config(t.Context(), k))(t)
		if c == nil {
			t.Errorf("%v is not there", k)
			continue
		}
		body(t, fmt.Sprint(k), want, c.Content)
		type row struct {
			ID, MD5, Key, App                              string
			Type, User, IP, Desc, Use, Effect, Schema, Tag *string
			Modified                                       string
		}
		got := row{strconv.FormatInt(c.ID, 10), c.MD5, c.EncryptedDataKey, c.AppName, c.Type, c.SrcUser, c.SrcIP, c.Desc, c.Use, c.Effect, c.Schema, sorted(c.Tags), strconv.FormatInt(c.Modified.UnixMilli(), 10)}
		exp := row{
			txt(want, "id"), txt(want, "md5"), txt(want, "encryptedDataKey"), txt(want, "appName"), str(want, "type"), str(want, "createUser"), str(want, "createIp"),
			str(want, "desc"), str(want, "use"), str(want, "effect"), str(want, "schema"), str(want, "configTags"), txt(want, "modifyTime"),
		}
		if n.v3 { // its answer has not all of them
			exp.Use, exp.Effect, exp.Schema = got.Use, got.Effect, got.Schema
		}
		if d := cmp.Diff(exp, got); d != "" {
			t.Errorf("%v: %s", k, d)
		}
	}
}

func sorted(tags *string) *string {
	if tags == nil {
		return nil
	}
	items := strings.Split(*tags, ",")
	slices.Sort(items)
	return new(strings.Join(items, ","))
}

func (n nacos) checkGrays(t *testing.T, db *persistence.DB) {
	t.Helper()
	if rows := must(db.GrayPage(t.Context(), -1, 1000))(t); len(rows) != len(n.Gray) {
		t.Errorf("%d gray copies, want %d", len(rows), len(n.Gray))
	}
	for _, want := range n.Gray {
		k := n.key(want)
		g := must(db.Gray(t.Context(), k, txt(want, "grayName")))(t)
		if g == nil {
			t.Errorf("%v %v is not there", k, want["grayName"])
			continue
		}
		rule := want["rule"].(map[string]any)
		got, err := persistence.ParseGrayRule(g.Rule)
		if err != nil || got.Type != txt(rule, "type") || got.Expr != txt(rule, "expr") || got.Version != txt(rule, "version") || strconv.FormatInt(got.Priority, 10) != txt(rule, "priority") {
			t.Errorf("%v: rule %q, want %v", k, g.Rule, rule)
		}
		if g.MD5 != txt(want, "md5") || g.EncryptedDataKey != txt(want, "encryptedDataKey") || g.MD5 != digest(g.Content) {
			t.Errorf("%v: %+v, want %v", k, g, want)
		}
	}
}

func (n nacos) checkHistory(t *testing.T, db *persistence.DB) {
	t.Helper()
	for _, h := range n.History {
		k := persistence.ConfigKey{Tenant: n.tenant(h.Tenant), Group: h.Group, DataID: h.DataID}
		p := must(db.HistoryOf(t.Context(), k, 1, 500))(t)
		if len(p.Items) != len(h.Items) {
			t.Errorf("history of %v: %d rows, want %d", k, len(p.Items), len(h.Items))
			continue
		}
		for i, want := range h.Items {
			r := must(db.History(t.Context(), p.Items[i].NID))(t)
			body(t, fmt.Sprint("history of ", k), want, r.Content)
			at := r.Modified.Format("2006-01-02T15:04:05.000+00:00")
			if n.v3 {
				at = strconv.FormatInt(r.Modified.UnixMilli(), 10)
			}
			got := []any{strconv.FormatInt(r.NID, 10), r.AppName, r.SrcIP, r.SrcUser, r.Op, r.PublishType, r.GrayName, r.ExtInfo, r.EncryptedDataKey, at}
			exp := []any{
				txt(want, "id"), txt(want, "appName"), str(want, "srcIp"), str(want, "srcUser"), txt(want, "opType"), txt(want, "publishType"),
				str(want, "grayName"), str(want, "extInfo"), txt(want, "encryptedDataKey"), txt(want, "lastModifiedTime", "modifyTime"),
			}
			if d := cmp.Diff(exp, got); d != "" {
				t.Errorf("history of %v, row %d: %s", k, i, d)
			}
		}
	}
}

func (n nacos) checkTenants(t *testing.T, db *persistence.DB) {
	t.Helper()
	rows := must(db.Tenants(t.Context()))(t)
	counts := must(db.CountByTenant(t.Context()))(t)
	got, want := map[string][]any{}, map[string][]any{}
	for _, r := range rows {
		got[r.ID] = []any{r.Name, r.Desc, counts[r.ID]}
	}
	for _, m := range n.Namespaces {
		if id := txt(m, "namespace"); id == "" || id == "public" {
			if strconv.FormatInt(counts[""], 10) != txt(m, "configCount") {
				t.Errorf("%d public configs, want %v", counts[""], m["configCount"])
			}
			continue
		}
		c := must(m["configCount"].(json.Number).Int64())(t)
		want[txt(m, "namespace")] = []any{txt(m, "namespaceShowName"), str(m, "namespaceDesc"), c}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func (n nacos) checkUsers(t *testing.T, db *persistence.DB) {
	t.Helper()
	users := must(db.Users(t.Context(), persistence.Match{}, 1, 100))(t)
	if len(users.Items) != len(n.Users) {
		t.Errorf("%d users, want %d", len(users.Items), len(n.Users))
	}
	for _, want := range n.Users {
		if u := must(db.User(t.Context(), want["username"]))(t); u == nil || u.Password != want["password"] {
			t.Errorf("user %v: %+v", want, u)
		}
	}
	roles := must(db.Roles(t.Context(), persistence.Match{}, persistence.Match{}, 1, 100))(t)
	for _, want := range n.Roles {
		if !slices.Contains(roles.Items, persistence.Role{Role: want["role"], User: want["username"]}) {
			t.Errorf("role %v is not there", want)
		}
	}
	perms := must(db.Permissions(t.Context(), persistence.Match{}, 1, 100))(t)
	if len(perms.Items) != len(n.Permissions) || len(roles.Items) != len(n.Roles) {
		t.Errorf("%d permissions, %d roles", len(perms.Items), len(roles.Items))
	}
	for _, want := range n.Permissions {
		// 3.x prints ":g:r" as "public:g:r".
		stored := want
		stored.Resource = strings.TrimPrefix(want.Resource, "public")
		if !slices.Contains(perms.Items, want) && !slices.Contains(perms.Items, stored) {
			t.Errorf("permission %v is not there", want)
		}
	}
}

func (n nacos) checkCapacity(t *testing.T, db *persistence.DB) {
	t.Helper()
	for _, want := range n.Capacity {
		of := persistence.CapacityOf{Name: want.Query["group"] + want.Query["groupName"]}
		if name := want.Query["tenant"] + want.Query["namespaceId"]; name != "" {
			of = persistence.CapacityOf{Tenant: true, Name: name}
		}
		c := must(db.Capacity(t.Context(), of))(t)
		if c == nil {
			continue // made when it was asked for
		}
		std := func(v, d int64) string {
			if v == 0 {
				v = d
			}
			return strconv.FormatInt(v, 10)
		}
		quota := int64(200)
		if !of.Tenant && of.Name == "" {
			quota = 100000
		}
		if std(c.Quota, quota) != txt(want.Data, "quota") || std(c.Usage, 0) != txt(want.Data, "usage") || std(c.MaxSize, 102400) != txt(want.Data, "maxSize") {
			t.Errorf("%v: %+v, want %v", of, c, want.Data)
		}
	}
}

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
