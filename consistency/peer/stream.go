package peer

import (
	"context"
	"net"
	"sync"
	"time"
)

// Stream is a net.Listener of raw connections of one name, and dials them: what
// Raft and HTTP run on. Their bytes are encrypted and both ends authenticated.
type Stream struct {
	n      *Node
	name   string
	accept chan net.Conn
	done   chan struct{}
	once   sync.Once
}

var _ net.Listener = (*Stream)(nil)

// Stream registers a stream. Call it before Run; it panics on a name in use.
func (n *Node) Stream(name string) *Stream {
	if n.streams[name] != nil || name == purposeCalls || name == "" {
		panic("peer: stream " + name + " cannot be registered")
	}
	s := &Stream{n: n, name: name, accept: make(chan net.Conn), done: make(chan struct{})}
	n.streams[name] = s
	return s
}

// Dial connects to the stream of the same name on the peer at addr.
func (s *Stream) Dial(addr string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(s.n.life, timeout)
	defer cancel()
	return s.DialContext(ctx, addr)
}

// DialContext is Dial with a context for the time of connecting.
func (s *Stream) DialContext(ctx context.Context, addr string) (net.Conn, error) {
	sc, err := s.n.dial(ctx, addr, s.name)
	if err != nil {
		return nil, err
	}
	c := &streamConn{secureConn: sc, n: s.n}
	if !s.n.track(c) {
		_ = sc.Close()
		return nil, ErrUnreachable
	}
	return c, nil
}

// Accept waits for the next connection.
func (s *Stream) Accept() (net.Conn, error) {
	select {
	case c := <-s.accept:
		return c, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. Connections accepted before live on.
func (s *Stream) Close() error {
	s.once.Do(func() { close(s.done) })
	return nil
}

// Addr is where the node listens.
func (s *Stream) Addr() net.Addr {
	s.n.mu.Lock()
	defer s.n.mu.Unlock()
	if s.n.listener != nil {
		return s.n.listener.Addr()
	}
	return streamAddr(s.n.opt.Listen)
}

type streamAddr string

func (streamAddr) Network() string  { return "peer" }
func (a streamAddr) String() string { return string(a) }

// deliver hands an accepted connection over.
func (s *Stream) deliver(sc *secureConn) {
	c := &streamConn{secureConn: sc, n: s.n}
	s.n.untrack(sc.NetConn())
	if !s.n.track(c) {
		_ = sc.Close()
		return
	}
	select {
	case s.accept <- c:
	case <-s.done:
		_ = c.Close()
	}
}

// IdentOf returns the node at the other end of a connection of a Stream.
func IdentOf(c net.Conn) (Ident, bool) {
	sc, ok := c.(*streamConn)
	if !ok {
		return Ident{}, false
	}
	return sc.remote, true
}

// streamConn leaves the node's books when it is closed.
type streamConn struct {
	*secureConn

	n *Node
}

// Close closes the connection.
func (c *streamConn) Close() error {
	c.n.untrack(c)
	return c.secureConn.Close()
}
