package park

import (
	"bufio"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Guest is what a parked request waits for.
type Guest interface {
	// Answer appends the header lines, each with its line end, and returns them
	// and the body. cause is what Wake was given, nil if the time ran out or the
	// server stops. It is called at most once, not after Gone, and many others
	// wait behind it.
	Answer(b []byte, cause any) (head, body []byte)
	// Gone is called once: some time after Answer, or when the client has left.
	Gone()
}

// Spot is the place of one connection. Its zero value is ready to use; it
// belongs to the Guest, which embeds it, and must not be copied or used twice.
type Spot struct {
	lot   *Lot
	back  *listener
	guest Guest
	conn  net.Conn
	head  []byte // what was read ahead
	timer *time.Timer

	mu    sync.Mutex // guards the following fields
	state state
	cause any

	last bool // the answer is the connection's last; the writer's own

	watch // what the noticing of hang-ups keeps

	expired    bool // the timer has done its work; if it fired and this is not set, it still will
	closeAfter bool // the client asked for it, or the lot closes

	next, prev *Spot // guarded by lot.mu
}

type state uint8

// A spot goes from arriving to parked to answering to idle; a wake-up may come
// while it is arriving. From each it may go to left.
const (
	arriving state = iota
	woken          // arriving, and the cause is there already
	parked
	answering
	idle
	left
)

// Reserve takes the connection of a request over, in the name of g. The handler
// then subscribes g to whatever it waits for and calls Wait. On an error the
// request is as it was.
func (l *Lot) Reserve(w http.ResponseWriter, r *http.Request, s *Spot, g Guest) error {
	h, ok := w.(http.Hijacker)
	if !ok || !takeable(r) {
		return ErrUnable
	}
	s.lot, s.guest = l, g
	srv, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	if err := l.enter(s, srv); err != nil {
		return err
	}
	conn, rw, err := h.Hijack()
	if err != nil {
		l.release()
		l.leave(s)
		return ErrUnable
	}
	s.conn, s.head = unwrap(conn, rw.Reader)
	s.mu.Lock()
	s.closeAfter = s.closeAfter || r.Close
	s.mu.Unlock()
	return nil
}

// unwrap returns the connection itself and a copy of what was read of it and
// not used: the buffer is a hundred times the size.
func unwrap(c net.Conn, r *bufio.Reader) (net.Conn, []byte) {
	var head []byte
	if n := r.Buffered(); n > 0 {
		b, _ := r.Peek(n)
		head = append(head, b...)
	}
	if a, ok := c.(*ahead); ok {
		return a.Conn, append(head, a.head...)
	}
	return c, head
}

// Wait lets the handler go: from now on Wake and the end of the time decide.
// The guest is subscribed to all that may wake it.
func (s *Spot) Wait(timeout time.Duration) {
	s.mu.Lock()
	if s.state != arriving { // woken, or gone with the lot
		s.state = answering
		s.mu.Unlock()
		s.lot.push(s)
		return
	}
	s.state = parked
	s.timer = time.AfterFunc(timeout, s.expire)
	gone := s.lot.hangups.park(s) != nil
	s.mu.Unlock()
	if gone {
		s.event(true)
	}
}

// Wake has the request answered. It does not block, and only the first call
// counts.
func (s *Spot) Wake(cause any) {
	s.mu.Lock()
	switch s.state {
	case arriving:
		s.state, s.cause = woken, cause
		s.mu.Unlock()
	case parked:
		s.state, s.cause = answering, cause
		s.mu.Unlock()
		s.lot.push(s)
	case woken, answering, idle, left:
		s.mu.Unlock()
	}
}

// expire is the timer's: the time of a parked spot is over, or that of an idle
// connection.
func (s *Spot) expire() {
	s.mu.Lock()
	s.expired = true
	if s.state != idle {
		s.mu.Unlock()
		s.Wake(nil)
		return
	}
	s.state = left
	s.mu.Unlock()
	s.quit()
}

// end is Close's: answer if there is somebody to answer, and go.
func (s *Spot) end() {
	s.mu.Lock()
	s.closeAfter = true
	if s.state != idle {
		s.mu.Unlock()
		s.Wake(nil)
		return
	}
	s.state = left
	s.mu.Unlock()
	s.quit()
}

// event is the hang-ups': the client has gone, or an idle connection has
// something to say.
func (s *Spot) event(hangup bool) {
	s.mu.Lock()
	switch {
	case s.state == parked && hangup:
		s.state = left
		s.mu.Unlock()
		s.lot.release()
		s.guest.Gone()
		s.quit()
	case s.state == idle:
		s.state = left
		s.mu.Unlock()
		s.giveBack()
	default:
		s.mu.Unlock()
	}
}

// answer writes the answer. It returns b for the next one; whether the
// connection goes on is left to settle.
func (s *Spot) answer(b []byte) []byte {
	s.mu.Lock()
	cause := s.cause
	s.cause, s.last = nil, s.closeAfter
	s.mu.Unlock()
	b = append(b, "HTTP/1.1 200 OK\r\nDate: "...)
	b = time.Now().UTC().AppendFormat(b, http.TimeFormat)
	b = append(b, '\r', '\n')
	b, body := s.guest.Answer(b, cause)
	if s.last {
		b = append(b, "Connection: close\r\n"...)
	}
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	b = append(b, body...)
	large := len(b) > 4<<10 // less fits into any socket's buffer
	if large {
		_ = s.conn.SetWriteDeadline(time.Now().Add(longWrite))
	}
	if _, err := s.conn.Write(b); err != nil {
		s.last = true
	}
	if large {
		_ = s.conn.SetWriteDeadline(time.Time{})
	}
	return b
}

// settle ends the stay of an answered spot: its connection is closed, or waits
// for the next request. It waits here if it can be watched, so that it costs
// nothing and http.Server's time for headers does not run yet.
func (s *Spot) settle() {
	s.guest.Gone()
	s.guest = nil
	s.mu.Lock()
	if s.last {
		s.state = left
		s.mu.Unlock()
		s.quit()
		return
	}
	timed := s.timer != nil && (s.timer.Stop() || s.expired) // else it still fires, and is not used again
	s.state = idle
	if timed && len(s.head) == 0 && s.lot.hangups.idle(s) == nil {
		s.timer.Reset(s.lot.o.Idle)
		ended := s.closeAfter // Close came by meanwhile
		s.mu.Unlock()
		if ended {
			s.end()
		}
		return
	}
	s.state = left
	s.mu.Unlock()
	s.giveBack()
}

// quit closes the connection of a spot that is left.
func (s *Spot) quit() {
	s.forget()
	_ = s.conn.Close()
}

// giveBack returns the connection to the server.
func (s *Spot) giveBack() {
	s.forget()
	c := s.conn
	if len(s.head) > 0 {
		c = &ahead{c, s.head}
	}
	s.back.give(c)
}

func (s *Spot) forget() {
	if s.timer != nil {
		s.timer.Stop()
	}
	s.lot.hangups.forget(s)
	s.lot.leave(s)
}
