package distro

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"time"
)

// Messages are binary: a version, then fields. Numbers are varints, strings and
// bytes have their length before them.
const wireVersion = 1

// maxAge bounds the age of a sign of life, in milliseconds: a day.
const maxAge = 24 * 60 * 60 * 1000

var errWire = errors.New("ill-formed distro message")

// writerBytes is what is set aside for a message of a few records, as most are.
const writerBytes = 2 << 10

// writer builds a message.
type writer struct{ b []byte }

func newWriter(size int) *writer { return &writer{append(make([]byte, 0, size), wireVersion)} }

func (w *writer) num(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

func (w *writer) str(s string) {
	w.num(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *writer) record(r Record) {
	w.str(r.ID)
	w.str(r.Home)
	w.version(r.Version)
	if r.Gone {
		w.num(0)
		return
	}
	w.num(uint64(len(r.Data)) + 1)
	w.b = append(w.b, r.Data...)
}

func (w *writer) mention(m mention) {
	w.str(m.id)
	w.str(m.home)
	w.version(m.Version)
}

func (w *writer) version(v Version) {
	w.num(v.Rev)
	w.age(v.Heard)
	w.age(v.Seen)
}

// age writes how long ago t was, in milliseconds from 1 on; 0 is never.
func (w *writer) age(t time.Time) {
	if t.IsZero() {
		w.num(0)
		return
	}
	w.num(uint64(max(time.Since(t).Milliseconds(), 0)) + 1)
}

func (w *writer) set(s bucketSet) {
	for _, x := range s {
		w.b = binary.BigEndian.AppendUint64(w.b, x)
	}
}

// reader takes a message apart. The first error sticks; what is read after it
// is empty. Strings are copies, bytes share the message's memory.
type reader struct {
	b   []byte
	err error
}

func newReader(b []byte) *reader {
	if len(b) == 0 || b[0] != wireVersion {
		return &reader{err: errWire}
	}
	return &reader{b: b[1:]}
}

func (r *reader) num() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) fail() { r.err, r.b = errWire, nil }

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) str() string { return string(r.bytes(r.num())) }

// more reports whether there is something left to read.
func (r *reader) more() bool { return r.err == nil && len(r.b) > 0 }

func (r *reader) record() Record {
	out := Record{ID: r.str(), Home: r.str(), Version: r.version()}
	if n := r.num(); n == 0 {
		out.Gone = true
	} else {
		out.Data = r.bytes(n - 1)
	}
	return out
}

func (r *reader) version() Version { return Version{Rev: r.num(), Heard: r.age(), Seen: r.age()} }

func (r *reader) age() time.Time {
	n := r.num()
	if n == 0 {
		return time.Time{}
	}
	return time.Now().Add(-time.Duration(min(n-1, maxAge)) * time.Millisecond)
}

func (r *reader) mention() mention { return mention{id: r.str(), home: r.str(), Version: r.version()} }

func (r *reader) set() (s bucketSet) {
	for i := range s {
		if b := r.bytes(8); b != nil {
			s[i] = binary.BigEndian.Uint64(b)
		}
	}
	return s
}

// mention names a record without its data.
type mention struct {
	Version

	id   string
	home string
}

// buckets is into how many parts a digest is divided. One part that differs
// costs the listing of its ids.
const buckets = 1024

// bucketOf is FNV-1a.
func bucketOf(id string) int { return int(fnv(id) % buckets) }

func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// bucketSet is some of the buckets.
type bucketSet [buckets / 64]uint64

func (s *bucketSet) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *bucketSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s *bucketSet) count() (n int) {
	for _, x := range s {
		n += bits.OnesCount64(x)
	}
	return n
}

// sums are the digest of one owner's records: of each bucket a sum over ids and
// revisions that does not depend on their order.
type sums [buckets]uint64

func (s *sums) add(id string, rev uint64) {
	h := fnv(id)
	// The revision is mixed in by a permutation, so that two ids which swap
	// revisions do not cancel out.
	x := (h ^ rev) * 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	s[h%buckets] += x ^ x>>29
}

func (w *writer) sums(s *sums) {
	for _, x := range s {
		w.b = binary.BigEndian.AppendUint64(w.b, x)
	}
}

func (r *reader) sums() (s *sums) {
	s = new(sums)
	for i := range s {
		if b := r.bytes(8); b != nil {
			s[i] = binary.BigEndian.Uint64(b)
		}
	}
	return s
}
