package controller

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
)

// wanted is a name that is looked for: anywhere and in any case, or, with a
// star in it, as a whole.
type wanted struct {
	pieces []string // in lower case
	whole  bool
}

func wantedOf(s string) wanted {
	s = strings.ToLower(strings.TrimSpace(s))
	if strings.Contains(s, "*") {
		return wanted{strings.Split(s, "*"), true}
	}
	return wanted{pieces: []string{s}}
}

// none reports whether nothing is looked for.
func (w wanted) none() bool { return len(w.pieces) == 1 && w.pieces[0] == "" }

func (w wanted) match(s string) bool {
	if w.none() {
		return true
	}
	s = strings.ToLower(s)
	if !w.whole {
		return strings.Contains(s, w.pieces[0])
	}
	first, last := w.pieces[0], w.pieces[len(w.pieces)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range w.pieces[1 : len(w.pieces)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}

// maxWords bounds what is looked for, in bytes.
const maxWords = 256

// wanted is a parameter with a name that is looked for.
func (f *form) wanted(name string) wanted {
	v := f.text(name)
	if len(v) > maxWords {
		f.fail(service.BadParam, "%s is longer than %d bytes", name, maxWords)
	}
	return wantedOf(v)
}

// order is by what rows are sorted, and whether backwards.
type order struct {
	by   string
	down bool
}

// sorted is the order of a list: by one of names, the first where nothing is said.
func (f *form) sorted(names ...string) order {
	o := order{by: f.Optional("sort", names[0]), down: f.text("order") == "desc"}
	if !slices.Contains(names, o.by) {
		f.fail(service.BadParam, "sort must be one of %s", strings.Join(names, ", "))
	}
	return o
}

// compareIn is a comparison in an order.
func compareIn[T any](o order, compare func(a, b T) int) func(a, b T) int {
	if !o.down {
		return compare
	}
	return func(a, b T) int { return compare(b, a) }
}

// facet is a value of a column, and how many rows have it.
type facet struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// maxFacets bounds the values of one column.
const maxFacets = 50

// facetsOf are the most frequent values.
func facetsOf(counts map[string]int) []facet {
	all := make([]facet, 0, len(counts))
	for v, n := range counts {
		all = append(all, facet{v, n})
	}
	slices.SortFunc(all, func(a, b facet) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) })
	return all[:min(len(all), maxFacets)]
}

// may is what a caller may do to a thing that he sees.
func may(q *middleware.Request, r auth.Resource) string {
	if q.Allows(r, auth.Write) {
		return readWrite
	}
	return "r"
}

// text of a pointer, "" of none.
func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
