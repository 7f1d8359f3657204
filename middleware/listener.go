package middleware

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// TooMany is sent to an HTTP connection over the limit, before it has said
// anything.
const TooMany = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain;charset=UTF-8\r\nConnection: close\r\nContent-Length: 47\r\n\r\ntoo many connections: try another server, later"

// refusalTime bounds the sending of a refusal.
const refusalTime = 100 * time.Millisecond

// keptShare is the part of a budget that is kept for each listener, one in so
// many: clients that fill one port do not lock people out of another.
const keptShare = 10

// Budget is how many connections may be open at once, of all listeners that
// share it. It is safe for use by several goroutines.
type Budget struct {
	limit int
	kept  int // for each listener

	mu  sync.Mutex // guards the following field, and open of every listener
	all []*limited
}

// NewBudget returns a budget of limit connections.
func NewBudget(limit int) *Budget {
	return &Budget{limit: limit, kept: limit / keptShare}
}

// Limit returns l with no more connections open at once than the budget has for
// it; one more is told refusal and closed, so that those that are served go on
// being served. open tells how many of its connections there are.
func (b *Budget) Limit(l net.Listener, refusal string) (_ net.Listener, open func() int64) {
	x := &limited{Listener: l, budget: b, refusal: refusal}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, x)
	return x, x.count
}

// take counts one more connection of l, unless that is one too many: what the
// other listeners have, or what is kept for them if that is more, is not l's.
func (b *Budget) take(l *limited) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := b.limit
	for _, x := range b.all {
		if x != l {
			left -= max(x.open, b.kept)
		}
	}
	if l.open >= left {
		return false
	}
	l.open++
	return true
}

func (b *Budget) give(l *limited) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.open--
}

type limited struct {
	net.Listener

	budget  *Budget
	refusal string
	open    int // guarded by budget.mu
}

func (l *limited) count() int64 {
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	return int64(l.open)
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.budget.take(l) {
			x := &counted{of: l}
			x.init(c)
			return x, nil
		}
		// The kernel takes so few bytes at once or not at all: no goroutine.
		if l.refusal != "" {
			_ = c.SetDeadline(time.Now().Add(refusalTime))
			_, _ = c.Write([]byte(l.refusal))
		}
		_ = c.Close()
	}
}

type counted struct {
	lazy

	of   *limited
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
	c.once.Do(func() { c.of.budget.give(c.of) })
	return c.lazy.Close()
}
