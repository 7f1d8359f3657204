package push

import (
	"context"
	"time"
)

// topic is a topic about which something is to be told, or was told a moment
// ago. One that is quiet has none.
type topic struct {
	dirty   bool        // changed since the last fan-out began
	queued  bool        // stands in Hub.ready
	busy    bool        // a fan-out is under way or its window is open
	window  *time.Timer // ends the window
	late    map[string]struct{}
	due     bool        // the time of those in late has come
	waiting *time.Timer // until due
}

func (t *topic) stop() {
	if t.window != nil {
		t.window.Stop()
	}
	if t.waiting != nil {
		t.waiting.Stop()
	}
}

// Changed says that what followers of t see may be different from now on.
func (h *Hub) Changed(t Topic) {
	if h.o.Followed != nil && !h.o.Followed(t) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.topic(t); s != nil {
		s.dirty = true
		h.offer(t, s)
	}
}

// Subscribed says that the connection follows t from now on. It is told once
// after Greeting, unless all followers are told before.
func (h *Hub) Subscribed(t Topic, id string) { h.later(t, id, Greeting) }

// later has one subscriber told after the delay. Those who wait for the same
// topic are told together.
func (h *Hub) later(t Topic, id string, delay time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.topic(t)
	if s == nil {
		return
	}
	if s.late == nil {
		s.late = map[string]struct{}{}
	}
	s.late[id] = struct{}{}
	if s.waiting == nil {
		s.waiting = time.AfterFunc(delay, func() { h.fallDue(t, s) })
	}
}

func (h *Hub) fallDue(t Topic, s *topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.topics[t] != s {
		return // forgotten meanwhile
	}
	s.waiting, s.due = nil, len(s.late) > 0
	h.offer(t, s)
}

// topic returns the state of t, nil after the end. Call it with the lock held.
func (h *Hub) topic(t Topic) *topic {
	if h.ended {
		return nil
	}
	s := h.topics[t]
	if s == nil {
		s = &topic{}
		h.topics[t] = s
	}
	return s
}

// offer queues t if there is something to tell and none is at it, and forgets
// it if there is nothing. Call it with the lock held.
func (h *Hub) offer(t Topic, s *topic) {
	switch {
	case h.ended || s.queued || s.busy:
	case s.dirty || s.due:
		s.queued = true
		h.ready = append(h.ready, t)
		h.signal()
	case s.waiting == nil:
		delete(h.topics, t)
	}
}

func (h *Hub) signal() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// work tells what is ready until ctx ends.
func (h *Hub) work(ctx context.Context) {
	var f fan
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		}
		for ctx.Err() == nil {
			t, s, only, ok := h.take()
			if !ok {
				break
			}
			began := time.Now()
			told := 0
			if only == nil || len(only) > 0 {
				told = f.out(h, t, only)
			}
			h.settle(t, s, h.window(told, time.Since(began)))
		}
	}
}

// take returns the next topic: with only nil all followers are to be told, else
// those in it; none while pushing is switched off.
func (h *Hub) take() (t Topic, s *topic, only map[string]struct{}, ok bool) {
	on := h.o.Enabled == nil || h.o.Enabled()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ready) == 0 {
		return t, nil, nil, false
	}
	t = h.ready[0]
	if h.ready = h.ready[1:]; len(h.ready) > 0 {
		h.signal() // another worker may take it
	} else {
		h.ready = nil
	}
	s = h.topics[t]
	s.queued, s.busy = false, true
	if !on {
		return t, s, map[string]struct{}{}, true
	}
	if !s.dirty {
		only = s.late
	}
	if s.waiting != nil {
		s.waiting.Stop()
		s.waiting = nil
	}
	s.dirty, s.due, s.late = false, false, nil
	return t, s, only, true
}

// window is how long changes are collected after a fan-out. One that takes long
// stretches it, so that a service that churns costs a third of the time at most.
func (h *Hub) window(told int, cost time.Duration) time.Duration {
	switch {
	case h.o.Enabled != nil && !h.o.Enabled():
		return paused
	case told == 0:
		return 0
	default:
		return max(h.o.Window, min(2*cost, longestWindow))
	}
}

// settle opens the window in which changes of t are collected.
func (h *Hub) settle(t Topic, s *topic, window time.Duration) {
	cooled := func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		s.busy = false
		h.offer(t, s)
	}
	if window <= 0 {
		cooled()
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ended {
		s.window = time.AfterFunc(window, cooled)
	}
}

// fan is the scratch of one worker.
type fan struct {
	subs     []Subscriber
	messages map[view]Message
}

// view is what of a topic is told alike.
type view struct {
	clusters, consumer string
	unsaid             bool
	form               Form
}

// news is the Key of what the hub makes itself. A connection may follow several
// sets of clusters of a topic.
type news struct {
	topic    Topic
	clusters string
}

// out tells the followers of t, or of them those in only, and returns how many.
func (f *fan) out(h *Hub, t Topic, only map[string]struct{}) (told int) {
	f.subs = h.o.Subscribers(t, f.subs[:0])
	if len(f.subs) == 0 {
		return 0
	}
	if f.messages == nil {
		f.messages = map[view]Message{}
	}
	for _, s := range f.subs {
		if only != nil {
			if _, ok := only[s.ID]; !ok {
				continue
			}
		}
		if l := h.link(s.ID); l != nil {
			h.put(l, f.message(h, t, view{s.Clusters, s.Consumer, s.Unsaid, Stream}))
			told++
		} else if c := h.peer(s.ID); c != nil {
			h.send(s.ID, c, f.message(h, t, view{s.Clusters, s.Consumer, false, Datagram}))
			told++
		}
	}
	clear(f.messages)
	clear(f.subs) // the strings belong to others
	return told
}

// message returns what is told of t to all who see it alike, made once.
func (f *fan) message(h *Hub, t Topic, v view) Message {
	m, ok := f.messages[v]
	if !ok {
		kind, body := h.o.Render(t, Subscriber{Clusters: v.clusters, Consumer: v.consumer, Unsaid: v.unsaid}, v.form)
		m = Message{Key: news{t, v.clusters}, Content: h.Content(kind, body)}
		m.Empty = h.o.Empty != nil && h.o.Empty(body)
		f.messages[v] = m
	}
	return m
}

func (h *Hub) peer(id string) Conn {
	if h.o.Peer == nil {
		return nil
	}
	return h.o.Peer(id)
}
