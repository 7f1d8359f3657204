package rpc

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// transport is one HTTP/2 connection, from its accept to its end. Its address
// carries it to the calls that come over it: that they share it is all that
// makes them one client's.
type transport struct {
	net.Conn

	id     string
	remote address
	server *Server
	once   sync.Once

	mu   sync.Mutex // guards the following fields
	conn *Conn      // nil: not registered
	gone bool
}

// address is the remote address of a transport.
type address struct {
	net.Addr

	of *transport
}

// RemoteAddr implements net.Conn.
func (t *transport) RemoteAddr() net.Addr { return t.remote }

// Close implements net.Conn. Whoever closes, the connection's client is gone.
func (t *transport) Close() error {
	err := t.Conn.Close()
	t.once.Do(func() { t.server.ended(t) })
	return err
}

// listener makes transports of connections.
type listener struct {
	net.Listener

	server *Server
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t := &transport{Conn: c, server: l.server}
	t.remote = address{c.RemoteAddr(), t}
	t.id = l.server.nextID(t.remote.String(), time.Now())
	return t, nil
}

// nextID returns the id of a connection: when it came and from where, as Nacos
// makes it. The time is moved on where that is needed for ids to differ.
func (s *Server) nextID(remote string, now time.Time) string {
	host, port, err := net.SplitHostPort(remote)
	if err != nil { // a connection in memory has no port
		host, port = strings.NewReplacer("#", "_", "\x00", "_").Replace(remote), "0"
	}
	for {
		last := s.lastID.Load()
		ms := max(now.UnixMilli(), last+1)
		if s.lastID.CompareAndSwap(last, ms) {
			return strconv.FormatInt(ms, 10) + "_" + host + "_" + port
		}
	}
}
