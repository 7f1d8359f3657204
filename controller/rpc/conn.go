package rpc

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/pharos-registry/pharos/service/push"
)

// Failures of a push.
var (
	errClosed  = errors.New("the connection is closed")
	errNoAck   = errors.New("the client did not acknowledge in time")
	errCrowded = errors.New("too many unacknowledged messages")
)

// maxPending bounds the unacknowledged messages of one connection.
const maxPending = 20_000

// Conn is a connection whose client has said who it is.
type Conn struct {
	ID       string // as the client knows it, and other clients see it
	Remote   string // the address of the socket, with its port
	ClientIP string // what the client takes for its address
	Version  string // of the SDK, such as Nacos-Java-Client:v2.5.1
	App      string
	Tenant   string // the namespace, as it was spelled
	Labels   map[string]string
	Created  time.Time

	server    *Server
	transport *transport
	detach    func()

	active  atomic.Int64 // unix ms of the last sign of life
	blocked atomic.Int64 // unix ms since when one message is being sent, 0: none
	asked   atomic.Bool  // for a sign of life, and not answered yet

	sending sync.Mutex // held while a message is sent
	stream  grpc.ServerStream
	end     chan struct{} // closed to end the stream in good order
	ending  sync.Once

	mu      sync.Mutex // guards the following fields
	closed  bool
	pending map[string]*pending
	latest  map[any]string // of the messages of a key the one that was sent last
}

// pending is a message that is not acknowledged yet.
type pending struct {
	key  any // nil: of its own
	sent time.Time
	due  time.Time
	done func(error)
}

// Module is the part of the server that the connection was made for: naming,
// config, or what else its client said.
func (c *Conn) Module() string { return c.Labels["module"] }

// Active is when the client last gave a sign of life.
func (c *Conn) Active() time.Time { return time.UnixMilli(c.active.Load()) }

// touch notes a sign of life.
func (c *Conn) touch() { c.active.Store(time.Now().UnixMilli()) }

// Push sends a request to the client: fields are its own members as JSON,
// beginning with a comma, the last of them module. done is called once: with nil
// when the client acknowledged it, else with why it did not, or not within wait.
// It must not block. Push itself blocks while the connection takes no bytes.
func (c *Conn) Push(kind string, fields Raw, wait time.Duration, done func(error)) {
	m := push.Message{Content: c.server.o.Hub.Content(kind, fields)}
	c.send(m, wait, done)
}

// Send implements push.Conn.
func (c *Conn) Send(m push.Message) error {
	s := c.server
	sent := time.Now()
	c.send(m, s.o.AckTimeout, func(err error) {
		switch {
		case err == nil:
			s.o.Stats.Acked(time.Since(sent))
		case errors.Is(err, errNoAck), errors.Is(err, errRefused):
			s.o.Stats.Failed()
			s.o.Hub.Again(c.ID, m)
		default:
			s.o.Stats.Failed()
		}
	})
	return nil
}

// Close implements push.Conn.
func (c *Conn) Close() { c.server.unregister(c) }

// send puts m on the stream and waits for its acknowledgement elsewhere.
func (c *Conn) send(m push.Message, wait time.Duration, done func(error)) {
	id := strconv.FormatInt(m.Seq, 10)
	if err := c.expect(id, m.Key, wait, done); err != nil {
		done(err)
		return
	}
	if err := c.write(wire(m.Wire(c.server.pack))); err != nil {
		c.settle(id, errClosed)
	}
}

// expect notes that a message is on its way, before an acknowledgement can come.
// An older message of the same key needs none any more.
func (c *Conn) expect(id string, key any, wait time.Duration, done func(error)) error {
	now := time.Now()
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return errClosed
	}
	if len(c.pending) >= maxPending {
		c.mu.Unlock()
		return errCrowded
	}
	if c.pending == nil {
		c.pending = map[string]*pending{}
	}
	var old *pending
	if key != nil {
		if c.latest == nil {
			c.latest = map[any]string{}
		}
		last := c.latest[key]
		old = c.pending[last]
		delete(c.pending, last)
		c.latest[key] = id
	}
	c.pending[id] = &pending{key: key, sent: now, due: now.Add(wait), done: done}
	c.mu.Unlock()
	if old != nil {
		old.done(errStale)
	}
	return nil
}

// settle ends the wait for a message, if anybody waits.
func (c *Conn) settle(id string, err error) {
	c.mu.Lock()
	p := c.pending[id]
	c.drop(id, p)
	c.mu.Unlock()
	if p != nil {
		p.done(err)
	}
}

// drop forgets a message; c.mu is held.
func (c *Conn) drop(id string, p *pending) {
	if p == nil {
		return
	}
	delete(c.pending, id)
	if p.key != nil && c.latest[p.key] == id {
		delete(c.latest, p.key)
	}
	if len(c.pending) == 0 {
		c.pending, c.latest = nil, nil // an idle connection holds none
	}
}

// late returns what was not acknowledged in time, and forgets it.
func (c *Conn) late(now time.Time) (out []*pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, p := range c.pending {
		if now.After(p.due) {
			out = append(out, p)
			c.drop(id, p)
		}
	}
	return out
}

// write sends one message. A connection that takes no bytes blocks it.
func (c *Conn) write(m any) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	if c.stream == nil {
		return errClosed
	}
	c.blocked.Store(time.Now().UnixMilli())
	defer c.blocked.Store(0)
	return c.stream.SendMsg(m)
}

// leave lets go of the stream, which ends.
func (c *Conn) leave(stream grpc.ServerStream) {
	c.sending.Lock()
	defer c.sending.Unlock()
	if c.stream == stream {
		c.stream = nil
	}
}

// abandon ends all waits; nothing is sent any more.
func (c *Conn) abandon() {
	c.mu.Lock()
	c.closed = true
	all := c.pending
	c.pending, c.latest = nil, nil
	c.mu.Unlock()
	for _, p := range all {
		p.done(errClosed)
	}
}
