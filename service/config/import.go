package config

import (
	"context"
	"errors"

	"github.com/pharos-registry/pharos/service"
)

// Policy says what happens to a config that is there already.
type Policy string

// The policies, as they are written in requests.
const (
	Abort     Policy = "ABORT" // the import ends; what came before stays
	Skip      Policy = "SKIP"
	Overwrite Policy = "OVERWRITE"
)

// Named is a config in the result of an import.
type Named struct {
	DataID string `json:"dataId"`
	Group  string `json:"group"`
}

// Entry is something in an archive that is not a config.
type Entry struct {
	Name string `json:"itemName"`
}

// Imported is the result of an import or a clone.
type Imported struct {
	Succeeded         int     `json:"succCount"`
	Skipped           int     `json:"skipCount"`
	Failed            []Named `json:"failData,omitempty"`
	SkippedData       []Named `json:"skipData,omitempty"`
	UnrecognizedCount int     `json:"unrecognizedCount,omitempty"`
	Unrecognized      []Entry `json:"unrecognizedData,omitempty"`
}

// Errors that the adapters answer with numbers of their own.
var (
	// ErrNoNamespace is a namespace that was never made.
	ErrNoNamespace = errors.New("the namespace does not exist")
	// ErrMetadata is an archive whose metadata cannot be used.
	ErrMetadata = errMetadata
	// ErrNoConfigs is an archive without a config, or no archive at all.
	ErrNoConfigs = errors.New("nothing to import")
	// ErrNoneChosen is a clone of nothing.
	ErrNoneChosen = errors.New("no config was chosen")
)

// Progress is told before each config how many are done, of how many, and at
// the end.
type Progress func(done, of int)

// Import publishes the configs of an archive into a namespace. may is asked for
// each of them before the first is published.
func (s *Service) Import(ctx context.Context, tenant string, file []byte, policy Policy, by Author, may Permit) (*Imported, error) {
	return s.ImportTelling(ctx, tenant, file, policy, by, may, func(int, int) {})
}

// ImportTelling is Import for somebody who waits: tell is told how far it is.
func (s *Service) ImportTelling(ctx context.Context, tenant string, file []byte, policy Policy, by Author, may Permit, tell Progress) (*Imported, error) {
	if err := s.mustExist(ctx, tenant); err != nil {
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
	all := make([]Publish, 0, len(a.members))
	for _, m := range a.members {
		if err := may(Key{Tenant: tenant, Group: m.group, DataID: m.dataID}); err != nil {
			return nil, err
		}
		all = append(all, Publish{
			Key: Key{Tenant: tenant, Group: m.group, DataID: m.dataID}, Content: m.content,
			AppName: m.app, Type: m.typ, Desc: m.desc, By: by,
		})
	}
	out, err := s.publishAll(ctx, all, policy, tell)
	if err != nil {
		return nil, err
	}
	out.UnrecognizedCount = len(a.unrecognized)
	for _, name := range a.unrecognized {
		out.Unrecognized = append(out.Unrecognized, Entry{name})
	}
	return out, nil
}

// Chosen is a config to clone: its id, and what its copy is called where that
// is not "".
type Chosen struct {
	ID     int64
	Group  string
	DataID string
}

// Clone publishes copies of configs into a namespace. Tags, use, effect and
// schema are not copied. mayRead is asked for what is copied, mayWrite for what
// becomes of it.
func (s *Service) Clone(ctx context.Context, tenant string, chosen []Chosen, policy Policy, by Author, mayRead, mayWrite Permit) (*Imported, error) {
	if len(chosen) == 0 {
		return nil, ErrNoneChosen
	}
	if err := s.mustExist(ctx, tenant); err != nil {
		return nil, err
	}
	ids := make([]int64, len(chosen))
	byID := map[int64]Chosen{}
	for i, c := range chosen {
		ids[i], byID[c.ID] = c.ID, c
	}
	rows, err := s.db.ConfigsByIDs(ctx, ids)
	if err != nil {
		return nil, failed(err)
	}
	if len(rows) == 0 {
		return nil, ErrNoConfigs
	}
	all := make([]Publish, 0, len(rows))
	for i := range rows {
		r, c := &rows[i], byID[rows[i].ID]
		if r.Err != nil {
			return nil, failed(r.Err)
		}
		if err := mayRead(r.ConfigKey); err != nil {
			return nil, err
		}
		k := Key{Tenant: tenant, Group: r.Group, DataID: r.DataID}
		if !blank(c.Group) {
			k.Group = c.Group
		}
		if !blank(c.DataID) {
			k.DataID = c.DataID
		}
		if err := CheckKey(k); err != nil {
			return nil, err
		}
		if err := mayWrite(k); err != nil {
			return nil, err
		}
		all = append(all, Publish{
			Key: k, Content: r.Content, AppName: &r.AppName, Type: r.Type, Desc: r.Desc, EncryptedKey: r.EncryptedDataKey, By: by,
		})
	}
	return s.publishAll(ctx, all, policy, func(int, int) {})
}

func (s *Service) mustExist(ctx context.Context, tenant string) error {
	if tenant == "" {
		return nil
	}
	t, err := s.db.Tenant(ctx, tenant)
	if err == nil && t == nil && s.o.Current != nil && s.o.Current(ctx) == nil { // it may have been made elsewhere just now
		t, err = s.db.Tenant(ctx, tenant)
	}
	if err == nil && t == nil {
		return ErrNoNamespace
	}
	return failed(err)
}

// publishAll publishes one after the other. An error other than that a config
// exists ends it; what was published stays.
func (s *Service) publishAll(ctx context.Context, all []Publish, policy Policy, tell Progress) (*Imported, error) {
	out := &Imported{}
	for i, p := range all {
		tell(i, len(all))
		err := s.publishFormal(ctx, p, policy != Overwrite)
		if err == nil {
			out.Succeeded++
			continue
		}
		if service.CodeOf(err) != service.Conflict {
			return nil, err
		}
		if policy == Skip {
			out.SkippedData = append(out.SkippedData, Named{p.Key.DataID, p.Key.Group})
			continue
		}
		out.Failed = append(out.Failed, Named{p.Key.DataID, p.Key.Group})
		for _, rest := range all[i+1:] {
			out.SkippedData = append(out.SkippedData, Named{rest.Key.DataID, rest.Key.Group})
		}
		break
	}
	out.Skipped = len(out.SkippedData)
	tell(len(all), len(all))
	return out, nil
}
