//go:build linux

package cluster

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pages are configs that have one writer each. Its content counts up, so that
// a reader can tell what is older.
type pages struct {
	w *world

	mu      sync.Mutex // guards the following fields
	acked   map[string]int
	unknown map[string]int // a version that may have come after acked; it is the key's last
	seen    map[view]int   // highest version read
	told    map[view]int   // version that a listener has
	current []string       // the key that each writer is at
}

// view is one key as seen through one node.
type view struct {
	node int
	key  string
}

const (
	group = "FAULTS"

	// pollFor is how long a listener waits before it asks anew, also for keys that
	// were not there yet. A server answers after 9.5 s at the earliest.
	pollFor = 3 * time.Second
)

func newPages(w *world, writers int) *pages {
	return &pages{
		w: w, acked: map[string]int{}, unknown: map[string]int{}, seen: map[view]int{}, told: map[view]int{},
		current: make([]string, writers),
	}
}

// write counts one key up until it does not know whether a version was
// written, then goes on with another.
func (p *pages) write(ctx context.Context, writer int) {
	r := rand.New(rand.NewPCG(p.w.seed, uint64(2000+writer)))
	for epoch := 0; ctx.Err() == nil; epoch++ {
		key := fmt.Sprintf("page-%d-%d", writer, epoch)
		p.mu.Lock()
		p.current[writer] = key
		p.mu.Unlock()
		for v := 1; p.publish(ctx, r, key, v); v++ {
			pause(ctx, time.Duration(50+r.IntN(200))*time.Millisecond)
		}
	}
}

// publish writes one version. False is that its fate is unknown, or the end.
func (p *pages) publish(ctx context.Context, r *rand.Rand, key string, version int) bool {
	for {
		if !p.w.gate.enter(ctx) {
			return false
		}
		p.mu.Lock()
		p.unknown[key] = version // until there is an answer
		p.mu.Unlock()
		a := p.w.any(r).call(ctx, http.MethodPost, "/v1/cs/configs", values("dataId", key, "group", group, "content", strconv.Itoa(version)))
		p.w.gate.leave()
		if ctx.Err() != nil {
			return false
		}
		if a.ok() && a.body == "true" {
			p.mu.Lock()
			p.acked[key] = version
			delete(p.unknown, key)
			p.mu.Unlock()
			p.w.book.note("publish")
			return true
		}
		p.w.book.note("publish failed")
		if a.sent && !refused(a) {
			p.w.l.say("publish %s version %d: %v", key, version, a)
			pause(ctx, 200*time.Millisecond)
			return false
		}
		p.mu.Lock()
		delete(p.unknown, key)
		p.mu.Unlock()
		pause(ctx, 50*time.Millisecond)
	}
}

// refused says whether a node answered that nothing was written.
func refused(a reply) bool {
	return a.status == http.StatusServiceUnavailable && strings.Contains(a.body, "nothing was written")
}

// keys are those whose last version is known to be written.
func (p *pages) keys() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.acked)
}

func (p *pages) now() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, k := range p.current {
		if p.acked[k] > 0 {
			out = append(out, k)
		}
	}
	return out
}

// get reads a key as the one client that a node has, and sees to it that it
// never gets an older version after a newer one.
func (p *pages) get(ctx context.Context, n *node, key, how string) (version int, a reply, ok bool) {
	k := view{n.number, key}
	p.mu.Lock()
	floor := p.seen[k] // before the request: a later answer may overtake this one
	p.mu.Unlock()
	a = n.call(ctx, http.MethodGet, "/v1/cs/configs", values("dataId", key, "group", group))
	switch {
	case a.status == http.StatusNotFound:
	case !a.ok():
		return 0, a, false
	default:
		var err error
		if version, err = strconv.Atoi(a.body); err != nil {
			p.w.l.t.Errorf("node %d has %q in %s", n.number, a.body, key)
			return 0, a, false
		}
	}
	p.w.book.note("config " + how)
	p.mu.Lock()
	p.seen[k] = max(p.seen[k], version)
	p.mu.Unlock()
	if version < floor {
		p.w.l.say("OLDER: node %d gave version %d of %s after %d (%s)", n.number, version, key, floor, how)
		p.w.l.t.Errorf("node %d gave version %d of %s after version %d (%s)", n.number, version, key, floor, how)
	}
	return version, a, true
}

// read polls the keys of one node.
func (p *pages) read(ctx context.Context, n *node) {
	for ctx.Err() == nil {
		for _, key := range p.now() {
			p.get(ctx, n, key, "read")
			pause(ctx, 50*time.Millisecond)
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// listen is a client that long-polls one node for the keys and reads those that
// have changed.
func (p *pages) listen(ctx context.Context, n *node) {
	have := map[string]int{}
	for ctx.Err() == nil {
		var asked strings.Builder
		for _, key := range p.now() {
			sum := ""
			if v := have[key]; v > 0 {
				h := md5.Sum([]byte(strconv.Itoa(v)))
				sum = hex.EncodeToString(h[:])
			}
			asked.WriteString(key + "\x02" + group + "\x02" + sum + "\x01")
		}
		a := n.callFor(ctx, pollFor, http.MethodPost, "/v1/cs/configs/listener", values("Listening-Configs", asked.String()), "Long-Pulling-Timeout", "10000")
		if !a.ok() {
			pause(ctx, 50*time.Millisecond)
			continue
		}
		changed, _ := url.QueryUnescape(strings.TrimSpace(a.body))
		for entry := range strings.SplitSeq(changed, "\x01") {
			key, _, found := strings.Cut(entry, "\x02")
			if !found {
				continue
			}
			if v, _, ok := p.get(ctx, n, key, "told"); ok {
				have[key] = v
				p.mu.Lock()
				p.told[view{n.number, key}] = v
				p.mu.Unlock()
			}
		}
	}
}

// complete says which acknowledged config a node lacks or has in another
// version, "" if it has all.
func (p *pages) complete(ctx context.Context, n *node) string {
	for key, want := range p.keys() {
		got, a, ok := p.get(ctx, n, key, "compared")
		if !ok {
			return fmt.Sprintf("node %d, config %s: %v", n.number, key, a)
		}
		p.mu.Lock()
		maybe, open := p.unknown[key]
		p.mu.Unlock()
		if got != want && (!open || got != maybe) {
			return fmt.Sprintf("node %d has version %d of %s, acknowledged is %d", n.number, got, key, want)
		}
	}
	return ""
}

// heard says which listener of a running node does not have the last version.
func (p *pages) heard() string {
	for _, n := range p.w.l.running() {
		p.w.mu.Lock()
		_, watched := p.w.watching[n]
		p.w.mu.Unlock()
		if !watched {
			continue
		}
		for _, key := range p.now() {
			p.mu.Lock()
			has, want := p.told[view{n.number, key}], p.acked[key]
			maybe, open := p.unknown[key]
			p.mu.Unlock()
			if has != want && (!open || has != maybe) {
				return fmt.Sprintf("the listener of node %d has version %d of %s, acknowledged is %d", n.number, has, key, want)
			}
		}
	}
	return ""
}
