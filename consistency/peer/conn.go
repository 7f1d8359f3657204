package peer

import (
	"bufio"
	"context"
	"sync"
	"time"
)

type answer struct {
	body []byte
	err  error
}

// conn is a dialed connection that carries many calls at once.
type conn struct {
	sc    *secureConn
	out   *writer
	limit int

	mu      sync.Mutex // guards the following fields
	next    uint64
	pending map[uint64]chan answer
	latest  uint64 // highest request that was answered
	err     error  // why the connection ended
}

func newConn(sc *secureConn, limit int) *conn {
	return &conn{sc: sc, out: newWriter(sc), limit: limit, pending: map[uint64]chan answer{}}
}

// run reads answers until the connection ends.
func (c *conn) run() {
	var wg sync.WaitGroup
	wg.Go(c.out.run)
	r := bufio.NewReaderSize(c.sc, 64<<10)
	for {
		f, err := readFrame(r, c.limit)
		if err != nil {
			c.close(wrap(ErrInterrupted, err))
			break
		}
		c.mu.Lock()
		c.latest = max(c.latest, f.id)
		ch := c.pending[f.id]
		delete(c.pending, f.id)
		c.mu.Unlock()
		if ch == nil { // its caller gave up
			continue
		}
		if f.typ == frameAnswer {
			ch <- answer{body: f.payload}
		} else {
			ch <- answer{err: decodeError(f.payload)}
		}
	}
	wg.Wait()
}

// close ends the connection and every call on it.
func (c *conn) close(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	pending := c.pending
	c.pending = map[uint64]chan answer{}
	c.mu.Unlock()
	c.out.close()
	_ = c.sc.Close()
	for _, ch := range pending {
		ch <- answer{err: err}
	}
}

func (c *conn) dead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err != nil
}

// call sends one request and waits for its answer. sent is false when the
// request certainly did not leave.
func (c *conn) call(ctx context.Context, kind string, body []byte) (out []byte, sent bool, err error) {
	ch := make(chan answer, 1)
	began := time.Now()
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return nil, false, wrap(ErrUnreachable, c.err)
	}
	c.next++
	id := c.next
	c.pending[id] = ch
	c.mu.Unlock()

	deadline, _ := ctx.Deadline() // Call sets one
	if !c.out.send(ctx, encodeRequest(id, time.Until(deadline), kind, body)) {
		c.forget(id)
		if ctx.Err() != nil {
			return nil, false, &Error{Code: Unreachable, Msg: "connection to peer is congested", Err: ctx.Err()}
		}
		return nil, false, ErrUnreachable
	}
	select {
	case a := <-ch:
		return a.body, true, a.err
	case <-ctx.Done():
	}
	c.forget(id)
	c.gaveUp(id, began)
	return nil, true, wrap(ErrTimeout, ctx.Err())
}

func (c *conn) forget(id uint64) {
	c.mu.Lock()
	delete(c.pending, id)
	c.mu.Unlock()
}

// gaveUp tells the peer that nobody waits for the answer. Unless a later request
// was answered, it is not known that this one arrived, and after a second or
// more the connection is given up too: TCP's own repair comes long after the
// network's, and the request must not be made then.
func (c *conn) gaveUp(id uint64, began time.Time) {
	c.mu.Lock()
	lost := c.latest < id && time.Since(began) >= time.Second
	c.mu.Unlock()
	if lost {
		c.close(ErrInterrupted)
		return
	}
	select {
	case c.out.queue <- encodeFrame(frameCancel, id, nil):
	default: // congested; the peer has the deadline
	}
}
