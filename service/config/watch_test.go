package config_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/config"
)

// centre is a Service on a database of its own.
func centre(tb testing.TB, change ...func(*config.Options)) *config.Service {
	tb.Helper()
	db, err := persistence.Open(filepath.Join(tb.TempDir(), "pharos.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return centreOn(tb, db, change...)
}

func centreOn(tb testing.TB, db *persistence.DB, change ...func(*config.Options)) *config.Service {
	tb.Helper()
	o := config.Options{
		DB: db, Write: db.Apply, Log: slog.New(slog.DiscardHandler),
		MaxContent: 10 << 20, MaxGray: 10, CountUsage: true, Recount: time.Hour, RetentionDays: 30,
		Quotas:  persistence.Quotas{Cluster: 100_000, Group: 200, Tenant: 200, Percent: 100},
		MaxSize: 102_400, MaxAggrCount: 10_000, MaxAggrSize: 1024,
		SearchQueue: 4, SearchThreads: 2, SearchWait: time.Second,
	}
	for _, c := range change {
		c(&o)
	}
	s := config.New(o)
	if err := s.Load(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return s
}

func publish(tb testing.TB, s *config.Service, p config.Publish) {
	tb.Helper()
	if err := s.Publish(context.Background(), p); err != nil {
		tb.Fatalf("publish %v: %v", p.Key, err)
	}
}

// ear is a listener that counts.
type ear struct {
	viewer config.Viewer
	heard  atomic.Int64
	last   atomic.Pointer[config.Key]
}

func (e *ear) Changed(k *config.Key) { e.last.Store(k); e.heard.Add(1) }

func (e *ear) Viewer() config.Viewer { return e.viewer }

var app = config.Key{Tenant: "dev", Group: "G", DataID: "app.yaml"}

func TestWatchComparesThenSubscribes(t *testing.T) {
	s := centre(t)
	c := s.Cache()
	var e ear
	var w config.Waiter
	if !c.Watch(&w, app, "0cc175b9c0f1b6a831c399e269772661", &e) || w.Waiting() {
		t.Error("a config that is not there is no change to a client that has one")
	}
	if c.Watch(&w, app, "", &e) {
		t.Error("nothing is a change to a client that has nothing")
	}
	publish(t, s, config.Publish{Key: app, Content: "a"})
	if n := e.heard.Load(); n != 1 || *e.last.Load() != app {
		t.Fatalf("heard %d times of %v", n, e.last.Load())
	}
	w.Cancel()
	if c.Watch(&w, app, "0cc175b9c0f1b6a831c399e269772661", &e) {
		t.Error("the current digest is no change")
	}
	publish(t, s, config.Publish{Key: app, Content: "a"})
	if n := e.heard.Load(); n != 1 {
		t.Errorf("the same content again was heard of, %d", n)
	}
	if err := s.Remove(context.Background(), app, "", config.Author{}); err != nil {
		t.Fatal(err)
	}
	if n := e.heard.Load(); n != 2 {
		t.Errorf("the removal was not heard of, %d", n)
	}
	w.Cancel()
	w.Cancel()
	publish(t, s, config.Publish{Key: app, Content: "b"})
	if n := e.heard.Load(); n != 2 {
		t.Errorf("heard %d times, after the end", n)
	}
	if got := c.WatchersOf(app); len(got) != 0 {
		t.Errorf("still listens: %v", got)
	}
}

// TestNoWakeUpIsLost lets publishes race with subscriptions: whoever compares
// with an old digest learns of the change, one way or the other.
func TestNoWakeUpIsLost(t *testing.T) {
	s := centre(t)
	c := s.Cache()
	stop := make(chan struct{})
	var writer, readers sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				if err := s.Publish(context.Background(), config.Publish{Key: app, Content: fmt.Sprint("v", i)}); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	for range 4 {
		readers.Go(func() {
			for range 50 {
				seen := c.Get(app).MD5(config.Viewer{})
				heard := make(chan struct{}, 1)
				l := &once{heard}
				var w config.Waiter
				if c.Watch(&w, app, seen, l) {
					continue
				}
				select {
				case <-heard:
				case <-time.After(10 * time.Second):
					t.Error("a change was lost")
				}
				w.Cancel()
			}
		})
	}
	readers.Wait()
	close(stop)
	writer.Wait()
}

type once struct{ heard chan struct{} }

func (o *once) Changed(*config.Key) {
	select {
	case o.heard <- struct{}{}:
	default:
	}
}

func (o *once) Viewer() config.Viewer { return config.Viewer{} }

func TestWhoListens(t *testing.T) {
	s := centre(t)
	c := s.Cache()
	publish(t, s, config.Publish{Key: app, Content: "formal"})
	publish(t, s, config.Publish{Key: app, Content: "beta", BetaIPs: "10.0.0.1"})
	one, two := &ear{viewer: config.Viewer{IP: "10.0.0.1"}}, &ear{viewer: config.Viewer{IP: "10.0.0.2"}}
	waiters := make([]config.Waiter, 3)
	c.WatchAny(&waiters[0], app, one)
	c.WatchAny(&waiters[1], app, two)
	c.WatchAny(&waiters[2], config.Key{Group: "G", DataID: "none"}, two)
	got := map[string]string{}
	for _, w := range c.WatchersOf(app) {
		got[w.Viewer.IP] = w.MD5
	}
	if len(got) != 2 || got["10.0.0.1"] != c.Get(app).MD5(one.viewer) || got["10.0.0.2"] != c.Get(app).MD5(two.viewer) || got["10.0.0.1"] == got["10.0.0.2"] {
		t.Errorf("watchers %v", got)
	}
	if by := c.WatchedBy("10.0.0.2"); len(by) != 2 {
		t.Errorf("10.0.0.2 watches %v", by)
	}
	for i := range waiters {
		waiters[i].Cancel()
	}
	if by := c.WatchedBy("10.0.0.2"); len(by) != 0 {
		t.Errorf("10.0.0.2 watches %v after the end", by)
	}
}

func BenchmarkGet(b *testing.B) {
	s := centre(b)
	publish(b, s, config.Publish{Key: app, Content: "a"})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if s.Read(app, "10.0.0.1", "", "") == nil {
				b.Error("nothing there")
			}
		}
	})
}

// BenchmarkWake wakes ten thousand who wait for one config.
func BenchmarkWake(b *testing.B) {
	s := centre(b)
	c := s.Cache()
	ears := make([]ear, 10_000)
	waiters := make([]config.Waiter, len(ears))
	for i := range ears {
		c.WatchAny(&waiters[i], app, &ears[i])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		publish(b, s, config.Publish{Key: app, Content: strconv.Itoa(i)})
	}
}

func BenchmarkPublish(b *testing.B) {
	s := centre(b)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		id := n.Add(1)
		for i := 0; pb.Next(); i++ {
			k := config.Key{Group: "G", DataID: fmt.Sprint("d", id, "-", i%100)}
			publish(b, s, config.Publish{Key: k, Content: fmt.Sprintf("%01024d", i)})
		}
	})
}
