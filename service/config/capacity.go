package config

import (
	"context"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// Capacity is what a group, a namespace or the whole cluster may use, and uses.
// What is 0 in the database has its default.
type Capacity = persistence.Capacity

// CapacityOf says whose capacity is meant.
type CapacityOf = persistence.CapacityOf

// CapacityChange is what an operator sets; nil stays.
type CapacityChange struct{ Quota, MaxSize, MaxAggrCount, MaxAggrSize *int64 }

// Capacity reads what one may use. The row is made if there is none.
func (s *Service) Capacity(ctx context.Context, of CapacityOf) (*Capacity, error) {
	c, err := s.db.Capacity(ctx, of)
	if err == nil && c == nil {
		if _, err = s.o.Write(ctx, persistence.EnsureCapacity{Of: of, Quotas: s.o.Quotas, Time: time.Now()}); err == nil {
			c, err = s.db.Capacity(ctx, of)
		}
	}
	if err != nil || c == nil {
		return c, failed(err)
	}
	s.fill(c, of)
	return c, nil
}

func (s *Service) fill(c *Capacity, of CapacityOf) {
	quota := s.o.Quotas.Group
	switch {
	case of.Tenant:
		quota = s.o.Quotas.Tenant
	case of.Name == "":
		quota = s.o.Quotas.Cluster
	}
	for _, f := range []struct {
		value    *int64
		standard int64
	}{{&c.Quota, quota}, {&c.MaxSize, s.o.MaxSize}, {&c.MaxAggrCount, s.o.MaxAggrCount}, {&c.MaxAggrSize, s.o.MaxAggrSize}} {
		if *f.value == 0 {
			*f.value = f.standard
		}
	}
}

// SetCapacity changes what one may use.
func (s *Service) SetCapacity(ctx context.Context, of CapacityOf, c CapacityChange) error {
	_, err := s.o.Write(ctx, persistence.UpdateCapacity{
		EnsureCapacity: persistence.EnsureCapacity{Of: of, Quotas: s.o.Quotas, Time: time.Now()},
		Quota:          c.Quota, MaxSize: c.MaxSize, MaxAggrCount: c.MaxAggrCount, MaxAggrSize: c.MaxAggrSize,
	})
	return failed(err)
}

// InitCapacity makes the rows of all groups and namespaces that have configs and
// no row yet.
func (s *Service) InitCapacity(ctx context.Context) error {
	_, err := s.o.Write(ctx, persistence.InitCapacity{Quotas: s.o.Quotas, Time: time.Now()})
	return failed(err)
}

// checkQuotas refuses a publish that is over quota, where that is asked for. It
// looks before the write: two publishes at once may both pass.
func (s *Service) checkQuotas(ctx context.Context, p Publish) error {
	if !s.o.CheckQuotas || !s.o.CountUsage {
		return nil
	}
	of := CapacityOf{Name: p.Key.Group}
	code := service.OverGroup
	if p.Key.Tenant != "" {
		of, code = CapacityOf{Tenant: true, Name: p.Key.Tenant}, service.OverTenant
	}
	own, err := s.Capacity(ctx, of)
	if err != nil || own == nil {
		return err
	}
	where := "[group=" + p.Key.Group + ", namespaceId=" + p.Key.Tenant + "]."
	if int64(len(p.Content)) > own.MaxSize {
		return service.Errorf(service.OverSize, "Configuration content size limit exceeded %s", where)
	}
	if it := s.cache.Get(p.Key); it != nil && it.Formal != nil {
		return nil
	}
	all, err := s.Capacity(ctx, CapacityOf{})
	switch {
	case err != nil || all == nil:
		return err
	case all.Usage >= all.Quota:
		return service.Errorf(service.OverCluster, "Configuration limit exceeded %s", where)
	case own.Usage >= own.Quota:
		return service.Errorf(code, "Configuration limit exceeded %s", where)
	}
	return nil
}
