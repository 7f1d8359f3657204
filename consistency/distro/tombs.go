package distro

import (
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// tombLife is how long a removal is repeated to nodes that missed it.
	tombLife = 3 * time.Minute
	// offerWithin is how recently a record must have been renewed to be offered
	// to its owner as one that it lost. It is shorter than tombLife, so whatever
	// was removed after that renewal still has its tombstone.
	offerWithin = 2 * time.Minute

	maxTombs = 1 << 19
)

// tombs are the removals of the last minutes.
type tombs struct {
	mu    sync.Mutex         // guards the following fields
	by    map[string]Version // id to what it was removed at
	order []buried           // by age; one buried again is there twice
}

// buried is a place in the order of burials.
type buried struct {
	id string
	v  Version
	at time.Time
}

// bury notes that id was removed as of v.
func (t *tombs) bury(id string, v Version, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old, ok := t.by[id]; ok && old.Ends(v) {
		return
	}
	t.by[id] = v
	t.order = append(t.order, buried{id, v, now})
	if len(t.order) > maxTombs {
		t.drop()
	}
}

// ends returns the removal that ends a record of that version, if there is one.
func (t *tombs) ends(id string, v Version) (at Version, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok = t.by[id]
	return at, ok && at.Ends(v)
}

// admit returns the removal that ends a record of that version, if there is one.
// Else a removal turned out not to be the last word, and is forgotten.
func (t *tombs) admit(id string, v Version) (at Version, dead bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, dead = t.by[id]
	if dead = dead && at.Ends(v); !dead {
		delete(t.by, id)
	}
	return at, dead
}

// sweep drops what is too old.
func (t *tombs) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.order) > 0 && now.Sub(t.order[0].at) >= tombLife {
		t.drop()
	}
}

// drop forgets the oldest. Called with mu held.
func (t *tombs) drop() {
	if x := t.order[0]; t.by[x.id] == x.v { // not buried again since
		delete(t.by, x.id)
	}
	t.order = t.order[1:]
}

// ids lists what was removed.
func (t *tombs) ids() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Keys(t.by))
}

func (t *tombs) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.by)
}
