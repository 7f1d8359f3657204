// Package distro spreads ephemeral records: each has one owner among the live
// nodes, who alone changes it, and a copy on every other node.
//
// Two rules hold everywhere. Absence is never evidence of removal: a record goes
// because its owner said so, which a tombstone repeats to those that missed it,
// or because nothing renewed it. And an operation reads the membership once.
package distro

import (
	"slices"
	"sync"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/consistency/cluster"
)

// Owner returns the member responsible for tag: the one that the hash of Nacos
// picks from the sorted addresses of living members. With none alive it is this
// node.
func Owner(v *cluster.View, tag string) string { return pick(v.Alive(), v.Self, tag) }

// Responsible reports whether this node is to handle tag itself: as its owner,
// or because it is not in the ring, as while it starts, and has no say in whose
// it is.
func Responsible(v *cluster.View, tag string) bool {
	alive := v.Alive()
	if _, in := slices.BinarySearch(alive, v.Self); !in {
		return true
	}
	return pick(alive, v.Self, tag) == v.Self
}

func pick(alive []string, self, tag string) string {
	if len(alive) == 0 {
		return self
	}
	return alive[int(hash(tag))%len(alive)]
}

// hash is |h mod 2^31-1| of the Java hash of tag, as Nacos computes it.
func hash(tag string) int32 {
	var h int32
	for i := 0; i < len(tag); {
		c := tag[i]
		if c < utf8.RuneSelf {
			h = 31*h + int32(c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(tag[i:])
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			h = 31*(31*h+hi) + lo
		} else {
			h = 31*h + r
		}
		i += size
	}
	h %= 1<<31 - 1
	return max(h, -h)
}

const (
	// maxRings bounds the ring's memory. A change more often than that within
	// the longest silence anybody counts is no cluster.
	maxRings = 64
)

// Ring remembers who the living members were, so that a node which becomes the
// owner of a record counts its publisher's silence from that moment: until then
// the beats went elsewhere.
type Ring struct {
	self string

	mu     sync.Mutex // guards the following fields
	rings  []ring     // oldest first
	looked time.Time
}

type ring struct {
	since time.Time
	alive []string
}

// NewRing follows m. Call it before m runs.
func NewRing(m *cluster.Membership) *Ring {
	r := &Ring{self: m.Self(), rings: []ring{{time.Now(), m.View().Alive()}}}
	m.OnChange(func(_, after *cluster.View) { r.add(after.Alive(), time.Now()) })
	return r
}

func (r *Ring) add(alive []string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Equal(r.rings[len(r.rings)-1].alive, alive) {
		return
	}
	if len(r.rings) == maxRings {
		r.rings = slices.Delete(r.rings, 0, 1)
	}
	r.rings = append(r.rings, ring{now, alive})
}

// maxPause is the longest time between two calls of Alive that is no pause.
const maxPause = 5 * time.Second

// Alive is called by whoever counts silence, at each look: when the process did
// not run for a while, nobody was heard for that reason alone, and all silence
// counts from now.
func (r *Ring) Alive(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.looked.IsZero() && now.Sub(r.looked) > maxPause {
		last := r.rings[len(r.rings)-1]
		r.rings = append(r.rings[:0], ring{now, last.alive})
	}
	r.looked = now
}

// Since returns from when on this node has been the owner of tag without a
// break; ok is false when it is not now.
func (r *Ring) Since(tag string) (since time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range slices.Backward(r.rings) {
		if pick(x.alive, r.self, tag) != r.self {
			break
		}
		since, ok = x.since, true
	}
	return since, ok
}
