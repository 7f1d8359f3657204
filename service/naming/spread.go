package naming

import (
	"log/slog"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/consistency/peer"
)

// Cluster-wide naming: what a client publishes is one record for each service. Its
// owner, by the client's address, alone judges the silence of the client; the
// other nodes have copies. Subscriptions are of the node they were made at.

// Spread is what a node of a cluster needs to share its registry.
type Spread struct {
	Syncer  *distro.Syncer // over this Registry
	Ring    *distro.Ring
	Members *cluster.Membership
	Peer    *peer.Node
	Ready   func() bool // whether this node has what the others have
}

// spread is the registry's way to the other nodes.
type spread struct {
	Spread

	self string
	ring *distro.Ring
	log  *slog.Logger
	loan loan
}

// Replicate shares the ephemeral instances with the other nodes of a cluster. It
// is called once, before Run and before anything is registered.
func (s *Service) Replicate(o Spread) {
	s.spread = &spread{Spread: o, self: o.Members.Self(), ring: o.Ring, log: s.o.Log}
	if o.Ready == nil {
		s.spread.Ready = o.Syncer.Ready
	}
	s.spread.loan.wake = make(chan struct{}, 1)
	s.serveBeats()
	s.serveSubscribers()
}

// tag is what decides about the owner of what c publishes: its address.
func (c *client) tag() string {
	addr, _, _ := strings.Cut(c.id, "#")
	return addr
}

// answersFor reports whether c is this node's to answer for.
func (r *Registry) answersFor(c *client) bool {
	switch {
	case r.spread == nil:
		return true
	case c.connected:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.home == "" || c.home == r.spread.self
	default:
		return distro.Responsible(r.spread.Members.View(), c.tag())
	}
}

// owned reports whether this node judges the silence of c, and since when it does
// without a break, unix ms. A node that is alone always did.
func (r *Registry) owned(c *client) (since int64, mine bool) {
	if r.spread == nil {
		return 0, true
	}
	at, mine := r.spread.ring.Since(c.tag())
	return at.UnixMilli(), mine
}

// acted spreads a change of g that is its client's doing. c.mu is held, here and
// in what follows, so no change overtakes another one.
func (r *Registry) acted(g *registration) {
	if r.spread == nil || !g.client.ephemeral {
		return
	}
	if g.id == "" {
		g.id = recordID(g.client.id, g.place())
	}
	g.rev = r.spread.Syncer.Clock().Next(g.rev)
	r.spread.Syncer.Changed(g.id)
}

// actedAt spreads what g's client did at a time, unix ms, of which this node heard
// only now.
func (r *Registry) actedAt(g *registration, ms int64) {
	g.rev = r.spread.Syncer.Clock().At(g.rev, time.UnixMilli(ms))
	r.spread.Syncer.Changed(g.id)
}

// quieted spreads a change of g that this node made because of its silence.
func (r *Registry) quieted(g *registration) {
	if r.spread == nil {
		return
	}
	g.rev = r.spread.Syncer.Clock().Quiet(g.rev)
	r.spread.Syncer.Changed(g.id)
}

// expired spreads that g is gone because nothing renewed it.
func (r *Registry) expired(g *registration) {
	if r.spread != nil && g.id != "" {
		r.spread.Syncer.Removed(g.id, g.version())
	}
}

// deregistered spreads that c no longer publishes k; g is what it did publish
// here, nil for nothing.
func (r *Registry) deregistered(c *client, k Key, g *registration) {
	if r.spread == nil {
		return
	}
	id, rev := recordID(c.id, place{k, 0}), uint64(0)
	if g != nil {
		rev = g.rev
	}
	r.spread.Syncer.Removed(id, distro.Version{Rev: r.spread.Syncer.Clock().Next(rev), Heard: time.Now()})
}

// withdrawn spreads that g is gone because its connection took it back or ended.
func (r *Registry) withdrawn(g *registration) {
	if r.spread != nil && g.id != "" {
		r.spread.Syncer.Removed(g.id, distro.Version{Rev: r.spread.Syncer.Clock().Next(g.rev), Heard: time.Now()})
	}
}

// version is the state of g's record. c.mu is held.
func (g *registration) version() distro.Version {
	return distro.Version{Rev: g.rev, Heard: moment(g.beat.Load()), Seen: moment(g.seen.Load())}
}

// moment is a time in unix ms; 0 is never.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
