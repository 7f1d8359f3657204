package config

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
)

// shards of the cache; a power of two. Readers share a lock with the writer of
// one sixty-fourth of the configs.
const shards = 64

// Cache holds every config in memory, with whoever watches it. It is fed by
// what was committed and by reloads, never by a request: what it says is in the
// database. A read touches nothing else.
type Cache struct {
	seed   maphash.Seed
	shards [shards]shard
	lags   *Lags

	switches atomic.Pointer[Switches] // what the config of the switches says
	changed  func(Key)                // nil: nobody wants to know
}

// OnChange has fn called after each change of a config, with its key. It must
// not block. Call it before anything changes.
func (c *Cache) OnChange(fn func(Key)) { c.changed = fn }

type shard struct {
	mu      sync.RWMutex // guards the following fields, and all of every entry
	entries map[Key]*entry
	_       [24]byte // keeps neighbours off one cache line
}

// entry is a config that exists, or that somebody watches.
type entry struct {
	key   Key
	shard *shard
	item  *Item   // nil: there is no such config
	first *Waiter // who waits, newest first
}

// NewCache returns an empty cache.
func NewCache() *Cache {
	c := &Cache{seed: maphash.MakeSeed(), lags: newLags()}
	c.switches.Store(defaultSwitches())
	for i := range c.shards {
		c.shards[i].entries = map[Key]*entry{}
	}
	return c
}

func (c *Cache) shard(k Key) *shard {
	return &c.shards[maphash.Comparable(c.seed, k)%shards]
}

// Get returns what is known of a config, nil where there is none.
func (c *Cache) Get(k Key) *Item {
	s := c.shard(k)
	s.mu.RLock()
	e := s.entries[k]
	var it *Item
	if e != nil {
		it = e.item
	}
	s.mu.RUnlock()
	return it
}

// Len is the number of configs.
func (c *Cache) Len() int {
	n := 0
	c.each(func(*entry) { n++ })
	return n
}

// each calls fn with every entry that has a config, shard by shard under its
// lock.
func (c *Cache) each(fn func(*entry)) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		for _, e := range s.entries {
			if e.item != nil {
				fn(e)
			}
		}
		s.mu.RUnlock()
	}
}

// update replaces the item of k by what change makes of it and wakes those who
// wait for it if change says so. Changing and waking are one step: whoever
// subscribes sees the new item or is woken.
func (c *Cache) update(k Key, change func(*Item) (*Item, bool)) {
	s := c.shard(k)
	s.mu.Lock()
	e := s.entries[k]
	var old *Item
	if e != nil {
		old = e.item
	}
	it, wake := change(old)
	if k.DataID == switchDataID {
		c.turn(old, it) // in the order of the changes, and before anybody is woken
	}
	if e == nil && it != nil {
		e = s.make(k)
	}
	var woken []Listener
	if e != nil {
		e.item = it
		if wake {
			woken = e.listeners()
			c.lags.woken(k, old, woken)
		}
		e.drop()
	}
	s.mu.Unlock()
	for _, l := range woken {
		l.Changed(&e.key)
	}
	if c.changed != nil {
		c.changed(k)
	}
}

// make adds an entry. The texts of k may be parts of a whole request: the entry
// has its own.
func (s *shard) make(k Key) *entry {
	k = Key{Tenant: strings.Clone(k.Tenant), Group: strings.Clone(k.Group), DataID: strings.Clone(k.DataID)}
	e := &entry{key: k, shard: s}
	s.entries[k] = e
	return e
}

// drop forgets an entry that nobody needs. The shard is locked.
func (e *entry) drop() {
	if e.item == nil && e.first == nil {
		delete(e.shard.entries, e.key)
	}
}

// setFormal puts a formal copy. The same content wakes nobody, whatever else
// about it is new (contract config.md §6.4).
func (c *Cache) setFormal(k Key, n *Copy) {
	c.update(k, func(it *Item) (*Item, bool) {
		same := it != nil && it.Formal != nil && it.Formal.MD5 == n.MD5
		return it.withFormal(n), !same
	})
}

// removeFormal takes the config away, its gray copies with it: in the database
// they stay, and show again when they are published or read anew, as in the
// reference.
func (c *Cache) removeFormal(k Key) {
	c.update(k, func(it *Item) (*Item, bool) { return nil, it != nil })
}

// setGray puts a gray copy.
func (c *Cache) setGray(k Key, g gray) {
	c.update(k, func(it *Item) (*Item, bool) {
		old, was := it.grayNamed(g.Gray)
		same := old != nil && old.MD5 == g.MD5 && was == g.source
		return it.withGray(g), !same
	})
}

// removeGray takes a gray copy away.
func (c *Cache) removeGray(k Key, name string) {
	c.update(k, func(it *Item) (*Item, bool) {
		old, _ := it.grayNamed(name)
		return it.withoutGray(name), old != nil
	})
}

// swap puts n in the place of was, unless something was committed meanwhile.
func (c *Cache) swap(k Key, was, n *Item) (done bool) {
	c.update(k, func(now *Item) (*Item, bool) {
		if done = now == was; !done {
			return now, false
		}
		return n, !sameContent(was, n)
	})
	return done
}

// snapshot is what is known of every config now.
func (c *Cache) snapshot() map[Key]*Item {
	m := make(map[Key]*Item, c.Len())
	c.each(func(e *entry) { m[e.key] = e.item })
	return m
}
