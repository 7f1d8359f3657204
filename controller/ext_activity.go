package controller

import (
	"hash/fnv"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/push"
)

// activity is what nodes count each for itself.
type activity struct {
	Subscribers int          `json:"subscribers"`
	Clients     int          `json:"clients"` // that the node answers for
	Pushes      push.Counts  `json:"pushes"`
	Listeners   int          `json:"listeners"`
	Behind      int          `json:"behind"`
	Listened    []uint64     `json:"listened"` // digests of the keys that somebody listens to, at most maxListened
	Late        []lateConfig `json:"late"`
}

// lateConfig is a config that clients of a node did not fetch for too long.
type lateConfig struct {
	Key   config.Key `json:"key"`
	N     int        `json:"n"`
	Since time.Time  `json:"since"` // of the first of them
}

// maxListened bounds the keys of which a node says that it has listeners: beyond it
// the number of configs that are listened to is "at least".
const maxListened = 20_000

// activityHere is what this node counts.
func (a *API) activityHere(who viewer) (n activity) {
	if !a.off(middleware.Naming) {
		c := a.o.Naming.Counts()
		n.Subscribers, n.Clients, n.Pushes = c.Subscribers, c.Owned, a.o.Pushes.Ever()
	}
	if a.off(middleware.Config) {
		return n
	}
	n.Listeners = a.o.Config.Cache().Listeners()
	for k := range a.o.Config.Cache().Watching() {
		if len(n.Listened) == maxListened {
			break
		}
		n.Listened = append(n.Listened, digestOf(k))
	}
	late := map[config.Key]*lateConfig{}
	for _, l := range a.o.Config.Lags().All() {
		n.Behind++
		if time.Since(l.Since) <= behindFor || !who.sees(configResource(l.Key)) {
			continue
		}
		x := late[l.Key]
		if x == nil {
			x = &lateConfig{Key: l.Key, Since: l.Since}
			late[l.Key] = x
		}
		x.add(1, l.Since)
	}
	for _, x := range late {
		n.Late = append(n.Late, *x)
	}
	return n
}

func (x *lateConfig) add(n int, since time.Time) {
	x.N += n
	if since.Before(x.Since) {
		x.Since = since
	}
}

// digestOf is equal on all nodes for equal keys.
func digestOf(k config.Key) uint64 {
	h := fnv.New64a()
	for _, s := range []string{k.Tenant, k.Group, k.DataID} {
		_, _ = h.Write([]byte(s)) // it never fails
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// everywhere is what all nodes count together.
type everywhere struct {
	activity

	listened map[uint64]bool
	late     map[config.Key]*lateConfig
	nodes    []nodeAnswer
}

func (a *API) activityOfAll(q *middleware.Request) *everywhere {
	who := a.viewerOf(q)
	e := &everywhere{listened: map[uint64]bool{}, late: map[config.Key]*lateConfig{}}
	e.add(a.activityHere(who))
	e.nodes = askAll(q.Context(), a, question{Kind: askActivity, User: who.user}, e.add)
	return e
}

func (e *everywhere) add(n activity) {
	e.Subscribers += n.Subscribers
	e.Clients += n.Clients
	e.Listeners += n.Listeners
	e.Behind += n.Behind
	e.Pushes.Total += n.Pushes.Total
	e.Pushes.Failed += n.Pushes.Failed
	e.Pushes.Acked += n.Pushes.Acked
	e.Pushes.Cost += n.Pushes.Cost
	e.Pushes.MaxCost = max(e.Pushes.MaxCost, n.Pushes.MaxCost)
	for _, d := range n.Listened {
		e.listened[d] = true
	}
	for _, l := range n.Late {
		x := e.late[l.Key]
		if x == nil {
			x = &lateConfig{Key: l.Key, Since: l.Since}
			e.late[l.Key] = x
		}
		x.add(l.N, l.Since)
	}
}
