package config

import (
	"bytes"
	"context"

	"github.com/pharos-registry/pharos/persistence"
)

// GrayCopy is a gray copy as it is in memory.
type GrayCopy struct {
	Name string // beta, or tag_ and the tag
	Rule string // JSON, as it is stored
	IPs  []string
	Tag  string
	*Copy
}

// Grays are the gray copies of a config, in the order in which they are tried.
func (it *Item) Grays() []GrayCopy {
	if it == nil {
		return nil
	}
	out := make([]GrayCopy, 0, len(it.grays))
	for i := range it.grays {
		g := &it.grays[i]
		out = append(out, GrayCopy{g.Gray, g.source, g.beta, g.tag, g.Copy})
	}
	return out
}

// Contains reports whether the formal copy has text in it, "" where there is
// none.
func (it *Item) Contains(text []byte) bool {
	return it != nil && it.Formal != nil && bytes.Contains(it.Formal.Content, text)
}

// Watching counts who listens to each config on this node.
func (c *Cache) Watching() map[Key]int {
	out := map[Key]int{}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		for k, e := range s.entries {
			n := 0
			for w := e.first; w != nil; w = w.next {
				n++
			}
			if n > 0 {
				out[k] = n
			}
		}
		s.mu.RUnlock()
	}
	return out
}

// Listeners counts the clients that listen on this node, each once.
func (c *Cache) Listeners() int {
	seen := map[Listener]struct{}{}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		for _, e := range s.entries {
			for w := e.first; w != nil; w = w.next {
				seen[w.listener] = struct{}{}
			}
		}
		s.mu.RUnlock()
	}
	return len(seen)
}

// Counts is how many configs there are.
type Counts struct {
	Total int `json:"total"`
	Gray  int `json:"gray"` // that have gray copies
}

// CountsOf counts the configs of a namespace, nil of all.
func (c *Cache) CountsOf(tenant *string) (n Counts) {
	c.each(func(e *entry) {
		if tenant != nil && e.key.Tenant != *tenant {
			return
		}
		if e.item.Formal != nil {
			n.Total++
		}
		if len(e.item.grays) > 0 {
			n.Gray++
		}
	})
	return n
}

// HistoryFilter chooses rows of history; see persistence.HistoryFilter.
type HistoryFilter = persistence.HistoryFilter

// Timeline lists what was done to configs, newest first and without content.
func (s *Service) Timeline(ctx context.Context, f HistoryFilter, limit int) ([]HistoryRow, error) {
	rows, err := s.db.HistoryPage(ctx, f, min(limit, MaxHistoryPage))
	return rows, failed(err)
}
