package config

import (
	"context"
	"strings"
	"unique"

	"github.com/pharos-registry/pharos/persistence"
)

// About is what the database's row says of a config beside its content: what lists
// show and searches compare. It never changes.
type About struct {
	ID      int64
	AppName string
	User    string // who wrote last
	Desc    string
	Tags    string // joined by commas, "" is none
	Typed   bool   // the type is not NULL
}

// word is a text of which many configs have the same: it is kept once.
func word(s string) string {
	if s == "" {
		return ""
	}
	return unique.Make(s).Value()
}

func aboutOf(r *persistence.ConfigInfo, tags string) *About {
	return &About{ID: r.ID, AppName: word(r.AppName), User: word(deref(r.SrcUser)), Desc: deref(r.Desc), Tags: word(tags), Typed: r.Type != nil}
}

// published is what a publish leaves of a config.
func published(o *persistence.PublishConfig, res *persistence.Result) *About {
	return &About{
		ID: res.ID, AppName: word(res.AppName), User: word(deref(o.SrcUser)), Desc: strings.Clone(deref(o.Desc)), Tags: word(deref(res.Tags)), Typed: o.Type != nil,
	}
}

// same reports whether two rows say the same.
func (a *About) same(b *About) bool { return a == b || a != nil && b != nil && *a == *b }

// describe puts another description, and wakes nobody.
func (c *Cache) describe(o *persistence.UpdateMetadata) {
	c.update(o.ConfigKey, func(it *Item) (*Item, bool) {
		if it == nil || it.Formal == nil || it.Formal.About == nil {
			return it, false
		}
		about := *it.Formal.About
		if o.Desc != nil {
			about.Desc = strings.Clone(*o.Desc)
		}
		if o.Tags != nil {
			about.Tags = word(strings.TrimRight(*o.Tags, ","))
		}
		n := it.Formal.retyped(it.Formal.Type)
		n.About = &about
		return it.withFormal(n), false
	})
}

// Found is a config in a list.
type Found struct {
	Key  *Key // to be read only
	Item *Item
}

// About is what the database's row says of it.
func (f Found) About() *About { return f.Item.Formal.About }

// Gray reports whether it has gray copies.
func (f Found) Gray() bool { return len(f.Item.grays) > 0 }

// row is the config as the database would read it, as far as lists go.
func (f Found) row(content bool) Row {
	c, about := f.Item.Formal, f.About()
	r := Row{
		ConfigKey: *f.Key, ID: about.ID, MD5: c.MD5, EncryptedDataKey: c.EncryptedKey, AppName: about.AppName,
		SrcUser: &about.User, Desc: &about.Desc, Modified: c.modified(),
	}
	if content {
		r.Content = string(c.Content)
	}
	if about.Typed {
		r.Type = &c.Type
	}
	if about.Tags != "" {
		r.Tags = &about.Tags
	}
	return r
}

// Configs lists the configs of a namespace, nil of all, in no order.
func (s *Service) Configs(ctx context.Context, tenant *string) ([]Found, error) {
	found := s.cache.configs(tenant)
	if !s.unread.Load() {
		return found, nil
	}
	return s.addUnread(ctx, tenant, found)
}

// configs lists those that are in memory.
func (c *Cache) configs(tenant *string) []Found {
	var out []Found
	if tenant == nil {
		out = make([]Found, 0, c.Len())
	}
	c.each(func(e *entry) {
		if e.item.Formal != nil && e.item.Formal.About != nil && (tenant == nil || e.key.Tenant == *tenant) {
			out = append(out, Found{&e.key, e.item})
		}
	})
	return out
}

// addUnread adds the configs whose content cannot be read here, which are not in
// memory: whoever looks at a list should see that they are there.
func (s *Service) addUnread(ctx context.Context, tenant *string, found []Found) ([]Found, error) {
	for after := int64(0); ; {
		rows, tags, err := s.described(ctx, after, false)
		if err != nil {
			return nil, failed(err)
		}
		for i := range rows {
			r := &rows[i]
			after = r.ID
			if tenant != nil && r.Tenant != *tenant || s.cache.Get(r.ConfigKey) != nil {
				continue
			}
			c := newCopy("", r.MD5, r.EncryptedDataKey, deref(r.Type), "", r.Modified)
			c.About = aboutOf(r, tags[r.ID])
			found = append(found, Found{&r.ConfigKey, &Item{Formal: c}})
		}
		if len(rows) < loadPage {
			return found, nil
		}
	}
}

// described reads a page of rows with their tags.
func (s *Service) described(ctx context.Context, after int64, content bool) ([]Row, map[int64]string, error) {
	rows, err := s.db.ConfigPage(ctx, after, loadPage, content)
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	tags, err := s.db.TagsBetween(ctx, rows[0].ID, rows[len(rows)-1].ID)
	return rows, tags, err
}
