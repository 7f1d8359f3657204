package distro_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/distro"
)

// A write on any node is at its owner in one hop, and on the others at once.
func TestRegister(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		time.Sleep(time.Second)
		for i := range 3 {
			l.do(i, "put", fmt.Sprintf("a%d", i))
		}
		if took := l.all("a0 a1 a2", time.Second); took > 50*time.Millisecond {
			t.Errorf("took %v", took)
		}
		l.do(0, "del", "a1")
		if took := l.all("a0 a2", time.Second); took > 50*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

// At 1,000 registrations a second the 99th percentile of being listed on the
// other nodes is within 100 ms.
func TestVisibleInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		sent := map[string]time.Time{}
		for i := range 3000 {
			id := fmt.Sprintf("10.1.%d.%d:80", i/250, i%250)
			sent[id] = time.Now()
			l.do(i%3, "put", id)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		var lags []time.Duration
		for _, n := range l.nodes {
			for id, at := range n.store.when() {
				lags = append(lags, at.Sub(sent[id]))
			}
		}
		slices.Sort(lags)
		if len(lags) != 9000 {
			t.Fatalf("%d of 9000 copies", len(lags))
		}
		if p99 := lags[len(lags)*99/100]; p99 > 100*time.Millisecond {
			t.Errorf("p99 %v", p99)
		}
	})
}

// Beats at any node keep an instance alive everywhere; without them it expires
// everywhere, at the times of Nacos.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		l.do(0, "put", "a")
		for i := range 100 {
			time.Sleep(5 * time.Second)
			if !l.do(i%3, "beat", "a") {
				t.Fatalf("after %d beats it is not known", i)
			}
			l.all("a", 0)
		}
		began := time.Now()
		l.all("a!", time.Minute)
		if d := time.Since(began); d < 15*time.Second || d > 17*time.Second {
			t.Errorf("unhealthy after %v", d)
		}
		l.all("", time.Minute)
		if d := time.Since(began); d < 30*time.Second || d > 32*time.Second {
			t.Errorf("gone after %v", d)
		}
		if l.do(1, "beat", "a") {
			t.Error("a beat of nobody was taken")
		}
	})
}

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

// Registered again after a removal, it is there; the older removal does not
// reach it.
func TestRegisterAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		for i := range 20 {
			l.do(i%3, "put", "a")
			l.do((i+1)%3, "del", "a")
			l.do((i+2)%3, "put", "a")
		}
		l.all("a", time.Second)
		time.Sleep(12 * time.Second)
		l.all("a", 0)
	})
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

// All nodes started together wait for nobody for long.
func TestAllStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		newLab(t, 3)
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("up after %v", d)
		}
	})
}

// The first of three waits for others that are not there, but not for ever.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		l.nodes[1].stop()
		l.nodes[2].stop()
		l.restart(0, time.Second)
		began := time.Now()
		for !l.nodes[0].up.Load() {
			time.Sleep(50 * time.Millisecond)
		}
		if d := time.Since(began); d > 12*time.Second {
			t.Errorf("up after %v", d)
		}
		l.do(0, "put", "a")
	})
}

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
		time.Sleep(20 * time.Second)
		l.nodes[0].put("conn", "v", addr(0), false)
		l.all("conn", time.Second)
		l.net.Isolate(host(0), host(1), host(2))
		l.nodes[0].del("conn")
		time.Sleep(3 * time.Second)
		l.net.HealAll()
		l.all("", 10*time.Second)
		time.Sleep(20 * time.Second)
		l.all("", 0)
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
		time.Sleep(6 * time.Second)
		s := l.nodes[0].syncer.Stats()
		if s.Sent < 4008 || s.Digests == 0 || !s.Ready {
			t.Errorf("%+v", s)
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

// Who owns what moves with the members, and silence counts from then.
func TestRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		id := l.ownedBy(0)
		began := time.Now()
		if _, ok := l.nodes[1].ring.Since(id); ok {
			t.Error("node 1 owns it")
		}
		l.nodes[0].stop()
		for distro.Owner(l.nodes[1].members.View(), id) == addr(0) {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(10 * time.Millisecond)
		heir := l.nodes[1]
		if distro.Owner(heir.members.View(), id) != addr(1) {
			heir = l.nodes[2]
		}
		since, ok := heir.ring.Since(id)
		if !ok || since.Before(began) {
			t.Errorf("owner since %v, %v", since.Sub(began), ok)
		}
		time.Sleep(7 * time.Second)
		if again, _ := heir.ring.Since(id); !again.Equal(since) {
			t.Errorf("tenure began %v later", again.Sub(since))
		}
		now := time.Now().Add(time.Minute) // the process did not run for a minute
		heir.ring.Alive(now)
		if again, ok := heir.ring.Since(id); !ok || !again.Equal(now) {
			t.Errorf("after a pause tenure began %v later", again.Sub(since))
		}
	})
}

// A registration that lands at a node nobody expected is safe there, and known
// to all.
func TestWhereItLanded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		id := l.ownedBy(0)
		l.nodes[2].local(write{Op: "put", ID: id, Value: "v"})
		l.all(id, time.Second)
		time.Sleep(time.Minute) // its owner hears nothing, and lets it go
		l.all("", time.Second)
	})
}

func TestStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		id := l.ownedBy(0)
		l.nodes[0].members.SetState(cluster.Starting)
		time.Sleep(2 * time.Second)
		v := l.nodes[1].members.View()
		if o := distro.Owner(v, id); o == addr(0) {
			t.Error("a starting node owns something")
		}
		if !distro.Responsible(l.nodes[0].members.View(), id) {
			t.Error("a starting node sends away what came to it")
		}
	})
}

// Whoever must know waits for what the others have answered; one that cannot be
// reached is not waited for long.
func TestCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		l.net.Delay(host(1), host(0), 50*time.Millisecond)
		for k := range 20 {
			id := fmt.Sprintf("9.9.9.%d:80", k)
			l.nodes[1].put(id, "v", "", false)
			if k%2 == 0 {
				time.Sleep(3 * time.Millisecond)
			}
			l.nodes[0].syncer.Current(t.Context())
			if _, ok := l.nodes[0].store.snapshot()[id]; !ok {
				t.Fatalf("%s is not there", id)
			}
		}
		l.net.Part(host(0), host(2))
		began := time.Now()
		l.nodes[0].syncer.Current(t.Context())
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// How far behind a node's word is shows in its Stats.
func TestLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 2)
		time.Sleep(time.Second)
		s := l.nodes[0].syncer
		l.nodes[0].put("a", "v", "", false)
		time.Sleep(time.Second)
		if got := s.Stats(); got.Lag != 0 || got.Pending[addr(1)] != 0 {
			t.Errorf("with nothing to be sent: %+v", got)
		}
		l.net.Part(host(0), host(1))
		l.nodes[0].put("b", "v", "", false)
		time.Sleep(2 * time.Second)
		if got := s.Stats(); got.Lag < 2*time.Second || got.Lag > 3*time.Second || got.Pending[addr(1)] != 1 {
			t.Errorf("cut off: %+v", got)
		}
		l.net.HealAll()
		l.all("a b", 10*time.Second)
		time.Sleep(time.Second)
		if got := s.Stats(); got.Lag != 0 {
			t.Errorf("afterwards: %+v", got)
		}
	})
}
