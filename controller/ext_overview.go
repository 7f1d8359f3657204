package controller

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/naming"
	"github.com/pharos-registry/pharos/service/ops"
)

// overview is the state of everything at a glance.
type overview struct {
	At       int64          `json:"at"`
	Verdict  verdict        `json:"verdict"`
	Tiles    map[string]any `json:"tiles"`
	Problems []problem      `json:"problems"`
	Changes  []change       `json:"changes"`
	Asked    []nodeAnswer   `json:"nodes"`
}

type verdict struct {
	Level   string          `json:"level"`
	Reasons []verdictReason `json:"reasons"`
}

type verdictReason struct {
	Key    string            `json:"key"`
	Params map[string]string `json:"params"`
}

// problem is something that somebody should look at.
type problem struct {
	ID       string            `json:"id"`
	Severity string            `json:"severity"`
	Kind     string            `json:"kind"`
	Since    int64             `json:"since"` // unix ms, 0 where it is not known
	Params   map[string]string `json:"params"`
	Target   *concern          `json:"target"`
}

type concern struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespaceId,omitempty"`
	Group     string `json:"groupName,omitempty"`
	Name      string `json:"name"`
}

// change is something that was done to a config.
type change struct {
	At        int64  `json:"at"`
	Kind      string `json:"kind"`
	User      string `json:"user"`
	Address   string `json:"address"`
	Namespace string `json:"namespaceId"`
	Group     string `json:"groupName"`
	DataID    string `json:"dataId"`
	NID       string `json:"nid"`
}

// The levels, and bounds of what is shown.
const (
	levelOK   = "ok"
	levelWarn = "warn"
	levelBad  = "bad"

	maxProblems = 20
	maxChanges  = 20

	// behindFor is how long a client may take to fetch a config before somebody
	// should know.
	behindFor = 2 * time.Minute
)

func (a *API) extOverview(q *middleware.Request) (any, error) {
	f := formOf(q)
	ns := f.text("namespaceId")
	o := overview{At: q.Arrived.UnixMilli(), Tiles: map[string]any{"nodes": nil, "services": nil, "instances": nil, "configs": nil, "listeners": nil}}
	all, err := a.o.Namespaces.List(q.Context())
	if err != nil {
		return nil, err
	}
	o.Tiles["namespaces"] = len(all)
	nodes, _ := a.nodes(q.Context())
	o.clusterOf(nodes)
	a.openness(&o)
	e := a.activityOfAll(q)
	o.Asked = e.nodes
	if !a.off(middleware.Naming) {
		a.namingOverview(q, &o, ns, e)
	}
	if !a.off(middleware.Config) {
		if err := a.configOverview(q, &o, ns, e); err != nil {
			return nil, err
		}
	}
	o.judge()
	return o, nil
}

// clusterOf adds the nodes.
func (o *overview) clusterOf(nodes []NodeState) {
	up := 0
	for i := range nodes {
		if nodes[i].State == ops.Up {
			up++
			continue
		}
		o.add(problem{
			ID: "node/" + nodes[i].Address, Severity: levelBad, Kind: "node_down", Since: nodes[i].Seen, Params: map[string]string{"address": nodes[i].Address, "state": nodes[i].State},
			Target: &concern{Kind: "node", Name: nodes[i].Address},
		})
	}
	o.Tiles["nodes"] = map[string]int{"up": up, "total": len(nodes)}
	if r := raftOf(nodes); r != nil && r.Leader == "" {
		o.add(problem{ID: "raft", Severity: levelBad, Kind: "no_leader"})
	}
}

// openness adds what everybody may do who should not.
func (a *API) openness(o *overview) {
	switch {
	case !a.o.Auth.HasAdmin():
		o.add(problem{ID: "setup", Severity: levelWarn, Kind: "setup_needed"})
	case !a.o.About.Enforced:
		o.add(problem{ID: "auth", Severity: levelWarn, Kind: "auth_open"})
	}
}

func (o *overview) add(p problem) {
	if p.Params == nil {
		p.Params = map[string]string{}
	}
	o.Problems = append(o.Problems, p)
}

// namingOverview adds services and instances.
func (a *API) namingOverview(q *middleware.Request, o *overview, ns string, e *everywhere) {
	views := a.o.Naming.Shown(func(k naming.Key) bool { return (ns == "" || k.Namespace == ns) && q.Sees(serviceResource(k)) })
	services := map[string]int{"total": len(views), "empty": 0, "unhealthy": 0, "protected": 0}
	instances := map[string]int{"total": 0, "healthy": 0, "disabled": 0}
	for _, v := range views {
		healthy := v.Healthy()
		instances["total"] += len(v.Instances)
		instances["healthy"] += healthy
		instances["disabled"] += v.Disabled()
		switch {
		case len(v.Instances) == 0:
			services["empty"]++
		case healthy < len(v.Instances):
			services["unhealthy"]++
			o.add(unhealthyService(v, healthy))
		}
		if v.Protected() {
			services["protected"]++
		}
	}
	o.Tiles["services"], o.Tiles["instances"], o.Tiles["subscribers"], o.Tiles["clients"] = services, instances, e.Subscribers, e.Clients
	p := e.Pushes
	o.Tiles["pushes"] = map[string]any{"total": p.Total, "failed": p.Failed, "avgMillis": double(p.AvgCostMillis()), "maxMillis": double(p.MaxCostMillis())}
}

func unhealthyService(v *naming.View, healthy int) problem {
	k := v.Key
	p := problem{
		ID:   "service/" + url.PathEscape(k.Namespace) + "/" + url.PathEscape(k.Group) + "/" + url.PathEscape(k.Service),
		Kind: "unhealthy_instances", Severity: levelWarn,
		Params: map[string]string{"healthy": strconv.Itoa(healthy), "total": strconv.Itoa(len(v.Instances))},
		Target: &concern{"service", k.Namespace, k.Group, k.Service},
	}
	switch {
	case healthy == 0:
		p.Kind, p.Severity = "no_healthy_instance", levelBad
	case v.Protected():
		p.Kind, p.Severity = "below_threshold", levelBad
		p.Params["threshold"] = strconv.FormatFloat(float64(v.Threshold()), 'g', -1, 32)
	}
	return p
}

// configOverview adds configs, who listens to them, and what was done to them.
func (a *API) configOverview(q *middleware.Request, o *overview, ns string, e *everywhere) error {
	cache := a.o.Config.Cache()
	o.Tiles["configs"] = cache.CountsOf(nil)
	filter := config.HistoryFilter{}
	if ns != "" {
		tenant := config.Namespace(ns)
		filter.Tenant = &tenant
		o.Tiles["configs"] = cache.CountsOf(&tenant)
	}
	for k, x := range e.late {
		o.add(problem{
			ID: "config/" + url.PathEscape(shownNamespace(k.Tenant)) + "/" + url.PathEscape(k.Group) + "/" + url.PathEscape(k.DataID), Kind: "config_behind", Severity: levelWarn,
			Since: x.Since.UnixMilli(), Params: map[string]string{"n": strconv.Itoa(x.N)}, Target: &concern{"config", shownNamespace(k.Tenant), k.Group, k.DataID},
		})
	}
	o.Tiles["listeners"] = map[string]int{"clients": e.Listeners, "configs": len(e.listened), "behind": e.Behind}
	return a.changes(q, o, filter)
}

func (a *API) changes(q *middleware.Request, o *overview, filter config.HistoryFilter) error {
	const look = 5 * maxChanges // rows, some of which the caller may not see
	rows, err := a.o.Config.Timeline(q.Context(), filter, look)
	if err != nil {
		return err
	}
	for i := range rows {
		if len(o.Changes) == maxChanges || !q.Sees(configResource(rows[i].ConfigKey)) {
			continue
		}
		o.Changes = append(o.Changes, changeOf(&rows[i]))
	}
	return nil
}

func changeOf(row *config.HistoryRow) change {
	v := versionViewOf(row)
	return change{v.At, v.Kind, v.User, v.Address, v.Namespace, v.Group, v.DataID, v.NID}
}

// judge says how it is in all.
func (o *overview) judge() {
	slices.SortStableFunc(o.Problems, func(a, b problem) int {
		rank := func(p *problem) int {
			if p.Severity == levelBad {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(a.ID, b.ID))
	})
	o.Verdict = verdict{levelOK, []verdictReason{}}
	counts := map[string]int{}
	for i := range o.Problems {
		if counts[o.Problems[i].Kind]++; o.Problems[i].Severity == levelBad {
			o.Verdict.Level = levelBad
		} else if o.Verdict.Level == levelOK {
			o.Verdict.Level = levelWarn
		}
	}
	for i := range o.Problems {
		kind := o.Problems[i].Kind
		if n := counts[kind]; n > 0 {
			o.Verdict.Reasons = append(o.Verdict.Reasons, verdictReason{kind, map[string]string{"n": strconv.Itoa(n)}})
			counts[kind] = 0
		}
	}
	o.Problems = o.Problems[:min(len(o.Problems), maxProblems)]
	if o.Problems == nil {
		o.Problems = []problem{}
	}
	if o.Changes == nil {
		o.Changes = []change{}
	}
}

// fixed is one of the resources that are in no namespace.
func fixed(name string) auth.Resource { return auth.Resource{Fixed: name} }
