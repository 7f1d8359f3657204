package shared

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/config"
)

const (
	// lookMost is how many rows of history one look takes in, and scanMost how many
	// configs one scan; of more, everything is compared.
	lookMost = 20_000
	scanMost = 5000
	// settle is how long a row of history may come in below those that are there
	// already: transactions end in another order than they began.
	settle = 10 * time.Second
	// lookBack is how far the clocks of writers may be behind ours for the look at
	// times; what is behind further is left to the comparison of everything.
	lookBack = time.Minute
)

// Stats are counts since the start.
type Stats struct {
	Told  int64 // configs that peers said they changed
	Found int64 // configs that polls found changed: nobody said so in time, or nobody could
	Lost  int64 // calls to peers that failed
}

type stats struct{ told, found, lost atomic.Int64 }

// Stats returns the counts.
func (f *Follower) Stats() Stats {
	return Stats{Told: f.stats.told.Load(), Found: f.stats.found.Load(), Lost: f.stats.lost.Load()}
}

// poll looks for what others wrote, until ctx ends.
func (f *Follower) poll(ctx context.Context) {
	look, scan, full := time.NewTicker(f.o.Poll), time.NewTicker(f.o.Scan), time.NewTicker(f.o.Full)
	defer look.Stop()
	defer scan.Stop()
	defer full.Stop()
	t := tail{db: f.o.DB}
	since := time.Now()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case now := <-look.C:
			if f.moved.Swap(false) {
				t.begun = false
			}
			if err = f.look(ctx, &t, now); err != nil {
				t.begun = false // what was seen may not have been read
			}
		case now := <-scan.C:
			if err = f.scan(ctx, since.Add(-lookBack)); err == nil {
				since = now
			}
		case <-full.C:
			err = f.compareAll(ctx)
		}
		if err != nil {
			f.failed(ctx, err)
		}
	}
}

// look takes in what the history says.
func (f *Follower) look(ctx context.Context, t *tail, now time.Time) error {
	keys, all, err := t.look(ctx, now)
	switch {
	case err != nil:
		return err
	case all:
		return f.compareAll(ctx)
	default:
		return f.compare(ctx, keys)
	}
}

func (f *Follower) compare(ctx context.Context, keys []config.Key) error {
	if len(keys) == 0 {
		return nil
	}
	n, err := f.o.Config.Compare(ctx, keys)
	f.stats.found.Add(int64(n))
	return err
}

func (f *Follower) compareAll(ctx context.Context) error {
	n, err := f.o.Config.CompareAll(ctx)
	f.stats.found.Add(int64(n))
	return err
}

// scan finds what leaves no history: gray copies of an older Nacos, and whatever
// is written by hand.
func (f *Follower) scan(ctx context.Context, since time.Time) error {
	changed, err := f.o.DB.ConfigsSince(ctx, since, scanMost)
	if err != nil {
		return err
	}
	grays, err := f.o.DB.GraysSince(ctx, since, scanMost)
	if err != nil {
		return err
	}
	if len(changed) == scanMost || len(grays) == scanMost {
		return f.compareAll(ctx)
	}
	keys := map[config.Key]bool{}
	for i := range changed {
		keys[changed[i].ConfigKey] = true
	}
	for i := range grays {
		keys[grays[i].ConfigKey] = true
	}
	list := make([]config.Key, 0, len(keys))
	for k := range keys {
		list = append(list, k)
	}
	return f.compare(ctx, list)
}

// tail is the end of the history. Clocks have no part in it: a row is new when
// it was not there before.
type tail struct {
	db    *persistence.DB
	begun bool
	from  int64          // rows up to here are settled
	seen  map[int64]bool // rows above that were looked at
	marks []mark         // how far the history went, oldest first
}

// mark is the highest row at a time.
type mark struct {
	at  time.Time
	nid int64
}

// look returns the configs with new rows, each once, or that there are too many
// to tell. The first look takes everything in, as something may have been written
// between the load and it.
func (t *tail) look(ctx context.Context, now time.Time) (keys []config.Key, all bool, err error) {
	if !t.begun {
		if t.from, err = t.db.LastHistory(ctx); err != nil {
			return nil, false, err
		}
		t.begun, t.seen, t.marks = true, map[int64]bool{}, nil
		return nil, true, nil
	}
	rows, err := t.db.HistorySince(ctx, t.from, lookMost)
	if err != nil {
		return nil, false, err
	}
	if len(rows) == lookMost {
		t.begun = false // and from its new end on
		return nil, true, nil
	}
	fresh := map[config.Key]bool{}
	last := t.from
	for _, r := range rows {
		last = max(last, r.NID)
		if !t.seen[r.NID] {
			t.seen[r.NID] = true
			fresh[r.ConfigKey] = true
		}
	}
	t.marks = append(t.marks, mark{now, last})
	t.settle(now)
	for k := range fresh {
		keys = append(keys, k)
	}
	return keys, false, nil
}

// settle moves the start of the next look on.
func (t *tail) settle(now time.Time) {
	for len(t.marks) > 0 && now.Sub(t.marks[0].at) >= settle {
		t.from, t.marks = t.marks[0].nid, t.marks[1:]
	}
	for nid := range t.seen {
		if nid <= t.from {
			delete(t.seen, nid)
		}
	}
}
