package naming

import (
	"sync"
	"time"
)

// wheel holds what has to be looked at, by the second in which. A beat does not
// touch it: what turns out to have beaten is put into a later second. So a sweep
// costs what is due, about once per time limit for each instance.
type wheel struct {
	mu      sync.Mutex // guards the following fields; the last lock to take
	buckets map[int64]*bucket
	swept   int64 // the last second that was taken out
}

type bucket struct {
	regs    []*registration
	clients []*client
	tombs   []tombKey
	keys    []Key // of services of which something is to be cleaned up
}

// horizon is how many seconds ahead a look is at most: what is due later is looked
// at in between, so that what is gone by then is let go of.
const horizon = 300

// at returns the bucket of a second that is still to come; w.mu is held.
func (w *wheel) at(second int64) (*bucket, int64) {
	second = min(max(second, w.swept+1), w.swept+horizon)
	b := w.buckets[second]
	if b == nil {
		b = &bucket{}
		w.buckets[second] = b
	}
	return b, second
}

// schedule has g looked at when it may have been silent for too long. entry.mu is
// held. A later second than the one that is set needs nothing: the look
// in between finds out.
func (w *wheel) schedule(g *registration) { w.scheduleFrom(g, g.heard()) }

// scheduleFrom does so counting from a moment, unix ms.
func (w *wheel) scheduleFrom(g *registration, last int64) {
	if !g.client.ephemeral || g.client.connected {
		return
	}
	limit := min(g.timeout(), g.deletion())
	if !g.now.Load().Healthy {
		limit = g.deletion()
	}
	// The limits are exceeded one millisecond after they are reached, and a second
	// is looked at when it is over.
	due := (last + limit) / 1000
	w.mu.Lock()
	defer w.mu.Unlock()
	if g.due != 0 && g.due <= due {
		return
	}
	b, due := w.at(due)
	g.due = due
	b.regs = append(b.regs, g)
}

// scheduleClient has c looked at at a time, unix ms, or earlier.
func (w *wheel) scheduleClient(c *client, when int64) {
	if !c.ephemeral || c.connected {
		return
	}
	due := when / 1000
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.due != 0 && c.due <= due {
		return
	}
	b, due := w.at(due)
	c.due = due
	b.clients = append(b.clients, c)
}

// claim reports whether this is the second in which g is to be looked at, once.
func (w *wheel) claim(due *int64, second int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if *due != second { // an earlier second was set meanwhile, and has come
		return false
	}
	*due = 0
	return true
}

// scheduled reports whether c will be looked at.
func (w *wheel) scheduled(c *client) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return c.due != 0
}

// later has g looked at at a time, whatever its beats say.
func (w *wheel) later(g *registration, when time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, due := w.at(when.Unix())
	g.due = due
	b.regs = append(b.regs, g)
}

// bury has a tombstone taken away at a time, unix ms.
func (w *wheel) bury(k tombKey, when int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, _ := w.at(when / 1000)
	b.tombs = append(b.tombs, k)
}

// cleanAt has what was said of a service looked at at a time, unix ms.
func (w *wheel) cleanAt(k Key, when int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, _ := w.at(when / 1000)
	b.keys = append(b.keys, k)
}

// take returns the oldest bucket whose second is over, nil when there is none.
func (w *wheel) take(now time.Time) (b *bucket, second int64) {
	last := now.Unix() - 1
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.swept < last {
		w.swept++
		if b := w.buckets[w.swept]; b != nil {
			delete(w.buckets, w.swept)
			return b, w.swept
		}
	}
	return nil, 0
}
