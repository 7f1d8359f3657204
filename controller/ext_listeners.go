package controller

import (
	"cmp"
	"context"
	"slices"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

// listenerFilter is what the list of who listens shows.
type listenerFilter struct {
	Namespace *string `json:"namespace,omitempty"` // "" is the public one; nil: all
	IP        string  `json:"ip,omitempty"`
	State     string  `json:"state,omitempty"`
	Text      string  `json:"text,omitempty"`
}

// allListeners are the clients of all nodes that listen to a config, those that
// are behind first.
func (a *API) allListeners(ctx context.Context, k config.Key) (lines []listenerLine, nodes []nodeAnswer) {
	lines = a.listenerLines(k)
	nodes = askAll(ctx, a, question{Kind: askListeners, Config: k}, func(more []listenerLine) { lines = append(lines, more...) })
	slices.SortStableFunc(lines, func(x, y listenerLine) int {
		rank := func(l *listenerLine) int {
			if l.State == stateBehind {
				return 0
			}
			return 1
		}
		return cmp.Compare(rank(&x), rank(&y))
	})
	return lines, nodes
}

func (a *API) extListeners(q *middleware.Request) (any, error) {
	f := formOf(q)
	pageNo, size := f.pageV3()
	filter := listenerFilter{f.namespaceFilter(), f.text("ip"), f.text("state"), f.text("q")}
	f.wanted("ip")
	f.wanted("q") // refused where they are too long
	if !slices.Contains([]string{"", stateCurrent, stateGray, stateBehind}, filter.State) {
		f.fail(service.BadParam, "state must be current, gray or behind")
	}
	if f.err != nil {
		return nil, f.err
	}
	who, rows := a.viewerOf(q), a.first(pageNo, size)
	all := a.listenersHere(&filter, who, rows)
	nodes := askAll(q.Context(), a, question{Kind: askLists, User: who.user, Listeners: filter, Rows: rows}, all.add)
	page := all.page(rows, pageNo, size, compareListeners, nodes)
	if err := a.nameVersions(q, page.PageItems); err != nil {
		return nil, err
	}
	return page, nil
}

// maxNamed is of how many configs a page of listeners names the versions.
const maxNamed = 100

// nameVersions fills in the names of the versions that clients have.
func (a *API) nameVersions(q *middleware.Request, lines []listenerLine) error {
	names := map[config.Key]map[string]string{}
	for i := range lines {
		l := &lines[i]
		k := config.Key{Tenant: config.Namespace(l.Namespace), Group: l.Group, DataID: l.DataID}
		known, ok := names[k]
		if !ok && len(names) < maxNamed {
			var err error
			if known, err = a.versionNames(q, k); err != nil {
				return err
			}
			names[k] = known
		}
		l.Version = known[l.MD5]
	}
	return nil
}

// listenersHere are those who listen on this node.
func (a *API) listenersHere(f *listenerFilter, who viewer, rows int) (out someRows[listenerLine]) {
	keys := a.o.Config.Cache().Watching()
	for k := range a.o.Config.Lags().Count() {
		keys[k]++
	}
	ip, text := wantedOf(f.IP), wantedOf(f.Text)
	for k := range keys {
		if f.Namespace != nil && k.Tenant != *f.Namespace || !who.sees(configResource(k)) {
			continue
		}
		for _, l := range a.listenerLines(k) {
			if ip.match(l.IP) && (f.State == "" || f.State == l.State) && (text.match(k.DataID) || text.match(k.Group) || text.match(l.App) || text.match(l.Address)) {
				out.Rows = append(out.Rows, l)
			}
		}
	}
	out.Total = len(out.Rows)
	out.Rows = service.Window(out.Rows, 0, rows, compareListeners)
	return out
}

func compareListeners(x, y listenerLine) int {
	return cmp.Or(cmp.Compare(x.IP, y.IP), cmp.Compare(x.Address, y.Address), cmp.Compare(x.DataID, y.DataID), cmp.Compare(x.Group, y.Group),
		cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Node, y.Node))
}

// listenedTo is how many clients of one node listen to a config, and how many have
// not got it yet.
type listenedTo struct {
	Key    config.Key `json:"key"`
	All    int        `json:"all"`
	Behind int        `json:"behind"`
}

// listeningHere counts who listens on this node: to these configs, or, where none
// are named, to all of the namespace.
func (a *API) listeningHere(tenant string, keys []config.Key) []listenedTo {
	all, behind := a.o.Config.Cache().Watching(), a.o.Config.Lags().Count()
	out := []listenedTo{}
	if len(keys) == 0 {
		for k := range all {
			keys = append(keys, k)
		}
		for k := range behind {
			if all[k] == 0 {
				keys = append(keys, k)
			}
		}
		keys = slices.DeleteFunc(keys, func(k config.Key) bool { return k.Tenant != tenant })
	}
	for _, k := range keys {
		if all[k]+behind[k] > 0 {
			out = append(out, listenedTo{k, all[k], behind[k]})
		}
	}
	return out
}

// listening is how many clients listen to each config, and have not got it yet.
type listening struct{ all, behind map[config.Key]int }

// listeningHereToAll is how many do on this node.
func (a *API) listeningHereToAll() listening {
	n := listening{a.o.Config.Cache().Watching(), a.o.Config.Lags().Count()}
	if n.behind == nil {
		n.behind = map[config.Key]int{}
	}
	return n
}

// gather adds the other nodes: what listens to these configs there, or, where none
// are named, to all of the namespace. It returns who has answered.
func (n listening) gather(ctx context.Context, a *API, tenant string, keys []config.Key) []nodeAnswer {
	return askAll(ctx, a, question{Kind: askCounts, Config: config.Key{Tenant: tenant}, Keys: keys}, func(more []listenedTo) {
		for _, x := range more {
			n.all[x.Key] += x.All
			n.behind[x.Key] += x.Behind
		}
	})
}
