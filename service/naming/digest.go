package naming

import (
	"encoding/binary"
	"hash/fnv"
)

// Digest returns a sum over what v shows of its ephemeral and persistent
// instances: two nodes whose digests of a service are equal answer alike. A
// service without instances has 0, whether or not it is there.
func (v *View) Digest() uint64 {
	if len(v.Instances) == 0 {
		return 0
	}
	if d := v.digest.Load(); d != 0 {
		return d
	}
	h := fnv.New64a()
	var b []byte
	for _, in := range v.Instances {
		b = in.appendJSON(b[:0], v.Grouped, in.Healthy)
		b = binary.BigEndian.AppendUint32(b, uint32(len(b))) //nolint:gosec // an instance is bounded by its request
		_, _ = h.Write(b)
	}
	d := max(h.Sum64(), 1)
	v.digest.Store(d)
	return d
}

// Digest returns the digest of what a service shows now.
func (r *Registry) Digest(k Key) uint64 { return r.View(k).Digest() }

// Digests calls yield with each service that has instances and its digest, until
// yield returns false. They are kept until the service changes.
func (r *Registry) Digests(yield func(Key, uint64) bool) {
	more := true
	r.eachEntry(func(e *entry) {
		if !more {
			return
		}
		e.mu.Lock()
		none := len(e.regs) == 0
		e.mu.Unlock()
		if !none {
			more = yield(e.key, e.current().Digest())
		}
	})
}
