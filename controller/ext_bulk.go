package controller

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/audit"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/bulk"
)

// bulkResource is what the routes of plans are about, as far as the table of routes
// knows: each act asks for its own.
const bulkResource = "console/bulk"

// maxBulkBody bounds the form of a selection, in bytes.
const maxBulkBody = 2 << 20

func (a *API) extBulkRoutes() []middleware.Route {
	const get, post = http.MethodGet, http.MethodPost
	read, write := each(middleware.Read, bulkResource), each(middleware.Write, bulkResource)
	return extRows(middleware.Core, []middleware.Route{
		{Method: post, Path: "/bulk/plan", Access: read, MaxBody: maxBulkBody, Do: a.extPlan}, // it changes nothing
		{Method: get, Path: "/bulk/:id", Access: read, Do: a.extPlanned},
		{Method: post, Path: "/bulk/:id/apply", Access: write, Do: a.extApply},
		{Method: post, Path: "/bulk/:id/undo-plan", Access: read, Do: a.extUndoPlan},
	})
}

// bulkAct is one act of a plan. It keeps nothing of the request that planned it.
type bulkAct interface {
	// allowed asks for all that the act needs: when it is planned, and again when it
	// is done.
	allowed(a *API, q *middleware.Request, ask asks) error
	// plan says what the act would do, and remembers how things are now.
	plan(p *planning) bulk.Item
	// do does it where things still are so, and returns what takes it back, nil where
	// nothing does. It is service.Stale where they are not.
	do(ctx context.Context, a *API, q *middleware.Request) (bulkAct, error)
	// about is what the audit log keeps of it.
	about() actRecord
}

// Every act there is.
var (
	_ bulkAct = (*removal)(nil)
	_ bulkAct = (*putBack)(nil)
	_ bulkAct = (*duplicate)(nil)
	_ bulkAct = (*labelling)(nil)
	_ bulkAct = (*setting)(nil)
	_ bulkAct = (*emptying)(nil)
	_ bulkAct = (*refounding)(nil)
)

// actRecord is what the audit log keeps of an act.
type actRecord struct {
	resource      string
	names         map[string]string
	before, after string // digests of configs
}

// planning is what acts are planned with.
type planning struct {
	a         *API
	q         *middleware.Request
	listening listening
}

func warning(key string, pairs ...string) bulk.Warning {
	w := bulk.Warning{Key: key, Params: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		w.Params[pairs[i]] = pairs[i+1]
	}
	return w
}

// errPlanStale is said of an item that is not as it was when the plan was made.
func errPlanStale() error {
	return service.Errorf(service.Stale, "somebody else has changed or removed it meanwhile")
}

// errNotAllowed is said while planning, when nothing is counted as refused.
func errNotAllowed() error { return service.Errorf(service.Forbidden, "authorization failed!") }

func (a *API) extPlan(q *middleware.Request) (any, error) {
	f := formOf(q)
	action := f.notBlank("action")
	if f.err != nil {
		return nil, f.err
	}
	acts, err := a.chosenActs(q, &f, action)
	if err != nil {
		return nil, err
	}
	return a.addPlan(q, action, "", acts)
}

// addPlan plans acts and keeps the plan.
func (a *API) addPlan(q *middleware.Request, action, undoes string, acts []bulkAct) (any, error) {
	p := planning{a: a, q: q, listening: a.listeningHereToAll()}
	p.listening.gatherOf(q.Context(), a, acts)
	ask := func(r auth.Resource, do auth.Action) error {
		if q.Allows(r, do) {
			return nil
		}
		return errNotAllowed()
	}
	items := make([]bulk.Item, len(acts))
	for i, act := range acts {
		items[i] = act.plan(&p)
		items[i].Allowed = act.allowed(a, q, ask) == nil
	}
	made, err := a.plans.Add(strings.Clone(q.User), strings.Clone(action), strings.Clone(undoes), items, acts)
	if errors.Is(err, bulk.ErrFull) {
		return nil, service.Errorf(service.Unavailable, "too many plans are being applied at the moment")
	}
	if err != nil {
		return nil, err
	}
	return made.View(), nil
}

// gatherOf asks the other nodes who listens to the configs of acts.
func (n listening) gatherOf(ctx context.Context, a *API, acts []bulkAct) {
	keys := keysOfActs(acts)
	if len(keys) > 0 { // none named would be all of them
		n.gather(ctx, a, keys[0].Tenant, keys)
	}
}

// planOf is the plan of the caller that the path names.
func (a *API) planOf(q *middleware.Request) (*bulk.Plan[bulkAct], error) {
	p, err := a.plans.Get(q.User, q.Gin.Param("id"))
	if err != nil {
		return nil, service.Errorf(service.NotFound, "there is no such plan on this node: it has expired, or another node has made it. Make it again")
	}
	return p, nil
}

func (a *API) extPlanned(q *middleware.Request) (any, error) {
	p, err := a.planOf(q)
	if err != nil {
		return nil, err
	}
	return p.View(), nil
}

// maxApply bounds the time that a plan may take. Whoever asked for it may leave: what
// was begun is gone on with, and can be read.
const maxApply = 10 * time.Minute

func (a *API) extApply(q *middleware.Request) (any, error) {
	p, err := a.planOf(q)
	if err != nil {
		return nil, err
	}
	if err := a.agreedPlan(q, p.Pending()); err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(q.Context()), maxApply)
	defer done()
	err = p.Apply(func(act bulkAct) bulk.Result[bulkAct] { return a.apply(ctx, q, act) })
	if errors.Is(err, bulk.ErrExpired) {
		return nil, refusal(http.StatusGone, service.Conflict, "expired", "the plan has expired: make it again")
	}
	return p.View(), err
}

// apply does one act and writes it down, as if it had been asked for by itself.
func (a *API) apply(ctx context.Context, q *middleware.Request, act bulkAct) bulk.Result[bulkAct] {
	var undo bulkAct
	err := act.allowed(a, q, q.May)
	if err == nil {
		undo, err = act.do(ctx, a, q)
	}
	r := bulk.Result[bulkAct]{Outcome: outcomeOf(err)}
	if err != nil {
		r.Error = asKeyed(q, err).msg
	} else if undo != nil {
		r.Undo = &undo
	}
	a.writeDown(q, act.about(), r.Outcome, r.Error)
	return r
}

// outcomeOf is how an act went that returned err.
func outcomeOf(err error) bulk.Outcome {
	var page *middleware.PageError
	switch {
	case err == nil:
		return bulk.Done
	case errors.As(err, &page), service.Is(err, service.Forbidden), service.Is(err, service.Unauthorized):
		return bulk.Denied
	}
	for _, code := range []service.Code{
		service.Stale, service.Conflict, service.NotFound, service.ServiceMissing, service.ServiceExists, service.ServiceNotEmpty,
	} {
		if service.Is(err, code) {
			return bulk.Conflict
		}
	}
	return bulk.Failed
}

// writeDown is a record of an act in the audit log. Where it cannot be written the
// record of the call, which comes last, cannot either, and that is logged.
func (a *API) writeDown(q *middleware.Request, act actRecord, how bulk.Outcome, msg string) {
	r := audit.Record{
		Time: time.Now(), User: q.User, Address: q.Address(), Method: q.HTTP().Method, Path: q.HTTP().URL.Path, Resource: act.resource,
		Params: maps.Clone(act.names), Outcome: audit.Failed, Error: msg, Before: act.before,
	}
	switch how {
	case bulk.Done:
		r.Outcome, r.After = audit.Done, act.after
	case bulk.Denied:
		r.Outcome = audit.Denied
	default:
	}
	_ = a.o.Audit.Append(r)
}

func (a *API) extUndoPlan(q *middleware.Request) (any, error) {
	p, err := a.planOf(q)
	if err != nil {
		return nil, err
	}
	acts, err := p.Undo()
	switch {
	case errors.Is(err, bulk.ErrWaiting):
		return nil, refusal(http.StatusConflict, service.Conflict, "conflict", "the plan was not applied to its end yet")
	case err != nil:
		return nil, err
	case len(acts) == 0:
		return nil, service.Errorf(service.NotFound, "nothing of the plan can be taken back")
	}
	return a.addPlan(q, "undo", q.Gin.Param("id"), acts)
}
