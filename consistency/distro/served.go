package distro

import (
	"context"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
)

// codeNotReady is the answer of a node that is itself still asking others.
const codeNotReady = peer.FirstFree + 11

// servedSync takes in records.
func (s *Syncer) servedSync(ctx context.Context, b []byte) ([]byte, error) {
	from, err := sender(ctx)
	if err != nil {
		return nil, err
	}
	recs, err := readRecords(b)
	if err != nil {
		return nil, badMessage(err)
	}
	w := newWriter(64)
	for _, r := range s.take(from, recs) {
		w.record(r)
	}
	return w.b, nil
}

// servedDigest compares the sums of another node's records with those of the
// copies here, and renews the copies in buckets that are equal.
func (s *Syncer) servedDigest(ctx context.Context, b []byte) ([]byte, error) {
	from, err := sender(ctx)
	if err != nil {
		return nil, err
	}
	r := newReader(b)
	s.clock.See(r.num())
	theirs := r.sums()
	if r.err != nil {
		return nil, badMessage(r.err)
	}
	v := s.opt.Members.View()
	var mine sums
	s.opt.Store.Each(func(e Entry) bool {
		if owner(v, e) == from {
			mine.add(e.ID, e.Rev)
		}
		return true
	})
	var differ bucketSet
	for i := range mine {
		if mine[i] != theirs[i] {
			differ.add(i)
		}
	}
	if differ.count() < buckets {
		s.opt.Store.Renew(func(e Entry) bool { return owner(v, e) == from && !differ.has(bucketOf(e.ID)) }, time.Now())
	}
	w := newWriter(8 * len(differ))
	w.set(differ)
	return w.b, nil
}

// servedList compares the records of some buckets, one by one.
func (s *Syncer) servedList(ctx context.Context, b []byte) ([]byte, error) {
	from, err := sender(ctx)
	if err != nil {
		return nil, err
	}
	r := newReader(b)
	stamp := r.num()
	part := r.set()
	listed := map[string]mention{}
	for r.more() {
		m := r.mention()
		listed[m.id] = m
	}
	if r.err != nil {
		return nil, badMessage(r.err)
	}
	a := s.compare(s.opt.Members.View(), from, stamp, &part, listed)
	return a.write(), nil
}

// compare finds what is to be mended on either side.
func (s *Syncer) compare(v *cluster.View, from string, stamp uint64, part *bucketSet, listed map[string]mention) (a verdict) {
	now := time.Now()
	same := map[string]bool{}
	s.opt.Store.Each(func(e Entry) bool {
		if !part.has(bucketOf(e.ID)) {
			return true
		}
		m, ok := listed[e.ID]
		delete(listed, e.ID)
		switch {
		case ok && m.Rev == e.Rev:
			same[e.ID] = true
		case ok && m.Later(e.Version):
			a.need = append(a.need, e.ID)
		case ok, e.Rev < stamp && owner(v, e) == from && (e.Home == from || now.Sub(e.last()) < offerWithin):
			a.offer = append(a.offer, mention{id: e.ID, home: e.Home, Version: e.Version})
		}
		return true
	})
	for id, m := range listed {
		if at, dead := s.tombs.ends(id, m.Version); dead {
			a.gone = append(a.gone, Record{ID: id, Version: at, Gone: true})
		} else {
			a.need = append(a.need, id)
		}
	}
	if len(same) > 0 {
		s.opt.Store.Renew(func(e Entry) bool { return same[e.ID] }, now)
	}
	return a
}

// servedFetch answers with records, as many as fit: first the number of ids
// that are dealt with.
func (s *Syncer) servedFetch(_ context.Context, b []byte) ([]byte, error) {
	r := newReader(b)
	recs := newWriter(writerBytes)
	done := uint64(0)
	for r.more() && len(recs.b) < chunkBytes {
		if rec, ok := s.state(r.str()); ok {
			recs.record(rec)
		}
		done++
	}
	if r.err != nil {
		return nil, badMessage(r.err)
	}
	w := newWriter(len(recs.b) + 16)
	w.num(done)
	w.b = append(w.b, recs.b[1:]...)
	return w.b, nil
}
