package controller

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/keypaths"
)

// Bounds of a comparison: configs of a namespace, bytes that are read as keys for
// one answer, and keys that are named of one kind for a config.
const (
	maxCompared      = 100_000
	maxComparedBytes = 8 << 20
	maxKeysNamed     = 50
)

// The ways in which a name may stand in two namespaces.
const (
	onlyLeft  = "left"
	onlyRight = "right"
	different = "different"
	same      = "same"
)

func (a *API) extCompareRoutes() []middleware.Route {
	return extRows(middleware.Config, []middleware.Route{
		{Method: http.MethodGet, Path: "/compare", Access: each(middleware.Read, middleware.ConfigResource), Do: a.extCompare},
	})
}

// comparedSide is a config on one side of a comparison.
type comparedSide struct {
	ID        string `json:"id"`
	MD5       string `json:"md5"`
	Type      string `json:"type"`
	Size      int    `json:"size"`
	Modified  int64  `json:"modified"`
	User      string `json:"user"`
	Listeners int    `json:"listeners"`
	May       string `json:"may"`
}

// compared is a name in two namespaces.
type compared struct {
	Group  string        `json:"groupName"`
	DataID string        `json:"dataId"`
	Left   *comparedSide `json:"left"`
	Right  *comparedSide `json:"right"`
	*keysOf2

	state string
	pair  [2]*config.Found
}

// keysOf2 says by which keys two texts differ: of the right one, seen from the
// left one.
type keysOf2 struct {
	Semantic bool     `json:"semantic"` // false: the texts are not read as keys, and just differ
	Added    []string `json:"keysAdded"`
	Removed  []string `json:"keysRemoved"`
	Changed  []string `json:"keysChanged"`
	Counts   keyCount `json:"counts"` // of all, also of those that are not named
	Masked   bool     `json:"masked"` // secrets were hidden, and say nothing here
}

type keyCount struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Changed int `json:"changed"`
}

// comparison is a page of what is in two namespaces.
type comparison struct {
	Left      string         `json:"left"`
	Right     string         `json:"right"`
	OnlyLeft  []*compared    `json:"onlyLeft"`
	OnlyRight []*compared    `json:"onlyRight"`
	Different []*compared    `json:"different"`
	Equal     []*compared    `json:"equal"`
	Same      int            `json:"same"`
	Counts    map[string]int `json:"counts"`
	Total     int64          `json:"totalCount"`
	Page      int            `json:"pageNumber"`
	Pages     int64          `json:"pagesAvailable"`
	Nodes     []nodeAnswer   `json:"nodes"`
}

// compareQuery is what is compared, and what of it is shown.
type compareQuery struct {
	left, right      string // tenants
	q, group, dataID wanted
	states           []string
	pageNo, size     int
}

func compareQueryOf(f *form) compareQuery {
	c := compareQuery{
		left: config.Namespace(f.notBlank("left")), right: config.Namespace(f.notBlank("right")),
		q: f.wanted("q"), group: f.wanted("groupName"), dataID: f.wanted("dataId"), states: words(f.text("state")),
	}
	c.pageNo, c.size = f.pageV3()
	if len(c.states) == 0 {
		c.states = []string{different, onlyLeft, onlyRight}
	}
	for _, s := range c.states {
		if _, ok := compareOrder[s]; !ok {
			f.fail(service.BadParam, "state must be some of different, left, right, same")
		}
	}
	if f.err == nil && c.left == c.right {
		f.fail(service.BadParam, "left and right are the same namespace")
	}
	return c
}

// compareOrder is in which order they are shown.
//
//nolint:gochecknoglobals // a table
var compareOrder = map[string]int{different: 0, onlyLeft: 1, onlyRight: 2, same: 3}

// extCompare puts two namespaces side by side. A config that the caller may not
// read is as if it were not there.
func (a *API) extCompare(q *middleware.Request) (any, error) {
	f := formOf(q)
	c := compareQueryOf(&f)
	if f.err != nil {
		return nil, f.err
	}
	rows, err := a.pairs(q, &c)
	if err != nil {
		return nil, err
	}
	out := comparison{
		Left: shownNamespace(c.left), Right: shownNamespace(c.right), OnlyLeft: []*compared{}, OnlyRight: []*compared{}, Different: []*compared{}, Equal: []*compared{},
		Counts: map[string]int{onlyLeft: 0, onlyRight: 0, different: 0, same: 0}, Page: c.pageNo,
	}
	for _, r := range rows {
		out.Counts[r.state]++
	}
	out.Same = out.Counts[same]
	rows = slices.DeleteFunc(rows, func(r *compared) bool { return !slices.Contains(c.states, r.state) })
	out.Total, out.Pages = int64(len(rows)), int64((len(rows)+c.size-1)/c.size)
	from, to := window(len(rows), c.pageNo, c.size)
	shown := service.Window(rows, from, to, func(x, y *compared) int {
		return cmp.Or(cmp.Compare(compareOrder[x.state], compareOrder[y.state]), cmp.Compare(x.DataID, y.DataID), cmp.Compare(x.Group, y.Group))
	})
	out.Nodes = a.describe(q, &c, shown)
	lists := map[string]*[]*compared{onlyLeft: &out.OnlyLeft, onlyRight: &out.OnlyRight, different: &out.Different, same: &out.Equal}
	for _, r := range shown {
		l := lists[r.state]
		*l = append(*l, r)
	}
	return out, nil
}

// pairs puts the configs of two namespaces together by their names, in no order.
func (a *API) pairs(q *middleware.Request, c *compareQuery) ([]*compared, error) {
	type name struct{ group, dataID string }
	all := map[name]*compared{}
	for side, tenant := range []string{c.left, c.right} {
		found, err := a.comparables(q, c, tenant)
		if err != nil {
			return nil, err
		}
		for i := range found {
			k := found[i].Key
			n := name{k.Group, k.DataID}
			if all[n] == nil {
				all[n] = &compared{Group: k.Group, DataID: k.DataID}
			}
			all[n].pair[side] = &found[i]
		}
	}
	for _, r := range all {
		r.state = stateOf(r.pair[0], r.pair[1])
	}
	return slices.Collect(maps.Values(all)), nil
}

func stateOf(left, right *config.Found) string {
	switch {
	case right == nil:
		return onlyLeft
	case left == nil:
		return onlyRight
	case left.Item.Formal.MD5 == right.Item.Formal.MD5:
		return same
	default:
		return different
	}
}

// comparables lists what is compared of a namespace.
func (a *API) comparables(q *middleware.Request, c *compareQuery, tenant string) ([]config.Found, error) {
	if tenant != "" {
		if _, err := a.o.Namespaces.Get(q.Context(), tenant); err != nil {
			return nil, err
		}
	}
	found, err := a.o.Config.Configs(q.Context(), &tenant)
	switch {
	case err != nil:
		return nil, err
	case len(found) > maxCompared:
		return nil, service.Errorf(service.TooLarge, "a namespace with more than %d configs is not compared", maxCompared)
	}
	return slices.DeleteFunc(found, func(x config.Found) bool {
		k := x.Key
		return !c.dataID.match(k.DataID) || !c.group.match(k.Group) || !c.q.match(k.DataID) && !c.q.match(k.Group) || !q.Sees(configResource(*k))
	}), nil
}

// describe fills what is shown of the rows of a page.
func (a *API) describe(q *middleware.Request, c *compareQuery, rows []*compared) []nodeAnswer {
	keys := []config.Key{}
	for _, r := range rows {
		if r.pair[1] != nil {
			keys = append(keys, *r.pair[1].Key)
		}
	}
	n := a.listeningHereToAll()
	var nodes []nodeAnswer
	if len(keys) > 0 { // none named would be all of them
		nodes = n.gather(q.Context(), a, c.right, keys)
	}
	side := func(x *config.Found) *comparedSide {
		if x == nil {
			return nil
		}
		row := configRowOf(*x, n)
		return &comparedSide{row.ID, row.MD5, row.Type, row.Size, row.Modified, row.User, row.Listeners, may(q, configResource(*x.Key))}
	}
	room := maxComparedBytes
	for _, r := range rows {
		r.Left, r.Right = side(r.pair[0]), side(r.pair[1])
		if r.state == different {
			r.keysOf2 = a.changesOf(q, r.pair[0], r.pair[1], &room)
		}
	}
	if nodes == nil {
		nodes = []nodeAnswer{}
	}
	return nodes
}

// changesOf says by which keys two configs differ. Where the caller may not see the
// secrets of one, they are hidden in both: otherwise he could learn one by putting
// what he guesses on the other side.
func (a *API) changesOf(q *middleware.Request, left, right *config.Found, room *int) *keysOf2 {
	out := &keysOf2{Added: []string{}, Removed: []string{}, Changed: []string{}}
	l, r := left.Item.Formal, right.Item.Formal
	format := keypaths.Format(l.Type, left.Key.DataID)
	if format == "" || format != keypaths.Format(r.Type, right.Key.DataID) || l.EncryptedKey != "" || r.EncryptedKey != "" || q.Context().Err() != nil {
		return out
	}
	if *room -= len(l.Content) + len(r.Content); *room < 0 || max(len(l.Content), len(r.Content)) > keypaths.MaxText {
		return out
	}
	before, after := string(l.Content), string(r.Content)
	if a.hides(q, *left.Key) || a.hides(q, *right.Key) {
		b, f := a.o.Mask.Hide(before), a.o.Mask.Hide(after)
		before, after, out.Masked = b.Shown, f.Shown, len(b.Places)+len(f.Places) > 0
	}
	c, err := keypaths.Compare(format, before, after)
	if err != nil {
		return out
	}
	first := func(paths []string) []string { return append([]string{}, paths[:min(len(paths), maxKeysNamed)]...) }
	out.Semantic, out.Counts = true, keyCount{len(c.Added), len(c.Removed), len(c.Changed)}
	out.Added, out.Removed, out.Changed = first(c.Added), first(c.Removed), first(c.Changed)
	return out
}
