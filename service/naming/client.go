package naming

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// client is a publisher and subscriber: an ip:port that speaks HTTP, or a
// connection, which has no # in its id. What it
// publishes is copied to the other nodes of a cluster, what it subscribes to is
// this node's own.
//
// Lock order: client.mu, then entry.mu, then wheel.mu.
type client struct {
	id        string
	ip        string // a part of id
	port      uint16
	ephemeral bool
	connected bool // lives as long as a connection: beats and silence mean nothing

	used atomic.Int64 // unix ms of the last sign of life

	mu    sync.Mutex // guards the following fields
	gone  bool       // taken out of the registry; look it up again
	open  bool       // its connection is here and open
	home  string     // the node that has the connection, "" for this one
	regs  []*registration
	byKey map[place]*registration // regs again, where they are many
	subs  []*subscription

	due int64 // the second in which the wheel looks at it, 0: never; guarded by wheel.mu
}

// place is where a client publishes an instance: at 0 of a service, and at the
// following numbers the further ones of a batch, which only connections have.
type place struct {
	Key

	slot int
}

// registration is a client's instance of one service.
type registration struct {
	client *client
	entry  *entry
	slot   int

	beat atomic.Int64 // unix ms of the last beat
	seen atomic.Int64 // unix ms of when another node last spoke for it; 0: never
	lent atomic.Bool  // it has beaten here and its owner is to be told

	id  string // of its record, "" on a node that is alone
	rev uint64 // of its record; guarded by client.mu

	said uint64                   // Sum of its last beat; guarded by client.mu
	sent *Instance                // as the client sent it, with the health we found; who writes it holds client.mu and entry.mu
	dead bool                     // guarded by client.mu
	now  atomic.Pointer[Instance] // as it is shown: sent under the overlay, or sent itself; who writes it holds entry.mu
	due  int64                    // the second in which the wheel looks at it, 0: never; guarded by wheel.mu
}

// newClient returns the client of an id, which is ip:port#ephemeral.
func newClient(id string) *client {
	c := &client{id: id, ip: id}
	addr, kind, ok := strings.Cut(id, "#")
	if !ok {
		c.ephemeral, c.connected = true, true
		return c
	}
	c.ephemeral = kind == "true"
	if i := strings.LastIndexByte(addr, ':'); i >= 0 {
		c.ip = addr[:i]
		n, _ := strconv.ParseUint(addr[i+1:], 10, 16)
		c.port = uint16(n)
	}
	return c
}

// own returns ip as a text that c may keep: one copy of its own address is enough.
func (c *client) own(ip string) string {
	if ip == c.ip {
		return c.ip
	}
	return strings.Clone(ip)
}

// many is from how many registrations on a client has an index: a provider of
// interfaces has thousands, most others have one.
const many = 16

// registration returns what the client publishes for k, of a batch the first;
// c.mu is held.
func (c *client) registration(k Key) *registration { return c.at(place{k, 0}) }

// at returns what the client publishes at p; c.mu is held.
func (c *client) at(p place) *registration {
	if c.byKey != nil {
		return c.byKey[p]
	}
	for _, g := range c.regs {
		if g.slot == p.slot && g.entry.key == p.Key {
			return g
		}
	}
	return nil
}

// place is where g stands at its client.
func (g *registration) place() place { return place{g.entry.key, g.slot} }

// add takes g in; c.mu is held.
func (c *client) add(g *registration) {
	c.regs = append(c.regs, g)
	switch {
	case c.byKey != nil:
		c.byKey[g.place()] = g
	case len(c.regs) == many:
		c.byKey = make(map[place]*registration, 2*many)
		for _, g := range c.regs {
			c.byKey[g.place()] = g
		}
	}
}

// forget lets go of g; c.mu is held.
func (c *client) forget(g *registration) {
	if i := slices.Index(c.regs, g); i >= 0 {
		c.regs = slices.Delete(c.regs, i, i+1)
	}
	delete(c.byKey, g.place())
	if len(c.regs) == 0 {
		c.byKey = nil
	}
}

// entry is what the registry knows of a service name. It is there as soon as
// somebody asks for it to be remembered; the service itself exists only when
// exists is set.
type entry struct {
	key     Key
	grouped string

	view atomic.Pointer[View] // nil: to be built

	mu        sync.Mutex // guards the following fields
	gone      bool       // taken out of the registry; look it up again
	exists    bool
	ephemeral bool
	changed   int64           // unix ms of the last change of the set of publishers
	regs      []*registration // sorted by order
	subs      []*subscription
	overlays  map[overlayKey]*Overlay
	meta      *Meta // the service-metadata record; nil: none
	stale     bool  // the database has a record of a service of the other kind
	last      *View // the last one that was built, for what it has rendered
}

func newEntry(k Key) *entry {
	k = k.clone()
	return &entry{key: k, grouped: k.Grouped()}
}

// order is the order of hosts in every list.
func order(a, b *registration) int {
	if c := strings.Compare(a.sent.IP, b.sent.IP); c != 0 {
		return c
	}
	if a.sent.Port != b.sent.Port {
		return int(a.sent.Port) - int(b.sent.Port)
	}
	if c := strings.Compare(a.client.id, b.client.id); c != 0 {
		return c
	}
	return a.slot - b.slot
}

// insert adds g; e.mu is held.
func (e *entry) insert(g *registration) {
	i, _ := slices.BinarySearchFunc(e.regs, g, order)
	e.regs = slices.Insert(e.regs, i, g)
}

// drop takes g out; e.mu is held.
func (e *entry) drop(g *registration) {
	if i, ok := slices.BinarySearchFunc(e.regs, g, order); ok {
		e.regs = slices.Delete(e.regs, i, i+1)
	}
}

// show works out what is shown of g, and that a new View is needed. e.mu is held.
func (e *entry) show(g *registration) {
	shown := g.sent
	if o := e.overlays[g.overlayKey()]; o != nil {
		shown = o.over(g.sent)
	}
	g.now.Store(shown)
	e.view.Store(nil)
}
