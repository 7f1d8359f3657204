// Package park holds HTTP connections that wait for an answer outside of
// net/http, where each would cost a goroutine and its buffers: a few hundred
// bytes instead of twenty thousand. A handler parks its connection and returns;
// when the answer is there it is written, and the connection goes back to the
// http.Server through a listener with what was read ahead of it.
package park

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// Errors of Park. The caller answers the request itself.
var (
	// ErrUnable is returned for a connection that cannot leave net/http: TLS,
	// HTTP/1.0 and HTTP/2.
	ErrUnable = errors.New("the connection cannot be parked")
	// ErrFull is returned when Options.Max connections are parked.
	ErrFull = errors.New("too many parked connections")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("the parking lot is closed")
)

// Options are what a Lot needs to know.
type Options struct {
	Log *slog.Logger
	// Max bounds the connections that are parked at once; 0 is 100,000.
	Max int
	// Idle is how long an answered connection may stay without another request,
	// http.Server's IdleTimeout for connections that are here; 0 is two minutes.
	Idle time.Duration
}

// Lot is where connections wait. Its goroutines run from New to Close: the
// writers, and one that notices clients that leave.
type Lot struct {
	o       Options
	hangups *hangups
	done    chan struct{} // closed by Close

	mu     sync.Mutex // guards the following fields
	backs  map[*http.Server]*listener
	cond   *sync.Cond // signalled when work arrives, and at the end
	first  *Spot      // all spots, parked or idle
	count  int        // spots that are parked
	work   []*Spot    // whose answer can be written
	closed bool
	taken  int         // spots since the last tidying
	tidy   *time.Timer // runs, or nil

	group sync.WaitGroup
}

// What net/http held for a connection is garbage as soon as it is parked, and
// as nothing allocates while all wait, nothing would collect it: after so many
// connections, and so long after the first of them, it is given back to the
// system. A collection takes milliseconds.
const (
	tidyAfter = 1000
	tidyPause = 3 * time.Second
)

// longWrite is how long a client may take to accept an answer.
const longWrite = 5 * time.Second

// New returns an open Lot.
func New(o Options) (*Lot, error) {
	if o.Max == 0 {
		o.Max = 100_000
	}
	if o.Idle == 0 {
		o.Idle = 2 * time.Minute
	}
	l := &Lot{o: o, done: make(chan struct{}), backs: map[*http.Server]*listener{}}
	l.cond = sync.NewCond(&l.mu)
	var err error
	if l.hangups, err = newHangups((*Spot).event); err != nil {
		return nil, err
	}
	for range max(4, 2*runtime.GOMAXPROCS(0)) {
		l.group.Go(l.write)
	}
	return l, nil
}

// Listener gives the connections of srv back once they are answered: have srv
// serve it too. Connections of a server without one cannot be parked.
func (l *Lot) Listener(srv *http.Server) net.Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.backs[srv]
	if b == nil {
		b = newListener()
		l.backs[srv] = b
	}
	return b
}

// Parked is the number of connections that wait for an answer.
func (l *Lot) Parked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// Closing is closed when the Lot closes; requests that wait without being
// parked should be answered then.
func (l *Lot) Closing() <-chan struct{} { return l.done }

// Close answers all that wait, closes their connections and ends the Lot's
// goroutines. Close it before the http.Server is shut down.
func (l *Lot) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	if l.tidy != nil {
		l.tidy.Stop()
	}
	var all []*Spot
	for s := l.first; s != nil; s = s.next {
		all = append(all, s)
	}
	var err error
	for _, b := range l.backs {
		err = errors.Join(err, b.Close())
	}
	l.mu.Unlock()
	close(l.done)
	for _, s := range all {
		s.end()
	}
	l.mu.Lock()
	l.cond.Broadcast()
	l.mu.Unlock()
	l.group.Wait()
	return errors.Join(err, l.hangups.close())
}

// enter takes a spot of srv in.
func (l *Lot) enter(s *Spot, srv *http.Server) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.back = l.backs[srv]
	switch {
	case l.closed:
		return ErrClosed
	case s.back == nil:
		return ErrUnable
	case l.count >= l.o.Max:
		return ErrFull
	}
	s.next = l.first
	if l.first != nil {
		l.first.prev = s
	}
	l.first = s
	l.count++
	if l.taken++; l.taken >= tidyAfter && l.tidy == nil {
		l.tidy = time.AfterFunc(tidyPause, l.tidyUp)
	}
	return nil
}

// tidyUp gives memory back that parking has set free.
func (l *Lot) tidyUp() {
	l.mu.Lock()
	l.taken, l.tidy = 0, nil
	closed := l.closed
	l.mu.Unlock()
	if !closed {
		debug.FreeOSMemory()
	}
}

// leave forgets a spot.
func (l *Lot) leave(s *Spot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.prev != nil {
		s.prev.next = s.next
	} else if l.first == s {
		l.first = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.next, s.prev = nil, nil
}

// release takes back what enter counted, of a spot that needs no answer.
func (l *Lot) release() {
	l.mu.Lock()
	l.count--
	l.cond.Broadcast()
	l.mu.Unlock()
}

// push hands a spot to the writers.
func (l *Lot) push(s *Spot) {
	l.mu.Lock()
	l.count--
	l.work = append(l.work, s)
	l.cond.Signal()
	l.mu.Unlock()
}

// batch is how many spots a writer takes at once.
const batch = 32

// write is a writer: it writes answers until the Lot closes and nothing is left.
// What an answered connection does next waits until nobody waits for an answer:
// when thousands are woken at once, the last of them is answered the sooner.
func (l *Lot) write() {
	var mine []*Spot
	var answered []*Spot
	var buf []byte
	for {
		mine = l.take(mine[:0], len(answered) == 0)
		for _, s := range mine {
			buf = s.answer(buf[:0])
		}
		answered = append(answered, mine...)
		if cap(buf) > 64<<10 {
			buf = nil
		}
		if len(mine) > 0 {
			continue
		}
		if len(answered) == 0 {
			return
		}
		for _, s := range answered {
			s.settle()
		}
		answered = nil // let a burst's memory go
	}
}

// take moves spots that are to be answered to mine. Where there are none it
// waits, if it may, until there are, or until there will be none any more.
func (l *Lot) take(mine []*Spot, wait bool) []*Spot {
	clear(mine[:cap(mine)])
	l.mu.Lock()
	defer l.mu.Unlock()
	for wait && len(l.work) == 0 && (!l.closed || l.count > 0) {
		l.cond.Wait()
	}
	n := min(batch, len(l.work))
	mine = append(mine, l.work[:n]...)
	clear(l.work[:n])
	if l.work = l.work[n:]; len(l.work) == 0 {
		l.work = nil // let a burst's memory go
	}
	if len(l.work) > 0 || l.closed {
		l.cond.Signal()
	}
	return mine
}

// takeable reports whether the connection of a request can leave net/http.
func takeable(r *http.Request) bool {
	return r.TLS == nil && r.ProtoMajor == 1 && r.ProtoMinor == 1
}
