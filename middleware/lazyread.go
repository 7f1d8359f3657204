package middleware

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// patience is how long a watch of the connection waits before it reads: few
	// requests take as long.
	patience = 100 * time.Millisecond
	// lateness is by how much a far deadline may be late, so that one that moves
	// on with each request is not set for each.
	lateness = time.Second
	// far is how distant a deadline is that may be late.
	far = 10 * lateness
)

// lazy is a connection that does what net/http asks of it around every request
// when it is needed. While a handler works, net/http reads a single byte in
// another goroutine, to notice a client that leaves, and ends that read by a
// deadline in the past as soon as the handler is done: a failing read from the
// socket, and a goroutine that the poller has to wake. It also sets half a dozen
// deadlines per request, most of them before no read at all.
//
// So a read of one byte waits for that deadline first, and goes to the socket
// when none has come for a while: a client that leaves is noticed up to two
// times patience later. And a deadline is kept here until a read depends on it.
type lazy struct {
	net.Conn

	reading atomic.Int32 // reads from Conn that are under way; added to under mu

	mu    sync.Mutex // guards the following fields
	cond  sync.Cond  // of watch
	want  time.Time  // the read deadline that was asked for
	set   time.Time  // the one that Conn has
	watch watchState
	turn  uint32 // counts the watches
	seen  uint32 // turn when the timer was set
	armed bool   // the timer runs
	timer *time.Timer
}

// watchState is where a read of one byte stands that has not gone to the socket.
type watchState uint8

const (
	noWatch watchState = iota
	waiting            // for its deadline, or for its patience to end
	ended              // by its deadline
	going              // to the socket
)

func (c *lazy) init(conn net.Conn) {
	c.Conn = conn
	c.cond.L = &c.mu
}

// Read implements net.Conn.
func (c *lazy) Read(p []byte) (int, error) {
	c.mu.Lock()
	if len(p) == 1 && c.watch == noWatch && !c.await() {
		c.mu.Unlock()
		return 0, os.ErrDeadlineExceeded
	}
	err := c.settle(lateness)
	c.reading.Add(1)
	c.mu.Unlock()
	defer c.reading.Add(-1)
	if err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// await waits until a read of one byte has to go to the socket; false says that
// its deadline has come. The caller holds mu.
func (c *lazy) await() bool {
	if c.late() {
		return false
	}
	c.turn++
	if !c.armed {
		c.arm()
	}
	c.watch = waiting
	for c.watch == waiting {
		c.cond.Wait()
	}
	ok := c.watch == going
	c.watch = noWatch
	return ok
}

// late reports whether the deadline that was asked for has come.
func (c *lazy) late() bool { return !c.want.IsZero() && !c.want.After(time.Now()) }

func (c *lazy) arm() {
	c.armed, c.seen = true, c.turn
	if c.timer == nil {
		c.timer = time.AfterFunc(patience, c.tick)
	} else {
		c.timer.Reset(patience)
	}
}

// tick sends a watch to the socket that was there when the timer was set. The
// timer goes on by itself on a busy connection: setting it for each request
// would cost more than what is saved.
func (c *lazy) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = false
	if c.watch != waiting {
		return
	}
	if c.seen != c.turn {
		c.arm()
		return
	}
	c.resolve(going)
}

func (c *lazy) resolve(to watchState) {
	c.watch = to
	c.cond.Signal()
}

// settle gives the connection the deadline that was asked for, or one that is
// later by up to slack. The caller holds mu.
func (c *lazy) settle(slack time.Duration) error {
	if c.want.Equal(c.set) {
		return nil
	}
	at := c.want
	if !at.IsZero() {
		if d := c.set.Sub(at); d >= 0 && d <= slack && !c.set.IsZero() {
			return nil
		}
		if time.Until(at) > far {
			at = at.Add(slack)
		}
	}
	c.set = at
	return c.Conn.SetReadDeadline(at)
}

// SetReadDeadline implements net.Conn.
func (c *lazy) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.want = t
	switch {
	case c.watch == waiting && c.late():
		c.resolve(ended)
	case c.watch == waiting && !t.IsZero():
		c.resolve(going)
	}
	if c.reading.Load() > 0 {
		return c.settle(0)
	}
	return nil
}

// SetDeadline implements net.Conn.
func (c *lazy) SetDeadline(t time.Time) error {
	if err := c.SetWriteDeadline(t); err != nil {
		return err
	}
	return c.SetReadDeadline(t)
}

// Close implements net.Conn.
func (c *lazy) Close() error {
	c.mu.Lock()
	if c.timer != nil {
		c.timer.Stop()
	}
	err := c.Conn.Close()
	if c.watch == waiting {
		c.resolve(going) // to be told that it is closed
	}
	c.mu.Unlock()
	return err
}
