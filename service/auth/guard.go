package auth

import (
	"context"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/service"
)

// Failed logins are counted by user and address together, so that nobody can
// lock out somebody else, and clients that send the right password with every
// call are never slowed down.
const (
	guardWindow   = 5 * time.Minute
	guardFree     = 19 // failures that cost nothing
	guardStep     = 250 * time.Millisecond
	guardLongest  = 16 * time.Second
	guardPairs    = 100_000 // pairs remembered; beyond that the oldest window goes
	guardWaiting  = 256     // logins held back at once; more are refused
	guardDoubling = 6       // 250 ms · 2^6 = 16 s
)

// guard slows down who guesses passwords.
type guard struct {
	mu       sync.Mutex // guards the following fields
	failures map[pair]*failures
	waiting  int
}

type pair struct{ user, address string }

type failures struct {
	count int
	since time.Time // start of the window
}

func newGuard() *guard { return &guard{failures: map[pair]*failures{}} }

// wait holds a login back for as long as the failures before it ask. It fails
// when ctx ends, or when too many wait already.
func (g *guard) wait(ctx context.Context, p pair) error {
	d := g.delay(p, time.Now())
	if d == 0 {
		return nil
	}
	g.mu.Lock()
	if g.waiting == guardWaiting {
		g.mu.Unlock()
		return service.Errorf(service.TooMany, "too many failed logins, try again later")
	}
	g.waiting++
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		g.waiting--
		g.mu.Unlock()
	}()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return service.Wrap(service.Unavailable, ctx.Err(), "the login was not waited for")
	}
}

func (g *guard) delay(p pair, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.failures[p]
	if f == nil || now.Sub(f.since) > guardWindow || f.count <= guardFree {
		return 0
	}
	return min(guardStep<<min(f.count-guardFree-1, guardDoubling), guardLongest)
}

// failed counts a failure.
func (g *guard) failed(p pair) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.failures[p]
	if f == nil || now.Sub(f.since) > guardWindow {
		if len(g.failures) >= guardPairs {
			g.forget(now)
		}
		f = &failures{since: now}
		g.failures[p] = f
	}
	f.count++
}

// forget makes room: windows that are over go, and if none is, all go, as an
// attacker with that many addresses is not slowed down by this.
func (g *guard) forget(now time.Time) {
	for p, f := range g.failures {
		if now.Sub(f.since) > guardWindow {
			delete(g.failures, p)
		}
	}
	if len(g.failures) >= guardPairs {
		clear(g.failures)
	}
}

// succeeded forgets the failures of a pair.
func (g *guard) succeeded(p pair) {
	g.mu.Lock()
	delete(g.failures, p)
	g.mu.Unlock()
}
