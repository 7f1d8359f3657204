package controller

import (
	"context"
	"errors"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

const (
	// readHeader asks for a read that sees every write which was answered before
	// it, on whichever node. Without it a node answers from what it has, which on
	// a node that is cut off or busy may be older.
	readHeader   = "Pharos-Read"
	linearizable = "linearizable"
)

// awake stands before what clients call: a node that is not ready knows less
// than the others, so it answers 503, which has SDKs ask the next one. Discovery
// is ready by itself: it goes on where configs have no leader.
func (a *API) awake() middleware.Middleware {
	return func(r *middleware.Route, next middleware.Handler) middleware.Handler {
		if r.Module == middleware.Core || r.Access.Class != middleware.Client || a.o.Ready == nil {
			return next
		}
		ready := a.o.Ready
		if r.Module == middleware.Naming {
			ready = a.namingReady
		}
		return func(q *middleware.Request) (any, error) {
			if err := ready(); err != nil && !q.FromPeer {
				return nil, service.Wrap(service.Unavailable, err, "server is STARTING now, please try again later!")
			}
			if how := q.Header(readHeader); how != "" {
				if err := a.upToDate(q.Context(), how); err != nil {
					return nil, err
				}
			}
			return next(q)
		}
	}
}

func (a *API) namingReady() error {
	if !a.o.Naming.Ready() {
		return errNaming
	}
	return nil
}

var errNaming = errors.New("the instances that the other nodes hold are not here yet")

// upToDate waits until this node has what a read of that kind must see.
func (a *API) upToDate(ctx context.Context, how string) error {
	switch {
	case how != linearizable:
		return service.Errorf(service.BadParam, "%s: %s is all there is", readHeader, linearizable)
	case a.o.Current == nil:
		return nil
	default:
		return a.o.Current(ctx)
	}
}
