package push

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"
)

// Times of the hub.
const (
	// Greeting is the wait between a new subscription and the push that heals
	// the race between its first answer and a change (contract §12.1).
	Greeting = 500 * time.Millisecond
	// longestWindow bounds how far a fan-out that takes long stretches the time
	// in which further changes are collected.
	longestWindow = time.Second
	// paused is how often a hub that is switched off asks whether it still is.
	paused = time.Second
)

// Options are what a Hub needs. All functions but Followed, Peer and Enabled
// are required; none may block.
type Options struct {
	// Window is how long changes of a topic are collected after one was told.
	// The first change after a quiet time is told at once.
	Window time.Duration
	// Retry is the wait before a message that could not be sent is tried again,
	// with what is true then.
	Retry time.Duration
	// Subscribers appends the followers of a topic to into.
	Subscribers func(t Topic, into []Subscriber) []Subscriber
	// Followed is a cheap guess whether a topic has followers; nil guesses yes.
	Followed func(t Topic) bool
	// Render returns what to tell such a subscriber about a topic: the name of the
	// payload and its body, which nobody changes. The ID of s is not set.
	Render func(t Topic, s Subscriber, f Form) (kind string, body []byte)
	// Empty reports whether such a body lists nothing, which is counted by itself;
	// nil: none does.
	Empty func(body []byte) bool
	// Peer returns the connection that an id of no attached connection stands
	// for, or nil. Its Send must not block; it may be called by several
	// goroutines at once.
	Peer func(id string) Conn
	// Enabled says whether anything is sent now; nil says yes. What changes while
	// it is not is told afterwards.
	Enabled func() bool
	// Stats counts; connections feed it with acknowledgements.
	Stats *Stats
	Log   *slog.Logger
}

// Hub tells subscribers. Changed, Subscribed, Tell and Attach never wait for a
// subscriber.
//
// Lock order: mu, then link.mu.
type Hub struct {
	o     Options
	seq   sequence
	wake  chan struct{}
	tasks sync.WaitGroup // goroutines that send on attached connections

	mu     sync.Mutex // guards the following fields
	topics map[Topic]*topic
	ready  []Topic // each at most once
	ended  bool

	links sync.RWMutex // guards conns
	conns map[string]*link
}

// New returns a Hub. It tells nothing before Run.
func New(o Options) *Hub {
	return &Hub{
		o:      o,
		wake:   make(chan struct{}, 1),
		topics: map[Topic]*topic{},
		conns:  map[string]*link{},
	}
}

// Run tells what changes until ctx ends, then closes every connection.
func (h *Hub) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range max(2, runtime.GOMAXPROCS(0)) {
		workers.Go(func() { h.work(ctx) })
	}
	workers.Wait()
	h.end()
	h.tasks.Wait()
	return nil
}

// Attach makes c the connection of id, in the place of an older one, which is
// closed. The returned function takes c off again and closes it.
func (h *Hub) Attach(id string, c Conn) (detach func()) {
	l := &link{hub: h, id: id, conn: c}
	h.links.Lock()
	old := h.conns[id]
	ended := h.conns == nil
	if !ended {
		h.conns[id] = l
	}
	h.links.Unlock()
	if old != nil {
		old.close()
	}
	if ended {
		l.close()
	}
	return func() { h.detach(id, l) }
}

// Connections returns how many connections are attached.
func (h *Hub) Connections() int {
	h.links.RLock()
	defer h.links.RUnlock()
	return len(h.conns)
}

// Backlog is what is to be told and was not yet.
type Backlog struct {
	Topics int // about which something is to be told
	Dirty  int // of these, such as changed
	Late   int // subscribers that are told by themselves: new ones, and such as could not be reached
}

// Backlog counts what is to be told.
func (h *Hub) Backlog() (b Backlog) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.topics {
		if t.dirty {
			b.Dirty++
		}
		if t.dirty || len(t.late) > 0 {
			b.Topics++
		}
		b.Late += len(t.late)
	}
	return b
}

// Content returns a content to send with Tell.
func (h *Hub) Content(kind string, body []byte) *Content {
	return &Content{Type: kind, Body: body, Seq: h.seq.next()}
}

// Tell queues m for an attached connection. It returns false if there is none
// or it is too far behind, in which case it is closed.
func (h *Hub) Tell(id string, m Message) bool {
	l := h.link(id)
	if l == nil {
		return false
	}
	return h.put(l, m)
}

func (h *Hub) put(l *link, m Message) bool {
	if l.put(m) {
		return true
	}
	h.detach(l.id, l)
	return false
}

func (h *Hub) link(id string) *link {
	h.links.RLock()
	defer h.links.RUnlock()
	return h.conns[id]
}

func (h *Hub) detach(id string, l *link) {
	h.links.Lock()
	if h.conns[id] == l {
		delete(h.conns, id)
	}
	h.links.Unlock()
	l.close()
}

// send hands m to the connection. When it certainly did not go out, the
// subscriber is told again later, with what is true then, as long as it is one.
func (h *Hub) send(id string, c Conn, m Message) {
	h.o.Stats.Sent(m.Empty)
	err := c.Send(m)
	if err == nil {
		return
	}
	h.o.Stats.Failed()
	h.o.Log.Debug("push failed", "id", id, "error", err)
	h.Again(id, m)
}

// Again has the subscriber that did not get m told later, with what is true then,
// as long as it is one. A message of Tell is its sender's to repeat.
func (h *Hub) Again(id string, m Message) {
	if n, ok := m.Key.(news); ok {
		h.later(n.topic, id, h.o.Retry)
	}
}

func (h *Hub) end() {
	h.mu.Lock()
	h.ended = true
	for _, t := range h.topics {
		t.stop()
	}
	clear(h.topics)
	h.ready = nil
	h.mu.Unlock()

	h.links.Lock()
	all := h.conns
	h.conns = nil
	h.links.Unlock()
	for _, l := range all {
		l.close()
	}
}
