package distro_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/test/faketime"
)

// What is bound to a connection stays with its node, survives short absences of
// it, and goes when the node is lost or comes back without it.
func TestBound(t *testing.T) {
	type step struct {
		name  string
		do    func(l *lab)
		keep  time.Duration // the others keep the record at least that long
		gone  time.Duration // and no longer than that; 0 is for ever
		there bool          // and on the node itself it is there
	}
	for _, tt := range []step{
		{name: "node stays", do: func(*lab) {}, keep: 2 * time.Minute, there: true},
		{name: "node is lost", do: func(l *lab) { l.nodes[0].stop() }, keep: 9 * time.Second, gone: 25 * time.Second},
		{name: "node restarts", do: func(l *lab) { l.restart(0, 2*time.Second) }, keep: 14 * time.Second, gone: 30 * time.Second},
		{name: "short cut", do: func(l *lab) {
			l.net.Isolate(host(0), host(1), host(2))
			time.Sleep(8 * time.Second)
			l.net.HealAll()
		}, keep: 2 * time.Minute, there: true},
		{name: "long cut", do: func(l *lab) {
			l.net.Isolate(host(0), host(1), host(2))
			time.Sleep(time.Minute)
			l.net.HealAll()
			time.Sleep(10 * time.Second)
		}, keep: 2 * time.Minute, there: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, 3)
				l.nodes[0].put("conn", "v", addr(0), false)
				l.all("conn", time.Second)
				tt.do(l)
				began := time.Now()
				for time.Since(began) < tt.keep {
					if l.nodes[1].list() != "conn" || l.nodes[2].list() != "conn" {
						t.Fatalf("after %v others list %q and %q", time.Since(began), l.nodes[1].list(), l.nodes[2].list())
					}
					time.Sleep(100 * time.Millisecond)
				}
				if tt.there && l.nodes[0].list() != "conn" {
					t.Errorf("the node itself lists %q", l.nodes[0].list())
				}
				if tt.gone > 0 {
					time.Sleep(tt.gone - time.Since(began))
					if l.nodes[1].list()+l.nodes[2].list() != "" {
						t.Errorf("after %v others list %q and %q", time.Since(began), l.nodes[1].list(), l.nodes[2].list())
					}
				}
			})
		})
	}
}

// A connection that closes while its node cannot say so is closed for all
// afterwards.
func TestBoundIsClosedUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		faketime.Pass(20 * time.Second)
		l.nodes[0].put("conn", "v", addr(0), false)
		l.all("conn", time.Second)
		l.net.Isolate(host(0), host(1), host(2))
		l.nodes[0].del("conn")
		faketime.Pass(3 * time.Second)
		l.net.HealAll()
		l.all("", 10*time.Second)
		faketime.Pass(20 * time.Second)
		l.all("", 0)
	})
}

// A record larger than a message, and more of them than fit in one.
func TestNoSizeCliff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		big := strings.Repeat("x", 3<<20)
		for i := range 4 {
			l.nodes[0].put(fmt.Sprintf("big%d", i), big, addr(0), false)
		}
		for i := range 2000 {
			l.nodes[0].put(fmt.Sprintf("some%04d", i), big[:1000], addr(0), false)
		}
		l.all(l.nodes[0].list(), 5*time.Second)
		if x := l.nodes[2].store.snapshot()["big3"]; x.value != big {
			t.Errorf("%d bytes arrived", len(x.value))
		}
		l.restart(1, time.Second)
		l.all(l.nodes[0].list(), 10*time.Second)
		faketime.Pass(6 * time.Second)
		s := l.nodes[0].syncer.Stats()
		if s.Sent < 4008 || s.Digests == 0 || !s.Ready {
			t.Errorf("%+v", s)
		}
	})
}
