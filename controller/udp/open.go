package udp

import (
	"net/netip"
	"time"
)

// entry is a datagram that was sent and not acknowledged yet.
type entry struct {
	peer   *peer
	seq    int64
	key    any // what it is about
	packet []byte
	sent   time.Time // the first time
	due    time.Time // when it is sent again or given up
	stale  bool      // something newer about the same was sent

	line       *line // where it waits; nil: nowhere
	prev, next *entry
}

// ackID is by what an acknowledgement finds its datagram.
type ackID struct {
	addr netip.AddrPort
	seq  int64
}

// line is a queue of entries that all wait equally long, so the first is due
// first. Any entry can leave it at any time.
type line struct {
	wait        time.Duration
	first, last *entry
}

func (l *line) add(e *entry, now time.Time) {
	e.line, e.due = l, now.Add(l.wait)
	e.prev, e.next = l.last, nil
	if l.last == nil {
		l.first = e
	} else {
		l.last.next = e
	}
	l.last = e
}

func (l *line) remove(e *entry) {
	if e.prev == nil {
		l.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		l.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.line, e.prev, e.next = nil, nil, nil
}

// pop takes the first entry out if it is due.
func (l *line) pop(now time.Time) *entry {
	e := l.first
	if e == nil || e.due.After(now) {
		return nil
	}
	l.remove(e)
	return e
}
