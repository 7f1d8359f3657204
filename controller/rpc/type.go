package rpc

import (
	"context"
	"fmt"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/auth"
)

// Type is a row of the table of requests: what a type is called, what it is
// answered with, who may send it, and what it does. It is made by Handle.
type Type struct {
	Name   string            // of the request
	Answer string            // type of its answers, refusals too
	Module middleware.Module // a function mode switches it off
	Access middleware.Access // with Public nobody is asked who he is
	Failed any               // members that refusals in the own type have, too

	parse func(body []byte) (Request, error)
	do    func(context.Context, *Call, Request) (any, error)
}

// Request is the body of a request, read.
type Request interface {
	// head returns the members that every request has.
	head() *Head
	// check says what is wrong with the names and lengths in it: contract §4.1.
	check(l *limits) error
	// resource is what the request touches, for the permission of its row.
	resource() auth.Resource
}

// Head is what every request has. Requests embed it.
type Head struct {
	Headers   map[string]Text `json:"headers"`
	RequestID Text            `json:"requestId"`
}

func (h *Head) head() *Head           { return h }
func (*Head) check(*limits) error     { return nil }
func (*Head) resource() auth.Resource { return auth.Resource{} }

// limits are what check asks.
type limits struct {
	metadata int // characters of the metadata of one instance
}

// Call is one request on its way to its handler.
type Call struct {
	Conn *Conn
	Type *Type
	User string // who calls, "" where nobody was asked

	// Before and After are digests of what a write replaced and left, for the
	// audit log. The handler sets them.
	Before, After string

	payload *Payload
	request Request
}

// Header returns a header by its name in any case: one of the payload, or else
// of the body, where some SDKs put it. It is "" where there is none.
func (c *Call) Header(name string) string {
	if v, ok := c.payload.Headers[name]; ok {
		return v
	}
	for k, v := range c.payload.Headers {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	for k, v := range c.request.head().Headers {
		if strings.EqualFold(k, name) {
			return string(v)
		}
	}
	return ""
}

// Handle completes a row with its handler. What that returns becomes the
// answer: nil, a struct, Raw or Done for success; a RefusalError, a ThrownError or any
// other error for failure.
func Handle[R any, P interface {
	*R
	Request
}](t Type, do func(context.Context, *Call, P) (any, error),
) Type {
	t.parse = func(body []byte) (Request, error) {
		r := P(new(R))
		return r, decode(body, r)
	}
	t.do = func(ctx context.Context, c *Call, r Request) (any, error) {
		p, ok := r.(P)
		if !ok {
			return nil, errBody
		}
		return do(ctx, c, p)
	}
	return t
}

// Check reports what is wrong with a row.
func (t *Type) Check() error {
	a := t.Access
	switch {
	case a.Class != middleware.Public && (a.Class == 0 || a.Action == 0 || a.Resource == ""):
		return fmt.Errorf("%s: %w", t.Name, middleware.ErrNoAccess)
	case t.Name == "", t.Answer == "", t.do == nil, t.parse == nil:
		return fmt.Errorf("%s: no answer or no handler", t.Name)
	}
	return nil
}

// peerOnly are the types that servers of Nacos send each other. Ours talk by
// themselves: whoever sends one of these is no peer.
var peerOnly = map[string]bool{ //nolint:gochecknoglobals // a table
	"DistroDataRequest":              true,
	"MemberReportRequest":            true,
	"ServerReloadRequest":            true,
	"ServerLoaderInfoRequest":        true,
	"ConfigChangeClusterSyncRequest": true,
}
