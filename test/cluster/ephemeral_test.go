//go:build linux

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A client that ends without a word is listed until it has been silent for
// 30 s, counted from when its owner took it over: that is later after a fault.
const forgotten = 45 * time.Second

// beatEvery is how often a simulated client beats: more often than SDKs do, for
// more load.
const beatEvery = 2 * time.Second

// ledger is what the simulated clients know of their instances.
type ledger struct {
	mu    sync.Mutex           // guards the following fields
	live  map[string]bool      // registered, beating: every node has to list it
	maybe map[string]time.Time // may be listed until then
	gone  map[string]time.Time // when the deregistration was answered: never to be listed again
	calm  time.Time            // when the last fault was mended
	count map[string]int
}

func newLedger() *ledger {
	return &ledger{live: map[string]bool{}, maybe: map[string]time.Time{}, gone: map[string]time.Time{}, count: map[string]int{}}
}

func (g *ledger) note(what string) {
	g.mu.Lock()
	g.count[what]++
	g.mu.Unlock()
}

func (g *ledger) isLive(i instance) {
	g.mu.Lock()
	delete(g.maybe, i.String())
	g.live[i.String()] = true
	g.mu.Unlock()
}

func (g *ledger) mayBe(i instance, until time.Time) {
	g.mu.Lock()
	delete(g.live, i.String())
	g.maybe[i.String()] = until
	g.mu.Unlock()
}

func (g *ledger) isGone(i instance) {
	g.mu.Lock()
	delete(g.live, i.String())
	delete(g.maybe, i.String())
	g.gone[i.String()] = time.Now()
	g.mu.Unlock()
}

// instance is one address of a service, used once.
type instance struct {
	service string
	ip      string
	port    int
}

func (i instance) String() string { return i.service + " " + i.ip + ":" + strconv.Itoa(i.port) }

func (i instance) form(more ...string) url.Values {
	v := values(more...)
	v.Set("serviceName", i.service)
	v.Set("ip", i.ip)
	v.Set("port", strconv.Itoa(i.port))
	v.Set("ephemeral", "true")
	return v
}

// provider is a simulated client that registers one instance after another.
type provider struct {
	w      *world
	name   int
	stable bool // it keeps its first instance
	rand   *rand.Rand
	turn   int
}

func (p *provider) run(ctx context.Context) {
	for ctx.Err() == nil {
		if !p.w.gate.enter(ctx) {
			return
		}
		i := instance{p.w.service(p.name), fmt.Sprintf("10.1.%d.%d", p.name/200, 1+p.name%200), 1000 + p.turn}
		p.turn++
		tainted := p.register(ctx, i)
		p.w.gate.leave()
		if ctx.Err() != nil {
			return
		}
		for beats := 3 + p.rand.IntN(12); beats > 0 || p.stable; beats-- {
			if !p.beat(ctx, i, &tainted) {
				return
			}
		}
		if !p.w.gate.enterBeating(ctx, func() bool { return p.beat(ctx, i, &tainted) }) {
			return
		}
		p.leave(ctx, i, tainted)
		p.w.gate.leave()
	}
}

// register asks one node after another until one says yes. It tells whether an
// answer was missed, so that the request may still be under way.
func (p *provider) register(ctx context.Context, i instance) (tainted bool) {
	p.w.book.mayBe(i, time.Now().Add(24*time.Hour))
	for ctx.Err() == nil {
		r := p.w.any(p.rand).call(ctx, http.MethodPost, "/v1/ns/instance", i.form())
		if r.ok() {
			p.w.book.isLive(i)
			p.w.book.note("register")
			return tainted
		}
		p.w.book.note("register failed")
		tainted = tainted || r.sent
		pause(ctx, 50*time.Millisecond)
	}
	return tainted
}

// beat waits for the time of a beat and sends it to any node, to the next when
// that fails. A node that does not know the instance gets it again.
func (p *provider) beat(ctx context.Context, i instance, tainted *bool) bool {
	pause(ctx, beatEvery/2+rand.N(beatEvery))
	for try := range 3 {
		if ctx.Err() != nil {
			return false
		}
		r := p.w.any(p.rand).call(ctx, http.MethodPut, "/v1/ns/instance/beat", i.form())
		switch {
		case r.ok() && strings.Contains(r.body, "20404"):
			p.w.book.note("beat: unknown instance")
			*tainted = p.register(ctx, i) || *tainted
			return ctx.Err() == nil
		case r.ok():
			p.w.book.note("beat")
			return true
		}
		p.w.book.note(fmt.Sprintf("beat failed %d", try+1))
	}
	return ctx.Err() == nil
}

// leave deregisters, or ends without a word.
func (p *provider) leave(ctx context.Context, i instance, tainted bool) {
	if p.rand.IntN(5) == 0 {
		p.w.book.mayBe(i, time.Now().Add(forgotten))
		p.w.book.note("ended without a word")
		return
	}
	p.w.book.mayBe(i, time.Now().Add(24*time.Hour))
	for ctx.Err() == nil {
		n := p.w.any(p.rand)
		if r := n.call(ctx, http.MethodDelete, "/v1/ns/instance", i.form()); r.ok() {
			p.w.book.note("deregister")
			if tainted { // a registration may still be under way
				p.w.book.mayBe(i, time.Now().Add(forgotten))
			} else {
				p.w.book.isGone(i)
			}
			return
		}
		p.w.book.note("deregister failed")
		pause(ctx, 50*time.Millisecond)
	}
}

// listed is what a node says of a service: instance to whether it is healthy.
func (n *node) listed(ctx context.Context, service string) (map[string]bool, error) {
	r := n.call(ctx, http.MethodGet, "/v1/ns/instance/list", values("serviceName", service))
	if !r.ok() {
		return nil, fmt.Errorf("node %d, list of %s: %v", n.number, service, r)
	}
	out, err := hosts(service, []byte(r.body))
	if err != nil {
		return nil, fmt.Errorf("node %d, list of %s: %w", n.number, service, err)
	}
	return out, nil
}

// hosts reads a list of instances.
func hosts(service string, list []byte) (map[string]bool, error) {
	var body struct {
		Hosts []struct {
			IP      string
			Port    int
			Healthy bool
		}
	}
	if err := json.Unmarshal(list, &body); err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, h := range body.Hosts {
		out[instance{service, h.IP, h.Port}.String()] = h.Healthy
	}
	return out, nil
}

// exact says why a node does not list exactly the live instances, "" if it does.
func (w *world) exact(ctx context.Context, n *node) string {
	var wrong []string
	for s := range w.services {
		got, err := n.listed(ctx, w.service(s))
		if err != nil {
			return err.Error()
		}
		wrong = append(wrong, w.book.compare(w.service(s), got)...)
	}
	return complaint(fmt.Sprintf("node %d", n.number), wrong)
}

func complaint(who string, wrong []string) string {
	if len(wrong) == 0 {
		return ""
	}
	slices.Sort(wrong)
	return fmt.Sprintf("%s: %d wrong: %s", who, len(wrong), strings.Join(wrong[:min(4, len(wrong))], "; "))
}

// compare lists what is wrong with a list of a service.
func (g *ledger) compare(service string, got map[string]bool) (wrong []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.live {
		if !strings.HasPrefix(i, service+" ") {
			continue
		}
		if healthy, there := got[i]; !there {
			wrong = append(wrong, "lacks "+i)
		} else if !healthy {
			wrong = append(wrong, "has as unhealthy "+i)
		}
	}
	for i := range got {
		until, may := g.maybe[i]
		at, gone := g.gone[i]
		switch {
		case g.live[i], may && (time.Now().Before(until) || time.Since(g.calm) < forgotten):
		case gone:
			wrong = append(wrong, fmt.Sprintf("has %s, deregistered %v ago", i, time.Since(at).Round(time.Millisecond)))
		default:
			wrong = append(wrong, "has "+i+", which ended long ago")
		}
	}
	return wrong
}

// watcher polls the lists of one node as a subscriber does. A service whose
// instances live must never look empty.
func (w *world) watch(ctx context.Context, n *node) {
	for s := 0; ctx.Err() == nil; s = (s + 1) % w.services {
		pause(ctx, 100*time.Millisecond)
		got, err := n.listed(ctx, w.service(s))
		if err != nil {
			w.book.note("list failed")
			continue
		}
		w.book.note("list")
		if len(got) == 0 && ctx.Err() == nil {
			w.l.say("EMPTY: node %d lists nothing of %s", n.number, w.service(s))
			w.l.t.Errorf("node %d lists nothing of %s", n.number, w.service(s))
		}
	}
}

// pause waits, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
