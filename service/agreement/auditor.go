// Package agreement compares what the nodes of a cluster hold, all the time: a
// sum over each part of it first, and where these differ one by one. Nodes change
// while they are compared, so a difference counts only when two looks in a row
// find the same two states. What counts is told, and mended where it can be.
package agreement

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
)

const (
	// DefaultEvery is the time between two looks: as often as the instances'
	// own digests go round, and what is mended by these is rarely seen here.
	DefaultEvery = 5 * time.Second
	// Patience is how long a node may hold what nobody else holds before it
	// reports that it is not ready: twelve looks, ten of them after repairs.
	Patience = time.Minute

	// hopeless is after how many looks a difference is told once more, and louder.
	hopeless = 12

	callTime = 5 * time.Second
	// maxListed bounds the differences that are kept of one kind with one peer.
	maxListed = 1000
)

// Source is one kind of what nodes hold.
type Source struct {
	Kind string
	// Each calls yield with every key and the digest of its state, never 0, until
	// yield returns false. Two nodes that would answer alike have equal digests.
	Each func(yield func(key string, digest uint64) bool)
	// Off, where it is not nil, says that nodes need not agree now.
	Off func() bool
	// Repair mends what it can of keys that differ from the member at an address,
	// and returns how many it did. It is called with keys that were found in two
	// looks, or in more.
	Repair func(ctx context.Context, addr string, keys []string) (int, error)
}

// Options are what New needs.
type Options struct {
	Peer    *peer.Node
	Members *cluster.Membership
	Sources []Source
	Ready   func() bool // this node holds what it should: until then it is not compared
	Log     *slog.Logger
	Every   time.Duration // 0 is DefaultEvery
}

// Auditor is what compares this node with the others.
type Auditor struct {
	o Options

	rounds  atomic.Int64
	repairs map[string]*atomic.Int64 // by kind
	tallies []tally                  // by source

	mu    sync.Mutex // guards the following fields
	peers map[string]*compared
}

// compared is what the last looks at one peer have found.
type compared struct {
	at    time.Time // of the last look that was answered
	err   error     // of the last look
	diffs map[diffKey]*Difference
	more  bool // there are more than are listed
}

type diffKey struct{ kind, key string }

// Difference is a key of which another node holds another state, as the same two
// states in at least two looks.
type Difference struct {
	Kind   string
	Key    string
	Addr   string // of the other member
	Mine   uint64 // digest; 0: it is not here
	Theirs uint64 // digest; 0: it is not there
	Since  time.Time
	Looks  int
}

// counts reports whether a difference was seen twice.
func (d *Difference) counts() bool { return d.Looks >= 2 }

// New returns an auditor that answers the looks of others from when Peer runs.
func New(o Options) *Auditor {
	if o.Every == 0 {
		o.Every = DefaultEvery
	}
	a := &Auditor{o: o, repairs: map[string]*atomic.Int64{}, tallies: make([]tally, len(o.Sources)), peers: map[string]*compared{}}
	for _, s := range o.Sources {
		a.repairs[s.Kind] = &atomic.Int64{}
	}
	peer.Handle(o.Peer, callSums, a.answerSums)
	peer.Handle(o.Peer, callKeys, a.answerKeys)
	return a
}

// Run looks again and again until ctx ends.
func (a *Auditor) Run(ctx context.Context) error {
	// A timer, not a ticker: after this process was held up two ticks would come
	// at once, and two looks in a moment are one.
	timer := time.NewTimer(a.o.Every)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			a.look(ctx, time.Now())
			timer.Reset(a.o.Every)
		}
	}
}

// look compares with all members that answer, each by itself.
func (a *Auditor) look(ctx context.Context, now time.Time) {
	if !a.o.Ready() {
		a.forget(nil)
		return
	}
	v := a.o.Members.View()
	var up []cluster.Member
	for _, m := range v.Peers() {
		if m.State == cluster.Up {
			up = append(up, m)
		}
	}
	a.forget(up)
	var group sync.WaitGroup
	for i := range up {
		group.Go(func() { a.compare(ctx, &up[i], now) })
	}
	group.Wait()
	a.rounds.Add(1)
}

// forget drops what was found of nodes that are not compared now: it would say
// nothing any more.
func (a *Auditor) forget(but []cluster.Member) {
	kept := make(map[string]bool, len(but))
	for i := range but {
		kept[but[i].Addr] = true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for addr := range a.peers {
		if !kept[addr] {
			delete(a.peers, addr)
		}
	}
}

// compare looks at one peer.
func (a *Auditor) compare(ctx context.Context, m *cluster.Member, now time.Time) {
	found, err := a.differences(ctx, m)
	if ctx.Err() != nil {
		return
	}
	var mend map[string][]string
	a.mu.Lock()
	c := a.peers[m.Addr]
	if c == nil {
		c = &compared{}
		a.peers[m.Addr] = c
	}
	c.err = err
	if err == nil {
		c.at, c.more = now, found.more
		c.diffs, mend = a.settle(m.Addr, c.diffs, found.diffs, now)
	} else {
		c.diffs = nil // two looks in a row
	}
	a.mu.Unlock()
	for kind, keys := range mend {
		a.repair(ctx, kind, m.Addr, keys)
	}
}

// settle carries on what was found before and is found again, and says what is
// to be mended.
func (a *Auditor) settle(addr string, before map[diffKey]*Difference, found []Difference, now time.Time) (after map[diffKey]*Difference, mend map[string][]string) {
	after, mend = make(map[diffKey]*Difference, len(found)), map[string][]string{}
	fresh, old := map[string][]*Difference{}, map[string][]*Difference{}
	for i := range found {
		d := &found[i]
		k := diffKey{d.Kind, d.Key}
		d.Addr, d.Since, d.Looks = addr, now, 1
		if b := before[k]; b != nil && b.Mine == d.Mine && b.Theirs == d.Theirs {
			d.Since, d.Looks = b.Since, b.Looks+1
		}
		after[k] = d
		if d.counts() {
			mend[d.Kind] = append(mend[d.Kind], d.Key)
		}
		switch d.Looks {
		case 2:
			fresh[d.Kind] = append(fresh[d.Kind], d)
		case hopeless:
			old[d.Kind] = append(old[d.Kind], d)
		}
	}
	for kind, all := range fresh {
		a.o.Log.Warn("another node holds other states, which are being mended", "kind", kind, "member", addr, "keys", len(all), "one", all[0].Key)
	}
	for kind, all := range old {
		a.o.Log.Error("another node holds other states for long, and nothing mends them", "kind", kind, "member", addr, "keys", len(all),
			"one", all[0].Key, "mine", all[0].Mine, "theirs", all[0].Theirs, "since", all[0].Since)
	}
	return after, mend
}

func (a *Auditor) repair(ctx context.Context, kind, addr string, keys []string) {
	for i := range a.o.Sources {
		s := &a.o.Sources[i]
		if s.Kind != kind || s.Repair == nil {
			continue
		}
		n, err := s.Repair(ctx, addr, keys)
		a.repairs[kind].Add(int64(n))
		if err != nil && ctx.Err() == nil {
			a.o.Log.Warn("a difference between nodes cannot be mended now", "kind", kind, "member", addr, "error", err)
		}
	}
}
