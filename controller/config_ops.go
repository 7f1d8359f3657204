package controller

import (
	"context"
	"net/http"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

// listenerStatus says who listens, or what is listened to. The second name is
// misspelled on the wire.
type listenerStatus struct {
	CollectStatus int               `json:"collectStatus"`
	Listeners     map[string]string `json:"lisentersGroupkeyStatus"`
}

// watcherStatus is listenerStatus of one node.
type watcherStatus struct {
	Listeners map[string]string `json:"lisentersGroupkeyStatus"`
}

// configListeners says which addresses listen to a config.
func (a *API) configListeners(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.key()
	if f.err != nil {
		return nil, f.err
	}
	return listenerStatus{http.StatusOK, a.allWatchersOf(q.Context(), k)}, nil
}

// allWatchersOf are the addresses that listen to a config on any node that answers,
// with the digest that each sees.
func (a *API) allWatchersOf(ctx context.Context, k config.Key) map[string]string {
	if strings.TrimSpace(k.Group) == "" {
		k.Group = "DEFAULT_GROUP"
	}
	m := a.watchersOf(k)
	askAll(ctx, a, question{Kind: askListeners, Config: k}, func(more []listenerLine) {
		for i := range more {
			if l := &more[i]; l.State != stateBehind { // who was told and is away does not listen now
				m[l.IP] = l.MD5
			}
		}
	})
	return m
}

// watchedKey is a config that an address listens to, with the digest that it sees.
type watchedKey struct {
	Key config.Key `json:"key"`
	MD5 string     `json:"md5"`
}

// watchedHere are the configs that an address listens to on this node.
func (a *API) watchedHere(ip string) []watchedKey {
	out := []watchedKey{}
	for _, w := range a.o.Config.Cache().WatchedBy(ip) {
		out = append(out, watchedKey{w.Key, w.MD5})
	}
	return out
}

func (a *API) watchersOf(k config.Key) map[string]string {
	if strings.TrimSpace(k.Group) == "" {
		k.Group = "DEFAULT_GROUP"
	}
	m := map[string]string{}
	for _, w := range a.o.Config.Cache().WatchersOf(k) {
		m[w.Viewer.IP] = w.MD5
	}
	return m
}

// ipListeners says which configs an address listens to: the public ones, or all;
// besides those whose key has the text of the namespace in it, if one is given
// (contract config.md §2.14).
func (a *API) ipListeners(q *middleware.Request) (any, error) {
	return a.listenedBy(q, func(k config.Key, tenant string, all bool) bool {
		return all || k.Tenant == "" || tenant != "" && strings.Contains(config.GroupKey(k), tenant)
	})
}

// listenedBy says which of the configs that an address listens to are to be shown.
func (a *API) listenedBy(q *middleware.Request, shown func(k config.Key, tenant string, all bool) bool) (any, error) {
	f := formOf(q)
	ip := f.Declared("ip", "String")
	all, tenant := f.Bool("all", false), namespaceOf(q)
	if f.err != nil {
		return nil, f.err
	}
	watched := a.watchedHere(ip)
	askAll(q.Context(), a, question{Kind: askWatched, IP: ip}, func(more []watchedKey) { watched = append(watched, more...) })
	m := map[string]string{}
	for _, w := range watched {
		if shown(w.Key, tenant, all) {
			m[config.GroupKey(w.Key)] = w.MD5
		}
	}
	return listenerStatus{http.StatusOK, m}, nil
}

// nodeWatchers is configListeners of this node.
func (a *API) nodeWatchers(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.key()
	if f.err != nil {
		return nil, f.err
	}
	return watcherStatus{a.watchersOf(k)}, nil
}

// nodeWatched is ipListeners of this node.
func (a *API) nodeWatched(q *middleware.Request) (any, error) {
	f := formOf(q)
	ip := f.Declared("ip", "String")
	if f.err != nil {
		return nil, f.err
	}
	m := map[string]string{}
	for _, w := range a.o.Config.Cache().WatchedBy(ip) {
		m[config.GroupKey(w.Key)] = w.MD5
	}
	return watcherStatus{m}, nil
}

// clientMetrics says what the clients at an address report of a config. SDKs of
// 1.x report nothing.
func (a *API) clientMetrics(q *middleware.Request) (any, error) {
	f := formOf(q)
	f.Declared("ip", "String")
	if f.err != nil {
		return nil, f.err
	}
	for _, name := range []string{"dataId", "group"} {
		v, ok := q.Params.Lookup(name)
		if !ok {
			return nil, service.Errorf(service.BadParam, "invalid %s : null", name)
		}
		if strings.TrimSpace(v) == "" {
			return nil, service.Errorf(service.BadParam, "invalid %s : %s", name, v)
		}
	}
	return map[string]any{}, nil
}

// reloadCache has the cache read from the database again.
func (a *API) reloadCache(*middleware.Request) (any, error) {
	a.o.Config.Reload()
	return "200", nil
}

// setConfigLog is for the log files of the reference, of which there are none
// here; it knows no name and answers as the reference does to a name that it
// does not know.
func (a *API) setConfigLog(q *middleware.Request) (any, error) {
	f := formOf(q)
	f.Declared("logName", "String")
	f.Declared("logLevel", "String")
	if f.err != nil {
		return nil, f.err
	}
	return "200", nil
}

// derby refuses SQL, which no storage here takes from outside, with the words
// of a reference that runs on another database.
func (a *API) derby(q *middleware.Request) (any, error) {
	f := formOf(q)
	f.Declared("sql", "String")
	if f.err != nil {
		return nil, f.err
	}
	return restFail(http.StatusInternalServerError, "The current storage mode is not Derby"), nil
}

// derbyImport refuses a dump of SQL.
func (a *API) derbyImport(q *middleware.Request) (any, error) {
	if !strings.HasPrefix(q.Header("Content-Type"), "multipart/") {
		return nil, service.Errorf(service.Internal, "Current request is not a multipart request")
	}
	r := restFail(http.StatusInternalServerError, "Limited to embedded storage mode")
	r.Data = ""
	return r, nil
}

// configHealth is UP while the databases answer.
func (a *API) configHealth(q *middleware.Request) (any, error) {
	return a.o.Config.Health(q.Context()), nil
}
