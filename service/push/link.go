package push

import "sync"

// maxPending bounds what waits for one connection. A connection follows each
// topic once, so one that has this much before it takes nothing any more: it is
// closed, and its client comes back and asks anew.
const maxPending = 20_000

// link is an attached connection and what waits for it: at most one message a
// key. A goroutine sends while there is something to send, and only then.
type link struct {
	hub  *Hub
	id   string
	conn Conn

	mu      sync.Mutex // guards the following fields
	order   []any
	waiting map[any]*Content
	busy    bool
	closed  bool
}

// put queues m. It returns false if the connection is closed or is so far
// behind that it has to be.
func (l *link) put(m Message) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	if _, ok := l.waiting[m.Key]; !ok {
		if len(l.order) >= maxPending {
			return false
		}
		l.order = append(l.order, m.Key)
	}
	if l.waiting == nil {
		l.waiting = map[any]*Content{}
	}
	l.waiting[m.Key] = m.Content
	if !l.busy {
		l.busy = true
		l.hub.tasks.Go(l.drain)
	}
	return true
}

// drain sends until nothing waits.
func (l *link) drain() {
	for {
		m, ok := l.next()
		if !ok {
			return
		}
		l.hub.send(l.id, l.conn, m)
	}
}

func (l *link) next() (Message, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.order) == 0 || l.closed {
		l.busy, l.order, l.waiting = false, nil, nil // an idle connection holds no buffers
		return Message{}, false
	}
	key := l.order[0]
	l.order[0] = nil
	l.order = l.order[1:]
	c := l.waiting[key]
	delete(l.waiting, key)
	return Message{Key: key, Content: c}, true
}

func (l *link) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.conn.Close()
}
