package auth

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/service"
)

// try is one login that goes wrong; it returns how long it was held back.
func try(t *testing.T, g *guard, p pair) time.Duration {
	t.Helper()
	start := time.Now()
	if err := g.begin(context.Background(), p, true); err != nil {
		t.Fatal(err)
	}
	g.end(p, false)
	return time.Since(start)
}

// Failures slow down the pair of user and address, from the twentieth on, and
// nobody else.
func TestGuard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, p := newGuard(), pairOf("u", "192.0.2.1")
		for range guardFree + 1 {
			if d := try(t, g, p); d != 0 {
				t.Fatalf("held back for %v after a few failures", d)
			}
		}
		for _, want := range []time.Duration{guardStep, 2 * guardStep, 4 * guardStep} {
			if d := try(t, g, p); d != want {
				t.Errorf("held back for %v, want %v", d, want)
			}
		}
		if d := try(t, g, pairOf("u", "192.0.2.2")); d != 0 {
			t.Errorf("another address is held back for %v", d)
		}
		if err := g.begin(context.Background(), p, false); service.CodeOf(err) != service.TooMany {
			t.Errorf("a caller that cannot wait: %v", err)
		}
		time.Sleep(guardWindow + time.Second)
		if d := try(t, g, p); d != 0 {
			t.Errorf("held back for %v when the window is over", d)
		}
	})
}

// Guessing with many connections at once is no faster.
func TestGuardAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, p := newGuard(), pairOf("u", "192.0.2.1")
		var tried, refused atomic.Int64
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if err := g.begin(context.Background(), p, true); err != nil {
					refused.Add(1)
					return
				}
				time.Sleep(70 * time.Millisecond) // bcrypt
				tried.Add(1)
				g.end(p, false)
			})
		}
		wg.Wait()
		// The free ones, and what fits into the queue at the shortest distance.
		if most := int64(guardFree + 1 + guardQueue/guardStep); tried.Load() > most || tried.Load()+refused.Load() != 1000 {
			t.Errorf("%d guesses at once, want at most %d; %d were refused", tried.Load(), most, refused.Load())
		}
		if g.waiting != 0 || g.attempts[p].pending != 0 {
			t.Errorf("%d wait and %d are under way when all is over", g.waiting, g.attempts[p].pending)
		}
	})
}

// A fleet that starts at once with the right password is let go by the first
// of them that succeeds.
func TestGuardFleet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, p := newGuard(), pairOf("u", "192.0.2.1")
		start := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := g.begin(context.Background(), p, true); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(70 * time.Millisecond)
				g.end(p, true)
			})
		}
		wg.Wait()
		if d := time.Since(start); d > time.Second {
			t.Errorf("a fleet of 100 is held back for %v", d)
		}
	})
}

func TestPairs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		user, address string
		same          bool
	}{
		{"bob", "192.0.2.1", true},
		{" Bob ", "192.0.2.1", true},
		{"BOB", "192.0.2.1", true},
		{"bob", "192.0.2.2", false},
		{"bobby", "192.0.2.1", false},
	} {
		if got := pairOf(c.user, c.address) == pairOf("bob", "192.0.2.1"); got != c.same {
			t.Errorf("%q from %s: the same pair %v, want %v", c.user, c.address, got, c.same)
		}
	}
	if pairOf("u", "2001:db8::1") != pairOf("u", "2001:db8::ffff:1") || pairOf("u", "2001:db8::1") == pairOf("u", "2001:db8:0:1::1") {
		t.Error("addresses of one site in IPv6 should count as one, and of two as two")
	}
}

func TestGuardForgets(t *testing.T) {
	t.Parallel()
	g := newGuard()
	for i := range guardPairs + 10 {
		p := pairOf(strconv.Itoa(i), "192.0.2.1")
		if err := g.begin(t.Context(), p, true); err != nil {
			t.Fatal(err)
		}
		g.end(p, false)
	}
	if n := len(g.attempts); n > guardPairs {
		t.Errorf("%d pairs are kept, want at most %d", n, guardPairs)
	}
	if _, err := (&Service{}).Password(t.Context(), strings.Repeat("x", maxLogin+1), "p", ""); service.CodeOf(err) != service.Unauthorized {
		t.Errorf("a very long name: %v", err)
	}
}
