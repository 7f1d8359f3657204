package naming

import (
	"context"

	"github.com/pharos-registry/pharos/persistence"
)

// Detail is an instance with where each of its values comes from.
type Detail struct {
	Shown    *Instance // as clients see it
	Sent     *Instance // as its client sends it
	Set      *Overlay  // what an operator has set over it; nil is nothing
	ClientID string
	Heard    int64 // unix ms of the last sign of life of its client here; 0 of one that gives none
}

// Placed is an instance of a service in a list of many.
type Placed struct {
	Key   *Key      // to be read only
	Shown *Instance // as clients see it

	g *registration
}

// Placed returns the instances of the services that match, in no order.
func (s *Service) Placed(match func(Key) bool) []Placed {
	var out []Placed
	s.eachEntry(func(e *entry) {
		if !match(e.key) {
			return
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, g := range e.regs {
			out = append(out, Placed{&e.key, g.now.Load(), g})
		}
	})
	return out
}

// Heard is when there was a last sign of life of its client here, unix ms; 0 of
// one that gives none.
func (p Placed) Heard() int64 {
	if !p.g.client.ephemeral {
		return 0
	}
	return max(p.g.beat.Load(), p.g.seen.Load())
}

// Detail says where each of its values comes from.
func (p Placed) Detail() Detail {
	e := p.g.entry
	e.mu.Lock()
	defer e.mu.Unlock()
	d := Detail{Shown: p.Shown, Sent: p.g.sent, ClientID: p.g.client.id, Heard: p.Heard()}
	if o := e.overlays[p.g.overlayKey()]; o != nil && (o.Weight != nil || o.Enabled != nil || o.Metadata.Len() > 0) {
		d.Set = o
	}
	return d
}

// SubscriberCount is how many subscribe to k.
func (r *Registry) SubscriberCount(k Key) int {
	e := r.entry(k)
	if e == nil {
		return 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.subs)
}

// Reset takes away what an operator has set over instances of a service: they
// are again as their clients send them. by is the user who asks for it.
func (s *Service) Reset(ctx context.Context, k Key, at []At, by string) error {
	lock := s.lockOf(k)
	lock.Lock()
	defer lock.Unlock()
	op := persistence.RemoveOverlays{ServiceKey: rowKey(k)}
	keys := make([]overlayKey, 0, len(at))
	for _, x := range at {
		keys = append(keys, overlayKey{x.IP, x.Port, x.Cluster})
		op.Overlays = append(op.Overlays, persistence.Overlay{IP: x.IP, Port: x.Port, Cluster: x.Cluster})
	}
	before := s.View(k)
	err := s.write(ctx, op)
	if err == nil {
		s.operated(before, keys, by)
	}
	return err
}

// Unhealthy counts the instances that are not healthy.
func (s *Service) Unhealthy() int {
	n := 0
	s.eachEntry(func(e *entry) {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, g := range e.regs {
			if !g.sent.Healthy {
				n++
			}
		}
	})
	return n
}

// DetailOf is one instance of a service with where its values come from; false
// where there is none.
func (s *Service) DetailOf(k Key, at At) (Detail, bool) {
	e := s.entry(k)
	if e == nil {
		return Detail{}, false
	}
	want := overlayKey{at.IP, at.Port, at.Cluster}
	e.mu.Lock()
	var p Placed
	for _, g := range e.regs {
		if g.overlayKey() == want {
			p = Placed{&e.key, g.now.Load(), g}
			break
		}
	}
	e.mu.Unlock()
	if p.g == nil {
		return Detail{}, false
	}
	return p.Detail(), true
}

// PutBack sets over an instance what was set over it before, whatever is now; nil
// is nothing. by is the user who asks for it.
func (s *Service) PutBack(ctx context.Context, k Key, at At, set *Overlay, by string) error {
	if set == nil {
		return s.Reset(ctx, k, []At{at}, by)
	}
	return s.putOverlays(ctx, k, []overlayKey{{at.IP, at.Port, at.Cluster}}, by, func(_ overlayKey, o *Overlay) {
		o.Weight, o.Enabled, o.Metadata = set.Weight, set.Enabled, set.Metadata
	})
}
