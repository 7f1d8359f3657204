package distro_test

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/consistency/peer"
)

const (
	unhealthyAfter = 15 * time.Second
	removeAfter    = 30 * time.Second
)

// item is a record of the toy: an instance that beats, or one that is bound to
// a connection.
type item struct {
	value   string
	home    string
	healthy bool
	rev     uint64
	heard   time.Time
	seen    time.Time
}

func (i *item) version() distro.Version {
	return distro.Version{Rev: i.rev, Heard: i.heard, Seen: i.seen}
}

// toy is a registry of instances, as small as can be.
type toy struct {
	mu     sync.Mutex // guards the following fields
	items  map[string]*item
	landed map[string]time.Time // when an id was first there
	came   sync.Cond            // something was merged
	before func()               // called before records are merged; nil: nothing is
}

var _ distro.Store = (*toy)(nil)

func newToy() *toy {
	t := &toy{items: map[string]*item{}, landed: map[string]time.Time{}}
	t.came.L = &t.mu
	return t
}

// Each implements distro.Store.
func (t *toy) Each(fn func(distro.Entry) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, x := range t.items {
		if !fn(distro.Entry{Version: x.version(), ID: id, Tag: id, Home: x.home}) {
			return
		}
	}
}

// Encode implements distro.Store.
func (t *toy) Encode(id string) (distro.Record, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.items[id]
	if x == nil {
		return distro.Record{}, false
	}
	data := []byte{0}
	if x.healthy {
		data[0] = 1
	}
	return distro.Record{Version: x.version(), ID: id, Home: x.home, Data: append(data, x.value...)}, true
}

// Merge implements distro.Store.
func (t *toy) Merge(_ string, recs []distro.Record) (later []string) {
	t.mu.Lock()
	before := t.before
	t.before = nil
	t.mu.Unlock()
	if before != nil {
		before()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.came.Broadcast()
	now := time.Now()
	for _, r := range recs {
		x := t.items[r.ID]
		switch {
		case r.Gone && x != nil && r.Ends(x.version()):
			delete(t.items, r.ID)
		case r.Gone && x != nil:
			later = append(later, r.ID)
		case r.Gone:
		case x == nil || r.Later(x.version()):
			if x == nil {
				t.landed[r.ID] = now
			}
			t.items[r.ID] = &item{value: string(r.Data[1:]), healthy: r.Data[0] == 1, home: r.Home, rev: r.Rev, heard: r.Heard, seen: now}
		case r.Rev == x.rev:
			x.seen = now
		default:
			later = append(later, r.ID)
		}
	}
	return later
}

// Renew implements distro.Store.
func (t *toy) Renew(match func(distro.Entry) bool, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, x := range t.items {
		if match(distro.Entry{Version: x.version(), ID: id, Tag: id, Home: x.home}) {
			x.seen = at
		}
	}
}

func (t *toy) snapshot() map[string]item {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[string]item{}
	for id, x := range t.items {
		out[id] = *x
	}
	return out
}

func (t *toy) when() map[string]time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.landed)
}

// await waits until so many ids were there.
func (t *toy) await(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.landed) < n {
		t.came.Wait()
	}
}

// put is a publisher's act, or with beat a sign of life only; false when that is
// of nobody known.
func (n *node) put(id, value, home string, beat bool) bool {
	t := n.store
	t.mu.Lock()
	x := t.items[id]
	if x == nil {
		if beat {
			t.mu.Unlock()
			return false
		}
		x = &item{}
		t.items[id] = x
		t.landed[id] = time.Now()
	}
	x.heard = time.Now()
	changed := !x.healthy || !beat
	if changed {
		x.rev = n.syncer.Clock().Next(x.rev)
		x.healthy = true
	}
	if !beat {
		x.value, x.home = value, home
	}
	t.mu.Unlock()
	if changed {
		n.syncer.Changed(id)
	}
	return true
}

// del removes an instance, also one that is not known: another node may have it.
func (n *node) del(id string) {
	t := n.store
	t.mu.Lock()
	prev := uint64(0)
	if x := t.items[id]; x != nil {
		prev = x.rev
	}
	v := distro.Version{Rev: n.syncer.Clock().Next(prev), Heard: time.Now()}
	delete(t.items, id)
	t.mu.Unlock()
	n.syncer.Removed(id, v)
}

// sweep is the owner's look at who fell silent.
func (n *node) sweep(now time.Time) {
	n.ring.Alive(now)
	gone := map[string]distro.Version{}
	var quiet []string
	t := n.store
	t.mu.Lock()
	for id, x := range t.items {
		since, mine := n.ring.Since(id)
		if x.home != "" || !mine {
			continue
		}
		idle := min(now.Sub(x.heard), now.Sub(x.seen), now.Sub(since))
		switch {
		case idle > removeAfter:
			gone[id] = x.version()
			delete(t.items, id)
		case idle > unhealthyAfter && x.healthy:
			x.healthy, x.rev = false, n.syncer.Clock().Quiet(x.rev)
			quiet = append(quiet, id)
		}
	}
	t.mu.Unlock()
	for id, v := range gone {
		n.syncer.Removed(id, v)
	}
	for _, id := range quiet {
		n.syncer.Changed(id)
	}
}

func (n *node) sweeps(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			n.sweep(now)
		}
	}
}

// write is a request of a client.
type write struct {
	Op, ID, Value string
}

const callWrite = "toy.write"

// handle does what the middleware does: here, or one hop away at the owner.
func (n *node) handle(ctx context.Context, w write) (bool, error) {
	v := n.members.View()
	owner := distro.Owner(v, w.ID)
	if distro.Responsible(v, w.ID) {
		return n.local(w), nil
	}
	m, ok := v.Member(owner)
	if !ok {
		return false, peer.ErrUnreachable
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return peer.Call[write, bool](ctx, n.peer, m.PeerAddr(), callWrite, w)
}

func (n *node) local(w write) bool {
	switch w.Op {
	case "put":
		return n.put(w.ID, w.Value, "", false)
	case "beat":
		return n.put(w.ID, "", "", true)
	default:
		n.del(w.ID)
		return true
	}
}
