package naming

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/pharos-registry/pharos/persistence"
)

// load shows what the database has, and has it tell of what is to come.
func (s *Service) load() error {
	s.o.DB.Observe(s.committed)
	rows, err := s.o.DB.Naming(context.Background())
	if err != nil {
		return err
	}
	s.applyAll(&rows)
	return nil
}

// applyAll shows what the database has.
func (s *Service) applyAll(rows *persistence.Naming) {
	for _, row := range rows.Switches {
		s.applySwitch(row)
	}
	for i := range rows.Services {
		s.applyService(&rows.Services[i])
	}
	for i := range rows.Clusters {
		s.applyCluster(&rows.Clusters[i])
	}
	for i := range rows.Instances {
		s.applyInstance(&rows.Instances[i])
	}
	now := time.Now().UnixMilli()
	for _, row := range rows.Overlays {
		k := keyOf(row.ServiceKey)
		s.applyOverlays(k, []persistence.Overlay{row.Overlay})
		s.orphan(k, overlayKey{row.IP, row.Port, row.Cluster}, now)
	}
}

// committed shows what a durable write has changed. It is called in the order of
// the commits.
func (s *Service) committed(op persistence.Op, _ persistence.Result) {
	switch op := op.(type) {
	case persistence.PutInstance:
		s.applyInstance(&op.Instance)
	case persistence.RemoveInstance:
		s.applyRemove(op)
	case persistence.SetHealth:
		s.applyHealth(op)
	case persistence.PutService:
		s.applyService(&op.Service)
	case persistence.RemoveService:
		s.applyRemoveService(keyOf(op.ServiceKey))
	case persistence.PutCluster:
		s.applyNewRecord(&op)
		s.applyCluster(&op.Cluster)
	case persistence.PutOverlays:
		s.applyOverlays(keyOf(op.ServiceKey), op.Overlays)
	case persistence.RemoveOverlays:
		s.applyRemoveOverlays(keyOf(op.ServiceKey), op.Overlays)
	case persistence.SetSwitch:
		s.applySwitch(op)
	}
}

// metaOf is the record that a row describes; clusters are kept by the caller.
func (s *Service) metaOf(row *persistence.Service) *Meta {
	m := &Meta{Ephemeral: row.Ephemeral, Threshold: row.Threshold}
	var err error
	if m.Metadata, err = s.interner.parse(row.Metadata); err == nil && row.Selector != "" {
		err = m.Selector.unmarshal(row.Selector)
	}
	if err != nil {
		s.o.Log.Error("the record of a service cannot be read", "service", row.Name, "err", err)
	}
	return m
}

func (s *Service) applyService(row *persistence.Service) {
	m := s.metaOf(row)
	e := s.lockEntry(keyOf(row.ServiceKey))
	defer e.mu.Unlock()
	if e.meta != nil {
		m.Clusters = e.meta.Clusters
	}
	if !e.exists {
		e.exists, e.ephemeral, e.changed = true, row.Ephemeral, time.Now().UnixMilli()
	}
	e.setMeta(m)
}

// applyNewRecord shows the record that a cluster's row may have brought with it.
func (s *Service) applyNewRecord(op *persistence.PutCluster) {
	e := s.lockEntry(keyOf(op.ServiceKey))
	known := e.meta != nil
	e.mu.Unlock()
	if !known {
		s.applyService(&op.New)
	}
}

func (s *Service) applyCluster(row *persistence.Cluster) {
	c := Cluster{CheckPort: row.CheckPort, UseInstancePort: row.UseInstancePort}
	var err error
	if c.Metadata, err = s.interner.parse(row.Metadata); err == nil {
		c.Checker, err = ParseChecker(row.Checker)
	}
	if err != nil {
		s.o.Log.Error("the settings of a cluster cannot be read", "service", row.Name, "cluster", row.Cluster, "err", err)
	}
	e := s.lockEntry(keyOf(row.ServiceKey))
	defer e.mu.Unlock()
	if e.meta == nil {
		return // a cluster's row is never without its service's
	}
	m := *e.meta
	m.Clusters = make(map[string]Cluster, len(e.meta.Clusters)+1)
	maps.Copy(m.Clusters, e.meta.Clusters)
	m.Clusters[row.Cluster] = c
	e.setMeta(&m)
}

// setMeta sets the record of e. e.mu is held.
func (e *entry) setMeta(m *Meta) {
	e.meta, e.stale = m, false
	e.view.Store(nil)
}

// applyRemoveService takes away what was said of a service, and the service
// itself where it is empty.
func (s *Service) applyRemoveService(k Key) {
	e := s.entry(k)
	if e == nil {
		return
	}
	e.mu.Lock()
	if len(e.regs) == 0 {
		e.exists = false
		s.expireOverlays(e, time.Now().UnixMilli())
	}
	e.setMeta(nil)
	s.release(e)
}

// selectorJSON is a selector as the database keeps it.
type selectorJSON struct {
	Type       string `json:"type"`
	Expression string `json:"expression,omitempty"`
}

// stored is s as the database keeps it.
func (s Selector) stored() string {
	if !s.Label {
		return ""
	}
	b, err := json.Marshal(selectorJSON{"label", s.Expression})
	if err != nil { // two texts are always JSON
		return ""
	}
	return string(b)
}

func (s *Selector) unmarshal(text string) error {
	var in selectorJSON
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return err
	}
	var err error
	*s, err = in.selector()
	return err
}
