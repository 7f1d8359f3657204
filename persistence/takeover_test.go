package persistence_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
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
