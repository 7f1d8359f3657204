package console

import (
	"context"
	"crypto/rand"
	"sync"
	"time"
)

// Topic is something that the console shows: its kind and what it is of. Kinds
// that are one thing have the rest empty.
type Topic struct {
	Kind      string // see below
	Namespace string
	Group     string
	Name      string
}

// The kinds of topics. Configs and Services are the lists of a namespace, Config
// and Service one of them.
const (
	Everything = "*"
	Overview   = "overview"
	Metrics    = "metrics"
	Namespaces = "namespaces"
	Access     = "access"
	Nodes      = "nodes"
	Switches   = "switches"
	Configs    = "configs"
	Config     = "config"
	Services   = "services"
	Service    = "service"
)

// Event says what is no longer as it was.
type Event struct {
	Seq    uint64
	Topics []Topic
	Tick   map[string]float64 // figures, in place of topics
	At     time.Time
}

// Bounds of events.
const (
	// gather is how long changes are collected for one event.
	gather = time.Second
	// most is how many topics an event names; more are Everything.
	most = 200
	// kept is how many events are there for who asks for those since a number.
	kept = 256
	// queued is how many events wait for a slow reader; then it is told to look at
	// everything.
	queued = 16
	// idle is how long changes are collected when nobody has asked for any.
	idle = 2 * time.Minute
)

// Events collects what changes and tells those who follow. Changed is cheap and
// never blocks.
type Events struct {
	epoch string

	mu      sync.Mutex // guards the following fields
	seq     uint64
	pending map[Topic]struct{}
	over    bool // pending was too small: everything has changed
	last    []Event
	readers map[*Reader]struct{}
	asked   time.Time     // when somebody last wanted to know
	wake    chan struct{} // closed when there is a new event
}

// Reader is somebody who follows.
type Reader struct {
	events *Events
	c      chan Event
	missed bool // guarded by events.mu
}

// NewEvents returns an Events without readers. Run has to be called.
func NewEvents() *Events {
	return &Events{epoch: rand.Text(), pending: map[Topic]struct{}{}, readers: map[*Reader]struct{}{}, wake: make(chan struct{})}
}

// Epoch names the run of the server that the numbers of events are of.
func (e *Events) Epoch() string { return e.epoch }

// Changed says that topics are no longer what they were.
func (e *Events) Changed(topics ...Topic) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range topics {
		if e.over {
			return
		}
		if len(e.pending) >= most {
			e.over = true
			clear(e.pending)
			return
		}
		e.pending[t] = struct{}{}
	}
}

// Tick tells all readers the figures of this moment.
func (e *Events) Tick(at time.Time, values map[string]float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for r := range e.readers {
		r.give(Event{Tick: values, At: at})
	}
}

// Run tells what was collected, until ctx ends.
func (e *Events) Run(ctx context.Context) error {
	tick := time.NewTicker(gather)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case at := <-tick.C:
			e.flush(at)
		}
	}
}

func (e *Events) flush(at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.pending) == 0 && !e.over {
		return
	}
	if len(e.readers) == 0 && at.Sub(e.asked) > idle { // who comes later looks at everything anyway
		clear(e.pending)
		e.over, e.last = false, nil
		e.seq++
		return
	}
	e.seq++
	ev := Event{Seq: e.seq, At: at}
	if e.over {
		ev.Topics = []Topic{{Kind: Everything}}
	} else {
		for t := range e.pending {
			ev.Topics = append(ev.Topics, t)
		}
	}
	clear(e.pending)
	e.over = false
	if len(e.last) == kept {
		e.last = append(e.last[:0], e.last[1:]...)
	}
	e.last = append(e.last, ev)
	for r := range e.readers {
		r.give(ev)
	}
	close(e.wake)
	e.wake = make(chan struct{})
}

// give queues an event. One that does not fit is made up for by the next one that
// does. events.mu is held.
func (r *Reader) give(ev Event) {
	if r.missed && ev.Tick == nil {
		ev.Topics = []Topic{{Kind: Everything}}
	}
	select {
	case r.c <- ev:
		r.missed = r.missed && ev.Tick != nil
	default:
		r.missed = r.missed || ev.Tick == nil
	}
}

// Follow returns a reader of all events from now on, and the number of the last
// one; nil where there are limit already.
func (e *Events) Follow(limit int) (*Reader, uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.readers) >= limit {
		return nil, 0
	}
	r := &Reader{events: e, c: make(chan Event, queued)}
	e.readers[r] = struct{}{}
	e.asked = time.Now()
	return r, e.seq
}

// Last is the number of the last event: whoever reads something now, and hears
// later of a higher one, has something that may be old.
func (e *Events) Last() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seq
}

// C is where the events come.
func (r *Reader) C() <-chan Event { return r.c }

// Close ends the following.
func (r *Reader) Close() {
	r.events.mu.Lock()
	defer r.events.mu.Unlock()
	delete(r.events.readers, r)
	r.events.asked = time.Now()
}

// Since returns the events after the number seq, and the number of the last one.
// known is false where some of them are gone: then everything may have changed.
// wake is closed when there are more.
func (e *Events) Since(seq uint64) (all []Event, last uint64, known bool, wake <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = time.Now()
	if seq == e.seq {
		return nil, e.seq, true, e.wake
	}
	if seq > e.seq || len(e.last) == 0 || e.last[0].Seq > seq+1 {
		return nil, e.seq, false, e.wake
	}
	for _, ev := range e.last {
		if ev.Seq > seq {
			all = append(all, ev)
		}
	}
	return all, e.seq, true, e.wake
}
