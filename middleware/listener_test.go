package middleware_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/middleware"
)

// port is a listener with a budget, and what it has accepted.
type port struct {
	t    *testing.T
	l    net.Listener
	open func() int64
	got  chan net.Conn
}

func listenWith(t *testing.T, b *middleware.Budget, refusal string) *port {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &port{t: t, got: make(chan net.Conn)}
	p.l, p.open = b.Limit(l, refusal)
	go func() {
		defer close(p.got)
		for {
			c, err := p.l.Accept()
			if err != nil {
				return
			}
			p.got <- c
		}
	}()
	t.Cleanup(func() {
		_ = p.l.Close()
		for c := range p.got {
			_ = c.Close()
		}
	})
	return p
}

func (p *port) dial() net.Conn {
	p.t.Helper()
	c, err := net.Dial("tcp", p.l.Addr().String())
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = c.Close() })
	return c
}

// takes opens n connections, which have to be served, and returns the server's
// ends.
func (p *port) takes(n int) []net.Conn {
	p.t.Helper()
	var out []net.Conn
	for range n {
		p.dial()
		c := <-p.got
		p.t.Cleanup(func() { _ = c.Close() })
		out = append(out, c)
	}
	return out
}

// refuses opens a connection that may not be served, and returns what it is told.
func (p *port) refuses() string {
	p.t.Helper()
	b, err := io.ReadAll(p.dial()) // ends when the server closes
	if err != nil && !strings.Contains(err.Error(), "reset") {
		p.t.Fatal(err)
	}
	return string(b)
}

// TestBudgetIsShared: two ports have no more connections than the budget, and
// neither takes from the other what is kept for it.
func TestBudgetIsShared(t *testing.T) {
	t.Parallel()
	b := middleware.NewBudget(20) // 2 of which are kept for each
	web, calls := listenWith(t, b, middleware.TooMany), listenWith(t, b, "")
	many := calls.takes(18)
	if said := calls.refuses(); said != "" {
		t.Errorf("a client of gRPC is told %q", said)
	}
	web.takes(2)
	if said := web.refuses(); !strings.HasPrefix(said, "HTTP/1.1 429 ") || !strings.HasSuffix(said, "later") {
		t.Errorf("a client of HTTP is told %q", said)
	}
	if web.open() != 2 || calls.open() != 18 {
		t.Errorf("%d and %d connections are open, want 2 and 18", web.open(), calls.open())
	}
	for _, c := range many[:5] { // what one port gives back is anybody's
		_ = c.Close()
		_ = c.Close()
	}
	web.takes(5)
	web.refuses()
	calls.refuses()
	if web.open() != 7 || calls.open() != 13 {
		t.Errorf("%d and %d connections are open, want 7 and 13", web.open(), calls.open())
	}
}
