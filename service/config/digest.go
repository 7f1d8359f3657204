package config

import "hash/fnv"

// digest is a sum over what clients can see of an item, never 0: two nodes whose
// sums of a config are equal serve the same content to the same client.
func (it *Item) digest() uint64 {
	h := fnv.New64a()
	write := func(s string) { _, _ = h.Write(append([]byte(s), 0)) }
	if it.Formal != nil {
		write(it.Formal.MD5)
	}
	for i := range it.grays { // in their order, which decides
		write(it.grays[i].Gray)
		write(it.grays[i].source)
		write(it.grays[i].MD5)
	}
	return max(h.Sum64(), 1)
}

// Digests calls yield with every config that there is and the digest of its
// state, until yield returns false. yield must be quick: writers wait.
func (c *Cache) Digests(yield func(Key, uint64) bool) {
	more := true
	c.each(func(e *entry) {
		if more {
			more = yield(e.key, e.item.digest())
		}
	})
}
