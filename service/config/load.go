package config

import (
	"context"
	"fmt"

	"github.com/pharos-registry/pharos/persistence"
)

// loadPage is how many rows are read at once.
const loadPage = 1000

// Load fills the cache with all that is in the database. What is committed
// while it runs wins over what it reads.
func (s *Service) Load(ctx context.Context) error {
	before := s.cache.snapshot()
	seen := make(map[Key]bool, len(before))
	unread, err := s.loadFormal(ctx, before, seen)
	if err != nil {
		return fmt.Errorf("load configs: %w", err)
	}
	if err := s.loadGrays(ctx, before, seen); err != nil {
		return fmt.Errorf("load gray configs: %w", err)
	}
	for k, it := range before {
		if !seen[k] {
			s.cache.swap(k, it, nil)
		}
	}
	s.unread.Store(unread)
	s.loaded.Store(true)
	return nil
}

func (s *Service) loadFormal(ctx context.Context, before map[Key]*Item, seen map[Key]bool) (unread bool, err error) {
	for after := int64(0); ; {
		rows, tags, err := s.described(ctx, after, true)
		if err != nil {
			return unread, err
		}
		for i := range rows {
			after = rows[i].ID
			k := rows[i].ConfigKey
			seen[k] = true
			c := s.copyOf(&rows[i], tags[after])
			if c == nil {
				unread = true
				continue
			}
			was, it := before[k], before[k].withFormal(c)
			before[k] = it
			s.cache.swap(k, was, it)
		}
		if len(rows) < loadPage {
			return unread, nil
		}
	}
}

func (s *Service) loadGrays(ctx context.Context, before map[Key]*Item, seen map[Key]bool) error {
	for after := int64(0); ; {
		rows, err := s.db.GrayPage(ctx, after, loadPage)
		if err != nil {
			return err
		}
		for i := range rows {
			after = rows[i].ID
			k := rows[i].ConfigKey
			seen[k] = true
			if g, ok := s.grayOf(&rows[i]); ok {
				was := before[k]
				before[k] = was.withGray(g)
				s.cache.swap(k, was, before[k])
			}
		}
		if len(rows) < loadPage {
			return nil
		}
	}
}

// copyOf is the copy of a row, nil where its content cannot be read.
func (s *Service) copyOf(r *persistence.ConfigInfo, tags string) *Copy {
	if r.Err != nil {
		s.unread.Store(true)
		s.o.Log.Error("a config cannot be read", "data_id", r.DataID, "group", r.Group, "namespace", r.Tenant, "error", r.Err)
		return nil
	}
	md5 := r.MD5
	if md5 == "" {
		md5 = digest(r.Content)
	}
	c := newCopy(r.Content, md5, r.EncryptedDataKey, deref(r.Type), "", r.Modified)
	c.About = aboutOf(r, tags)
	return c
}

// grayOf is the gray copy of a row; it reports false where it cannot be read, or
// its rule is not known here.
func (s *Service) grayOf(r *persistence.Gray) (gray, bool) {
	if r.Err != nil {
		s.o.Log.Error("a gray config cannot be read", "data_id", r.DataID, "group", r.Group, "namespace", r.Tenant, "gray", r.Name, "error", r.Err)
		return gray{}, false
	}
	parsed, err := persistence.ParseGrayRule(r.Rule)
	match, ok := compile(parsed)
	if err != nil || !ok {
		s.o.Log.Warn("a gray config has a rule that is not known here", "data_id", r.DataID, "group", r.Group, "namespace", r.Tenant, "rule", r.Rule)
		return gray{}, false
	}
	md5 := r.MD5
	if md5 == "" {
		md5 = digest(r.Content)
	}
	return gray{match, r.Rule, newCopy(r.Content, md5, r.EncryptedDataKey, "", r.Name, r.Modified)}, true
}

// Current has the next Read of k see what the database has now, where others
// write to it.
func (s *Service) Current(ctx context.Context, k Key) error {
	if !s.o.Shared {
		return nil
	}
	return failed(s.Refresh(ctx, k))
}

// Reload asks for a Load in the background.
func (s *Service) Reload() {
	select {
	case s.reload <- struct{}{}:
	default: // one is asked for already
	}
}
