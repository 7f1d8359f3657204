package persistence

import (
	"hash/maphash"
	"sync"
)

// order keeps the writers of one config of this node apart, from the begin of
// the transaction until those who watch were told: they learn of commits in the
// order in which these happened. Other nodes' writers are not meant; what they
// changed is read anew.
type order struct {
	seed maphash.Seed
	all  sync.RWMutex // taken whole by ops of several rows, before a stripe
	keys [256]sync.Mutex
}

// only is the one config that an op touches.
func (k ConfigKey) only() ConfigKey { return k }

// hold waits for the turn of an op, or of a key, and gives back what ends it.
func (o *order) hold(op any) (release func()) {
	one, ok := op.(interface{ only() ConfigKey })
	if !ok {
		o.all.Lock()
		return o.all.Unlock
	}
	o.all.RLock()
	stripe := &o.keys[maphash.Comparable(o.seed, one.only())%uint64(len(o.keys))]
	stripe.Lock()
	return func() {
		stripe.Unlock()
		o.all.RUnlock()
	}
}
