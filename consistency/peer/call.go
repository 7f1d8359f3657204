package peer

import (
	"context"
	"encoding/json"
)

// Call sends req to the peer at addr and decodes its answer. Bodies are JSON; a
// []byte goes as it is.
func Call[Req, Resp any](ctx context.Context, n *Node, addr, kind string, req Req) (resp Resp, err error) {
	b, err := encode(req)
	if err != nil {
		return resp, wrap(&Error{Code: BadRequest, Msg: "request"}, err)
	}
	out, err := n.Call(ctx, addr, kind, b)
	if err != nil {
		return resp, err
	}
	if err := decode(out, &resp); err != nil {
		return resp, &Error{Code: Internal, Msg: "peer's answer", Err: err}
	}
	return resp, nil
}

// Handle answers calls of kind with fn, the counterpart of Call.
func Handle[Req, Resp any](n *Node, kind string, fn func(context.Context, Req) (Resp, error)) {
	n.Handle(kind, func(ctx context.Context, body []byte) ([]byte, error) {
		var req Req
		if err := decode(body, &req); err != nil {
			return nil, Errorf(BadRequest, "body of %s: %v", kind, err)
		}
		resp, err := fn(ctx, req)
		if err != nil {
			return nil, err
		}
		return encode(resp)
	})
}

func encode(v any) ([]byte, error) {
	if b, ok := v.([]byte); ok {
		return b, nil
	}
	return json.Marshal(v)
}

func decode(b []byte, v any) error {
	if p, ok := v.(*[]byte); ok {
		*p = b
		return nil
	}
	return json.Unmarshal(b, v)
}
