package rpc

import (
	"context"
	"errors"
	"strconv"
	"time"

	"google.golang.org/grpc"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/audit"
)

const typeServerCheck = "ServerCheckRequest"

// noType answers what is no request of ours.
var noType = Type{Name: "unknown", Answer: typeError} //nolint:gochecknoglobals // a row

// unary is the gRPC handler of Request/request. The status is always OK: what
// goes wrong is said in the payload.
func (s *Server) unary(_ any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // grpc's order
	var p Payload
	if err := dec(&p); err != nil {
		return nil, err
	}
	return s.answer(ctx, &p), nil
}

// answer is the answer to a request, which is there in any case.
func (s *Server) answer(ctx context.Context, p *Payload) (out *Payload) {
	began := time.Now()
	t := s.types[p.Type]
	if t == nil {
		t = &noType
	}
	var err error
	defer func() {
		if v := recover(); v != nil {
			s.o.Log.Error("a request made the server panic", "type", t.Name, "panic", v)
			err = fault(codeInternal, "internal error")
			out = t.failure(err)
		}
		s.o.Metrics.observe(t.Name, err, began)
		s.o.Requests.Count(statusOf(err), time.Since(began))
	}()
	var v any
	if v, err = s.call(ctx, t, p); err != nil {
		if x, ok := errors.AsType[*service.Error](err); ok && x.Err != nil {
			s.o.Log.Warn("a request failed", "type", t.Name, "error", err)
		} else if statusOf(err) == codeInternal {
			s.o.Log.Debug("a request failed", "type", t.Name, "error", err)
		}
	}
	return t.reply(v, err)
}

// call does what a request asks for, after everything that has to be looked at
// before, in the order of Nacos: contract §4.1.
func (s *Server) call(ctx context.Context, t *Type, p *Payload) (any, error) {
	if peerOnly[p.Type] {
		return nil, fault(codeBad, " invoke "+p.Type+" from sdk is forbidden")
	}
	if err := s.starting(); err != nil {
		return nil, err
	}
	if t == &noType {
		return nil, errNoHandler
	}
	tr := transportOf(ctx)
	if tr == nil {
		return nil, errUnregistered
	}
	c := &Call{Type: t, Conn: tr.client(), payload: p}
	if t.Name == typeServerCheck { // before there is a connection; its body is not looked at
		return serverCheck(tr)
	}
	if c.Conn == nil {
		return nil, errUnregistered
	}
	var err error
	if c.request, err = t.parse(p.Body); err != nil {
		return nil, err
	}
	c.Conn.touch()
	return s.guarded(ctx, c)
}

// guarded is the call behind the checks of its parameters and of its caller, and
// with its trace in the audit log.
func (s *Server) guarded(ctx context.Context, c *Call) (v any, err error) {
	t := c.Type
	if !s.o.NoParamCheck {
		if err := c.request.check(&limits{metadata: s.o.MaxMetadata}); err != nil {
			return nil, &RefusalError{Code: codeParam, Msg: "Param check invalid:" + err.Error(), Fields: t.Failed}
		}
	}
	if t.Access.Class != middleware.Public {
		defer func() { s.record(c, err) }()
		c.User, err = s.o.Guard.Admit(ctx, &middleware.Call{
			Name: t.Name, Access: &t.Access, Resource: c.request.resource(), Header: c.Header, Remote: c.Conn.Remote,
		})
		if err != nil {
			return nil, forbidden(t, err)
		}
	}
	if err := s.awake(t); err != nil {
		return nil, err
	}
	return t.do(ctx, c, c.request)
}

// forbidden is what a caller is told who may not. In the request's own type: it
// has Java clients log in again.
func forbidden(t *Type, err error) error {
	p, ok := errors.AsType[*middleware.PageError](err)
	if !ok {
		return err
	}
	return &RefusalError{Code: codeForbidden, Msg: p.Msg, Fields: t.Failed}
}

// awake says that a part of the server cannot be asked yet.
func (s *Server) awake(t *Type) error {
	switch {
	case t.Module == middleware.Naming && !s.o.Naming.Ready(),
		t.Module == middleware.Config && s.o.Ready != nil && s.o.Ready() != nil:
		return errStarting
	default:
		return nil
	}
}

// record writes what happened to the audit log: writes of configs, and calls that
// were denied.
func (s *Server) record(c *Call, err error) {
	a := c.Type.Access
	r, ok := errors.AsType[*RefusalError](err)
	denied := ok && r.Code == codeForbidden
	if !denied && (a.Action != middleware.Write || c.Type.Module != middleware.Config) {
		return
	}
	res := c.request.resource()
	rec := audit.Record{
		Time: time.Now(), User: c.User, Address: hostOf(c.Conn.Remote), Outcome: audit.Done,
		Method: "GRPC", Path: c.Type.Name, Resource: a.Resource, Before: c.Before, After: c.After,
		Params: map[string]string{"namespace": bounded(res.Namespace), "group": bounded(res.Group), "name": bounded(res.Name)},
	}
	switch {
	case denied:
		rec.Outcome, rec.Error = audit.Denied, r.Msg
	case err != nil:
		rec.Outcome, rec.Error = audit.Failed, "error "+strconv.Itoa(statusOf(err))
		if ok {
			rec.Error = r.Msg
		}
	}
	if e := s.o.Audit.Append(rec); e != nil {
		s.o.Log.Error("the audit log cannot be written", "error", e)
	}
}
