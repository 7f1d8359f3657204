package distro_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/test/faketime"
)

// Who owns what moves with the members, and silence counts from then.
func TestRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		id := l.ownedBy(0)
		synctest.Wait() // a ring is told after those who wait for a view
		began := time.Now()
		if _, ok := l.nodes[1].ring.Since(id); ok {
			t.Error("node 1 owns it")
		}
		l.nodes[0].stop()
		for _, n := range l.nodes[1:] { // they miss it one after the other
			for distro.Owner(n.members.View(), id) == addr(0) {
				time.Sleep(10 * time.Millisecond)
			}
		}
		faketime.Pass(10 * time.Millisecond)
		heir := l.nodes[1]
		if distro.Owner(heir.members.View(), id) != addr(1) {
			heir = l.nodes[2]
		}
		since, ok := heir.ring.Since(id)
		if !ok || since.Before(began) {
			t.Errorf("owner since %v, %v", since.Sub(began), ok)
		}
		faketime.Pass(7 * time.Second)
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
		faketime.Pass(time.Minute) // its owner hears nothing, and lets it go
		l.all("", time.Second)
	})
}

func TestStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		id := l.ownedBy(0)
		l.nodes[0].members.SetState(cluster.Starting)
		faketime.Pass(2 * time.Second)
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
		faketime.Pass(time.Second)
		s := l.nodes[0].syncer
		l.nodes[0].put("a", "v", "", false)
		faketime.Pass(time.Second)
		if got := s.Stats(); got.Lag != 0 || got.Pending[addr(1)] != 0 {
			t.Errorf("with nothing to be sent: %+v", got)
		}
		l.net.Part(host(0), host(1))
		l.nodes[0].put("b", "v", "", false)
		faketime.Pass(2 * time.Second)
		if got := s.Stats(); got.Lag < 2*time.Second || got.Lag > 3*time.Second || got.Pending[addr(1)] != 1 {
			t.Errorf("cut off: %+v", got)
		}
		l.net.HealAll()
		l.all("a b", 10*time.Second)
		faketime.Pass(time.Second)
		if got := s.Stats(); got.Lag != 0 {
			t.Errorf("afterwards: %+v", got)
		}
	})
}
