package controller

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

// What came of telling a connection once more.
const (
	toldAgain  = "told"   // a notification is on its way, or its poll is being answered
	toldLater  = "later"  // its poll is one that is answered at its end alone
	toldNobody = "absent" // it does not listen at the moment; it is told when it asks again
)

// repushed is what came of telling a connection.
type repushed struct {
	Address string `json:"address"`
	Node    string `json:"node"`
	Result  string `json:"result"`
}

// repushes are the results of all connections that were named.
type repushes struct {
	Results []repushed   `json:"results"`
	Told    int          `json:"told"`
	Nodes   []nodeAnswer `json:"nodes"`
}

// maxRepush bounds the connections of one call.
const maxRepush = 1000

// connections are the addresses of connections that a form names.
func (f *form) connections() []string {
	var out []string
	for c := range strings.SplitSeq(f.notBlank("connections"), ",") {
		if c = strings.TrimSpace(c); c != "" && len(out) <= maxRepush {
			out = append(out, c)
		}
	}
	if len(out) > maxRepush {
		f.fail(service.BadParam, "connections has more than %d addresses", maxRepush)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// extRepush has clients be told of a config once more, on whichever node they
// listen: as if it had changed, for them alone.
func (a *API) extRepush(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	wanted := f.connections()
	if f.err != nil {
		return nil, f.err
	}
	out := repushes{Results: a.repushHere(k, wanted)}
	out.Nodes = askAll(q.Context(), a, question{Kind: askRepush, Config: k, Tell: wanted}, func(more []repushed) { out.Results = append(out.Results, more...) })
	for _, r := range out.Results {
		if r.Result == toldAgain {
			out.Told++
		}
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(out.Results, func(r repushed) bool { return r.Address == w }) {
			out.Results = append(out.Results, repushed{Address: w, Result: toldNobody})
		}
	}
	slices.SortFunc(out.Results, func(x, y repushed) int { return cmp.Or(cmp.Compare(x.Address, y.Address), cmp.Compare(x.Node, y.Node)) })
	return out, nil
}

// repushHere tells those who listen on this node. A connection of several polls is
// told of each and named once.
func (a *API) repushHere(k config.Key, wanted []string) []repushed {
	out := []repushed{}
	for _, l := range a.o.Config.Cache().FollowersOf(k) {
		c := l.Client()
		if c.Address == "" || !slices.Contains(wanted, c.Address) {
			continue
		}
		r := repushed{Address: c.Address, Node: a.o.Ops.Address(), Result: toldAgain}
		if _, ok := l.(deaf); ok {
			r.Result = toldLater
		} else {
			l.Changed(&k)
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// grayMatch is a client that a rule of a gray copy names.
type grayMatch struct {
	listenerLine
	Sees bool `json:"sees"` // false: another gray copy goes before this one
}

// grayPreview is who would get a gray copy.
type grayPreview struct {
	Matched   []grayMatch  `json:"matched"`
	Count     int          `json:"count"` // of those that match, also where not all are listed
	Total     int          `json:"total"` // of those that listen
	Truncated bool         `json:"truncated"`
	Nodes     []nodeAnswer `json:"nodes"`
}

// extGrayPreview says which of those who listen now a gray copy would be for.
func (a *API) extGrayPreview(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	tag, ips := "", ""
	switch f.text("kind") {
	case "ip":
		ips = f.notBlank("betaIps")
	case "tag":
		tag = f.notBlank("tag")
	default:
		f.fail(service.BadParam, "kind must be ip or tag")
	}
	if f.err != nil {
		return nil, f.err
	}
	if err := config.CheckTag(tag); err != nil {
		return nil, err
	}
	trial := a.o.Config.Trial(k, tag, ips)
	lines, nodes := a.allListeners(q.Context(), k)
	out := grayPreview{Matched: []grayMatch{}, Total: len(lines), Nodes: nodes}
	for i := range lines {
		l := &lines[i]
		named, sees := trial(config.Viewer{IP: l.IP, Tag: l.Tag})
		if !named {
			continue
		}
		if out.Count++; out.Count > maxListeners {
			out.Truncated = true
			continue
		}
		out.Matched = append(out.Matched, grayMatch{*l, sees})
	}
	return out, nil
}
