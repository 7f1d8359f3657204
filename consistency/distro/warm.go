package distro

import (
	"context"
	"fmt"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
)

const (
	dumpStep    = 16 // buckets collected in one pass over the store
	dumpBytes   = 4 << 20
	dumpTimeout = 10 * time.Second
	warmEvery   = 500 * time.Millisecond
	// warmRounds is how often all reachable peers must say that they are
	// starting too, before this node takes it that nobody has anything.
	warmRounds = 3
	// warmPatience is how long peers that do not answer are waited for. One that
	// has records and is merely cut off brings them with its digest.
	warmPatience = 10 * time.Second
)

// WarmUp gets what the others have, before this node answers for anything. It
// returns when it has it from one of them, when there is nobody to have it
// from, or with ctx. Run must be running, so that no change is missed.
func (s *Syncer) WarmUp(ctx context.Context) error {
	began := time.Now()
	for starting := 0; ; {
		others, silent, ok := s.loadAny(ctx)
		if silent == 0 {
			starting++
		}
		if ok || others == 0 || starting >= warmRounds || time.Since(began) >= warmPatience {
			s.ready.Store(true)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(warmEvery):
		}
	}
}

// loadAny gets all records of the first peer that has them. It counts the other
// members, and those that should answer and do not.
func (s *Syncer) loadAny(ctx context.Context) (others, silent int, ok bool) {
	v := s.opt.Members.View()
	for _, m := range v.Members {
		if m.Addr == v.Self {
			continue
		}
		others++
		if m.State == cluster.Down {
			continue
		}
		n, err := s.load(ctx, m)
		if err == nil {
			s.opt.Logger.Info("records loaded", "from", m.Addr, "count", n)
			return others, silent, true
		}
		if peer.CodeOf(err) != codeNotReady {
			silent++
		}
	}
	return others, silent, false
}

// load gets all records of one peer.
func (s *Syncer) load(ctx context.Context, m cluster.Member) (n int, err error) {
	for next := uint64(0); next < buckets; {
		w := newWriter(16)
		w.num(next)
		cctx, cancel := context.WithTimeout(ctx, dumpTimeout)
		b, err := s.opt.Peer.Call(cctx, m.PeerAddr(), callDump, w.b)
		cancel()
		if err != nil {
			return n, err
		}
		r := newReader(b)
		to := r.num()
		var recs []Record
		for r.more() {
			recs = append(recs, r.record())
		}
		if r.err != nil || to <= next {
			return n, fmt.Errorf("%s: %w", m.Addr, errWire)
		}
		s.take(m.Addr, recs)
		n, next = n+len(recs), to
	}
	return n, nil
}

// Pull gets all records of one member that is up, beside the digests that go round
// by themselves: for when these did not make the nodes agree. What is older than
// what is here, or was removed, does not come back by it.
func (s *Syncer) Pull(ctx context.Context, addr string) (records int, err error) {
	m, ok := s.opt.Members.View().Member(addr)
	if !ok {
		return 0, fmt.Errorf("%s is no member", addr)
	}
	return s.load(ctx, m)
}

// servedDump answers with the records of some buckets, removed ones included:
// first the number of the next bucket.
func (s *Syncer) servedDump(_ context.Context, b []byte) ([]byte, error) {
	if !s.Ready() {
		return nil, peer.Errorf(codeNotReady, "starting")
	}
	r := newReader(b)
	from := r.num()
	if r.err != nil || from >= buckets {
		return nil, badMessage(errWire)
	}
	to := int(from) + dumpStep
	by := map[int][]string{}
	note := func(id string) {
		if b := bucketOf(id); b >= int(from) && b < to { //nolint:gosec // the number of a bucket
			by[b] = append(by[b], id)
		}
	}
	s.opt.Store.Each(func(e Entry) bool { note(e.ID); return true })
	seen := map[string]bool{}
	for _, ids := range by {
		for _, id := range ids {
			seen[id] = true
		}
	}
	for _, id := range s.tombs.ids() {
		if !seen[id] {
			note(id)
		}
	}
	recs := newWriter(writerBytes)
	next := int(from)
	for ; next < min(to, buckets) && len(recs.b) < dumpBytes; next++ {
		for _, id := range by[next] {
			if rec, ok := s.state(id); ok {
				recs.record(rec)
			}
		}
	}
	w := newWriter(len(recs.b) + 16)
	w.num(uint64(next))
	w.b = append(w.b, recs.b[1:]...)
	return w.b, nil
}
