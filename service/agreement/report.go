package agreement

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// errNotReady is a peer that does not hold yet what it should.
var errNotReady = errors.New("the peer is not ready")

// Compared is what is known of one peer.
type Compared struct {
	Addr string
	At   time.Time // of the last look that it answered; zero: none
	Err  error     // of the last look
}

// Report is what the last looks have found.
type Report struct {
	Rounds      int64
	Peers       []Compared   // by address
	Differences []Difference // that count, by kind, key and address
	More        bool         // there are others
	Repairs     map[string]int64
}

// Report returns what the last looks have found.
func (a *Auditor) Report() Report {
	r := Report{Rounds: a.rounds.Load(), Repairs: map[string]int64{}, Peers: []Compared{}, Differences: []Difference{}}
	for kind, n := range a.repairs {
		r.Repairs[kind] = n.Load()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for addr, c := range a.peers {
		r.Peers = append(r.Peers, Compared{addr, c.at, c.err})
		r.More = r.More || c.more
		for _, d := range c.diffs {
			if d.counts() {
				r.Differences = append(r.Differences, *d)
			}
		}
	}
	slices.SortFunc(r.Peers, func(x, y Compared) int { return cmp.Compare(x.Addr, y.Addr) })
	slices.SortFunc(r.Differences, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Key, y.Key), cmp.Compare(x.Addr, y.Addr))
	})
	return r
}

// Odd says why this node should not be asked though it answers: for some time it
// has held of something what no other node holds, while all the others, two or
// more, hold the same. Where nodes merely differ nobody knows who is right, and
// all of them go on: an answer that may be old is worth more than none.
func (a *Auditor) Odd(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var first *compared
	for _, c := range a.peers {
		if c.err != nil || c.at.IsZero() {
			return nil // somebody was not heard
		}
		first = c
	}
	if len(a.peers) < 2 {
		return nil
	}
	for k, d := range first.diffs {
		if now.Sub(d.Since) >= Patience && a.alone(k, d, now) {
			return fmt.Errorf("the others agree on the %s %q and this node holds another state of it, for %d s", k.kind, k.key, int(now.Sub(d.Since).Seconds()))
		}
	}
	return nil
}

// alone reports whether all peers have of a key what d says of one of them.
func (a *Auditor) alone(k diffKey, d *Difference, now time.Time) bool {
	for _, c := range a.peers {
		x := c.diffs[k]
		if x == nil || x.Theirs != d.Theirs || x.Mine != d.Mine || now.Sub(x.Since) < Patience {
			return false
		}
	}
	return true
}
