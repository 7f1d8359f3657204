package peer

import (
	"context"
	"errors"
	"sync"
	"time"
)

// largeBody is from where on a request takes the second connection, so that a
// ping does not wait behind it. Bytes.
const largeBody = 64 << 10

// lanes is the number of connections for calls to one peer.
const lanes = 2

// slot is what a node keeps for one peer.
type slot struct {
	lane [lanes]struct {
		dial chan struct{} // holds one token: who has it may dial

		mu sync.Mutex // guards the following field
		c  *conn
	}
}

func newSlot() *slot {
	s := &slot{}
	for i := range s.lane {
		s.lane[i].dial = make(chan struct{}, 1)
	}
	return s
}

func (s *slot) close(err error) {
	for i := range s.lane {
		s.lane[i].mu.Lock()
		c := s.lane[i].c
		s.lane[i].c = nil
		s.lane[i].mu.Unlock()
		if c != nil {
			c.close(err)
		}
	}
}

// Forget closes the connections to a peer that is no longer a member. Calls on
// them fail as interrupted.
func (n *Node) Forget(addr string) {
	n.mu.Lock()
	s := n.pool[addr]
	delete(n.pool, addr)
	n.mu.Unlock()
	n.forward.clocks.forget(addr)
	if s != nil {
		s.close(ErrInterrupted)
	}
}

// Call sends body to the peer at addr and returns its answer. A context without
// a deadline gets DefaultTimeout.
func (n *Node) Call(ctx context.Context, addr, kind string, body []byte) ([]byte, error) {
	if lengthBytes+frameHeader+maxKind+len(body) > n.opt.MaxFrame {
		return nil, Errorf(TooLarge, "request of %d bytes", len(body))
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultTimeout)
		defer cancel()
	}
	lane := 0
	if len(body) >= largeBody {
		lane = 1
	}
	for {
		c, fresh, err := n.conn(ctx, addr, lane)
		if err != nil {
			return nil, err
		}
		out, sent, err := c.call(ctx, kind, body)
		if err != nil && !sent && !fresh && ctx.Err() == nil {
			continue // the pooled connection had ended: the peer may be back
		}
		return out, err
	}
}

// conn returns a live connection to addr, dialing at most one at a time.
func (n *Node) conn(ctx context.Context, addr string, lane int) (c *conn, fresh bool, err error) {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return nil, false, &Error{Code: Unreachable, Msg: "this node is shutting down"}
	}
	s := n.pool[addr]
	if s == nil {
		s = newSlot()
		n.pool[addr] = s
	}
	n.mu.Unlock()
	l := &s.lane[lane]
	live := func() *conn {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.c != nil && l.c.dead() {
			l.c = nil
		}
		return l.c
	}
	if c := live(); c != nil {
		return c, false, nil
	}
	select {
	case l.dial <- struct{}{}:
	case <-ctx.Done():
		return nil, false, wrap(ErrUnreachable, ctx.Err())
	}
	defer func() { <-l.dial }()
	if c := live(); c != nil { // whoever held the token dialed it
		return c, false, nil
	}
	sc, err := n.dial(ctx, addr, purposeCalls)
	if err != nil {
		return nil, false, err
	}
	c = newConn(sc, n.opt.MaxFrame)
	if !n.start(c.run) {
		c.close(ErrUnreachable)
		return nil, false, ErrUnreachable
	}
	l.mu.Lock()
	l.c = c
	l.mu.Unlock()
	if n.gone(addr, s) { // closed or forgotten meanwhile
		c.close(ErrUnreachable)
		return nil, false, ErrUnreachable
	}
	return c, true, nil
}

// gone reports whether s is no longer what the node keeps for addr.
func (n *Node) gone(addr string, s *slot) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.pool[addr] != s
}

// dial opens an authenticated connection.
func (n *Node) dial(ctx context.Context, addr, purpose string) (*secureConn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	stop := context.AfterFunc(n.life, cancel) //nolint:contextcheck // whichever ends first: the caller or the node
	defer stop()
	nc, err := n.opt.Transport.Dial(ctx, addr)
	if err != nil {
		return nil, wrap(ErrUnreachable, err)
	}
	if d, ok := ctx.Deadline(); ok {
		_ = nc.SetDeadline(d)
	}
	sc, err := clientHandshake(ctx, nc, n.opt.Credentials, n.opt.Self, purpose)
	if err != nil {
		_ = nc.Close()
		if _, ok := errors.AsType[*Error](err); !ok {
			err = wrap(ErrUnreachable, err)
		}
		return nil, err
	}
	_ = nc.SetDeadline(time.Time{})
	return sc, nil
}
