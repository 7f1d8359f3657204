package controller

import (
	"cmp"
	"context"
	"slices"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

// relocation is a client that is to be connected to another node.
type relocation struct {
	ID string `json:"id"`
	To string `json:"to,omitempty"` // address of HTTP, as clients know servers; "": stay, say only who has it
}

// relocated is the node that has the connection of a client; blank where it is
// another one.
type relocated struct {
	Node string `json:"node,omitempty"`
}

// relocateHere asks a client to go, if this node has its connection.
func (a *API) relocateHere(r relocation) relocated {
	if a.o.Clients == nil {
		return relocated{}
	}
	c := a.o.Clients.Connection(r.ID)
	if c == nil {
		return relocated{}
	}
	if r.To != "" {
		go c.Reset(r.To) // ends with the connection, at the latest
	}
	return relocated{a.o.Ops.Address()}
}

// relocate has whichever node has the connection see to it. It returns that node,
// "" if none has it.
func (a *API) relocate(ctx context.Context, r relocation) string {
	node := a.relocateHere(r).Node
	if node == "" {
		askAll(ctx, a, question{Kind: askRelocate, Relocate: r}, func(x relocated) { node = cmp.Or(node, x.Node) })
	}
	return node
}

// movedClient is what came of moving a client.
type movedClient struct {
	ID   string `json:"clientId"`
	From string `json:"from"`
	To   string `json:"to"`
}

// extMove asks a client of gRPC to connect to another node: the one that is named,
// or the one with the fewest connections. Its SDK does so, and registers and
// subscribes there under another id.
func (a *API) extMove(q *middleware.Request) (any, error) {
	f := formOf(q)
	id, to := f.notBlank("clientId"), f.text("to")
	if f.err != nil {
		return nil, f.err
	}
	from := a.relocate(q.Context(), relocation{ID: id})
	if from == "" {
		if _, err := a.o.Naming.Client(id); err == nil {
			return nil, service.Errorf(service.BadParam, "the client has no connection: it asks whichever node it likes")
		}
		return nil, noSuchClient()
	}
	to, err := takerOf(a.loads(q.Context()).Detail, from, to)
	if err != nil {
		return nil, err
	}
	if a.relocate(q.Context(), relocation{id, to}) == "" { // it has gone by itself meanwhile
		return nil, noSuchClient()
	}
	return movedClient{id, from, to}, nil
}

func noSuchClient() error { return service.Errorf(service.NotFound, "there is no such client") }

// takerOf is the node that takes a client of from: the one that is wanted, or, where
// none is, the one with the fewest connections.
func takerOf(nodes []loaderNode, from, wanted string) (string, error) {
	nodes = slices.DeleteFunc(nodes, func(n loaderNode) bool { return n.Address == from })
	if len(nodes) == 0 {
		return "", service.Errorf(service.BadParam, "there is no other node that answers")
	}
	if wanted == "" {
		return slices.MinFunc(nodes, func(x, y loaderNode) int {
			return cmp.Or(cmp.Compare(x.held(), y.held()), cmp.Compare(x.Address, y.Address))
		}).Address, nil
	}
	if !slices.ContainsFunc(nodes, func(n loaderNode) bool { return n.Address == wanted }) {
		return "", service.Errorf(service.BadParam, "%q is no other node that answers", wanted)
	}
	return wanted, nil
}
