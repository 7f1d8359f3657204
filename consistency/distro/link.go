package distro

import (
	"context"
	"sync"
	"time"
)

// link is the way to one peer.
type link struct {
	s        *Syncer
	member   string // its address
	peerAddr string
	ctx      context.Context //nolint:containedctx // the link's own life
	end      context.CancelFunc
	wake     chan struct{}

	mu     sync.Mutex // guards the following fields
	dirty  map[string]struct{}
	flying int       // ids taken out to be sent
	began  time.Time // when they were taken
	since  time.Time // of the oldest change that is not sent; zero: there is none
}

func newLink(ctx context.Context, s *Syncer, member, peerAddr string) *link {
	ctx, end := context.WithCancel(ctx)
	return &link{
		s: s, member: member, peerAddr: peerAddr, ctx: ctx, end: end,
		wake: make(chan struct{}, 1), dirty: map[string]struct{}{},
	}
}

func (l *link) add(ids ...string) {
	if len(ids) == 0 {
		return
	}
	l.mu.Lock()
	if l.since.IsZero() {
		l.since = time.Now()
	}
	for _, id := range ids {
		l.dirty[id] = struct{}{}
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *link) pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.dirty) + l.flying
}

// grab takes all that is dirty.
func (l *link) grab() map[string]struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := l.dirty
	l.dirty = map[string]struct{}{}
	l.flying, l.began = len(ids), time.Now()
	return ids
}

func (l *link) landed(sent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flying = 0
	switch {
	case len(l.dirty) == 0:
		l.since = time.Time{}
	case sent: // what is dirty now came while the rest was on its way
		l.since = l.began
	}
}

// lag is for how long the oldest change has waited.
func (l *link) lag(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since.IsZero() {
		return 0
	}
	return now.Sub(l.since)
}

// run sends changes until the link ends: the first at once, the next ones
// together after a short while. What could not be sent is tried again for as
// long as the peer is there; the digest mends the rest.
func (l *link) run() {
	retry := retryLeast
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-l.wake:
		}
		var wait time.Duration
		err := l.send(l.grab())
		if err != nil {
			l.s.count.errors.Add(1)
			l.s.opt.Logger.Debug("changes were not sent", "to", l.member, "error", err)
			wait, retry = retry, min(2*retry, retryMost)
		} else {
			wait, retry = l.s.opt.Batch, retryLeast
		}
		l.landed(err == nil)
		select {
		case <-l.ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// send sends the records of ids in chunks. Those of a chunk that failed, and of
// the ones after it, are dirty again.
func (l *link) send(ids map[string]struct{}) error {
	w := newWriter(writerBytes)
	var chunk []string
	for id := range ids {
		r, ok := l.s.state(id)
		if !ok { // nothing is known of it: nothing is said
			delete(ids, id)
			continue
		}
		if len(chunk) > 0 && len(w.b)+len(r.Data) > chunkBytes {
			if err := l.flush(w, ids, chunk); err != nil {
				return err
			}
			w, chunk = newWriter(writerBytes), nil
		}
		w.record(r)
		chunk = append(chunk, id)
	}
	if len(chunk) == 0 {
		return nil
	}
	return l.flush(w, ids, chunk)
}

func (l *link) flush(w *writer, ids map[string]struct{}, chunk []string) error {
	ctx, cancel := context.WithTimeout(l.ctx, callTimeout)
	defer cancel()
	out, err := l.s.opt.Peer.Call(ctx, l.peerAddr, callSync, w.b)
	if err != nil {
		for id := range ids {
			l.add(id)
		}
		return err
	}
	l.s.count.sent.Add(uint64(len(chunk)))
	for _, id := range chunk {
		delete(ids, id)
	}
	recs, err := readRecords(out)
	if err != nil {
		return err
	}
	if len(recs) > 0 {
		l.s.take(l.member, recs)
	}
	return nil
}

func readRecords(b []byte) ([]Record, error) {
	r := newReader(b)
	var out []Record
	for r.more() {
		out = append(out, r.record())
	}
	return out, r.err
}
