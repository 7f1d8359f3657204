package rpc

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
)

// Bounds of listening. A client of Java listens to 3,000 configs over one
// connection and opens another for more.
const (
	maxContexts = 10_000    // of one request
	maxListened = 100_000   // of one connection
	maxFollowed = 4_000_000 // of all connections, at some 300 bytes each
)

// listenRequest tells which configs a client follows, and what it has of each.
type listenRequest struct {
	Head

	Listen   *Bool           `json:"listen"` // nil is true
	Contexts []listenContext `json:"configListenContexts"`
}

type listenContext struct {
	Group  Text  `json:"group"`
	MD5    Text  `json:"md5"`
	DataID Text  `json:"dataId"`
	Tenant *Text `json:"tenant"`
}

func (x *listenContext) key() config.Key {
	return config.Key{Tenant: config.Namespace(textOf(x.Tenant)), Group: string(x.Group), DataID: string(x.DataID)}
}

func (x *listenContext) resource() auth.Resource {
	k := x.key()
	return auth.Resource{Namespace: k.Tenant, Group: k.Group, Name: k.DataID, Kind: middleware.ConfigResource}
}

func (r *listenRequest) check(*limits) error {
	for i := range r.Contexts {
		x := &r.Contexts[i]
		if err := checkConfig(textOf(x.Tenant), string(x.DataID), string(x.Group)); err != nil {
			return err
		}
	}
	return nil
}

func (r *listenRequest) resource() auth.Resource {
	if len(r.Contexts) == 0 {
		return auth.Resource{Kind: middleware.ConfigResource}
	}
	return r.Contexts[0].resource()
}

// spelled is a config in the words of a client, by which it knows it. No tenant
// and an empty one are two spellings of the public namespace.
type spelled struct {
	Group  string  `json:"group"`
	DataID string  `json:"dataId"`
	Tenant *string `json:"tenant,omitempty"`
}

type listenAnswer struct {
	Changed []spelled `json:"changedConfigs"`
}

// listen notes what a client follows, and answers which of that it does not have
// as it should.
func (s *Configs) listen(ctx context.Context, c *Call, r *listenRequest) (any, error) {
	answer := listenAnswer{Changed: []spelled{}}
	if len(r.Contexts) > maxContexts {
		return nil, &RefusalError{Code: codeOver, Msg: "too many configs in one request", Fields: answer}
	}
	if err := s.permitted(ctx, c, r); err != nil {
		return nil, err
	}
	f := s.followers.get(c.Conn)
	if f == nil {
		return nil, errUnregistered
	}
	cache, lags := s.config.Cache(), s.config.Lags()
	for i := range r.Contexts {
		x := &r.Contexts[i]
		if r.Listen != nil && !*r.Listen {
			f.forget(x)
			continue
		}
		known, ok := f.follow(cache, x)
		if !ok {
			return nil, &RefusalError{Code: codeOver, Msg: "too many clients listen here, try another server", Fields: answer}
		}
		k := x.key()
		switch {
		case cache.Get(k).MD5(f.viewer) != string(x.MD5):
			answer.Changed = append(answer.Changed, x.spelled())
			if known { // one that starts is behind nothing yet
				lags.Told(f.client, k, string(x.MD5))
			}
		case lags.Any():
			lags.Caught(f.client, k)
		}
	}
	return answer, nil
}

// permitted asks for every config but the first, which was asked for before.
func (s *Configs) permitted(ctx context.Context, c *Call, r *listenRequest) error {
	for i := range r.Contexts {
		if i == 0 {
			continue
		}
		_, err := s.guard.Admit(ctx, &middleware.Call{
			Name: c.Type.Name, Access: &c.Type.Access, Resource: r.Contexts[i].resource(), Header: c.Header, Remote: c.Conn.Remote,
		})
		if err != nil {
			return forbidden(c.Type, err)
		}
	}
	return nil
}

func (x *listenContext) spelled() spelled {
	out := spelled{Group: string(x.Group), DataID: string(x.DataID)}
	if x.Tenant != nil {
		t := string(*x.Tenant)
		out.Tenant = &t
	}
	return out
}

// Closed ends the listening of a connection that is closed.
func (s *Configs) Closed(c *Conn) {
	s.followers.mu.Lock()
	f := s.followers.of[c]
	delete(s.followers.of, c)
	s.followers.mu.Unlock()
	if f != nil {
		f.close()
		s.config.Lags().Closed(f.client.Address)
	}
}

// Listening is how many connections have clients that listen.
func (s *Configs) Listening() int {
	s.followers.mu.Lock()
	defer s.followers.mu.Unlock()
	return len(s.followers.of)
}

// followers are the connections whose clients listen.
type followers struct {
	count atomic.Int64 // of what they listen to

	mu sync.Mutex // guards the following field
	of map[*Conn]*follower
}

// get is the follower of a connection, nil where that is closed.
func (a *followers) get(c *Conn) *follower {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.of[c]
	if f == nil && !c.isClosed() { // what closes it comes here afterwards
		client := config.Client{Address: c.Remote, IP: c.ClientIP, App: c.App, Agent: c.Version, Transport: "grpc"}
		f = &follower{conn: c, count: &a.count, viewer: config.Viewer{IP: c.ClientIP}, client: client, all: map[name]*following{}}
		a.of[c] = f
	}
	return f
}
