package config_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

func TestPublishRefuses(t *testing.T) {
	s := centre(t)
	long := func(n int) string { return strings.Repeat("x", n) }
	ok := config.Key{Group: "g", DataID: "d"}
	for _, c := range []struct {
		p    config.Publish
		code service.Code
		msg  string
	}{
		{config.Publish{Key: config.Key{Group: "g"}, Content: "x"}, service.BadParam, "invalid dataId : "},
		{config.Publish{Key: config.Key{Group: "g", DataID: "a/b"}, Content: "x"}, service.BadParam, "invalid dataId : a/b"},
		{config.Publish{Key: config.Key{DataID: "d"}, Content: "x"}, service.BadParam, "invalid group : "},
		{config.Publish{Key: config.Key{Tenant: "a b", Group: "g", DataID: "d"}, Content: "x"}, service.BadParam, "invalid tenant"},
		{config.Publish{Key: ok, Content: " \n"}, service.BadParam, "content is blank :  \n"},
		{config.Publish{Key: ok, Content: "x", Tag: "a/b"}, service.BadParam, "invalid tag : a/b"},
		{config.Publish{Key: ok, Content: "x", Tag: long(17)}, service.BadParam, "too long tag, over 16"},
		{config.Publish{Key: ok, Content: "x", Tags: new("1,2,3,4,5,6")}, service.BadParam, "too much config_tags, over 5"},
		{config.Publish{Key: ok, Content: "x", Tags: new(long(65))}, service.BadParam, "too long tag, over 64"},
		{config.Publish{Key: ok, Content: "x", Desc: new(long(129))}, service.BadParam, "too long desc, over 128"},
		{config.Publish{Key: ok, Content: "x", Use: new(long(33))}, service.BadParam, "too long use, over 32"},
		{config.Publish{Key: ok, Content: "x", Effect: new(long(33))}, service.BadParam, "too long effect, over 32"},
		{config.Publish{Key: ok, Content: "x", Schema: new(long(32769))}, service.BadParam, "too long schema, over 32768"},
		{config.Publish{Key: config.Key{Group: "g", DataID: long(256)}, Content: "x"}, service.BadValue, ""},
	} {
		err := s.Publish(context.Background(), c.p)
		e, _ := errors.AsType[*service.Error](err)
		if e == nil || e.Code != c.code || c.msg != "" && e.Msg != c.msg {
			t.Errorf("%+v: %v, want %q", c.p.Key, err, c.msg)
		}
	}
	if n := s.Cache().Len(); n != 0 {
		t.Errorf("%d configs after refusals", n)
	}
}

func TestCompareAndSet(t *testing.T) {
	s := centre(t)
	ctx := context.Background()
	for _, c := range []struct {
		p  config.Publish
		ok bool
	}{
		{config.Publish{Content: "a", CASMD5: "of nothing"}, true}, // what is not there is inserted
		{config.Publish{Content: "b", CASMD5: "wrong"}, false},
		{config.Publish{Content: "b", CASMD5: "0cc175b9c0f1b6a831c399e269772661"}, true},
		{config.Publish{Content: "beta", BetaIPs: "10.0.0.1", CASMD5: "of nothing"}, true},
		{config.Publish{Content: "beta 2", BetaIPs: "10.0.0.1", CASMD5: "wrong"}, false},
		{config.Publish{Content: "beta 2", BetaIPs: "10.0.0.1", CASMD5: "987bcab01b929eb2c07877b224215c92"}, true},
	} {
		c.p.Key = app
		err := s.Publish(ctx, c.p)
		if (err == nil) != c.ok || err != nil && service.CodeOf(err) != service.Stale {
			t.Errorf("%q on %q: %v", c.p.Content, c.p.CASMD5, err)
		}
	}
}

func TestWhatIsRead(t *testing.T) {
	s := centre(t)
	publish(t, s, config.Publish{Key: app, Content: "formal", Type: new("yaml")})
	publish(t, s, config.Publish{Key: app, Content: "beta", BetaIPs: "10.0.0.1,10.0.0.2"})
	publish(t, s, config.Publish{Key: app, Content: "blue", Tag: "blue"})
	for _, c := range []struct{ ip, asked, known, want string }{
		{"10.0.0.9", "", "", "formal"},
		{"10.0.0.2", "", "", "beta"},
		{"10.0.0.2", "blue", "", "beta"},
		{"10.0.0.9", "blue", "", "blue"},
		{"10.0.0.9", "", "blue", "blue"},
		{"10.0.0.9", "", "green", "formal"},
		{"10.0.0.9", "green", "blue", ""},
		{"", "", "", "formal"},
	} {
		got := ""
		if r := s.Read(app, c.ip, c.asked, c.known); r != nil {
			got = string(r.Content)
			if r.Type != "yaml" {
				t.Errorf("%+v: type %q", c, r.Type)
			}
		}
		if got != c.want {
			t.Errorf("%+v: read %q", c, got)
		}
	}
	if err := s.Remove(context.Background(), app, "blue", config.Author{}); err != nil {
		t.Fatal(err)
	}
	if r := s.Read(app, "", "blue", ""); r != nil {
		t.Errorf("the removed copy is read: %s", r.Content)
	}
	if err := s.RemoveBeta(context.Background(), app, config.Author{}); err != nil {
		t.Fatal(err)
	}
	if r := s.Read(app, "10.0.0.1", "", ""); r == nil || string(r.Content) != "formal" {
		t.Errorf("after the beta: %v", r)
	}
}

func TestTooManyGrayCopies(t *testing.T) {
	s := centre(t, func(o *config.Options) { o.MaxGray = 2 })
	for i := range 2 {
		publish(t, s, config.Publish{Key: app, Content: "x", Tag: fmt.Sprint("t", i)})
	}
	err := s.Publish(context.Background(), config.Publish{Key: app, Content: "x", Tag: "t2"})
	if service.CodeOf(err) != service.GrayFull {
		t.Errorf("a third one: %v", err)
	}
	publish(t, s, config.Publish{Key: app, Content: "y", Tag: "t1"})
}

// TestLoad compares what another Service finds in the database with what the
// first one has in memory.
func TestLoad(t *testing.T) {
	db, err := persistence.Open(t.TempDir() + "/pharos.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := centreOn(t, db)
	const n = 1100 // more than a page
	var writers sync.WaitGroup
	for w := range 20 {
		writers.Go(func() {
			for i := w; i < n; i += 20 {
				k := config.Key{Group: "g", DataID: fmt.Sprint("d", i)}
				publish(t, s, config.Publish{Key: k, Content: fmt.Sprint("v", i), EncryptedKey: "k"})
				if i%100 == 0 {
					publish(t, s, config.Publish{Key: k, Content: "blue", Tag: "blue"})
				}
			}
		})
	}
	writers.Wait()
	publish(t, s, config.Publish{Key: config.Key{Group: "g", DataID: "com.alibaba.nacos.meta.switch"}, Content: "MIN_LONG_POOLING_TIMEOUT=1"})
	again := centreOn(t, db)
	if again.Cache().Len() != s.Cache().Len() {
		t.Fatalf("%d configs, not %d", again.Cache().Len(), s.Cache().Len())
	}
	if *again.Switches() != *s.Switches() {
		t.Errorf("switches %+v, not %+v", again.Switches(), s.Switches())
	}
	for i := range n {
		k := config.Key{Group: "g", DataID: fmt.Sprint("d", i)}
		for _, tag := range []string{"", "blue"} {
			a, b := s.Read(k, "", "", tag), again.Read(k, "", "", tag)
			if string(a.Content) != string(b.Content) || a.MD5 != b.MD5 || a.Type != b.Type || a.EncryptedKey != b.EncryptedKey || a.Modified != b.Modified || a.Gray != b.Gray {
				t.Fatalf("%v %q: %+v, not %+v", k, tag, b, a)
			}
		}
	}
}

// TestReloadSeesWhatOthersWrote writes behind the cache's back.
func TestReloadSeesWhatOthersWrote(t *testing.T) {
	db, err := persistence.Open(t.TempDir() + "/pharos.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	behind := config.Key{Group: "g", DataID: "behind"}
	first := centreOn(t, db)
	publish(t, first, config.Publish{Key: behind, Content: "one"})
	publish(t, first, config.Publish{Key: app, Content: "one"})
	s := centreOn(t, db)
	// From here on s follows db as well: take what it knows away again.
	var e ear
	var w config.Waiter
	s.Cache().WatchAny(&w, app, &e)
	if err := s.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := e.heard.Load(); n != 0 {
		t.Errorf("a reload that changed nothing was heard of %d times", n)
	}
	if err := s.Refresh(context.Background(), behind); err != nil {
		t.Fatal(err)
	}
	if r := s.Read(behind, "", "", ""); r == nil || string(r.Content) != "one" {
		t.Errorf("read %v", r)
	}
}

func TestHistory(t *testing.T) {
	s := centre(t)
	ctx := context.Background()
	publish(t, s, config.Publish{Key: app, Content: "one", By: config.Author{User: "u1", IP: "10.0.0.1"}})
	publish(t, s, config.Publish{Key: app, Content: "two", By: config.Author{User: "u2", IP: "10.0.0.2"}})
	if err := s.Remove(ctx, app, "", config.Author{User: "u3"}); err != nil {
		t.Fatal(err)
	}
	p, err := s.History(ctx, app, 1, 100)
	if err != nil || p.Total != 3 {
		t.Fatalf("%+v %v", p, err)
	}
	var got []string
	for _, h := range p.Items {
		v, err := s.Version(ctx, app, h.NID)
		if err != nil || v == nil {
			t.Fatal(v, err)
		}
		after := "-"
		if v.Op == "U" {
			a, err := s.ReplacedBy(ctx, v)
			if err != nil || a == nil {
				t.Fatal(a, err)
			}
			after = a.Content
		}
		got = append(got, v.Op+" "+v.Content+" by "+*v.SrcUser+" then "+after)
		if other, err := s.Version(ctx, config.Key{Group: "G", DataID: "other"}, h.NID); service.CodeOf(err) != service.Forbidden {
			t.Errorf("another config's row: %v %v", other, err)
		}
	}
	want := []string{"D two by u3 then -", "U one by u2 then two", "I one by u1 then -"}
	if !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := s.History(ctx, app, 0, 1); service.CodeOf(err) != service.BadParam {
		t.Errorf("page 0: %v", err)
	}
	if v, err := s.Version(ctx, app, 1<<40); v != nil || err != nil {
		t.Errorf("a row that is not there: %v %v", v, err)
	}
}

func TestQuotas(t *testing.T) {
	s := centre(t, func(o *config.Options) { o.CheckQuotas, o.Quotas.Group, o.Quotas.Tenant, o.MaxSize = true, 2, 1, 10 })
	ctx := context.Background()
	in := func(tenant string, i int) config.Key {
		return config.Key{Tenant: tenant, Group: "g", DataID: fmt.Sprint("d", i)}
	}
	for _, c := range []struct {
		k       config.Key
		content string
		want    service.Code
	}{
		{in("", 0), "x", 0},
		{in("", 0), strings.Repeat("x", 11), service.OverSize},
		{in("", 1), "x", 0},
		{in("", 2), "x", service.OverGroup},
		{in("", 1), "y", 0},
		{in("dev", 0), "x", 0},
		{in("dev", 1), "x", service.OverTenant},
	} {
		err := s.Publish(ctx, config.Publish{Key: c.k, Content: c.content})
		if err == nil && c.want != 0 || err != nil && service.CodeOf(err) != c.want {
			t.Errorf("%v: %v, want code %d", c.k, err, c.want)
		}
	}
	if err := s.SetCapacity(ctx, config.CapacityOf{Name: "g"}, config.CapacityChange{Quota: new(int64(3))}); err != nil {
		t.Fatal(err)
	}
	publish(t, s, config.Publish{Key: in("", 2), Content: "x"})
	got, err := s.Capacity(ctx, config.CapacityOf{Name: "g"})
	if err != nil || got.Quota != 3 || got.Usage != 3 || got.MaxSize != 10 {
		t.Errorf("capacity %+v %v", got, err)
	}
}

func TestSwitches(t *testing.T) {
	s := centre(t)
	w := s.Switches()
	if got := w.Wait(30_000_000_000).String(); got != "29.5s" {
		t.Errorf("30 s is %s", got)
	}
	if got := w.Wait(10_000_000_000).String(); got != "10s" {
		t.Errorf("10 s is %s", got)
	}
	k := config.Key{Tenant: "any", Group: "any", DataID: "com.alibaba.nacos.meta.switch"}
	publish(t, s, config.Publish{Key: k, Content: "# a comment\nfixedDelayTime=1000\nMIN_LONG_POOLING_TIMEOUT = 2000\nunknown=1\nisFixedPolling=false\nno line\nfixedPollingInertval=abc"})
	w = s.Switches()
	if got := w.Wait(30_000_000_000).String(); got != "29s" {
		t.Errorf("30 s is %s", got)
	}
	if got := w.Wait(1).String(); got != "2s" {
		t.Errorf("nothing is %s", got)
	}
	publish(t, s, config.Publish{Key: k, Content: "isFixedPolling=true\nfixedPollingInertval=15000"})
	if w = s.Switches(); !w.Fixed || w.Wait(30_000_000_000).String() != "15s" {
		t.Errorf("fixed: %+v", w)
	}
	if err := s.Remove(context.Background(), k, "", config.Author{}); err != nil {
		t.Fatal(err)
	}
	if w = s.Switches(); w.Fixed {
		t.Error("the switches stay when their config goes")
	}
}
