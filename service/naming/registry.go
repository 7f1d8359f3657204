package naming

import (
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/service"
)

const shards = 64

type shard[K comparable, V any] struct {
	sync.RWMutex // guards m
	m            map[K]V
	_            [32]byte // keeps neighbours off one cache line
}

// Registry holds every client and every service that this node knows. What is
// in it is memory: ephemeral things live here, durable ones are shown here.
type Registry struct {
	seed     maphash.Seed
	clients  [shards]shard[string, *client]
	entries  [shards]shard[Key, *entry]
	wheel    wheel
	observe  []func(clientID string, keys []Key)
	interner *interner
	spread   *spread // nil: this node is alone
	journal  journal

	cleanMetaAfter int64 // ms after which what was said of the departed is cleaned up
}

// newRegistry returns an empty Registry.
func newRegistry() *Registry {
	r := &Registry{
		seed: maphash.MakeSeed(), interner: newInterner(),
	}
	for i := range shards {
		r.clients[i].m = map[string]*client{}
		r.entries[i].m = map[Key]*entry{}
	}
	r.journal.since = time.Now()
	r.wheel.buckets, r.wheel.swept = map[int64]*bucket{}, time.Now().Unix()-1
	return r
}

// Observe has fn called after each change of what a client publishes, and with
// an empty id after a change of a service itself. It is told ids and keys only,
// reads what it needs later, and must not block. Call it before Run.
func (r *Registry) Observe(fn func(clientID string, keys []Key)) { r.observe = append(r.observe, fn) }

func (r *Registry) notify(id string, keys ...Key) {
	for _, fn := range r.observe {
		fn(id, keys)
	}
}

// client returns the client of an id, nil where there is none.
func (r *Registry) client(id []byte) *client {
	s := &r.clients[maphash.Bytes(r.seed, id)%shards]
	s.RLock()
	c := s.m[string(id)]
	s.RUnlock()
	return c
}

// lockClient returns the client of an id, locked; it is made if it is not there.
func (r *Registry) lockClient(id []byte) *client {
	for {
		c := r.client(id)
		if c == nil {
			s := &r.clients[maphash.Bytes(r.seed, id)%shards]
			s.Lock()
			if c = s.m[string(id)]; c == nil {
				c = newClient(string(id))
				s.m[c.id] = c
			}
			s.Unlock()
		}
		c.mu.Lock()
		if !c.gone {
			return c
		}
		c.mu.Unlock()
	}
}

// entryShard is where k is. The group does not count: it is nearly always the
// same.
func (r *Registry) entryShard(k Key) *shard[Key, *entry] {
	return &r.entries[(maphash.String(r.seed, k.Service)+maphash.String(r.seed, k.Namespace))%shards]
}

// entry returns what is known of k, nil where nothing is.
func (r *Registry) entry(k Key) *entry {
	s := r.entryShard(k)
	s.RLock()
	e := s.m[k]
	s.RUnlock()
	return e
}

// lockEntry returns the entry of k, locked; it is made if it is not there.
func (r *Registry) lockEntry(k Key) *entry {
	for {
		e := r.entry(k)
		if e == nil {
			s := r.entryShard(k)
			s.Lock()
			if e = s.m[k]; e == nil {
				e = newEntry(k)
				s.m[e.key] = e
			}
			s.Unlock()
		}
		e.mu.Lock()
		if !e.gone {
			return e
		}
		e.mu.Unlock()
	}
}

// release unlocks e, and takes it out of the registry when nothing is left to
// remember.
func (r *Registry) release(e *entry) {
	if !e.exists && len(e.regs)+len(e.subs)+len(e.overlays) == 0 && e.meta == nil && !e.stale {
		e.gone = true
		s := r.entryShard(e.key)
		s.Lock()
		delete(s.m, e.key)
		s.Unlock()
	}
	e.mu.Unlock()
}

// releaseClient unlocks c, and takes it out of the registry when it is done for.
func (r *Registry) releaseClient(c *client) {
	if len(c.regs)+len(c.subs) == 0 && !c.open && !r.wheel.scheduled(c) {
		r.dropClient(c)
	}
	c.mu.Unlock()
}

// dropClient takes c out of the registry; c.mu is held.
func (r *Registry) dropClient(c *client) {
	c.gone = true
	s := &r.clients[maphash.String(r.seed, c.id)%shards]
	s.Lock()
	delete(s.m, c.id)
	s.Unlock()
}

// each calls fn with every client, none locked.
func (r *Registry) each(fn func(*client)) {
	var all []*client
	for i := range r.clients {
		s := &r.clients[i]
		s.RLock()
		all = all[:0]
		for _, c := range s.m {
			all = append(all, c)
		}
		s.RUnlock()
		for _, c := range all {
			fn(c)
		}
	}
}

// eachEntry calls fn with every entry, none locked.
func (r *Registry) eachEntry(fn func(*entry)) {
	var all []*entry
	for i := range r.entries {
		s := &r.entries[i]
		s.RLock()
		all = all[:0]
		for _, e := range s.m {
			all = append(all, e)
		}
		s.RUnlock()
		for _, e := range all {
			fn(e)
		}
	}
}

// wrongKind is the error of an instance that is not of its service's kind.
func wrongKind(grouped string, ephemeral bool) error {
	service1, instance := "persistent", "ephemeral"
	if ephemeral {
		service1, instance = instance, service1
	}
	return service.Errorf(service.WrongKind, "errCode: 400, errMsg: Current service %s is %s service, can't register %s instance. ", grouped, service1, instance)
}

// publish adds or replaces the instance of c for k, which mixed lets be of another
// kind than those that are there. It reports whether anything that shows has
// changed. c.mu is held.
func (r *Registry) publish(c *client, k Key, in *Instance, now int64, mixed bool) (bool, error) {
	return r.publishAt(c, place{k, 0}, in, now, mixed)
}

// publishAt is publish at any place.
func (r *Registry) publishAt(c *client, p place, in *Instance, now int64, mixed bool) (bool, error) {
	if g := c.at(p); g != nil {
		g.beat.Store(now)
		changed := !g.sent.same(in)
		if changed {
			e := g.entry
			e.mu.Lock()
			r.set(g, in.keep(c.own(in.IP)), now)
			e.changed = now
			e.mu.Unlock()
		}
		r.acted(g)
		return changed, nil
	}
	e := r.lockEntry(p.Key)
	defer e.mu.Unlock()
	if e.exists && e.ephemeral != in.Ephemeral && !mixed {
		return false, wrongKind(e.grouped, e.ephemeral)
	}
	g := &registration{client: c, slot: p.slot, sent: in.keep(c.own(in.IP))}
	g.beat.Store(now)
	r.enter(g, e, now)
	r.acted(g)
	return true, nil
}

// enter adds a new registration to its client and its service. Both locks are
// held.
func (r *Registry) enter(g *registration, e *entry, now int64) {
	r.revive(e, g.sent.Ephemeral)
	if !e.exists {
		e.exists, e.ephemeral = true, g.sent.Ephemeral
	}
	e.changed, g.entry = now, e
	g.client.add(g)
	e.insert(g)
	e.reviveOverlay(g.overlayKey())
	e.show(g)
	r.wheel.schedule(g)
}

// revive takes back what was said of a service that is there again. What was said
// of one of the other kind is not about this one. e.mu is held.
func (r *Registry) revive(e *entry, ephemeral bool) {
	if e.exists || e.meta == nil {
		return
	}
	if e.meta.Ephemeral != ephemeral {
		e.meta, e.stale = nil, true
		r.wheel.cleanAt(e.key, 0)
		return
	}
	m := *e.meta
	m.expired = 0
	e.meta = &m
}

// set makes in the instance of g. Both locks are held.
func (r *Registry) set(g *registration, in *Instance, now int64) {
	old := g.sent
	if moved := old.IP != in.IP || old.Port != in.Port; moved { // a connection may, an address may not
		g.entry.drop(g)
		defer g.entry.insert(g)
	}
	g.sent = in
	if overlayKeyOf(old) != overlayKeyOf(in) {
		r.expireOverlay(g.entry, overlayKeyOf(old), now)
		g.entry.reviveOverlay(g.overlayKey())
	}
	g.entry.show(g)
	r.wheel.schedule(g)
}

// remove takes g away from its client and its service. c.mu is held.
func (r *Registry) remove(c *client, g *registration, now int64) {
	e := g.entry
	c.forget(g)
	g.dead = true
	e.mu.Lock()
	e.drop(g)
	e.changed = now
	r.expireOverlay(e, g.overlayKey(), now)
	e.view.Store(nil)
	e.mu.Unlock()
}

// Clients returns the ids of all clients.
func (r *Registry) Clients() []string {
	var ids []string
	r.each(func(c *client) { ids = append(ids, c.id) })
	return ids
}

// String says how much is known, for logs.
func (r *Registry) String() string {
	var b strings.Builder
	n, e := 0, 0
	for i := range shards {
		r.clients[i].RLock()
		n += len(r.clients[i].m)
		r.clients[i].RUnlock()
		r.entries[i].RLock()
		e += len(r.entries[i].m)
		r.entries[i].RUnlock()
	}
	fmt.Fprintf(&b, "%d clients, %d services", n, e)
	return b.String()
}
