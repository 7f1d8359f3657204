package rpc

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
)

const (
	typeSetup    = "ConnectionSetupRequest"
	typeSetupAck = "SetupAckRequest"
)

var (
	errRefused = errors.New("the client refused the message")
	errStale   = errors.New("a newer message took its place")
)

// maxLabels bounds what is kept of a connection's labels: their number, and the
// bytes of each key and value.
const (
	maxLabels = 64
	maxLabel  = 1024
)

// setup is the first payload of a stream.
type setup struct {
	Head

	Version   Text            `json:"clientVersion"`
	Tenant    Text            `json:"tenant"`
	Labels    map[string]Text `json:"labels"`
	Abilities map[string]Bool `json:"abilityTable"`
}

// ack is what a client says to a push.
type ack struct {
	ResultCode *Int `json:"resultCode"`
	ErrorCode  Int  `json:"errorCode"`
	Message    Text `json:"message"`
	RequestID  Text `json:"requestId"`
}

// transportOf is the HTTP/2 connection that a call came over, nil where it came
// by a listener that is not ours.
func transportOf(ctx context.Context) *transport {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	a, ok := p.Addr.(address)
	if !ok {
		return nil
	}
	return a.of
}

// biStream serves the stream of a connection until either side ends it. That
// ends no connection: it lives as long as its transport.
func (s *Server) biStream(stream grpc.ServerStream) error {
	t := transportOf(stream.Context())
	if t == nil {
		return errClosed
	}
	x := &reader{server: s, transport: t, stream: stream, end: make(chan struct{})}
	done := make(chan struct{})
	go func() { // ends with the stream
		defer close(done)
		x.run()
	}()
	select {
	case <-done:
	case <-x.end:
	}
	if c := t.client(); c != nil {
		c.leave(stream)
	}
	return nil
}

// client is who has registered on t.
func (t *transport) client() *Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.conn
}

// reader takes what a client sends on its stream.
type reader struct {
	server    *Server
	transport *transport
	stream    grpc.ServerStream
	end       chan struct{}
}

func (x *reader) run() {
	for {
		var p Payload
		if err := x.stream.RecvMsg(&p); err != nil { // the client's end, or that of the transport
			return
		}
		if p.Type == typeSetup {
			if !x.setUp(&p) {
				return
			}
			continue
		}
		c := x.transport.client()
		if c == nil {
			continue // it has to say first who it is
		}
		c.touch()
		x.acknowledge(c, &p)
	}
}

// setUp registers the connection, unless it is; false ends the stream.
func (x *reader) setUp(p *Payload) bool {
	s := x.server
	var r setup
	if err := decode(p.Body, &r); err != nil {
		s.o.Log.Debug("a client's first words cannot be read", "address", x.transport.remote.String(), "error", err)
		return true
	}
	if err := s.starting(); err != nil || s.stopping.Load() {
		s.close(x.transport)
		return false
	}
	c := x.transport.client()
	if c == nil {
		if c = x.newConn(p, &r); !s.register(c) {
			s.close(x.transport)
			return false
		}
	}
	c.touch()
	if r.Abilities != nil {
		x.tellAbilities(c)
	}
	return true
}

// tellAbilities says what this server can do beyond the first 2.x. Without it an
// SDK that has asked would give the connection up.
func (x *reader) tellAbilities(c *Conn) {
	body := `{"headers":{},"abilityTable":` + abilities + `,"module":"internal"}`
	ack := &Payload{Type: typeSetupAck, ClientIP: x.server.o.Self, Body: []byte(body)}
	c.sending.Lock()
	defer c.sending.Unlock()
	if err := x.stream.SendMsg(ack); err != nil {
		x.server.o.Log.Debug("the abilities were not sent", "connection", c.ID, "error", err)
	}
}

// abilities are what Nacos 2.5 can do.
const abilities = `{"supportPersistentInstanceByGrpc":true}`

func (x *reader) newConn(p *Payload, r *setup) *Conn {
	c := &Conn{
		ID: x.transport.id, Remote: x.transport.remote.String(), ClientIP: bounded(p.ClientIP),
		Version: bounded(string(r.Version)), Tenant: bounded(string(r.Tenant)), Labels: map[string]string{}, Created: time.Now(),
		server: x.server, transport: x.transport, stream: x.stream, end: x.end,
	}
	for k, v := range r.Labels {
		if len(c.Labels) < maxLabels {
			c.Labels[bounded(k)] = bounded(string(v))
		}
	}
	if c.App = c.Labels["AppName"]; c.App == "" {
		c.App = "-"
	}
	return c
}

func bounded(s string) string { return s[:min(len(s), maxLabel)] }

// acknowledge takes the answer to a push. Its type means nothing: SDKs mix them
// up. What answers no push is ignored.
func (*reader) acknowledge(c *Conn, p *Payload) {
	var a ack
	if err := decode(p.Body, &a); err != nil || a.RequestID == "" {
		return
	}
	var err error
	if a.ResultCode != nil && *a.ResultCode != codeOK {
		err = errRefused
	}
	c.settle(string(a.RequestID), err)
}
