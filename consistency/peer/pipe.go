package peer

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// maxInFlight is how much a half holds before its writer waits, in bytes.
const maxInFlight = 1 << 20

// half is one direction of a connection in memory.
type half struct {
	link *link

	mu      sync.Mutex // guards the following fields
	packets []packet
	size    int
	err     error         // why nothing more can be written
	broken  bool          // what is in flight is lost as well
	gone    bool          // the reader closed; its writer learns it when packets pass
	changed chan struct{} // closed and replaced at each change
}

type packet struct {
	data []byte
	at   time.Time // when it has travelled the delay
}

func newHalf(l *link) *half { return &half{link: l, changed: make(chan struct{})} }

func (h *half) signal() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// end stops writing; the reader gets what is in flight, then err.
func (h *half) end(err error) {
	h.mu.Lock()
	if h.err == nil {
		h.err = err
		h.signal()
	}
	h.mu.Unlock()
}

// fail breaks the direction at once.
func (h *half) fail(err error) {
	h.mu.Lock()
	h.err, h.broken = err, true
	h.packets, h.size = nil, 0
	h.signal()
	h.mu.Unlock()
}

// abort ends writing and takes back what is in flight.
func (h *half) abort() {
	h.mu.Lock()
	h.err, h.packets, h.size = syscall.ECONNRESET, nil, 0
	h.signal()
	h.mu.Unlock()
}

// leave is the reader's close.
func (h *half) leave() {
	h.mu.Lock()
	h.gone = true
	h.signal()
	h.mu.Unlock()
}

func (h *half) write(b []byte, d *deadline) (n int, err error) {
	for len(b) > 0 {
		cut, delay, linkChanged := h.link.state()
		k, changed, err := h.put(b, delay, cut)
		if err != nil {
			return n, err
		}
		if n, b = n+k, b[k:]; k > 0 {
			continue
		}
		select {
		case <-d.expired():
			return n, os.ErrDeadlineExceeded
		case <-changed:
		case <-linkChanged:
		}
	}
	return n, nil
}

// put sends what there is room for.
func (h *half) put(b []byte, delay time.Duration, cut bool) (n int, changed <-chan struct{}, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case errors.Is(h.err, io.EOF): // this end was closed
		return 0, nil, net.ErrClosed
	case h.err != nil:
		return 0, nil, h.err
	case h.gone && !cut:
		return 0, nil, syscall.EPIPE
	}
	n = min(maxInFlight-h.size, len(b))
	if n == 0 {
		return 0, h.changed, nil
	}
	h.packets = append(h.packets, packet{data: append([]byte(nil), b[:n]...), at: time.Now().Add(delay)})
	h.size += n
	h.signal()
	return n, nil, nil
}

func (h *half) read(b []byte, d *deadline) (int, error) {
	for {
		expired := d.expired()
		select {
		case <-expired:
			return 0, os.ErrDeadlineExceeded
		default:
		}
		cut, _, linkChanged := h.link.state()
		n, wait, changed, err := h.take(b, cut)
		if n > 0 || err != nil {
			return n, err
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-timer:
		case <-changed:
		case <-linkChanged:
		case <-expired:
		}
	}
}

// take returns what has arrived, or what to wait for.
func (h *half) take(b []byte, cut bool) (n int, wait time.Duration, changed <-chan struct{}, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.broken {
		return 0, 0, nil, h.err
	}
	if h.gone {
		return 0, 0, nil, net.ErrClosed
	}
	if cut {
		return 0, 0, h.changed, nil
	}
	if len(h.packets) == 0 {
		return 0, 0, h.changed, h.err
	}
	p := &h.packets[0]
	if wait = time.Until(p.at); wait > 0 {
		return 0, wait, h.changed, nil
	}
	n = copy(b, p.data)
	p.data = p.data[n:]
	h.size -= n
	if len(p.data) == 0 {
		h.packets = h.packets[1:]
	}
	h.signal()
	return n, 0, nil, nil
}

// memConn is one end of a connection in memory.
type memConn struct {
	n             *Network
	local, remote string
	in, out       *half
	read, write   deadline
	linger        atomic.Bool // Close takes back what is in flight
}

// SetLinger is that of a TCP connection, for 0 only.
func (c *memConn) SetLinger(int) error {
	c.linger.Store(true)
	return nil
}

var _ net.Conn = (*memConn)(nil)

func newMemConn(n *Network, local, remote string, in, out *half) *memConn {
	c := &memConn{n: n, local: local, remote: remote, in: in, out: out}
	c.read.cond, c.write.cond = make(chan struct{}), make(chan struct{})
	return c
}

// Read implements net.Conn.
func (c *memConn) Read(b []byte) (int, error) { return c.in.read(b, &c.read) }

// Write implements net.Conn.
func (c *memConn) Write(b []byte) (int, error) { return c.out.write(b, &c.write) }

// Close implements net.Conn. The far end reads what is in flight, then EOF, as
// soon as packets reach it.
func (c *memConn) Close() error {
	c.n.mu.Lock()
	delete(c.n.conns, c)
	c.n.mu.Unlock()
	if c.linger.Load() {
		c.out.abort()
	} else {
		c.out.end(io.EOF)
	}
	c.in.leave()
	return nil
}

// LocalAddr implements net.Conn.
func (c *memConn) LocalAddr() net.Addr { return streamAddr(c.local) }

// RemoteAddr implements net.Conn.
func (c *memConn) RemoteAddr() net.Addr { return streamAddr(c.remote) }

// SetDeadline implements net.Conn.
func (c *memConn) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.write.set(t)
	return nil
}

// SetReadDeadline implements net.Conn.
func (c *memConn) SetReadDeadline(t time.Time) error { c.read.set(t); return nil }

// SetWriteDeadline implements net.Conn.
func (c *memConn) SetWriteDeadline(t time.Time) error { c.write.set(t); return nil }

// deadline is a channel that is closed when a time has come.
type deadline struct {
	mu    sync.Mutex // guards the following fields
	timer *time.Timer
	cond  chan struct{}
}

func (d *deadline) expired() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cond
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.cond // the timer fired: wait until it closed the channel
	}
	d.timer = nil
	select {
	case <-d.cond:
		d.cond = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	cond := d.cond
	if wait := time.Until(t); wait > 0 {
		d.timer = time.AfterFunc(wait, func() { close(cond) })
	} else {
		close(cond)
	}
}
