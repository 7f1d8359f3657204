package naming

import (
	"context"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/consistency/peer"
)

// A beat is answered by any node that has a healthy copy of the instance. Its
// owner, who alone judges silence, is told of it shortly after, of many at once.

const (
	callBeats = "naming.beats" // who has beaten, and how long ago; answered with who is not known there

	// loanEvery is how long beats are held back. It is far below any time limit
	// of an instance that Answers lets a copy answer for.
	loanEvery = time.Second
	// leastTimeout is the shortest time limit of an instance, in ms, whose beats
	// need not reach its owner at once.
	leastTimeout = 8_000

	loanBatch   = 2_000 // records in a message, of up to about a kilobyte each
	loanTimeout = 2 * time.Second
)

// loan are the registrations that have beaten here since their owner was told.
type loan struct {
	mu   sync.Mutex // guards due
	due  []*registration
	wake chan struct{}
}

func (l *loan) add(gs ...*registration) {
	l.mu.Lock()
	l.due = append(l.due, gs...)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *loan) take() []*registration {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.due
	l.due = nil
	return out
}

// lend notes that g has beaten here, if its owner is another node.
func (s *spread) lend(g *registration) {
	c := g.client
	if c.connected || g.lent.Load() || distro.Responsible(s.Members.View(), c.tag()) {
		return
	}
	if g.lent.CompareAndSwap(false, true) {
		s.loan.add(g)
	}
}

// Answers reports whether this node may answer a beat of that instance though
// it is another node's: it has a copy of it, healthy, and the owner can be told
// later. A node that is alone has no copies.
func (s *Service) Answers(k Key, ip string, port uint16) bool {
	if s.spread == nil {
		return false
	}
	var buf [64]byte
	c := s.client(appendClientID(buf[:0], ip, port, true))
	if c == nil {
		return false
	}
	c.mu.Lock()
	g := c.registration(k)
	c.mu.Unlock()
	return g != nil && g.now.Load().Healthy && g.timeout() >= leastTimeout
}

// beats is the message of callBeats.
type beats struct {
	IDs  []string `json:"ids"`
	Ages []int64  `json:"ages"` // ms since each has beaten
}

// handOver tells owners of the beats that were answered here, until ctx ends.
func (s *Service) handOver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.spread.loan.wake:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(loanEvery):
		}
		s.repay(ctx)
	}
}

// repay tells each owner, as of now, what has beaten. What it could not be told
// stays due: whoever is the owner then hears it.
func (s *Service) repay(ctx context.Context) {
	v := s.spread.Members.View()
	by := map[string][]*registration{}
	for _, g := range s.spread.loan.take() {
		owner := distro.Owner(v, g.client.tag())
		if owner == v.Self { // what it has heard is what counts
			g.lent.Store(false)
			continue
		}
		by[owner] = append(by[owner], g)
	}
	var wg sync.WaitGroup
	for owner, gs := range by {
		wg.Go(func() {
			for len(gs) > 0 {
				n := min(len(gs), loanBatch)
				s.tell(ctx, owner, gs[:n])
				gs = gs[n:]
			}
		})
	}
	wg.Wait()
}

// tell tells owner of beats.
func (s *Service) tell(ctx context.Context, owner string, gs []*registration) {
	ctx, cancel := context.WithTimeout(ctx, loanTimeout)
	defer cancel()
	msg := beats{IDs: make([]string, len(gs)), Ages: make([]int64, len(gs))}
	now := time.Now().UnixMilli()
	for i, g := range gs {
		g.lent.Store(false) // a beat from here on is told of anew
		msg.IDs[i], msg.Ages[i] = g.id, now-g.beat.Load()
	}
	to, err := peer.AddrOf(owner)
	var unknown []string
	if err == nil {
		unknown, err = peer.Call[beats, []string](ctx, s.spread.Peer, to, callBeats, msg)
	}
	if err != nil {
		s.spread.log.Debug("beats were not handed over", "to", owner, "count", len(gs), "error", err)
		for _, g := range gs {
			if g.lent.CompareAndSwap(false, true) {
				s.spread.loan.add(g)
			}
		}
		return
	}
	for _, id := range unknown { // it is told of the whole record, or says that it was removed
		s.spread.Syncer.Changed(id)
	}
}

// serveBeats hears of beats that other nodes have answered.
func (s *Service) serveBeats() {
	peer.Handle(s.spread.Peer, callBeats, func(_ context.Context, msg beats) (unknown []string, err error) {
		if len(msg.IDs) != len(msg.Ages) {
			return nil, peer.Errorf(peer.BadRequest, "as many ages as ids are needed")
		}
		now := time.Now().UnixMilli()
		for i, id := range msg.IDs {
			if !s.hear(id, now-max(msg.Ages[i], 0)) {
				unknown = append(unknown, id)
			}
		}
		return unknown, nil
	})
}

// hear records that the instance of a record beat at a time, unix ms; false says
// that it is not known.
func (s *Service) hear(id string, at int64) bool {
	name, p, ok := splitRecordID(id)
	if !ok {
		return true // nothing to be mended
	}
	c := s.client([]byte(name))
	if c == nil {
		return false
	}
	c.mu.Lock()
	g := c.at(p)
	known := g != nil
	news := known && at > g.beat.Load()
	c.mu.Unlock()
	if news {
		s.touch([]byte(name), p.Key, at, sign{late: true})
	}
	return known
}
