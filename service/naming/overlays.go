package naming

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// row is o as the database keeps it.
func (o *Overlay) row(k overlayKey) persistence.Overlay {
	return persistence.Overlay{
		IP: k.ip, Port: k.port, Cluster: k.cluster,
		Weight: o.Weight, Enabled: o.Enabled, Metadata: o.Metadata.jsonText(),
	}
}

// putOverlays writes what change makes of the overlays of a service's instances.
// The lock makes reading and writing one step on this node. by is the user who asks
// for it.
func (s *Service) putOverlays(ctx context.Context, k Key, keys []overlayKey, by string, change func(overlayKey, *Overlay)) error {
	if err := s.o.Current(ctx); err != nil {
		return err
	}
	lock := s.lockOf(k)
	lock.Lock()
	defer lock.Unlock()
	op := persistence.PutOverlays{ServiceKey: rowKey(k)}
	e := s.entry(k)
	for _, ok := range keys {
		var o Overlay
		if e != nil {
			e.mu.Lock()
			if old := e.overlays[ok]; old != nil {
				o = *old
			}
			e.mu.Unlock()
		}
		change(ok, &o)
		op.Overlays = append(op.Overlays, o.row(ok))
	}
	before := s.View(k)
	err := s.write(ctx, op)
	if err == nil {
		s.operated(before, keys, by)
	}
	return err
}

// Update sets weight, enabled and metadata over what the client of an instance
// sends. The instance need not be there; its service must.
func (s *Service) Update(ctx context.Context, r *Registration) error {
	in, err := s.instance(r)
	if err != nil {
		return err
	}
	if !s.View(r.Key).Exists { // that may be news of another node's
		if err := s.o.Current(ctx); err != nil {
			return err
		}
	}
	if !s.View(r.Key).Exists {
		k := r.Key
		return service.Errorf(service.BadInstance, "service not found, namespace: %s, service: Service{namespace='%s', group='%s', name='%s', ephemeral=%t, revision=0}",
			k.Namespace, k.Namespace, k.Group, k.Service, r.Ephemeral)
	}
	return s.putOverlays(ctx, r.Key, []overlayKey{overlayKeyOf(&in)}, r.By, func(_ overlayKey, o *Overlay) {
		*o = Overlay{Weight: &in.Weight, Enabled: &in.Enabled, Metadata: in.Metadata}
	})
}

// Patch is a change of some of what is set over an instance; nil leaves a field
// as it is.
type Patch struct {
	Key      Key
	IP       string
	Port     uint16
	Cluster  string
	Weight   *float64
	Enabled  *bool
	Metadata *string // as the client sent it; replaces what was set before
	By       string  // the user who asks for it
}

// Patch changes some of what is set over an instance that is there.
func (s *Service) Patch(ctx context.Context, p *Patch) error {
	if p.Weight != nil && (math.IsNaN(*p.Weight) || math.IsInf(*p.Weight, 0)) { // any number is taken, but these are none in JSON
		return service.Errorf(service.BadWeight, "instance format invalid: The weight is not a number")
	}
	in, err := s.Find(p.Key, p.IP, p.Port, p.Cluster)
	if err != nil { // as above
		if err := s.o.Current(ctx); err != nil {
			return err
		}
		if in, err = s.Find(p.Key, p.IP, p.Port, p.Cluster); err != nil {
			return err
		}
	}
	var meta *Metadata
	if p.Metadata != nil {
		if meta, err = s.interner.parse(*p.Metadata); err != nil {
			return err
		}
	}
	return s.putOverlays(ctx, p.Key, []overlayKey{overlayKeyOf(in)}, p.By, func(_ overlayKey, o *Overlay) {
		if p.Weight != nil {
			o.Weight = p.Weight
		}
		if p.Enabled != nil {
			o.Enabled = p.Enabled
		}
		if p.Metadata != nil {
			o.Metadata = meta
		}
	})
}

// Find returns an instance of a service as it is shown.
func (s *Service) Find(k Key, ip string, port uint16, cluster string) (*Instance, error) {
	v := s.View(k)
	if len(v.Instances) == 0 {
		return nil, service.Errorf(service.NotFound, "no ips found for cluster %s in service %s", cluster, v.Grouped)
	}
	if in := v.find(overlayKey{ip, port, cluster}); in != nil {
		return in, nil
	}
	return nil, service.Errorf(service.NotFound, "no matched ip found!")
}

func (v *View) find(k overlayKey) *Instance {
	i, _ := slices.BinarySearchFunc(v.Instances, k, func(in *Instance, k overlayKey) int {
		if c := strings.Compare(in.IP, k.ip); c != 0 {
			return c
		}
		return int(in.Port) - int(k.port)
	})
	for ; i < len(v.Instances) && v.Instances[i].IP == k.ip && v.Instances[i].Port == k.port; i++ {
		if v.Instances[i].Cluster == k.cluster {
			return v.Instances[i]
		}
	}
	return nil
}

// Batch is a change of the metadata of several instances of a service.
type Batch struct {
	Key       Key
	Remove    bool   // take the names of Metadata away; else set them
	Metadata  string // as the client sent it
	Instances []At   // empty: all instances of the service
	By        string // the user who asks for it
}

// At is where an instance is.
type At struct {
	IP      string
	Port    uint16
	Cluster string
}

// Batch changes metadata that is set over instances, and returns the instances
// that it found. An instance that nothing was set over gets, as in the reference,
// the weight 1 and enabled with it.
func (s *Service) Batch(ctx context.Context, b *Batch) ([]*Instance, error) {
	meta, err := s.interner.parse(b.Metadata)
	if err != nil {
		return nil, err
	}
	if err := s.o.Current(ctx); err != nil {
		return nil, err
	}
	v := s.View(b.Key)
	found := v.Instances
	if len(b.Instances) > 0 {
		found = nil
		seen := map[*Instance]bool{}
		for _, at := range b.Instances {
			if in := v.find(overlayKey{at.IP, at.Port, at.Cluster}); in != nil && !seen[in] {
				seen[in] = true
				found = append(found, in)
			}
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	keys := make([]overlayKey, len(found))
	for i, in := range found {
		keys[i] = overlayKeyOf(in)
	}
	one, enabled := 1.0, true
	return found, s.putOverlays(ctx, b.Key, keys, b.By, func(_ overlayKey, o *Overlay) {
		if o.Weight == nil && o.Enabled == nil && o.Metadata == nil {
			o.Weight, o.Enabled = &one, &enabled
		}
		if b.Remove {
			o.Metadata = o.Metadata.without(meta)
		} else {
			o.Metadata = o.Metadata.with(meta)
		}
	})
}

// applyOverlays shows overlays whose rows were written.
func (s *Service) applyOverlays(k Key, rows []persistence.Overlay) {
	e := s.lockEntry(k)
	for _, row := range rows {
		meta, err := s.interner.parse(row.Metadata)
		if err != nil {
			s.o.Log.Error("metadata set over an instance cannot be read", "ip", row.IP, "port", row.Port, "err", err)
		}
		ok := overlayKey{strings.Clone(row.IP), row.Port, strings.Clone(row.Cluster)}
		o := &Overlay{Weight: row.Weight, Enabled: row.Enabled, Metadata: meta}
		if old := e.overlays[ok]; old != nil {
			o.expired = old.expired
		}
		if e.overlays == nil {
			e.overlays = map[overlayKey]*Overlay{}
		}
		e.overlays[ok] = o
	}
	changed := s.reshow(e, rows)
	s.release(e)
	for _, id := range changed {
		s.notify(id, k)
	}
}

func (s *Service) applyRemoveOverlays(k Key, rows []persistence.Overlay) {
	e := s.entry(k)
	if e == nil {
		return
	}
	e.mu.Lock()
	for _, row := range rows {
		delete(e.overlays, overlayKey{row.IP, row.Port, row.Cluster})
	}
	changed := s.reshow(e, rows)
	s.release(e)
	for _, id := range changed {
		s.notify(id, k)
	}
}

// reshow works out anew what is shown of the instances of rows, and returns the
// clients whose instances look different now. e.mu is held.
func (s *Service) reshow(e *entry, rows []persistence.Overlay) (changed []string) {
	touched := make(map[overlayKey]bool, len(rows))
	for _, row := range rows {
		touched[overlayKey{row.IP, row.Port, row.Cluster}] = true
	}
	for _, g := range e.regs {
		if !touched[g.overlayKey()] {
			continue
		}
		before := g.now.Load()
		e.show(g)
		if !before.same(g.now.Load()) {
			changed = append(changed, g.client.id)
		}
		s.wheel.schedule(g)
	}
	return changed
}

// expireOverlay starts the time after which the overlay of an instance that has
// gone is cleaned up. e.mu is held.
func (r *Registry) expireOverlay(e *entry, k overlayKey, now int64) {
	o := e.overlays[k]
	if o == nil || o.expired != 0 {
		return
	}
	gone := *o
	gone.expired = now
	e.overlays[k] = &gone
	r.wheel.cleanAt(e.key, now+r.cleanMetaAfter)
}

// expireOverlays does so for all overlays of a service. e.mu is held.
func (r *Registry) expireOverlays(e *entry, now int64) {
	for k := range e.overlays {
		r.expireOverlay(e, k, now)
	}
}

// orphan starts that time if the instance of an overlay is not there.
func (s *Service) orphan(k Key, ok overlayKey, now int64) {
	e := s.lockEntry(k)
	defer e.mu.Unlock()
	for _, g := range e.regs {
		if g.overlayKey() == ok {
			return
		}
	}
	s.expireOverlay(e, ok, now)
}

// cleanKey removes what was set over instances that have been gone for long
// enough, and the record of a service that has.
func (s *Service) cleanKey(ctx context.Context, k Key, now time.Time) {
	e := s.entry(k)
	if e == nil {
		return
	}
	limit, next := now.UnixMilli()-s.cleanMetaAfter, int64(0)
	due := func(expired int64) bool {
		if expired > limit { // it came earlier than it had to
			next = expired + s.cleanMetaAfter
		}
		return expired != 0 && expired <= limit
	}
	op := persistence.RemoveOverlays{ServiceKey: rowKey(k)}
	e.mu.Lock()
	for ok, o := range e.overlays {
		if due(o.expired) {
			op.Overlays = append(op.Overlays, o.row(ok))
		}
	}
	record := e.stale || !e.exists && e.meta != nil && due(e.meta.expired)
	e.mu.Unlock()
	if next != 0 {
		s.wheel.cleanAt(k, next)
	}
	if len(op.Overlays) == 0 && !record {
		return
	}
	if !s.o.Leads() { // who does may fail meanwhile, and then it may be this node
		s.wheel.cleanAt(k, now.UnixMilli()+5000)
		return
	}
	var err error
	if len(op.Overlays) > 0 {
		err = s.write(ctx, op)
	}
	if record && err == nil {
		err = s.removeRecord(ctx, k)
	}
	if err != nil && ctx.Err() == nil {
		s.o.Log.Warn("what was said of a service that is gone cannot be cleaned up yet", "service", k.Grouped(), "err", err)
		s.wheel.cleanAt(k, now.UnixMilli()+5000)
	}
}
