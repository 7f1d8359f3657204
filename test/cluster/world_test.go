//go:build linux

package cluster

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// world is the load on a cluster and what the clients know.
type world struct {
	l        *lab
	seed     uint64
	services int
	gate     *gate
	book     *ledger
	pages    *pages
	past     *history

	stop context.CancelFunc
	wg   sync.WaitGroup
	ctx  context.Context

	mu       sync.Mutex // guards the following field
	watching map[*node]context.CancelFunc

	subscribers []*subscriber // set before the load begins
	lost        atomic.Bool   // no node has what was in memory, so that lists may be empty
}

// load says how much goes on at a time.
type load struct {
	services, stable, moving int // instances of each service
	writers                  int // of configs, each with a key of its own
	rivals                   int // clients that write the same configs and persistent instances
}

func usual() load { return load{services: 6, stable: 3, moving: 4, writers: 4, rivals: 4} }

// newWorld begins the load.
func newWorld(l *lab, seed uint64, o load) *world {
	ctx, cancel := context.WithCancel(context.Background())
	w := &world{
		l: l, seed: seed, services: o.services, gate: newGate(), book: newLedger(), stop: cancel, ctx: ctx,
		watching: map[*node]context.CancelFunc{},
	}
	w.pages = newPages(w, o.writers)
	w.past = newHistory(w)
	l.t.Cleanup(w.end)
	for i := range o.services * (o.stable + o.moving) {
		p := &provider{w: w, name: i, stable: i < o.services*o.stable, rand: rand.New(rand.NewPCG(seed, uint64(1000+i)))}
		w.wg.Go(func() { p.run(ctx) })
	}
	// Nobody looks before the first instances are there.
	l.until(30*time.Second, "the first instances are registered", func() string {
		w.book.mu.Lock()
		defer w.book.mu.Unlock()
		if n := len(w.book.live); n < o.services*(o.stable+o.moving)/2 {
			return fmt.Sprintf("%d are", n)
		}
		return ""
	})
	w.settle()
	for _, n := range l.all() {
		w.look(n)
	}
	w.subscribe(ctx)
	for i := range o.writers {
		w.wg.Go(func() { w.pages.write(ctx, i) })
	}
	for i := range o.rivals {
		w.wg.Go(func() { w.past.contend(ctx, i) })
	}
	return w
}

// end ends the load and tells how much there was.
func (w *world) end() {
	w.stop()
	w.wg.Wait()
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	maps.Copy(w.book.count, w.past.total)
	w.l.say("the load: %v", w.book.count)
	w.l.t.Logf("the load: %v", w.book.count)
}

// look has clients poll and listen on a node.
func (w *world) look(n *node) {
	ctx, cancel := context.WithCancel(w.ctx)
	w.mu.Lock()
	w.watching[n] = cancel
	w.mu.Unlock()
	if w.services > 0 {
		w.wg.Go(func() { w.watch(ctx, n) })
	}
	w.wg.Go(func() { w.pages.read(ctx, n) })
	w.wg.Go(func() { w.pages.listen(ctx, n) })
}

// unlook ends what look began: for a node that does not come back.
func (w *world) unlook(n *node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watching[n]()
	delete(w.watching, n)
}

// service names one by number, which may be that of a provider.
func (w *world) service(i int) string { return fmt.Sprintf("svc-%d", i%w.services) }

// any picks a running node, whatever ails it.
func (w *world) any(r *rand.Rand) *node {
	for {
		if up := w.l.running(); len(up) > 0 {
			return up[r.IntN(len(up))]
		}
		rest(10 * time.Millisecond)
	}
}

// settle holds the load's changes back, though not its beats and reads, and
// waits until every running node has all that it should, and nothing else.
func (w *world) settle() bool {
	w.l.t.Helper()
	began := time.Now()
	w.book.mu.Lock()
	w.book.calm = began
	w.book.mu.Unlock()
	if !w.gate.shut(time.Duration(patience() * float64(settled))) {
		w.l.t.Errorf("clients could not make a change within %v", settled)
	}
	defer w.gate.open()
	left := max(settled-time.Since(began), 5*time.Second)
	ok := w.l.until(left, "every node lists exactly the live instances", func() string {
		for _, n := range w.l.running() {
			if why := w.exact(w.ctx, n); why != "" {
				return why
			}
		}
		return ""
	})
	ok = w.l.until(max(settled-time.Since(began), 5*time.Second), "every subscriber holds exactly the live instances", w.told) && ok
	ok = w.l.until(max(settled-time.Since(began), 5*time.Second), "every node has every acknowledged config", func() string {
		for _, n := range w.l.running() {
			if why := w.pages.complete(w.ctx, n); why != "" {
				return why
			}
		}
		return w.pages.heard()
	}) && ok
	ok = w.past.close() && ok
	return w.l.until(settled, "every node finds that all agree", w.agreed) && ok
}

// agreed says which node finds that the nodes do not have the same.
func (w *world) agreed() string {
	up := w.l.running()
	if len(up) < 2 {
		return ""
	}
	for _, n := range up {
		r := n.call(w.ctx, http.MethodGet, "/v1/core/ops/divergence", nil)
		if !strings.Contains(r.body, `"agrees":true`) {
			return fmt.Sprintf("node %d: %s", n.number, r)
		}
	}
	return ""
}

// forget waits until who fell silent is listed nowhere any more.
func (w *world) forget() {
	w.l.t.Helper()
	if !w.gate.shut(time.Duration(patience() * float64(settled))) {
		w.l.t.Errorf("clients could not make a change within %v", settled)
	}
	defer w.gate.open()
	w.book.mu.Lock()
	w.book.calm = time.Time{}
	for i, until := range w.book.maybe {
		if until.Before(time.Now().Add(time.Hour)) { // else its client still tries
			w.book.maybe[i] = time.Time{}
		}
	}
	w.book.mu.Unlock()
	w.l.until(forgotten, "who fell silent is forgotten", func() string {
		for _, n := range w.l.running() {
			if why := w.exact(w.ctx, n); why != "" {
				return why
			}
		}
		return ""
	})
}

// gate holds changes back while the nodes are compared.
type gate struct {
	mu     sync.Mutex // guards the following fields
	closed bool
	inside int
	change chan struct{} // closed at each change
}

func newGate() *gate { return &gate{change: make(chan struct{})} }

func (g *gate) changed() {
	close(g.change)
	g.change = make(chan struct{})
}

// enter waits until the gate is open; false is the end of ctx.
func (g *gate) enter(ctx context.Context) bool {
	for {
		g.mu.Lock()
		if !g.closed {
			g.inside++
			g.mu.Unlock()
			return true
		}
		c := g.change
		g.mu.Unlock()
		select {
		case <-c:
		case <-ctx.Done():
			return false
		}
	}
}

// enterBeating is enter for those who have something to do meanwhile.
func (g *gate) enterBeating(ctx context.Context, beat func() bool) bool {
	for {
		g.mu.Lock()
		if !g.closed {
			g.inside++
			g.mu.Unlock()
			return true
		}
		g.mu.Unlock()
		if ctx.Err() != nil || !beat() {
			return false
		}
	}
}

func (g *gate) leave() {
	g.mu.Lock()
	g.inside--
	g.changed()
	g.mu.Unlock()
}

// shut closes the gate and waits until nobody is inside.
func (g *gate) shut(limit time.Duration) bool {
	late := time.NewTimer(limit)
	defer late.Stop()
	g.mu.Lock()
	g.closed = true
	for g.inside > 0 {
		c := g.change
		g.mu.Unlock()
		select {
		case <-c:
		case <-late.C:
			return false
		}
		g.mu.Lock()
	}
	g.mu.Unlock()
	return true
}

func (g *gate) open() {
	g.mu.Lock()
	g.closed = false
	g.changed()
	g.mu.Unlock()
}

// seedOf is the seed of a run: random, or PHAROS_SEED to run one again.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	return seedFrom(t, rand.Uint64N(1<<32))
}
