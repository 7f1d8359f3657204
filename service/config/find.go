package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/service"
)

// finder is a Search that is answered from memory, as the embedded database would
// answer it: the same rows, in the same order, the same number of times.
type finder struct {
	q                       Search
	tenant, dataID, group   *pattern // nil: compared whole, or not at all
	detail                  *pattern
	tags                    []*pattern
	app                     string
	wanted                  []string // tags that are compared whole
	anyDataID, anyGroup, of bool
}

func newFinder(q Search) *finder {
	f := &finder{q: q, anyDataID: q.DataID == "", anyGroup: q.Group == "", app: bare(q.AppName), of: !q.Blur || q.Tenant == ""}
	if q.Blur {
		f.tenant, f.dataID, f.group = newPattern(q.Tenant, true), newPattern(q.DataID, true), newPattern(q.Group, true)
	}
	if q.Detail != "" {
		f.detail = newPattern("%"+q.Detail+"%", q.Blur)
	}
	for _, t := range q.Tags {
		if q.TagPatterns {
			f.tags = append(f.tags, newPattern(t, true))
		} else {
			f.wanted = append(f.wanted, bare(t))
		}
	}
	return f
}

// bare is a text without the blanks at its end, which names of applications and
// tags are compared without.
func bare(s string) string { return strings.TrimRight(s, " ") }

// times is how often a config is found: not at all, once, or, by tags that are
// compared whole, once for each of them.
func (f *finder) times(x Found) int {
	k, c := x.Key, x.Item.Formal
	switch {
	case !f.of && !f.tenant.match(k.Tenant),
		!f.anyDataID && !named(f.dataID, f.q.DataID, k.DataID),
		!f.anyGroup && !named(f.group, f.q.Group, k.Group),
		f.q.AppName != "" && bare(c.About.AppName) != f.app,
		len(f.q.Types) > 0 && (!c.About.Typed || !slices.Contains(f.q.Types, c.Type)),
		f.detail != nil && !f.detail.matchBytes(c.Content):
		return 0
	}
	return f.tagged(c.About.Tags)
}

func named(p *pattern, want, name string) bool {
	if p == nil {
		return name == want
	}
	return p.match(name)
}

func (f *finder) tagged(tags string) int {
	if len(f.q.Tags) == 0 {
		return 1
	}
	if tags == "" {
		return 0
	}
	n := 0
	for t := range strings.SplitSeq(tags, ",") {
		if f.q.TagPatterns {
			if slices.ContainsFunc(f.tags, func(p *pattern) bool { return p.match(t) }) {
				return 1
			}
		} else if slices.Contains(f.wanted, bare(t)) {
			n++
		}
	}
	return n
}

// find answers a search from memory.
func (s *Service) find(q Search, pageNo, size int) RowPage {
	f := newFinder(q)
	var tenant *string
	if f.of {
		tenant = &q.Tenant
	}
	all := s.cache.configs(tenant)
	hits := all[:0]
	var again []Found // those that are found more than once
	for _, x := range all {
		n := f.times(x)
		if n > 0 {
			hits = append(hits, x)
		}
		for range n - 1 {
			again = append(again, x)
		}
	}
	hits = append(hits, again...)
	p := RowPage{Total: int64(len(hits)), Items: []Row{}}
	if int64(pageNo-1) >= p.Total { // nor can what follows overflow
		return p
	}
	from := int64(pageNo-1) * int64(size)
	if from >= p.Total {
		return p
	}
	for _, x := range service.Window(hits, int(from), int(from)+size, byID) {
		p.Items = append(p.Items, x.row(true))
	}
	return p
}

func byID(a, b Found) int { return cmp.Compare(a.About().ID, b.About().ID) }

// whole reports whether memory has all that the database has, and at every moment:
// nobody else writes to it, and nothing in it could not be read.
func (s *Service) whole() bool { return !s.o.Shared && s.loaded.Load() && !s.unread.Load() }
