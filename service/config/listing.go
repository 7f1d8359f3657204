package config

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/persistence"
)

// listings are the rows of namespaces without their content, as the console
// lists them: sorted and counted in every way, which no database does for all of
// its schemas. They are read again when something was written, and after a
// while, since another program may write too.
type listings struct {
	mu   sync.Mutex // guards the following fields
	rev  uint64     // counts what was committed
	kept map[string]*listing
}

type listing struct {
	rev  uint64
	read time.Time
	rows []Row
}

// Bounds of listings: how long one is believed where nothing was heard of, and
// how many namespaces are kept.
const (
	listingKept = 10 * time.Second
	listingsMax = 64
)

// changed says that what is kept may be wrong.
func (l *listings) changed() {
	l.mu.Lock()
	l.rev++
	l.mu.Unlock()
}

// Rows lists the configs of a namespace with their tags and without their
// content, by id. They are shared, and not the caller's to change.
func (s *Service) Rows(ctx context.Context, tenant string) ([]Row, error) {
	l := &s.listings
	l.mu.Lock()
	rev := l.rev
	if x := l.kept[tenant]; x != nil && x.rev == rev && time.Since(x.read) < listingKept {
		l.mu.Unlock()
		return x.rows, nil
	}
	l.mu.Unlock()
	rows, err := s.db.DescribedConfigs(ctx, tenant)
	if err != nil {
		return nil, failed(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.kept) >= listingsMax || l.kept == nil {
		l.kept = map[string]*listing{}
	}
	l.kept[tenant] = &listing{rev, time.Now(), rows}
	return rows, nil
}

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

// GrayCount is the number of configs that have gray copies.
func (c *Cache) GrayCount() int {
	n := 0
	c.each(func(e *entry) {
		if len(e.item.grays) > 0 {
			n++
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
