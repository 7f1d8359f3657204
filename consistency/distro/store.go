package distro

import (
	"sync/atomic"
	"time"
)

// A revision is [time:52][node:8][quiet:4]: the microsecond of the publisher's
// last act, which node it was heard by, and how often that node changed the
// record since of its own accord, because of the publisher's silence.
const (
	quietBits = 4
	nodeBits  = 8
)

// slack is by how much two nodes may differ about when a publisher was heard
// and mean the same moment. Moments cross the wire as ages, so each crossing adds
// its own duration, which is below callTimeout.
const slack = 4 * time.Second

// Version is a state of a record, and what speaks for it. Two nodes that were
// cut off from each other compare versions to know whose word is later.
type Version struct {
	Rev uint64 // from Clock
	// Heard is when the publisher was last heard, as far as is known: by this
	// node, or by the one that the record came from when it came.
	Heard time.Time
	// Seen is when another node last spoke for the record, by sending or
	// confirming it. Of a removal it is when that was made.
	Seen time.Time
}

// Later reports whether a is the later of two states of one record: the one of
// the publisher's later act, or else of the node that heard it since.
func (a Version) Later(b Version) bool {
	if a.Rev>>quietBits != b.Rev>>quietBits {
		return a.Rev > b.Rev
	}
	if a.Rev == b.Rev {
		return false
	}
	if d := a.Heard.Sub(b.Heard); d > slack || d < -slack {
		return d > 0
	}
	return a.Rev > b.Rev
}

// Ends reports whether a removal at a removes the record at b: the publisher
// removed it after b, or it expired at a and nothing has spoken for it since.
func (a Version) Ends(b Version) bool {
	if a.Rev>>quietBits != b.Rev>>quietBits {
		return a.Rev > b.Rev
	}
	return b.Heard.Sub(a.Heard) <= slack && b.Seen.Sub(a.Seen) <= slack
}

// last is when anything last spoke for the record.
func (a Version) last() time.Time {
	if a.Heard.After(a.Seen) {
		return a.Heard
	}
	return a.Seen
}

// Entry is a record as its Store describes it.
type Entry struct {
	Version

	ID  string
	Tag string // what decides about the owner; not used when Home is set
	// Home is the address of the node that the record is bound to, as one of a
	// client's open connection is. Such a record has no other owner, ever.
	Home string
}

// Record is a record on its way to another node.
type Record struct {
	Version

	ID   string
	Home string
	Gone bool   // it was removed, as of Version
	Data []byte // nil when Gone
}

// Store is the data. Its methods are called by several goroutines.
type Store interface {
	// Each calls fn for every record until fn returns false. fn does not call the
	// store.
	Each(fn func(Entry) bool)
	// Encode returns the record as it is now; ok is false when there is none.
	Encode(id string) (rec Record, ok bool)
	// Merge takes in records from another node, be it their owner or not. A record
	// whose Version is Later than what is there replaces it; one that is Gone
	// removes what its Version Ends. What is taken in keeps the Heard that it came
	// with; it, and what is of the same revision, is Seen now. Merge returns the
	// ids of which the store holds something that stayed although it differs.
	Merge(from string, recs []Record) (later []string)
	// Renew sets Seen of all records that match: their owners confirmed them.
	Renew(match func(Entry) bool, at time.Time)
}

// Clock makes revisions. They follow this node's clock, and are never less than
// what it made or saw before. It sees those of records that come from other
// nodes, and the latest of a node with each request and answer that is forwarded:
// so an act that comes after another one, on whatever node, has the higher
// revision, though their clocks differ.
type Clock struct {
	node uint64
	last atomic.Uint64
}

// Next returns the revision of a publisher's act: a registration, a change, the
// first beat after a silence, a deregistration. prev is the record's revision
// so far, 0 for none.
func (c *Clock) Next(prev uint64) uint64 {
	const low = quietBits + nodeBits
	for {
		last := c.last.Load()
		tick := max(uint64(time.Now().UnixMicro()), last>>low+1, prev>>low+1)
		next := tick<<low | c.node<<quietBits
		if c.last.CompareAndSwap(last, next) {
			return next
		}
	}
}

// At returns the revision of an act that this node hears of later: it counts from
// when the publisher acted, so that a deregistration in between stays the last
// word.
func (c *Clock) At(prev uint64, when time.Time) uint64 {
	const low = quietBits + nodeBits
	return max(uint64(max(when.UnixMicro(), 0)), prev>>low+1)<<low | c.node<<quietBits
}

// Quiet returns the revision of a change that this node makes because it heard
// nothing: it spreads, and gives way to whoever heard more.
func (*Clock) Quiet(prev uint64) uint64 {
	const most = 1<<quietBits - 1
	if prev&most == most {
		return prev
	}
	return prev + 1
}

// Last returns the highest revision that was made or seen so far.
func (c *Clock) Last() uint64 { return c.last.Load() }

// See takes note of a revision made elsewhere.
func (c *Clock) See(rev uint64) {
	for {
		last := c.last.Load()
		if rev <= last || c.last.CompareAndSwap(last, rev) {
			return
		}
	}
}
