package distro

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
)

// Names of the calls between nodes.
const (
	callSync   = "distro.sync"   // records; answered with what is later there
	callDigest = "distro.digest" // sums; answered with the buckets that differ
	callList   = "distro.list"   // ids of those; answered with what is to be mended
	callFetch  = "distro.fetch"  // ids; answered with records
	callDump   = "distro.dump"   // a range of buckets; answered with records
	callFlush  = "distro.flush"  // answered when the caller has been sent all changes so far
)

// Defaults of Options.
const (
	// DefaultBatch is how long after a message the next one is held back, so that
	// changes come together. The first change goes at once.
	DefaultBatch = 20 * time.Millisecond
	// DefaultVerify is between digests, as in Nacos.
	DefaultVerify = 5 * time.Second
	// DefaultLost is for how long records bound to a node are kept after it was
	// last heard of: long enough for its clients to connect elsewhere, and for
	// it to come back.
	DefaultLost = 15 * time.Second

	callTimeout = 3 * time.Second
	retryLeast  = 200 * time.Millisecond
	retryMost   = 3 * time.Second
	chunkBytes  = 512 << 10 // of records in one message, unless one is larger
	listBytes   = 4 << 20   // of ids in one message
)

// Options are what New needs.
type Options struct {
	Peer    *peer.Node
	Members *cluster.Membership
	Store   Store
	Logger  *slog.Logger

	Batch  time.Duration // 0 is the default, here and below
	Verify time.Duration
	Lost   time.Duration
}

// Syncer keeps the copies on the other nodes like this node's records. It is
// level triggered: it is told that an id changed, and sends what it then is.
type Syncer struct {
	opt   Options
	clock Clock
	tombs tombs
	began time.Time
	ready atomic.Bool
	bye   atomic.Bool
	count counters

	mu    sync.Mutex // guards the following field
	links map[string]*link
}

type counters struct {
	sent, received, refused, errors, digests, mismatches, repaired, adopted atomic.Uint64
}

// Stats are counters since the start.
type Stats struct {
	Ready      bool
	Sent       uint64 // records sent to peers, once for each
	Received   uint64 // records taken in
	Refused    uint64 // records not taken in, being removed or older
	Errors     uint64 // messages that failed
	Digests    uint64 // answered by a peer
	Mismatches uint64 // buckets that differed in a digest
	Repaired   uint64 // records that a peer asked for after a digest
	Adopted    uint64 // records of ours that we had from a peer
	Tombs      int
	Pending    map[string]int // by member: changes not yet sent
	Lag        time.Duration  // for how long the oldest of them has waited
}

// New returns a Syncer for o.Store. It registers its calls with the peer.
func New(o Options) (*Syncer, error) {
	if o.Peer == nil || o.Members == nil || o.Store == nil || o.Logger == nil {
		return nil, errors.New("distro: an option is missing")
	}
	o.Batch = orDefault(o.Batch, DefaultBatch)
	o.Verify = orDefault(o.Verify, DefaultVerify)
	o.Lost = orDefault(o.Lost, DefaultLost)
	s := &Syncer{opt: o, began: time.Now(), links: map[string]*link{}, tombs: tombs{by: map[string]Version{}}}
	s.clock.node = fnv(o.Peer.Self().ID) & (1<<nodeBits - 1)
	s.serve()
	return s, nil
}

func orDefault(v, d time.Duration) time.Duration {
	if v == 0 {
		return d
	}
	return v
}

// Clock makes the revisions of this node's records.
func (s *Syncer) Clock() *Clock { return &s.clock }

// Ready reports whether this node has what the others have: until then what it
// does not know says nothing.
func (s *Syncer) Ready() bool { return s.ready.Load() }

// Changed notes that a record which this node answers for changed here. It
// never blocks.
func (s *Syncer) Changed(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		l.add(id)
	}
}

// Removed notes that a record is gone. When its publisher said so, v has a new
// revision from Clock; when it expired, v is the record's own, with when its
// publisher was last heard, so that whoever heard it later keeps it and gives it
// back. It never blocks. After Handover it does nothing: what closes with this
// node was not removed by anybody.
func (s *Syncer) Removed(id string, v Version) {
	if s.bye.Load() {
		return
	}
	s.clock.See(v.Rev)
	v.Seen = time.Now()
	s.tombs.bury(id, v, v.Seen)
	s.Changed(id)
}

// Run syncs until ctx ends.
func (s *Syncer) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { s.follow(ctx); return nil })
	g.Go(func() error { s.verify(ctx); return nil })
	return g.Wait()
}

// follow has one link for each peer that is there.
func (s *Syncer) follow(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		v := s.opt.Members.View()
		now := map[string]string{}
		for _, m := range v.Peers() {
			now[m.Addr] = m.PeerAddr()
		}
		s.mu.Lock()
		for addr, l := range s.links {
			if now[addr] == "" {
				l.end()
				delete(s.links, addr)
			}
		}
		for addr, peerAddr := range now {
			if s.links[addr] == nil {
				l := newLink(ctx, s, addr, peerAddr)
				s.links[addr] = l
				wg.Go(l.run)
				wg.Go(func() { s.verifyOne(l.ctx, l) }) // it may have missed something
			}
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-v.Changed():
		}
	}
}

// Handover sends what is not yet sent, until ctx ends, and leaves this node's
// records to the others. Membership.Leave follows it.
func (s *Syncer) Handover(ctx context.Context) {
	s.bye.Store(true)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for s.pending() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Syncer) pending() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		n += l.pending()
	}
	return n
}

// Stats reads the counters.
func (s *Syncer) Stats() Stats {
	c := &s.count
	out := Stats{
		Ready: s.Ready(), Sent: c.sent.Load(), Received: c.received.Load(), Refused: c.refused.Load(), Errors: c.errors.Load(),
		Digests: c.digests.Load(), Mismatches: c.mismatches.Load(), Repaired: c.repaired.Load(), Adopted: c.adopted.Load(),
		Tombs: s.tombs.len(), Pending: map[string]int{},
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for addr, l := range s.links {
		out.Pending[addr] = l.pending()
		out.Lag = max(out.Lag, l.lag(now))
	}
	return out
}

// owner is who answers for a record.
func owner(v *cluster.View, e Entry) string {
	if e.Home != "" {
		return e.Home
	}
	return Owner(v, e.Tag)
}

// take takes in records from another node, and returns what is later here.
func (s *Syncer) take(from string, recs []Record) (later []Record) {
	accepted := make([]Record, 0, len(recs))
	now, self := time.Now(), s.opt.Members.Self()
	for _, r := range recs {
		s.clock.See(r.Rev)
		if r.Home == self && !r.Gone {
			continue // nobody else knows which connections this node has
		}
		if r.Gone {
			s.tombs.bury(r.ID, r.Version, now)
		} else if at, dead := s.tombs.admit(r.ID, r.Version); dead {
			later = append(later, Record{ID: r.ID, Version: at, Gone: true})
			continue
		}
		accepted = append(accepted, r)
	}
	s.count.received.Add(uint64(len(accepted)))
	for _, id := range s.opt.Store.Merge(from, accepted) {
		if r, ok := s.settled(id); ok {
			later = append(later, r)
		}
	}
	later = append(later, s.overtaken(from, accepted)...)
	s.count.refused.Add(uint64(len(later)))
	return later
}

// settled is state, for something that stayed although a removal came.
func (s *Syncer) settled(id string) (Record, bool) {
	if r, ok := s.opt.Store.Encode(id); ok {
		if at, dead := s.tombs.admit(id, r.Version); dead {
			return Record{ID: id, Version: at, Gone: true}, true
		}
		return r, true
	}
	return s.state(id)
}

// overtaken takes those records out again that were removed while they were taken
// in: whoever removed them found nothing yet.
func (s *Syncer) overtaken(from string, recs []Record) (gone []Record) {
	for _, r := range recs {
		if at, dead := s.tombs.ends(r.ID, r.Version); dead && !r.Gone {
			gone = append(gone, Record{ID: r.ID, Home: r.Home, Version: at, Gone: true})
		}
	}
	if len(gone) > 0 {
		s.opt.Store.Merge(from, gone)
	}
	return gone
}

// state is what this node knows of id: the record or, if that is later, its
// removal.
func (s *Syncer) state(id string) (Record, bool) {
	r, ok := s.opt.Store.Encode(id)
	if at, dead := s.tombs.ends(id, r.Version); dead {
		return Record{ID: id, Version: at, Gone: true}, true
	}
	return r, ok
}
