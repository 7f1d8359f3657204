package naming

import (
	"context"

	"github.com/pharos-registry/pharos/persistence"
)

// Reload shows what the database has now, where a snapshot took the place of
// all its rows: what is not in them goes, and what is in them comes or changes.
// Nothing may be committed while it runs.
func (s *Service) Reload(ctx context.Context) error {
	rows, err := s.o.DB.Naming(ctx)
	if err != nil {
		return err
	}
	s.forgetInstances(&rows)
	s.forgetRecords(&rows)
	s.forgetOverlays(&rows)
	s.switchMu.Lock()
	s.setSwitches(defaultSwitches())
	s.switchMu.Unlock()
	s.applyAll(&rows)
	return nil
}

// forgetInstances takes away the persistent instances that have no row.
func (s *Service) forgetInstances(rows *persistence.Naming) {
	kept := make(map[persistence.RemoveInstance]bool, len(rows.Instances))
	for i := range rows.Instances {
		in := &rows.Instances[i]
		kept[persistence.RemoveInstance{ServiceKey: in.ServiceKey, IP: in.IP, Port: in.Port}] = true
	}
	s.each(func(c *client) {
		if c.ephemeral {
			return
		}
		var gone []persistence.RemoveInstance
		c.mu.Lock()
		for _, g := range c.regs {
			if op := (persistence.RemoveInstance{ServiceKey: rowKey(g.entry.key), IP: g.sent.IP, Port: g.sent.Port}); !kept[op] {
				gone = append(gone, op)
			}
		}
		c.mu.Unlock()
		for _, op := range gone {
			s.applyRemove(op)
		}
	})
}

// forgetRecords takes away what was said of services and of clusters that have
// no row.
func (s *Service) forgetRecords(rows *persistence.Naming) {
	clusters := make(map[Key]map[string]Cluster, len(rows.Services))
	for i := range rows.Services {
		clusters[keyOf(rows.Services[i].ServiceKey)] = map[string]Cluster{}
	}
	for i := range rows.Clusters {
		if named := clusters[keyOf(rows.Clusters[i].ServiceKey)]; named != nil {
			named[rows.Clusters[i].Cluster] = Cluster{}
		}
	}
	var gone []Key
	s.eachEntry(func(e *entry) {
		e.mu.Lock()
		defer e.mu.Unlock()
		named, kept := clusters[e.key]
		switch {
		case e.meta == nil && !e.stale:
		case !kept:
			gone = append(gone, e.key)
		case e.meta != nil && len(e.meta.Clusters) > 0:
			m := *e.meta
			m.Clusters = make(map[string]Cluster, len(named))
			for name, c := range e.meta.Clusters {
				if _, ok := named[name]; ok {
					m.Clusters[name] = c
				}
			}
			e.setMeta(&m)
		}
	})
	for _, k := range gone {
		s.applyRemoveService(k)
	}
}

// forgetOverlays takes away the overlays that have no row.
func (s *Service) forgetOverlays(rows *persistence.Naming) {
	kept := make(map[Key]map[overlayKey]bool, len(rows.Overlays))
	for i := range rows.Overlays {
		o := &rows.Overlays[i]
		k := keyOf(o.ServiceKey)
		if kept[k] == nil {
			kept[k] = map[overlayKey]bool{}
		}
		kept[k][overlayKey{o.IP, o.Port, o.Cluster}] = true
	}
	gone := map[Key][]persistence.Overlay{}
	s.eachEntry(func(e *entry) {
		e.mu.Lock()
		defer e.mu.Unlock()
		for ok, o := range e.overlays {
			if !kept[e.key][ok] {
				gone[e.key] = append(gone[e.key], o.row(ok))
			}
		}
	})
	for k, all := range gone {
		s.applyRemoveOverlays(k, all)
	}
}
