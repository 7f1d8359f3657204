package auth

import (
	"context"
	"net/netip"
	"strings"
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
	guardPairs    = 100_000 // pairs remembered; beyond that the oldest windows go
	guardWaiting  = 256     // logins held back at once; more are refused
	guardDoubling = 6       // 250 ms · 2^6 = 16 s
	guardQueue    = 2 * guardLongest
)

// maxLogin bounds the name of a login, in bytes. Names in the table are shorter;
// a directory may have longer ones.
const maxLogin = 256

// guard slows down who guesses passwords.
type guard struct {
	mu       sync.Mutex // guards the following fields
	attempts map[pair]*attempts
	waiting  int
}

// pair is a user and an address, as they are counted. It holds strings of its
// own: those of a request point into its body.
type pair struct{ user, address string }

// pairOf is the pair of a login. Spellings that a directory takes for one user,
// and the addresses that one machine has by itself in IPv6, count as one.
func pairOf(user, address string) pair {
	user = strings.ToLower(strings.Join(strings.Fields(user), " "))
	if a, err := netip.ParseAddr(address); err == nil && a.Unmap().Is6() {
		const network = 64 // bits that a provider gives to one site at least
		if p, err := a.WithZone("").Prefix(network); err == nil {
			address = p.String()
		}
	}
	return pair{strings.Clone(user), strings.Clone(address)}
}

// attempts is what a pair has tried. Logins under way count like failures, so
// that many at once are no way round the delay; the first that succeeds lets all
// of them go.
type attempts struct {
	failed  int
	pending int
	since   time.Time     // start of the window
	next    time.Time     // the last turn that was given out
	right   chan struct{} // closed when a login succeeds
}

func newGuard() *guard { return &guard{attempts: map[pair]*attempts{}} }

// begin holds a login back for as long as those before it ask. It fails when ctx
// ends, or when too many wait already; a caller that cannot wait is told so at
// once. After nil, end has to be called.
func (g *guard) begin(ctx context.Context, p pair, patient bool) error {
	for {
		a, d, err := g.turn(p, time.Now(), patient)
		if err != nil || d == 0 {
			return err
		}
		again, err := g.sleep(ctx, a, d)
		if err != nil {
			return err
		}
		if !again {
			return nil
		}
	}
}

// turn counts a login in, or says how long it has to wait; it is counted in then
// too, for the end of the wait.
func (g *guard) turn(p pair, now time.Time, patient bool) (*attempts, time.Duration, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.of(p, now)
	if a.failed+a.pending <= guardFree {
		a.pending++
		return a, 0, nil
	}
	d := min(guardStep<<min(max(a.failed-guardFree-1, 0), guardDoubling), guardLongest)
	at := now
	if a.next.After(at) {
		at = a.next
	}
	at = at.Add(d)
	if !patient || g.waiting == guardWaiting || at.Sub(now) > guardQueue {
		return nil, 0, service.Errorf(service.TooMany, "too many failed logins, try again later")
	}
	a.next = at
	a.pending++
	g.waiting++
	return a, at.Sub(now), nil
}

// of is what is known of a pair; a window that is over begins anew.
func (g *guard) of(p pair, now time.Time) *attempts {
	a := g.attempts[p]
	if a == nil {
		if len(g.attempts) >= guardPairs {
			g.forget(now)
		}
		a = &attempts{since: now, right: make(chan struct{})}
		g.attempts[p] = a
	}
	if now.Sub(a.since) > guardWindow {
		a.failed, a.since = 0, now
	}
	return a
}

// sleep waits for the turn of a login that is counted in. It reports whether the
// login has to ask again, which is when another one of the pair succeeded.
func (g *guard) sleep(ctx context.Context, a *attempts, d time.Duration) (again bool, err error) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-a.right:
		again = true
	case <-ctx.Done():
		err = service.Wrap(service.Unavailable, ctx.Err(), "the login was not waited for")
	}
	g.mu.Lock()
	g.waiting--
	if again || err != nil {
		a.pending--
	}
	g.mu.Unlock()
	return again, err
}

// end counts how a login went.
func (g *guard) end(p pair, right bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.attempts[p]
	switch {
	case a == nil: // forgotten meanwhile, or let go by another one's success
	case right:
		close(a.right)
		delete(g.attempts, p)
	default:
		a.pending = max(0, a.pending-1)
		a.failed++
	}
}

// leave counts a login out that came to nothing.
func (g *guard) leave(p pair) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a := g.attempts[p]; a != nil {
		a.pending = max(0, a.pending-1)
	}
}

// forget makes room: windows that are over go, and if none is, all go, as an
// attacker with that many addresses is not slowed down by this.
func (g *guard) forget(now time.Time) {
	for p, a := range g.attempts {
		if now.Sub(a.since) > guardWindow && a.pending == 0 {
			delete(g.attempts, p)
		}
	}
	if len(g.attempts) >= guardPairs {
		clear(g.attempts)
	}
}
