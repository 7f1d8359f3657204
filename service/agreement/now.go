package agreement

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
)

// pause is between the two looks of Now: what was on its way at the first one has
// arrived by then, and the sums are made anew.
const pause = tallyTime + tallyTime/4

// errDown is a peer that is not asked.
var errDown = errors.New("the peer does not answer")

// Now compares this node with all others at once, and returns what two looks have
// found: what has not been the same for the last second. It mends nothing, and leaves alone what Run has found. ctx bounds it.
func (a *Auditor) Now(ctx context.Context) Report {
	peers := slices.DeleteFunc(slices.Clone(a.o.Members.View().Members), func(m cluster.Member) bool { return m.Addr == a.o.Members.Self() })
	found := make([]found, len(peers))
	r := Report{Peers: make([]Compared, len(peers)), Differences: []Difference{}}
	var group sync.WaitGroup
	for i := range peers {
		group.Go(func() {
			r.Peers[i].Addr = peers[i].Addr
			found[i], r.Peers[i].Err = a.twice(ctx, &peers[i])
			if r.Peers[i].Err == nil {
				r.Peers[i].At = time.Now()
			}
		})
	}
	group.Wait()
	for _, f := range found {
		r.Differences, r.More = append(r.Differences, f.diffs...), r.More || f.more
	}
	slices.SortFunc(r.Differences, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Key, y.Key), cmp.Compare(x.Addr, y.Addr))
	})
	return r
}

// twice looks at a peer two times and keeps what both looks have found alike.
func (a *Auditor) twice(ctx context.Context, m *cluster.Member) (found, error) {
	switch {
	case !a.o.Ready():
		return found{}, errNotReady
	case m.State != cluster.Up && m.State != cluster.Suspicious:
		return found{}, errDown
	}
	first, err := a.differences(ctx, m)
	if err != nil || len(first.diffs) == 0 {
		return first, err
	}
	wait := time.NewTimer(pause)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return found{}, ctx.Err()
	case <-wait.C:
	}
	began := time.Now()
	second, err := a.differences(ctx, m)
	if err != nil {
		return found{}, err
	}
	before := make(map[diffKey]Difference, len(first.diffs))
	for _, d := range first.diffs {
		before[diffKey{d.Kind, d.Key}] = d
	}
	kept := found{more: second.more}
	for _, d := range second.diffs {
		if b, ok := before[diffKey{d.Kind, d.Key}]; ok && b.Mine == d.Mine && b.Theirs == d.Theirs {
			d.Addr, d.Since, d.Looks = m.Addr, began, 2
			kept.diffs = append(kept.diffs, d)
		}
	}
	return kept, nil
}
