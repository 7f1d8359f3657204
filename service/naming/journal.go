package naming

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
)

// The kinds of what befalls an instance.
const (
	Registered   = "registered"
	Deregistered = "deregistered" // its client or an operator took it away
	Disconnected = "disconnected" // its connection ended
	Expired      = "expired"      // its client fell silent and it was removed
	Unhealthy    = "unhealthy"
	Healthy      = "healthy"
	Altered      = "altered" // its client, or for a persistent one anybody, sends something else than before
	Operated     = "operated"
)

// Happening is something that befell an instance of a service through this node:
// of what another node did, that node knows.
type Happening struct {
	At      int64 // unix ms
	Kind    string
	Key     Key
	IP      string
	Port    uint16
	Cluster string
	By      string    // the user who asked for it, "" where nobody did or was asked
	Set     *Operator // of Operated
}

// Operator is what of an instance is another since an operator was there; nil is
// what is not.
type Operator struct {
	Weight   *float64
	Enabled  *bool
	Metadata bool
}

// journalLength is how many happenings are kept in each of 64 rings: about 5 MB
// in all, and a service that makes much noise drowns those of its own ring alone.
const journalLength = 512

// journal is the last that befell instances. It is written on changes, never on a
// beat.
type journal struct {
	since   time.Time // when it began
	rings   [shards]journalRing
	observe []func(Key)
}

type journalRing struct {
	sync.Mutex // guards the following fields

	all  []Happening
	next int   // where the next one goes, once all is full
	lost int64 // unix ms of the last one that is gone, 0: none is
}

func (r *Registry) journalOf(k Key) *journalRing {
	return &r.journal.rings[maphash.Comparable(r.seed, k)%shards]
}

// OnHappening has fn called after each happening. It must not block. Call it
// before Run.
func (r *Registry) OnHappening(fn func(Key)) { r.journal.observe = append(r.journal.observe, fn) }

// happened notes something that befell in, an instance of k.
func (r *Registry) happened(kind string, k Key, in *Instance, by string) {
	r.note(&Happening{Kind: kind, Key: k, IP: in.IP, Port: in.Port, Cluster: in.Cluster, By: by})
}

// note keeps h. Any lock may be held: the ring's is taken last, and for a moment.
func (r *Registry) note(h *Happening) {
	h.At, h.By = time.Now().UnixMilli(), strings.Clone(h.By)
	ring := r.journalOf(h.Key)
	ring.Lock()
	if len(ring.all) < journalLength {
		ring.all = append(ring.all, *h)
	} else {
		ring.lost = ring.all[ring.next].At
		ring.all[ring.next] = *h
		ring.next = (ring.next + 1) % journalLength
	}
	ring.Unlock()
	for _, fn := range r.journal.observe {
		fn(h.Key)
	}
}

// published notes that an instance came, or what its client changed of it; old is
// what it sent before, nil where it was not there.
func (r *Registry) published(k Key, old, in *Instance, by string) {
	switch {
	case old == nil:
		r.happened(Registered, k, in, by)
	case old.Healthy != in.Healthy && in.Healthy:
		r.happened(Healthy, k, in, by)
	case old.Healthy != in.Healthy:
		r.happened(Unhealthy, k, in, by)
	default:
		r.happened(Altered, k, in, by)
	}
}

// published returns what the client publishes for k, all places of it; c.mu is
// held.
func (c *client) published(k Key) (all []*Instance) {
	for i := 0; ; i++ {
		g := c.at(place{k, i})
		if g == nil {
			return all
		}
		all = append(all, g.sent)
	}
}

// compared notes what a connection made of the instances that it publishes for k.
// One that has only another place among them has not changed.
func (r *Registry) compared(k Key, before, after []*Instance, by string) {
	k = k.clone()
	gone := make(map[overlayKey]*Instance, len(before))
	for _, in := range before {
		gone[overlayKeyOf(in)] = in
	}
	for _, in := range after {
		at := overlayKeyOf(in)
		if old := gone[at]; old == nil || !old.same(in) {
			r.published(k, old, in, by)
		}
		delete(gone, at)
	}
	for _, in := range before {
		if gone[overlayKeyOf(in)] != nil {
			r.happened(Deregistered, k, in, by)
		}
	}
}

// operated notes what an operator has changed of how instances are shown: by
// comparing a service before with how it is now.
func (s *Service) operated(before *View, keys []overlayKey, by string) {
	now := s.View(before.Key)
	for _, k := range keys {
		old, in := before.find(k), now.find(k)
		if old == nil || in == nil {
			continue
		}
		set := Operator{Metadata: !old.Metadata.Equal(in.Metadata)}
		if old.Weight != in.Weight {
			set.Weight = &in.Weight
		}
		if old.Enabled != in.Enabled {
			set.Enabled = &in.Enabled
		}
		if set != (Operator{}) {
			s.note(&Happening{Kind: Operated, Key: now.Key, IP: in.IP, Port: in.Port, Cluster: in.Cluster, By: by, Set: &set})
		}
	}
}

// Happenings returns what befell the instances of k through this node, the oldest
// first, and since when nothing of it is missing.
func (r *Registry) Happenings(k Key) (all []Happening, since time.Time) {
	ring := r.journalOf(k)
	ring.Lock()
	defer ring.Unlock()
	since = r.journal.since
	if lost := time.UnixMilli(ring.lost); ring.lost != 0 && lost.After(since) {
		since = lost
	}
	for i := range ring.all {
		if h := &ring.all[(ring.next+i)%len(ring.all)]; h.Key == k {
			all = append(all, *h)
		}
	}
	// Two that were noted at one time may stand the wrong way round.
	slices.SortStableFunc(all, func(x, y Happening) int { return int(x.At - y.At) })
	return all, since
}
