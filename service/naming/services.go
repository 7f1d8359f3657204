package naming

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// Spec is what an operator says of a service.
type Spec struct {
	Key       Key
	Ephemeral bool // the kind of its instances; only when it is created
	Threshold float32
	Metadata  string // as the client sent it
	Selector  string // as the client sent it
}

// lockOf is the lock under which records and overlays of k are read and written
// in one step on this node.
func (s *Service) lockOf(k Key) *sync.Mutex {
	return &s.locks[maphash.Comparable(s.seed, k)%shards]
}

// row is the record that r describes.
func (s *Service) row(r *Spec) (persistence.Service, error) {
	meta, err := s.interner.parse(r.Metadata)
	if err != nil {
		return persistence.Service{}, err
	}
	sel, err := ParseSelector(r.Selector)
	return persistence.Service{
		ServiceKey: rowKey(r.Key), Ephemeral: r.Ephemeral, Threshold: r.Threshold,
		Metadata: meta.jsonText(), Selector: sel.stored(),
	}, err
}

// CreateService creates a service of its own, without instances.
func (s *Service) CreateService(ctx context.Context, r *Spec) error {
	row, err := s.row(r)
	if err != nil {
		return err
	}
	if err := s.o.Current(ctx); err != nil {
		return err
	}
	lock := s.lockOf(r.Key)
	lock.Lock()
	defer lock.Unlock()
	exists := service.Errorf(service.ServiceExists, "specified service %s already exists!", r.Key.Grouped())
	if s.View(r.Key).Exists {
		return exists
	}
	err = s.write(ctx, persistence.PutService{Service: row, Create: s.View(r.Key).Meta == nil && !s.isStale(r.Key)})
	if errors.Is(err, persistence.ErrExists) {
		return exists
	}
	return err
}

// UpdateService replaces what was said of a service. Its kind and what was said
// of its clusters stay.
func (s *Service) UpdateService(ctx context.Context, r *Spec) error {
	row, err := s.row(r)
	if err != nil {
		return err
	}
	if err := s.o.Current(ctx); err != nil {
		return err
	}
	lock := s.lockOf(r.Key)
	lock.Lock()
	defer lock.Unlock()
	v := s.View(r.Key)
	if !v.Exists {
		return notFound(v)
	}
	row.Ephemeral = v.Ephemeral
	err = s.write(ctx, persistence.PutService{Service: row})
	return err
}

func notFound(v *View) error {
	return service.Errorf(service.ServiceMissing, "service %s not found!", v.Grouped)
}

// DeleteService removes a service that has no instances.
func (s *Service) DeleteService(ctx context.Context, k Key) error {
	if err := s.o.Current(ctx); err != nil {
		return err
	}
	lock := s.lockOf(k)
	lock.Lock()
	defer lock.Unlock()
	v := s.View(k)
	switch {
	case !v.Exists:
		return notFound(v)
	case len(v.Instances) > 0:
		return service.Errorf(service.ServiceNotEmpty, "Service %s is not empty, can't be delete. Please unregister instance first", v.Grouped)
	}
	err := s.write(ctx, persistence.RemoveService{ServiceKey: rowKey(k)})
	return err
}

// ClusterSpec is what an operator says of a cluster.
type ClusterSpec struct {
	Key             Key
	Cluster         string
	CheckPort       int
	UseInstancePort bool
	Checker         string // JSON, as the client sent it
	Metadata        string // as the client sent it
}

// UpdateCluster replaces what was said of a cluster of a service. The cluster
// need not have instances.
func (s *Service) UpdateCluster(ctx context.Context, r *ClusterSpec) error {
	if len(r.Checker) > maxChecker {
		return service.Errorf(service.BadParam, "Param 'healthChecker' is illegal, it is longer than %d bytes", maxChecker)
	}
	checker, err := ParseChecker(r.Checker)
	if err != nil {
		return err
	}
	meta, err := s.interner.parse(r.Metadata)
	if err != nil {
		return err
	}
	if err := s.o.Current(ctx); err != nil {
		return err
	}
	lock := s.lockOf(r.Key)
	lock.Lock()
	defer lock.Unlock()
	v := s.View(r.Key)
	if !v.Exists {
		return service.Errorf(service.BadParam, "service not found:%s", v.Grouped)
	}
	text, err := checker.MarshalJSON()
	if err != nil {
		return service.Wrap(service.Internal, err, "the health checker cannot be kept")
	}
	err = s.write(ctx, persistence.PutCluster{
		Cluster: persistence.Cluster{
			ServiceKey: rowKey(r.Key), Cluster: r.Cluster, CheckPort: r.CheckPort, UseInstancePort: r.UseInstancePort,
			Checker: string(text), Metadata: meta.jsonText(),
		},
		New: persistence.Service{ServiceKey: rowKey(r.Key), Ephemeral: v.Ephemeral},
	})
	return err
}

func (s *Service) isStale(k Key) bool {
	e := s.entry(k)
	if e == nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stale
}

// removeRecord removes the record of a service that has gone or came back as
// another kind.
func (s *Service) removeRecord(ctx context.Context, k Key) error {
	lock := s.lockOf(k)
	lock.Lock()
	defer lock.Unlock()
	e := s.entry(k)
	if e == nil {
		return nil
	}
	e.mu.Lock()
	due := e.stale || !e.exists && e.meta != nil && e.meta.expired != 0
	e.mu.Unlock()
	if !due {
		return nil
	}
	err := s.write(ctx, persistence.RemoveService{ServiceKey: rowKey(k)})
	return err
}

// clean removes services that have been empty for long enough, when it is time
// to look.
func (s *Service) clean(now time.Time) {
	if now.Before(s.nextClean) {
		return
	}
	s.nextClean = now.Add(s.o.CleanEmptyInterval)
	ms := now.UnixMilli()
	s.eachEntry(func(e *entry) {
		e.mu.Lock()
		if e.exists && len(e.regs) == 0 && ms-e.changed >= s.o.CleanEmptyAfter.Milliseconds() {
			e.exists = false
			e.view.Store(nil)
			s.expireOverlays(e, ms)
			if e.meta != nil {
				m := *e.meta
				m.expired = ms
				e.meta = &m
				s.wheel.cleanAt(e.key, ms+s.cleanMetaAfter)
			}
		}
		s.release(e)
	})
}
