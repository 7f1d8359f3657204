package config

import (
	"context"
	"errors"

	"github.com/pharos-registry/pharos/persistence"
)

// refreshTries is how often Refresh starts anew when a Load puts something into
// the cache while it reads.
const refreshTries = 5

// errRestless is a config that changes faster than it can be read.
var errRestless = errors.New("the config changes while it is read")

// Refresh reads one config anew: what another node or another program wrote. It
// wakes those who wait for it when what they see is another.
func (s *Service) Refresh(ctx context.Context, k Key) error {
	defer s.db.Still(k)()
	for range refreshTries {
		was := s.cache.Get(k)
		now, err := s.stored(ctx, k, was)
		if err != nil {
			return err
		}
		if s.put(k, was, now) {
			return nil
		}
	}
	return errRestless
}

// stored is a config as the database has it. A copy that cannot be read stays as
// it was; gray copies without a formal one do not show, see Cache.removeFormal.
func (s *Service) stored(ctx context.Context, k Key, was *Item) (*Item, error) {
	row, err := s.db.LiveConfig(ctx, k)
	if err != nil || row == nil {
		return nil, err
	}
	grays, err := s.db.LiveGrays(ctx, k)
	if err != nil {
		return nil, err
	}
	formal := s.copyOf(row, deref(row.Tags))
	if formal == nil {
		if was == nil || was.Formal == nil {
			return was, nil
		}
		formal = was.Formal
	}
	now := (*Item)(nil).withFormal(formal)
	for i := range grays {
		if g, ok := s.grayOf(&grays[i]); ok {
			now = now.withGray(g)
		}
	}
	return now, nil
}

// put shows now in the place of was, unless something came between.
func (s *Service) put(k Key, was, now *Item) bool {
	if was == now || sameContent(was, now) && was.Formal != nil && was.Formal.sameRow(now.Formal) {
		return true // what was rendered of it may stay
	}
	return s.cache.swap(k, was, now)
}

// sameRow reports whether two copies of one content are of the same row.
func (c *Copy) sameRow(n *Copy) bool {
	return c.Modified == n.Modified && c.Type == n.Type && c.About.same(n.About)
}

// Compare reads anew those of the configs that are in the database in another
// state than here. It returns how many they were.
func (s *Service) Compare(ctx context.Context, keys []Key) (stale int, err error) {
	there, err := s.db.Digests(ctx, keys)
	if err != nil {
		return 0, err
	}
	var errs error
	for _, k := range keys {
		if sameAs(s.cache.Get(k), there[k]) {
			continue
		}
		stale++
		errs = errors.Join(errs, s.Refresh(ctx, k))
	}
	return stale, errs
}

// redescribe reads those of the configs anew that are described otherwise here:
// nothing else tells of another program that has changed a description alone.
func (s *Service) redescribe(ctx context.Context, rows []Row, tags map[int64]string) (errs error) {
	for i := range rows {
		r := &rows[i]
		if it := s.cache.Get(r.ConfigKey); it != nil && it.Formal != nil && !it.Formal.About.same(aboutOf(r, tags[r.ID])) {
			errs = errors.Join(errs, s.Refresh(ctx, r.ConfigKey))
		}
	}
	return errs
}

// sameAs reports whether an item is in the state of a digest. A row without an
// md5 says nothing.
func sameAs(it *Item, d persistence.Digest) bool {
	if it == nil || it.Formal == nil || !d.Formal {
		return (it == nil || it.Formal == nil) == !d.Formal
	}
	if d.MD5 != "" && it.Formal.MD5 != d.MD5 {
		return false
	}
	shown := 0
	for i := range it.grays {
		g, ok := d.Grays[it.grays[i].Gray]
		if !ok || g.Rule != it.grays[i].source || g.MD5 != "" && g.MD5 != it.grays[i].MD5 {
			return false
		}
		shown++
	}
	for _, g := range d.Grays {
		if !known(g.Rule) {
			shown++
		}
	}
	return shown == len(d.Grays)
}

// known reports whether a rule, as stored, is one that this server follows.
func known(stored string) bool {
	r, err := persistence.ParseGrayRule(stored)
	if err != nil {
		return false
	}
	_, ok := compile(r)
	return ok
}

// CompareAll is Compare of all configs, those in the database and those here, and
// of what describes them.
func (s *Service) CompareAll(ctx context.Context) (stale int, err error) {
	seen := map[Key]bool{}
	for after := int64(0); ; {
		rows, tags, err := s.described(ctx, after, false)
		if err != nil {
			return stale, err
		}
		keys := make([]Key, len(rows))
		for i := range rows {
			after, keys[i], seen[rows[i].ConfigKey] = rows[i].ID, rows[i].ConfigKey, true
		}
		n, err := s.Compare(ctx, keys)
		if err == nil {
			err = s.redescribe(ctx, rows, tags)
		}
		if stale += n; err != nil {
			return stale, err
		}
		if len(rows) < loadPage {
			break
		}
	}
	var gone []Key
	s.cache.each(func(e *entry) {
		if !seen[e.key] {
			gone = append(gone, e.key)
		}
	})
	n, err := s.Compare(ctx, gone)
	return stale + n, err
}
