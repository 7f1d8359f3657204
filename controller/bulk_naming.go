package controller

import (
	"context"
	"strconv"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/bulk"
	"github.com/pharos-registry/pharos/service/naming"
)

// instanceTarget is an instance that an act is about.
type instanceTarget struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespaceId"`
	chosenInstance
}

// instanceState is what a plan says of an instance.
type instanceState struct {
	Enabled bool   `json:"enabled"`
	Weight  double `json:"weight"`
	Healthy bool   `json:"healthy"`
}

func stateOfInstance(in *naming.Instance) instanceState {
	return instanceState{in.Enabled, double(in.Weight), in.Healthy}
}

// setting is an act on one instance: what an operator sets over it, or its removal.
type setting struct {
	key naming.Key
	in  chosenInstance

	enabled    *bool
	weight     *float64
	reset      bool
	deregister bool
	back       bool            // put back set, whatever is there
	set        *naming.Overlay // nil: nothing

	seen instanceState // of the plan
}

func (s *setting) at() naming.At {
	return naming.At{IP: s.in.IP, Port: s.in.Port, Cluster: s.in.Cluster}
}

func (s *setting) about() actRecord {
	names := nameOfService(s.key)
	names["instance"] = naming.Address(s.in.IP, s.in.Port)
	names["clusterName"] = s.in.Cluster
	if s.weight != nil {
		names["weight"] = strconv.FormatFloat(*s.weight, 'g', -1, 64)
	}
	return actRecord{resource: middleware.NamingResource, names: names}
}

func nameOfService(k naming.Key) map[string]string {
	return map[string]string{"namespaceId": k.Namespace, "groupName": k.Group, "serviceName": k.Service}
}

func (s *setting) allowed(_ *API, _ *middleware.Request, ask asks) error {
	return ask(serviceResource(s.key), auth.Write)
}

func (s *setting) plan(p *planning) bulk.Item {
	it := bulk.Item{Target: instanceTarget{"instance", s.key.Namespace, s.in}, Effect: bulk.Update}
	d, ok := p.a.o.Naming.DetailOf(s.key, s.at())
	if !ok {
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("missing")}
		return it
	}
	s.seen = stateOfInstance(d.Shown)
	after := s.after(&d)
	switch {
	case s.deregister:
		it.Effect = bulk.Delete
		it.Warnings = append(it.Warnings, warning("no_undo"))
		if d.Shown.Ephemeral {
			it.Warnings = append(it.Warnings, warning("comes_back"))
		}
	case !s.back && (s.reset && d.Set == nil || !s.reset && after == s.seen):
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("same")}
	}
	if p.q.Sees(serviceResource(s.key)) {
		it.Before = s.seen
		if !s.deregister {
			it.After = after
		}
	}
	return it
}

// after is what an instance looks like when the act was done.
func (s *setting) after(d *naming.Detail) instanceState {
	out := s.seen
	o := &naming.Overlay{Enabled: s.enabled, Weight: s.weight}
	if s.reset || s.back {
		out, o = stateOfInstance(d.Sent), s.set
		out.Healthy = s.seen.Healthy
	}
	if o != nil && o.Enabled != nil {
		out.Enabled = *o.Enabled
	}
	if o != nil && o.Weight != nil {
		out.Weight = double(*o.Weight)
	}
	return out
}

// asSeen returns the instance where its values are those of the plan. Its health is
// no reason to leave it as it is.
func (s *setting) asSeen(a *API) (naming.Detail, error) {
	d, ok := a.o.Naming.DetailOf(s.key, s.at())
	if !ok {
		return d, errPlanStale()
	}
	now := stateOfInstance(d.Shown)
	now.Healthy = s.seen.Healthy
	if now != s.seen {
		return d, errPlanStale()
	}
	return d, nil
}

func (s *setting) do(ctx context.Context, a *API, q *middleware.Request) (bulkAct, error) {
	d, err := s.asSeen(a)
	if err != nil {
		return nil, err
	}
	undo := &setting{key: s.key, in: s.in, back: true, set: d.Set}
	n := a.o.Naming
	switch {
	case s.deregister:
		return nil, a.takeOff(ctx, q, s.key, s.in)
	case s.back:
		err = n.PutBack(ctx, s.key, s.at(), s.set, q.User)
	case s.reset:
		err = n.Reset(ctx, s.key, []naming.At{s.at()}, q.User)
	default:
		err = n.Patch(ctx, &naming.Patch{Key: s.key, IP: s.in.IP, Port: s.in.Port, Cluster: s.in.Cluster, Enabled: s.enabled, Weight: s.weight, By: q.User})
	}
	return undo, err
}

// serviceTarget is a service that an act is about.
type serviceTarget struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespaceId"`
	Group     string `json:"groupName"`
	Service   string `json:"serviceName"`
}

// serviceState is what a plan says of a service.
type serviceState struct {
	Ephemeral   bool  `json:"ephemeral"`
	Instances   int   `json:"instances"`
	Subscribers int   `json:"subscribers"`
	Threshold   float `json:"protectThreshold"`
}

// emptying takes away a service that has no instances.
type emptying struct{ key naming.Key }

func (e *emptying) about() actRecord {
	return actRecord{resource: middleware.NamingResource, names: nameOfService(e.key)}
}

func (e *emptying) allowed(_ *API, _ *middleware.Request, ask asks) error {
	return ask(serviceResource(e.key), auth.Write)
}

func (e *emptying) plan(p *planning) bulk.Item {
	it := bulk.Item{Target: serviceTarget{"service", e.key.Namespace, e.key.Group, e.key.Service}, Effect: bulk.Delete}
	v := p.a.o.Naming.View(e.key)
	subscribers := p.a.o.Naming.SubscriberCount(e.key)
	if v.Exists && p.q.Sees(serviceResource(e.key)) {
		it.Before = serviceState{v.Ephemeral, len(v.Instances), subscribers, float(v.Threshold())}
	}
	switch {
	case !v.Exists:
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("missing")}
	case len(v.Instances) > 0:
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("not_empty", "n", strconv.Itoa(len(v.Instances)))}
	default:
		if subscribers > 0 {
			it.Warnings = append(it.Warnings, warning("subscribed", "n", strconv.Itoa(subscribers)))
		}
		if v.Meta != nil && len(v.Clusters()) > 0 {
			it.Warnings = append(it.Warnings, warning("clusters"))
		}
	}
	return it
}

func (e *emptying) do(ctx context.Context, a *API, _ *middleware.Request) (bulkAct, error) {
	v := a.o.Naming.View(e.key)
	if !v.Exists {
		return nil, errPlanStale()
	}
	sel, err := v.Selector().MarshalJSON()
	if err != nil {
		return nil, service.Wrap(service.Internal, err, "the selector cannot be written")
	}
	undo := &refounding{naming.Spec{
		Key: e.key, Ephemeral: v.Ephemeral, Threshold: v.Threshold(), Metadata: string(v.Metadata().AppendJSON(nil)), Selector: string(sel),
	}}
	return undo, a.o.Naming.DeleteService(ctx, e.key)
}

// refounding makes a service that was taken away: with its threshold, metadata and
// selector. What was said of its clusters is lost.
type refounding struct{ spec naming.Spec }

func (r *refounding) about() actRecord {
	return actRecord{resource: middleware.NamingResource, names: nameOfService(r.spec.Key)}
}

func (r *refounding) allowed(_ *API, _ *middleware.Request, ask asks) error {
	return ask(serviceResource(r.spec.Key), auth.Write)
}

func (r *refounding) plan(p *planning) bulk.Item {
	k := r.spec.Key
	it := bulk.Item{Target: serviceTarget{"service", k.Namespace, k.Group, k.Service}, Effect: bulk.Create}
	if p.a.o.Naming.View(k).Exists {
		it.Effect, it.Warnings = bulk.None, []bulk.Warning{warning("exists")}
	}
	if p.q.Sees(serviceResource(k)) {
		it.After = serviceState{Ephemeral: r.spec.Ephemeral, Threshold: float(r.spec.Threshold)}
	}
	return it
}

func (r *refounding) do(ctx context.Context, a *API, _ *middleware.Request) (bulkAct, error) {
	return &emptying{r.spec.Key}, a.o.Naming.CreateService(ctx, &r.spec)
}
