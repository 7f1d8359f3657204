package middleware

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// refusal is sent to a connection over the limit, before it has said anything.
const refusal = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain;charset=UTF-8\r\nConnection: close\r\nContent-Length: 47\r\n\r\ntoo many connections: try another server, later"

// refusalTime bounds the sending of a refusal.
const refusalTime = 100 * time.Millisecond

// Limit returns l with at most limit connections open at once; one more is told
// 429 and closed, so that those that are served go on being served. open tells
// how many there are.
func Limit(l net.Listener, limit int) (_ net.Listener, open func() int64) {
	x := &limited{Listener: l, limit: int64(limit)}
	return x, x.open.Load
}

type limited struct {
	net.Listener
	limit int64
	open  atomic.Int64
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.limit {
			x := &counted{open: &l.open}
			x.init(c)
			return x, nil
		}
		l.open.Add(-1)
		// The kernel takes so few bytes at once or not at all: no goroutine.
		_ = c.SetDeadline(time.Now().Add(refusalTime))
		_, _ = c.Write([]byte(refusal))
		_ = c.Close()
	}
}

type counted struct {
	lazy
	open *atomic.Int64
	once sync.Once
}

// SyscallConn implements syscall.Conn where the connection does.
func (c *counted) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.lazy.Close()
}
