package agreement

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/bits"
	"slices"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
)

// The calls between nodes.
const (
	callSums = "agreement.sums"
	callKeys = "agreement.keys"
)

// buckets is how many parts the keys of one kind fall into. It is part of what
// goes between nodes, and never changes.
const buckets = 256

// maxKeys bounds the keys that one answer lists.
const maxKeys = 20_000

// sums are the sums over the buckets of one kind.
type sums []uint64

// sumsAnswer is what a node says of all it holds. Fields are only ever added.
type sumsAnswer struct {
	Ready bool            `json:"ready"` // else the sums say nothing
	Sums  map[string]sums `json:"sums,omitempty"`
}

// keysRequest asks for the keys in some buckets of one kind.
type keysRequest struct {
	Kind    string `json:"kind"`
	Buckets []int  `json:"buckets"`
}

// keysAnswer are digests by key.
type keysAnswer struct {
	Keys map[string]uint64 `json:"keys"`
	More bool              `json:"more,omitempty"` // there are others beside
}

// bucketOf is the bucket of a key, the same on every node.
func bucketOf(key string) (h uint64, bucket int) {
	f := fnv.New64a()
	_, _ = f.Write([]byte(key))
	h = f.Sum64()
	return h, int(h % buckets)
}

// mix makes one number of a key's hash and its digest, so that no two keys that
// exchange their digests leave the sum as it was.
func mix(h, digest uint64) uint64 {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	x := (h ^ bits.RotateLeft64(digest, 31)) * odd
	return x ^ x>>29
}

// tallyTime is for how long sums are good enough: the keys of what differs are
// looked at anew, and nothing counts that is found once.
const tallyTime = time.Second

// tally is the last sums of one kind, for all peers that ask or are asked at about
// the same time: a walk over everything is not done for each.
type tally struct {
	mu   sync.Mutex // guards the following fields
	at   time.Time
	sums sums
}

func (t *tally) of(s *Source) sums {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); t.sums == nil || now.Sub(t.at) >= tallyTime {
		t.at, t.sums = now, s.sums()
	}
	return t.sums
}

func (s *Source) sums() sums {
	out := make(sums, buckets)
	s.Each(func(key string, digest uint64) bool {
		h, b := bucketOf(key)
		out[b] += mix(h, digest)
		return true
	})
	return out
}

func (s *Source) keys(in []int) keysAnswer {
	var wanted [buckets]bool
	for _, b := range in {
		if b >= 0 && b < buckets {
			wanted[b] = true
		}
	}
	out := keysAnswer{Keys: map[string]uint64{}}
	s.Each(func(key string, digest uint64) bool {
		if _, b := bucketOf(key); !wanted[b] {
			return true
		}
		if len(out.Keys) == maxKeys {
			out.More = true
			return false
		}
		out.Keys[key] = digest
		return true
	})
	return out
}

func (s *Source) off() bool { return s.Off != nil && s.Off() }

func (a *Auditor) answerSums(context.Context, struct{}) (sumsAnswer, error) {
	out := sumsAnswer{Ready: a.o.Ready(), Sums: map[string]sums{}}
	if !out.Ready {
		return out, nil
	}
	for i := range a.o.Sources {
		if s := &a.o.Sources[i]; !s.off() {
			out.Sums[s.Kind] = a.tallies[i].of(s)
		}
	}
	return out, nil
}

func (a *Auditor) answerKeys(_ context.Context, q keysRequest) (keysAnswer, error) {
	for i := range a.o.Sources {
		if s := &a.o.Sources[i]; s.Kind == q.Kind {
			return s.keys(q.Buckets), nil
		}
	}
	return keysAnswer{}, peer.Errorf(peer.BadRequest, "kind %q", q.Kind)
}

// found is what one look at a peer finds.
type found struct {
	diffs []Difference
	more  bool
}

// differences asks a peer for its sums, and for the keys where they are others
// than this node's.
func (a *Auditor) differences(ctx context.Context, m *cluster.Member) (found, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	theirs, err := peer.Call[struct{}, sumsAnswer](ctx, a.o.Peer, m.PeerAddr(), callSums, struct{}{})
	if err != nil {
		return found{}, err
	}
	if !theirs.Ready {
		return found{}, errNotReady
	}
	var all found
	for i := range a.o.Sources {
		s := &a.o.Sources[i]
		their := theirs.Sums[s.Kind]
		if s.off() || len(their) != buckets { // it is off there, or not known yet
			continue
		}
		mine := a.tallies[i].of(s)
		var differ []int
		for b := range buckets {
			if mine[b] != their[b] {
				differ = append(differ, b)
			}
		}
		if len(differ) == 0 {
			continue
		}
		if err := a.list(ctx, m, s, differ, &all); err != nil {
			return found{}, err
		}
	}
	return all, nil
}

// list adds the keys of a kind that differ, of some buckets.
func (a *Auditor) list(ctx context.Context, m *cluster.Member, s *Source, differ []int, all *found) error {
	there, err := peer.Call[keysRequest, keysAnswer](ctx, a.o.Peer, m.PeerAddr(), callKeys, keysRequest{s.Kind, differ})
	if err != nil {
		return fmt.Errorf("%s: %w", s.Kind, err)
	}
	here := s.keys(differ)
	keys := make([]string, 0, len(there.Keys))
	for key, theirs := range there.Keys {
		if mine := here.Keys[key]; mine != theirs && (mine != 0 || !here.More) { // 0 of a list that was cut says nothing
			keys = append(keys, key)
		}
	}
	for key := range here.Keys {
		if _, ok := there.Keys[key]; !ok && !there.More {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys) // the same ones are listed at each look
	all.more = all.more || here.More || there.More || len(keys) > maxListed
	for _, key := range keys[:min(len(keys), maxListed)] {
		all.diffs = append(all.diffs, Difference{Kind: s.Kind, Key: key, Mine: here.Keys[key], Theirs: there.Keys[key]})
	}
	return nil
}
