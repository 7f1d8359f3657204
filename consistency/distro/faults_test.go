package distro_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The owner is cut off for longer than anything expires: the others take over
// the instance, and when the owner is back its own expiry harms nobody.
func TestOwnerIsCutOff(t *testing.T) {
	for _, cut := range []struct {
		name string
		do   func(l *lab)
	}{
		{"both ways", func(l *lab) { l.net.Isolate(host(0), host(1), host(2)) }},
		{"cannot send", func(l *lab) { l.net.Cut(host(0), host(1)); l.net.Cut(host(0), host(2)) }},
		{"cannot receive", func(l *lab) { l.net.Cut(host(1), host(0)); l.net.Cut(host(2), host(0)) }},
	} {
		t.Run(cut.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, 3)
				id := l.ownedBy(0)
				l.do(0, "put", id)
				l.all(id, time.Second)
				cut.do(l)
				for range 24 { // two minutes, beats go to the majority
					time.Sleep(5 * time.Second)
					_, _ = l.nodes[1].handle(t.Context(), write{Op: "beat", ID: id})
					if l.nodes[1].list() != id || l.nodes[2].list() != id {
						t.Fatalf("the majority lists %q and %q", l.nodes[1].list(), l.nodes[2].list())
					}
				}
				if got := l.nodes[0].list(); got != "" {
					t.Errorf("the one cut off lists %q", got)
				}
				l.net.HealAll()
				for range 300 {
					if l.nodes[1].list() != id || l.nodes[2].list() != id {
						t.Fatalf("after the cut the majority lists %q and %q", l.nodes[1].list(), l.nodes[2].list())
					}
					time.Sleep(50 * time.Millisecond)
				}
				l.all(id, 0)
				l.do(2, "beat", id)
				l.all(id, 0)
			})
		})
	}
}

// A node that was cut off, heard nothing and let go what others keep alive does
// not take it from them.
func TestLonelyExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		id := l.ownedBy(1)
		l.do(1, "put", id)
		l.net.Isolate(host(0), host(1), host(2))
		for range 24 {
			time.Sleep(5 * time.Second)
			l.do(1, "beat", id)
		}
		if l.nodes[0].list() != "" {
			t.Error("the lonely node keeps what it cannot know")
		}
		l.net.HealAll()
		for range 300 {
			if l.nodes[1].list() != id || l.nodes[2].list() != id {
				t.Fatalf("others list %q and %q", l.nodes[1].list(), l.nodes[2].list())
			}
			time.Sleep(50 * time.Millisecond)
		}
		l.all(id, 0)
	})
}

// A deregistration that a node missed is repeated to it: the instance does not
// come back, neither there nor from there.
func TestLostDelete(t *testing.T) {
	for away := 5 * time.Second; away <= 10*time.Minute; away += away/2 + 3*time.Second {
		t.Run(away.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, 3)
				id := l.ownedBy(1)
				l.do(1, "put", id)
				l.all(id, time.Second)
				l.net.Isolate(host(0), host(1), host(2))
				l.do(1, "del", id)
				time.Sleep(away)
				l.net.HealAll()
				for range 15 * 20 {
					if l.nodes[1].list()+l.nodes[2].list() != "" {
						t.Fatalf("it came back: %q %q", l.nodes[1].list(), l.nodes[2].list())
					}
					time.Sleep(50 * time.Millisecond)
				}
				l.all("", 0)
			})
		})
	}
}

// A node that restarts gets all from the others before it answers, and nobody's
// list is short for a moment.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		var ids []string
		for i := range 300 {
			id := fmt.Sprintf("id%03d", i)
			ids = append(ids, id)
			l.do(i%3, "put", id)
		}
		want := strings.Join(ids, " ")
		l.all(want, time.Second)
		for i := range 3 {
			l.restart(i, time.Second)
			for !l.nodes[i].up.Load() {
				time.Sleep(10 * time.Millisecond)
			}
			if l.nodes[i].list() != want {
				t.Errorf("node %d is up and lists %d bytes of %d", i, len(l.nodes[i].list()), len(want))
			}
			l.ready()
			l.all(want, 0)
			for k, id := range ids {
				l.do(k%3, "beat", id)
			}
		}
	})
}

// Goodbye: what is not yet sent is sent, the others own at once, and the
// connections of the node that leaves are not taken for closed by their clients.
func TestHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		id := l.ownedBy(0)
		l.nodes[0].put("conn", "v", addr(0), false)
		l.do(0, "put", id)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		l.nodes[0].syncer.Handover(ctx)
		l.nodes[0].members.Leave(ctx)
		l.nodes[0].del("conn") // its stream ends with the process
		l.nodes[0].stop()
		want := id + " conn"
		if l.nodes[1].list() != want || l.nodes[2].list() != want {
			t.Errorf("others list %q and %q", l.nodes[1].list(), l.nodes[2].list())
		}
		if got := l.nodes[1].members.View().Alive(); len(got) != 2 {
			t.Errorf("alive %v", got)
		}
		if !l.do(1, "beat", id) {
			t.Error("the new owner does not know it")
		}
	})
}

// What a copy lost or a message missed, the digest mends within its interval.
func TestDigestMends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		var ids []string
		for i := range 50 {
			ids = append(ids, fmt.Sprintf("id%02d", i))
			l.do(0, "put", ids[i])
		}
		want := strings.Join(ids, " ")
		l.all(want, time.Second)
		l.nodes[1].store.mu.Lock()
		clear(l.nodes[1].store.items)
		l.nodes[1].store.mu.Unlock()
		l.all(want, 7*time.Second) // its own ones are offered back, the others sent again
		if s := l.nodes[1].syncer.Stats(); s.Adopted == 0 {
			t.Errorf("%+v", s)
		}
	})
}
