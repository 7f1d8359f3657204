package config

import (
	"context"
	"errors"
)

// Planned is a config of an archive, beside what there is of it.
type Planned struct {
	Key     Key
	Type    string
	Content string
	Current *string // nil: there is none
}

// Plan is what an import would do.
type Plan struct {
	Exists       bool // the namespace
	Configs      []Planned
	Unrecognized []string
}

// PlanImport reads an archive without importing anything. may is asked for each
// config before what is there is shown.
func (s *Service) PlanImport(ctx context.Context, tenant string, file []byte, may Permit) (*Plan, error) {
	p := &Plan{Exists: true}
	if err := s.mustExist(ctx, tenant); errors.Is(err, ErrNoNamespace) {
		p.Exists = false
	} else if err != nil {
		return nil, err
	}
	a, err := readArchive(file, 4*s.o.MaxContent)
	switch {
	case errors.Is(err, errNotArchive):
		return nil, errors.Join(ErrNoConfigs, err)
	case err != nil:
		return nil, err
	case len(a.members) == 0:
		return nil, ErrNoConfigs
	}
	p.Unrecognized = a.unrecognized
	for _, m := range a.members {
		x := Planned{Key: Key{Tenant: tenant, Group: m.group, DataID: m.dataID}, Type: deref(m.typ), Content: m.content}
		if it := s.cache.Get(x.Key); it != nil && it.Formal != nil && may(x.Key) == nil {
			now := string(it.Formal.Content)
			x.Current = &now
		}
		p.Configs = append(p.Configs, x)
	}
	return p, nil
}
