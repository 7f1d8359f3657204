package peer

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// Network is a network in memory, for nodes of one process. Packets from one
// host to another can be dropped, one way or both, and delayed. As under TCP, a
// connection outlives a cut: what was sent arrives when the cut heals, unless
// an end gave up before.
type Network struct {
	mu        sync.Mutex // guards the following fields
	listeners map[string]*memListener
	links     map[[2]string]*link
	conns     map[*memConn]struct{}
}

// NewNetwork returns a network without hosts.
func NewNetwork() *Network {
	return &Network{
		listeners: map[string]*memListener{}, links: map[[2]string]*link{}, conns: map[*memConn]struct{}{},
	}
}

// link is one direction between two hosts.
type link struct {
	mu      sync.Mutex // guards the following fields
	cut     bool
	delay   time.Duration
	changed chan struct{} // closed and replaced at each change
}

func (l *link) state() (cut bool, delay time.Duration, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut, l.delay, l.changed
}

func (l *link) update(fn func(*link)) {
	l.mu.Lock()
	fn(l)
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
}

func (n *Network) link(from, to string) *link {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := [2]string{from, to}
	l := n.links[k]
	if l == nil {
		l = &link{changed: make(chan struct{})}
		n.links[k] = l
	}
	return l
}

// Cut drops what one host sends to another: one way.
func (n *Network) Cut(from, to string) { n.link(from, to).update(func(l *link) { l.cut = true }) }

// Heal ends what Cut began.
func (n *Network) Heal(from, to string) { n.link(from, to).update(func(l *link) { l.cut = false }) }

// Part cuts both ways between two hosts.
func (n *Network) Part(a, b string) { n.Cut(a, b); n.Cut(b, a) }

// Join ends what Part began.
func (n *Network) Join(a, b string) { n.Heal(a, b); n.Heal(b, a) }

// Isolate cuts a host off from all others.
func (n *Network) Isolate(host string, others ...string) {
	for _, o := range others {
		if o != host {
			n.Part(host, o)
		}
	}
}

// HealAll ends every cut and delay.
func (n *Network) HealAll() {
	n.mu.Lock()
	all := make([]*link, 0, len(n.links))
	for _, l := range n.links {
		all = append(all, l)
	}
	n.mu.Unlock()
	for _, l := range all {
		l.update(func(l *link) { l.cut, l.delay = false, 0 })
	}
}

// Delay holds back what one host sends to another.
func (n *Network) Delay(from, to string, d time.Duration) {
	n.link(from, to).update(func(l *link) { l.delay = d })
}

// Reset breaks every connection between two hosts, as a firewall does that
// forgot them.
func (n *Network) Reset(a, b string) {
	n.mu.Lock()
	var hit []*memConn
	for c := range n.conns {
		if c.local == a && c.remote == b || c.local == b && c.remote == a {
			hit = append(hit, c)
		}
	}
	n.mu.Unlock()
	for _, c := range hit {
		c.in.fail(syscall.ECONNRESET)
		c.out.fail(syscall.ECONNRESET)
	}
}

// Host is the network as seen from addr.
func (n *Network) Host(addr string) Transport { return host{n, addr} }

type host struct {
	n    *Network
	addr string
}

// Listen implements Transport.
func (h host) Listen(_ context.Context, addr string) (net.Listener, error) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	if h.n.listeners[addr] != nil {
		return nil, fmt.Errorf("listen %s: %w", addr, syscall.EADDRINUSE)
	}
	l := &memListener{n: h.n, addr: addr, queue: make(chan net.Conn, 128), done: make(chan struct{})}
	h.n.listeners[addr] = l
	return l, nil
}

// Dial implements Transport. It needs both directions, as a TCP connect does.
func (h host) Dial(ctx context.Context, addr string) (net.Conn, error) {
	for _, l := range []*link{h.n.link(h.addr, addr), h.n.link(addr, h.addr)} {
		if err := l.pass(ctx); err != nil {
			return nil, fmt.Errorf("dial %s: %w", addr, err)
		}
	}
	there, back := newHalf(h.n.link(h.addr, addr)), newHalf(h.n.link(addr, h.addr))
	here := newMemConn(h.n, h.addr, addr, back, there)
	far := newMemConn(h.n, addr, h.addr, there, back)
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	l := h.n.listeners[addr]
	if l == nil {
		return nil, fmt.Errorf("dial %s: %w", addr, syscall.ECONNREFUSED)
	}
	select {
	case l.queue <- far:
	default:
		return nil, fmt.Errorf("dial %s: %w", addr, syscall.ECONNREFUSED)
	}
	h.n.conns[here], h.n.conns[far] = struct{}{}, struct{}{}
	return here, nil
}

// pass waits as long as one packet takes.
func (l *link) pass(ctx context.Context) error {
	for {
		cut, delay, changed := l.state()
		if !cut && delay == 0 {
			return ctx.Err()
		}
		var timer <-chan time.Time
		if !cut {
			timer = time.After(delay)
		}
		select {
		case <-timer:
			return nil
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type memListener struct {
	n     *Network
	addr  string
	queue chan net.Conn
	done  chan struct{}
}

// Accept implements net.Listener.
func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *memListener) Close() error {
	l.n.mu.Lock()
	mine := l.n.listeners[l.addr] == l
	if mine {
		delete(l.n.listeners, l.addr)
	}
	l.n.mu.Unlock()
	if !mine {
		return nil
	}
	close(l.done)
	for {
		select {
		case c := <-l.queue:
			_ = c.Close()
		default:
			return nil
		}
	}
}

// Addr implements net.Listener.
func (l *memListener) Addr() net.Addr { return streamAddr(l.addr) }
