package config_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/config"
)

// twins are two services on one database: the first answers lists from memory,
// the second, which believes that others write too, asks the database.
func twins(tb testing.TB) (memory, rows *config.Service, db *persistence.DB) {
	tb.Helper()
	db, err := persistence.Open(tb.TempDir() + "/pharos.db")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	memory = centreOn(tb, db)
	rows = centreOn(tb, db, func(o *config.Options) { o.Shared = true })
	return memory, rows, db
}

// listed is what lists show of a row.
type listed struct {
	Key                        config.Key
	ID                         int64
	Content, MD5, App, Key2    string
	Type                       *string
	Modified                   time.Time
	Total                      int64
	Err                        string
	Desc, User, Tags, TypeText string
}

func listedOf(p config.RowPage, err error) []listed {
	out := []listed{{Total: p.Total}}
	if err != nil {
		out[0].Err = err.Error()
	}
	for i := range p.Items {
		r := &p.Items[i]
		out = append(out, listed{
			Key: r.ConfigKey, ID: r.ID, Content: r.Content, MD5: r.MD5, App: r.AppName, Key2: r.EncryptedDataKey, Type: r.Type, Modified: r.Modified,
			Desc: text(r.Desc), User: text(r.SrcUser),
		})
	}
	return out
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func one[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

// TestSearchesOfMemoryAreThoseOfTheDatabase does random things to a database and
// compares what two services find, of which one asks the database.
func TestSearchesOfMemoryAreThoseOfTheDatabase(t *testing.T) {
	memory, rows, db := twins(t)
	r := rand.New(rand.NewPCG(1, 9))
	names := []string{"app.yaml", "APP.yaml", "app-1.yaml", "a_b", "a%b", "äpp.yaml", "配置.yaml", "app[1].yaml", "a", "app.yaml.bak"}
	tags := []string{"", "core", "core,eu", "eu,core,x", "x", "Core"}
	key := func() config.Key {
		return config.Key{Tenant: one(r, "", "dev", "dev-2", "d_v"), Group: one(r, "G", "g", "DEFAULT_GROUP"), DataID: one(r, names...)}
	}
	for range 400 {
		k := key()
		switch r.IntN(10) {
		case 0:
			if _, err := db.Apply(context.Background(), persistence.RemoveConfig{ConfigKey: k, Writer: persistence.Writer{Time: time.Now()}}); err != nil && !errors.Is(err, persistence.ErrNotFound) {
				t.Fatal(err)
			}
		case 1:
			_, err := db.Apply(context.Background(), persistence.PublishGray{ConfigKey: k, Name: "tag_blue", Rule: persistence.TagRule("blue"), Content: "gray", Writer: persistence.Writer{Time: time.Now()}})
			if err != nil {
				t.Fatal(err)
			}
		case 2:
			_, err := db.Apply(context.Background(), persistence.UpdateMetadata{ConfigKey: k, Tags: new(one(r, tags...)), Desc: new(one(r, "", "new"))})
			if err != nil && memory.MD5(k, "") != "" {
				t.Fatal(err)
			}
		default:
			// What is refused by the service may be in a database that it was given.
			content := one(r, "n: 1", "N: 1\nport: 80%", "a_b *", "内容") + strconv.Itoa(r.IntN(3))
			p := persistence.PublishConfig{ConfigKey: k, Content: content, MD5: fmt.Sprintf("%032x", len(content)), Writer: persistence.Writer{SrcUser: one(r, nil, new("li")), Time: time.Now()}}
			if r.IntN(2) == 0 {
				p.Tags, p.AppName, p.Desc = new(one(r, tags...)), new(one(r, "", "order", "Order", "order ")), new(one(r, "", "what it is"))
			}
			p.Type = one(r, nil, new("yaml"), new("json"), new(""))
			if _, err := db.Apply(context.Background(), p); err != nil {
				t.Fatal(err)
			}
		}
		compareSearches(t, r, memory, rows)
	}
	again := centreOn(t, db)
	for range 300 {
		compareSearches(t, r, again, rows)
	}
}

func compareSearches(t *testing.T, r *rand.Rand, memory, rows *config.Service) {
	t.Helper()
	pattern := func() string {
		return one(r, "", "", "app.yaml", "*app*", "a*", "*.yaml", "a%", "_pp.yaml", `a\_b`, `a\%b`, "%", "a*l*", "*[1]*", "APP*", "?", "a**", `*\`, "_____yaml", "*_配_*", "*p_y*")
	}
	q := config.Search{
		Tenant: one(r, "", "dev", "d_v", "dev*"), DataID: pattern(), Group: one(r, "", "", "G", "*g*", "DEFAULT_GROUP"), Blur: r.IntN(3) > 0,
		AppName: one(r, "", "", "", "order", "order "), TagPatterns: r.IntN(2) == 0,
	}
	if r.IntN(4) == 0 {
		q.Types = one(r, []string{"yaml"}, []string{"json", "text"}, []string{"", "none"})
	}
	if r.IntN(3) == 0 {
		q.Tags = one(r, []string{"core"}, []string{"core", "eu"}, []string{"c*", "x "}, []string{"_u"})
	}
	if r.IntN(4) == 0 {
		q.Detail = one(r, "1", "n:", "80%", "*", "_", "内", "N*80", `\`)
	}
	pageNo, size := 1+r.IntN(3), one(r, 1, 3, 10, 500)
	want, got := listedOf(rows.Search(context.Background(), q, pageNo, size)), listedOf(memory.Search(context.Background(), q, pageNo, size))
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%+v, page %d of %d: -database +memory\n%s", q, pageNo, size, d)
	}
	if r.IntN(20) > 0 {
		return
	}
	a, err := rows.OfNamespace(context.Background(), q.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	b, err := memory.OfNamespace(context.Background(), q.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(listedOf(config.RowPage{Items: a}, nil), listedOf(config.RowPage{Items: b}, nil)); d != "" {
		t.Fatalf("namespace %q: -database +memory\n%s", q.Tenant, d)
	}
}

// TestWhatDescribesAConfig follows the tags and the rest, which searches of memory
// do not show, through what may be done to a config, and through a start.
func TestWhatDescribesAConfig(t *testing.T) {
	memory, _, db := twins(t)
	k := config.Key{Group: "g", DataID: "d"}
	by := config.Author{User: "li"}
	publish(t, memory, config.Publish{Key: k, Content: "1", Tags: new("a,b,"), Desc: new("first"), AppName: new("order"), By: by})
	publish(t, memory, config.Publish{Key: k, Content: "2", Desc: new("second"), By: config.Author{User: "wang"}}) // keeps tags and application
	check := func(s *config.Service, want config.About) {
		t.Helper()
		tenant := ""
		found, err := s.Configs(context.Background(), &tenant)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 {
			t.Fatalf("%d configs", len(found))
		}
		if d := cmp.Diff(want, *found[0].About()); d != "" {
			t.Error(d)
		}
	}
	want := config.About{ID: 1, AppName: "order", User: "wang", Desc: "second", Tags: "a,b", Typed: true}
	check(memory, want)
	check(centreOn(t, db), want)
	if _, err := db.Apply(context.Background(), persistence.UpdateMetadata{ConfigKey: k, Tags: new("c"), Desc: new("third")}); err != nil {
		t.Fatal(err)
	}
	want.Desc, want.Tags = "third", "c"
	check(memory, want)
	check(centreOn(t, db), want)
	if c := memory.Read(k, "", "", ""); c == nil || string(c.Content) != "2" {
		t.Errorf("the content is %v", c)
	}
}

// TestDescriptionsOfOthers: another program changes what describes a config, and
// nothing else.
func TestDescriptionsOfOthers(t *testing.T) {
	memory, rows, db := twins(t)
	k := config.Key{Group: "g", DataID: "d"}
	publish(t, memory, config.Publish{Key: k, Content: "1"})
	stranger, err := db.Config(t.Context(), k)
	if err != nil || stranger == nil {
		t.Fatal(stranger, err)
	}
	var e ear
	var w config.Waiter
	rows.Cache().WatchAny(&w, k, &e)
	// The second service hears of what the first commits, so it is made to forget.
	it := rows.Cache().Get(k)
	old := *it.Formal.About
	if _, err := db.Apply(t.Context(), persistence.UpdateMetadata{ConfigKey: k, Tags: new("new")}); err != nil {
		t.Fatal(err)
	}
	if it.Formal.About.Tags != old.Tags {
		t.Error("what is shared was changed")
	}
	if _, err := rows.CompareAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := rows.Cache().Get(k).Formal.About.Tags; got != "new" {
		t.Errorf("tags %q", got)
	}
	if e.heard.Load() != 0 {
		t.Error("a client was told of a description")
	}
}

// FuzzPattern compares patterns with what SQLite makes of them.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"*a*", "a_c", `a\%`, "%", "", "[a]", "a*b*c", `\`, "é_", "**", "_*_"} {
		f.Add(s, "abc", true)
		f.Add(s, "a%b[a]c", false)
	}
	memory, rows, _ := twins(f)
	k := config.Key{Group: "g", DataID: "d"}
	f.Fuzz(func(t *testing.T, detail, content string, blur bool) {
		if len(detail) > 50 || len(content) > 200 || strings.TrimSpace(content) == "" || strings.ContainsRune(content+detail, 0) || detail != strings.ToValidUTF8(detail, "") {
			t.Skip()
		}
		publish(t, memory, config.Publish{Key: k, Content: content})
		q := config.Search{Detail: detail, Blur: blur}
		want, got := listedOf(rows.Search(t.Context(), q, 1, 10)), listedOf(memory.Search(t.Context(), q, 1, 10))
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%q in %q: -database +memory\n%s", detail, content, d)
		}
	})
}

// many is a service with n configs in one namespace.
func many(b *testing.B, n int) *config.Service {
	b.Helper()
	s := centre(b, func(o *config.Options) { o.CountUsage = false })
	body := strings.Repeat("key: value\n", 50)
	for i := range n {
		publish(b, s, config.Publish{
			Key: config.Key{Group: fmt.Sprint("GROUP_", i%20), DataID: fmt.Sprintf("config-%06d.yaml", i)}, Content: body, AppName: new(fmt.Sprint("app-", i%100)), Tags: new("core,eu"),
		})
	}
	b.ResetTimer()
	return s
}

func BenchmarkSearch(b *testing.B) {
	s := many(b, 12_000)
	for name, q := range map[string]config.Search{
		"all": {}, "blur": {Blur: true, DataID: "*0119*"}, "application": {AppName: "app-3"}, "tag": {Tags: []string{"core"}}, "content": {Detail: "lacking"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Search(b.Context(), q, 1, 10); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
