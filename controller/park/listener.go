package park

import (
	"net"
	"sync"
)

// listener gives connections back to an http.Server.
type listener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newListener() *listener {
	return &listener{conns: make(chan net.Conn, 256), done: make(chan struct{})}
}

// give hands a connection over, or closes it where nobody takes it any more.
func (l *listener) give(c net.Conn) {
	select {
	case <-l.done:
	default:
		select {
		case l.conns <- c:
			return
		case <-l.done:
		}
	}
	_ = c.Close()
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Connections that were given and not taken are
// closed.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.done)
		for {
			select {
			case c := <-l.conns:
				_ = c.Close()
			default:
				return
			}
		}
	})
	return nil
}

// Addr implements net.Listener. The connections have addresses of their own.
func (l *listener) Addr() net.Addr { return &net.UnixAddr{Name: "parked", Net: "park"} }

// ahead is a connection of which bytes were read before it came back.
type ahead struct {
	net.Conn
	head []byte // what is left of them
}

// NetConn is the connection itself.
func (a *ahead) NetConn() net.Conn { return a.Conn }

// Read implements net.Conn.
func (a *ahead) Read(p []byte) (int, error) {
	if len(a.head) == 0 {
		return a.Conn.Read(p)
	}
	n := copy(p, a.head)
	if a.head = a.head[n:]; len(a.head) == 0 {
		a.head = nil
	}
	return n, nil
}
