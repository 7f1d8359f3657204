package distro

import (
	"context"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
)

// verify compares the copies on the other nodes with this node's records again
// and again, and lets go what nothing renews.
func (s *Syncer) verify(ctx context.Context) {
	tick := time.NewTicker(s.opt.Verify)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.tombs.sweep(time.Now())
		s.expire()
		s.mu.Lock()
		links := make([]*link, 0, len(s.links))
		for _, l := range s.links {
			links = append(links, l)
		}
		s.mu.Unlock()
		var wg sync.WaitGroup
		for _, l := range links {
			wg.Go(func() { s.verifyOne(l.ctx, l) })
		}
		wg.Wait()
	}
}

// expire drops records bound to a node that is down and was not heard of for
// long enough. No tombstone: if it was merely cut off, it has them still.
func (s *Syncer) expire() {
	v := s.opt.Members.View()
	now := time.Now()
	var gone []Record
	s.opt.Store.Each(func(e Entry) bool {
		if e.Home == "" || e.Home == v.Self || now.Sub(e.last()) < s.opt.Lost {
			return true
		}
		if m, ok := v.Member(e.Home); !ok || m.State == cluster.Down {
			gone = append(gone, Record{ID: e.ID, Home: e.Home, Version: e.Version, Gone: true})
		}
		return true
	})
	if len(gone) > 0 {
		s.opt.Logger.Info("records of lost nodes are dropped", "count", len(gone))
		s.opt.Store.Merge(v.Self, gone)
	}
}

// verifyOne compares with one peer.
func (s *Syncer) verifyOne(ctx context.Context, l *link) {
	if !s.Ready() { // what this node lacks says nothing yet
		return
	}
	v := s.opt.Members.View()
	w := newWriter(8 * (buckets + 2))
	stamp := s.clock.Next(0)
	w.num(stamp)
	var mine sums
	s.opt.Store.Each(func(e Entry) bool {
		if owner(v, e) == v.Self {
			mine.add(e.ID, e.Rev)
		}
		return true
	})
	w.sums(&mine)
	out, err := s.call(ctx, l, callDigest, w.b)
	if err != nil {
		return
	}
	s.count.digests.Add(1)
	r := newReader(out)
	differ := r.set()
	if r.err != nil || differ.count() == 0 {
		return
	}
	s.count.mismatches.Add(uint64(differ.count())) //nolint:gosec // a count
	s.mend(ctx, l, v, stamp, &differ)
}

func (s *Syncer) call(ctx context.Context, l *link, kind string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := s.opt.Peer.Call(ctx, l.peerAddr, kind, body)
	if err != nil && ctx.Err() == nil {
		s.count.errors.Add(1)
		s.opt.Logger.Debug("digest was not answered", "by", l.member, "call", kind, "error", err)
	}
	return out, err
}

// mend lists the records of the buckets that differ, and does what the peer
// asks for. A bucket is listed whole, as what is not listed says something.
func (s *Syncer) mend(ctx context.Context, l *link, v *cluster.View, stamp uint64, differ *bucketSet) {
	by := map[int][]mention{}
	s.opt.Store.Each(func(e Entry) bool {
		if b := bucketOf(e.ID); differ.has(b) && owner(v, e) == v.Self {
			by[b] = append(by[b], mention{id: e.ID, home: e.Home, Version: e.Version})
		}
		return true
	})
	var part bucketSet
	w := newWriter(writerBytes)
	for b := range buckets {
		if !differ.has(b) {
			continue
		}
		part.add(b)
		for _, m := range by[b] {
			w.mention(m)
		}
		if len(w.b) >= listBytes {
			if !s.list(ctx, l, stamp, &part, w) {
				return
			}
			part, w = bucketSet{}, newWriter(writerBytes)
		}
	}
	if part.count() > 0 {
		s.list(ctx, l, stamp, &part, w)
	}
}

// list sends the ids of some buckets and acts on the answer.
func (s *Syncer) list(ctx context.Context, l *link, stamp uint64, part *bucketSet, ids *writer) bool {
	w := newWriter(len(ids.b) + 256)
	w.num(stamp)
	w.set(*part)
	w.b = append(w.b, ids.b[1:]...)
	out, err := s.call(ctx, l, callList, w.b)
	if err != nil {
		return false
	}
	a, err := readVerdict(out)
	if err != nil {
		return false
	}
	l.add(a.need...)
	s.count.repaired.Add(uint64(len(a.need)))
	if len(a.gone) > 0 {
		s.take(l.member, a.gone)
	}
	s.consider(ctx, l, a.offer)
	return true
}

// verdict is a peer's answer to a list.
type verdict struct {
	need  []string  // missing or old there
	gone  []Record  // removed there, later than listed
	offer []mention // there, and not listed or later
}

func (a *verdict) write() []byte {
	w := newWriter(writerBytes)
	w.num(uint64(len(a.need)))
	for _, id := range a.need {
		w.str(id)
	}
	w.num(uint64(len(a.gone)))
	for _, r := range a.gone {
		w.record(r)
	}
	for _, m := range a.offer {
		w.mention(m)
	}
	return w.b
}

func readVerdict(b []byte) (a verdict, err error) {
	r := newReader(b)
	for n := r.num(); n > 0 && r.err == nil; n-- {
		a.need = append(a.need, r.str())
	}
	for n := r.num(); n > 0 && r.err == nil; n-- {
		a.gone = append(a.gone, r.record())
	}
	for r.more() {
		a.offer = append(a.offer, r.mention())
	}
	return a, r.err
}

// consider decides about records that a peer has and this node did not list,
// although it is their owner: they were removed, or it takes them back.
func (s *Syncer) consider(ctx context.Context, l *link, offers []mention) {
	var want []string
	for _, m := range offers {
		s.clock.See(m.Rev)
		rec, have := s.opt.Store.Encode(m.id)
		_, dead := s.tombs.ends(m.id, m.Version)
		switch {
		case dead, have && rec.Later(m.Version):
			l.add(m.id) // it is told what this node knows
		case have && rec.Rev == m.Rev:
		case m.home == s.opt.Members.Self():
			// A connection of a former life of this node, or one whose end the peer
			// missed. Its client may still be on the way to another node.
			if time.Since(s.began) >= s.opt.Lost {
				now := time.Now()
				s.tombs.bury(m.id, Version{Rev: m.Rev, Heard: now, Seen: now}, now)
				l.add(m.id)
			}
		default:
			want = append(want, m.id)
		}
	}
	if len(want) == 0 {
		return
	}
	recs, err := s.fetch(ctx, l, want)
	if err != nil {
		return
	}
	s.count.adopted.Add(uint64(len(recs)))
	s.take(l.member, recs)
	for _, r := range recs { // the others hear of it from its owner
		s.Changed(r.ID)
	}
}

// fetch gets records by their ids; those that are gone meanwhile are left out.
func (s *Syncer) fetch(ctx context.Context, l *link, ids []string) (out []Record, err error) {
	for len(ids) > 0 {
		w := newWriter(writerBytes)
		for _, id := range ids {
			w.str(id)
		}
		b, err := s.call(ctx, l, callFetch, w.b)
		if err != nil {
			return out, err
		}
		r := newReader(b)
		done := r.num()
		for r.more() {
			out = append(out, r.record())
		}
		if r.err != nil || done == 0 || done > uint64(len(ids)) {
			return out, errWire
		}
		ids = ids[done:]
	}
	return out, nil
}

func (s *Syncer) serve() {
	n := s.opt.Peer
	n.Handle(callSync, s.servedSync)
	n.Handle(callDigest, s.servedDigest)
	n.Handle(callList, s.servedList)
	n.Handle(callFetch, s.servedFetch)
	n.Handle(callDump, s.servedDump)
	n.Handle(callFlush, s.servedFlush)
}

// sender is the member a call came from.
func sender(ctx context.Context) (string, error) {
	id, ok := peer.From(ctx)
	if !ok || id.Member == "" {
		return "", peer.Errorf(peer.BadRequest, "caller has no member address")
	}
	return id.Member, nil
}

func badMessage(err error) error { return peer.Errorf(peer.BadRequest, "%v", err) }
