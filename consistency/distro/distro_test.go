package distro_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/test/faketime"
)

// A write on any node is at its owner in one hop, and on the others at once.
func TestRegister(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		faketime.Pass(time.Second)
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

// What is removed at a node at the moment that a copy of it comes in stays gone,
// and what is registered anew at that moment stays.
func TestRemovedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 2)
		faketime.Pass(time.Second)
		n := l.nodes[1]
		meanwhile := func(fn func()) {
			n.store.mu.Lock()
			n.store.before = fn
			n.store.mu.Unlock()
		}
		id := l.ownedBy(0)
		meanwhile(func() { n.del(id) })
		l.do(0, "put", id)
		faketime.Pass(time.Second)
		l.all("", 0)

		l.do(0, "put", id)
		faketime.Pass(time.Second)
		meanwhile(func() { n.put(id, "v", "", false) })
		l.do(0, "del", id)
		faketime.Pass(time.Second)
		l.all(id, 0)
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
		faketime.Pass(time.Second)
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
		faketime.Pass(12 * time.Second)
		l.all("a", 0)
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
