package naming

import (
	"sync"
	"time"
)

// grace is for how long after an explicit deregistration a beat that carries the
// whole instance does not register it again. Such a beat is most likely one of
// the old life that was under way: SDKs stop their beats before they deregister,
// so nothing of the old life is sent later than one time-out of a request. A new
// life registers first, which lifts the stone at once; one that only ever beats
// is told that it is unknown, and registered by a beat after the grace.
const grace = 3 * time.Second

type tombKey struct {
	client string
	key    Key
}

// tombs are the instances that were deregistered on purpose a moment ago.
type tombs struct {
	mu sync.Mutex // guards m
	m  map[tombKey]int64
}

func (t *tombs) add(k tombKey, until int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m == nil {
		t.m = map[tombKey]int64{}
	}
	t.m[k] = until
}

// holds reports whether k was deregistered a moment ago.
func (t *tombs) holds(client string, k Key, now int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	until, ok := t.m[tombKey{client, k}]
	return ok && now < until
}

// lift takes the stone of k away.
func (t *tombs) lift(client string, k Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.m) > 0 {
		delete(t.m, tombKey{client, k})
	}
}

// remove takes the stone of k away if its time is over.
func (t *tombs) remove(k tombKey, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m[k] <= now.UnixMilli() {
		delete(t.m, k)
	}
}
