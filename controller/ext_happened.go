package controller

import (
	"cmp"
	"slices"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/naming"
)

// Bounds of what befell the instances of a service.
const (
	// flapWindow is how far back changes of presence and health are counted, and
	// flapChanges how many of them are usual: two restarts within it are four.
	flapWindow  = 10 * time.Minute
	flapChanges = 4

	happenedRows = 200 // where nothing else is asked for
	maxHappened  = 1000
)

// happened is what a node knows of what befell the instances of a service.
type happened struct {
	Since int64          `json:"since"` // unix ms; nothing after it is missing
	Items []happenedLine `json:"items"`
}

// happenedLine is something that befell an instance.
type happenedLine struct {
	At      int64        `json:"at"`
	Kind    string       `json:"kind"`
	IP      string       `json:"ip"`
	Port    uint16       `json:"port"`
	Cluster string       `json:"clusterName"`
	By      string       `json:"by"`
	Set     *operatorDid `json:"set"`
	Node    string       `json:"node"`
}

// operatorDid is what of an instance an operator has changed.
type operatorDid struct {
	Weight   *double `json:"weight"`
	Enabled  *bool   `json:"enabled"`
	Metadata bool    `json:"metadata"`
}

// flap is an instance that comes and goes.
type flap struct {
	IP      string `json:"ip"`
	Port    uint16 `json:"port"`
	Cluster string `json:"clusterName"`
	Changes int    `json:"changes"`
	First   int64  `json:"first"` // unix ms of the first of them
	Last    int64  `json:"last"`
}

// happenedHere is what befell the instances of k through this node.
func (a *API) happenedHere(k naming.Key) happened {
	all, since := a.o.Naming.Happenings(k)
	out := happened{Since: since.UnixMilli()}
	for i := range all {
		h := &all[i]
		line := happenedLine{At: h.At, Kind: h.Kind, IP: h.IP, Port: h.Port, Cluster: h.Cluster, By: h.By, Node: a.o.Ops.Address()}
		if h.Set != nil {
			line.Set = &operatorDid{Enabled: h.Set.Enabled, Metadata: h.Set.Metadata}
			if w := h.Set.Weight; w != nil {
				d := double(*w)
				line.Set.Weight = &d
			}
		}
		out.Items = append(out.Items, line)
	}
	return out
}

func (a *API) extHappened(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := naming.Key{Namespace: f.namingNamespace(), Group: f.Optional("groupName", naming.DefaultGroup), Service: f.notBlank("serviceName")}
	from, limit := f.millis("from"), f.Num("limit", happenedRows)
	if f.err != nil {
		return nil, f.err
	}
	if err := q.May(serviceResource(k), auth.Read); err != nil {
		return nil, err
	}
	all := a.happenedHere(k)
	nodes := askAll(q.Context(), a, question{Kind: askHappened, Service: k}, func(more happened) {
		all.Items, all.Since = append(all.Items, more.Items...), max(all.Since, more.Since)
	})
	flapping := flapsOf(all.Items, time.Now().Add(-flapWindow).UnixMilli())
	items := slices.DeleteFunc(all.Items, func(l happenedLine) bool { return l.At < from })
	slices.SortStableFunc(items, func(x, y happenedLine) int { return cmp.Compare(x.At, y.At) })
	slices.Reverse(items) // of two at one time the later one, too, comes first
	total := len(items)
	items = items[:min(total, max(limit, 1), maxHappened)]
	if items == nil {
		items = []happenedLine{}
	}
	return map[string]any{
		"items": items, "total": total, "since": all.Since, "flapping": flapping,
		"window": flapWindow.Milliseconds(), "usual": flapChanges, "nodes": nodes,
	}, nil
}

// flapsOf are the instances whose presence or health has changed more often than
// is usual since a time, unix ms, those that did most first.
func flapsOf(all []happenedLine, since int64) []flap {
	type at struct {
		ip      string
		port    uint16
		cluster string
	}
	by := map[at]*flap{}
	for i := range all {
		l := &all[i]
		if l.At < since || l.Kind == naming.Operated || l.Kind == naming.Altered {
			continue
		}
		k := at{l.IP, l.Port, l.Cluster}
		f := by[k]
		if f == nil {
			f = &flap{IP: l.IP, Port: l.Port, Cluster: l.Cluster, First: l.At, Last: l.At}
			by[k] = f
		}
		f.Changes++
		f.First, f.Last = min(f.First, l.At), max(f.Last, l.At)
	}
	out := []flap{}
	for _, f := range by {
		if f.Changes > flapChanges {
			out = append(out, *f)
		}
	}
	slices.SortFunc(out, func(x, y flap) int {
		return cmp.Or(cmp.Compare(y.Changes, x.Changes), cmp.Compare(x.IP, y.IP), cmp.Compare(x.Port, y.Port), cmp.Compare(x.Cluster, y.Cluster))
	})
	return out
}
