package rpc

import (
	"context"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/push"
)

// internalTypes are the rows of what keeps connections going.
func (*Server) internalTypes() []Type {
	anybody := middleware.Access{Class: middleware.Public}
	return []Type{
		Handle(Type{Name: typeServerCheck, Answer: "ServerCheckResponse", Access: anybody}, // answered before: see call
			func(context.Context, *Call, *Head) (any, error) { return nil, nil }),
		Handle(Type{Name: "HealthCheckRequest", Answer: "HealthCheckResponse", Access: anybody},
			func(context.Context, *Call, *Head) (any, error) { return nil, nil }),
	}
}

// serverCheck tells a client the id of its connection, and that it will be told
// the server's abilities.
func serverCheck(t *transport) (any, error) {
	return struct {
		ID        string `json:"connectionId"`
		Negotiate bool   `json:"supportAbilityNegotiation"`
	}{t.id, true}, nil
}

// pack is what Content.Wire needs.
func (s *Server) pack(c *push.Content) []byte { return packed(c.Type, s.o.Self, c.Seq, c.Body) }
