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

// Details returns the instances of a service, sorted by address.
func (s *Service) Details(k Key) []Detail {
	e := s.entry(k)
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Detail, len(e.regs))
	for i, g := range e.regs {
		d := Detail{Shown: g.now.Load(), Sent: g.sent, ClientID: g.client.id}
		if g.client.ephemeral {
			d.Heard = max(g.beat.Load(), g.seen.Load())
		}
		if o := e.overlays[g.overlayKey()]; o != nil && (o.Weight != nil || o.Enabled != nil || o.Metadata.Len() > 0) {
			d.Set = o
		}
		out[i] = d
	}
	return out
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
// are again as their clients send them.
func (s *Service) Reset(ctx context.Context, k Key, at []At) error {
	lock := s.lockOf(k)
	lock.Lock()
	defer lock.Unlock()
	op := persistence.RemoveOverlays{ServiceKey: rowKey(k)}
	for _, x := range at {
		op.Overlays = append(op.Overlays, persistence.Overlay{IP: x.IP, Port: x.Port, Cluster: x.Cluster})
	}
	return s.write(ctx, op)
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
