package config

// Listener is told when a config changes: a parked long poll, or a gRPC
// connection. It is a pointer, so that one can be told from another.
type Listener interface {
	// Changed says that k is not what it was. It is called outside of all locks
	// and must not block; it may be called once more after a Cancel that ran at
	// the same time. All listeners share k, to be read only.
	Changed(k *Key)
	// Viewer says which copy the listener sees. It is called under a lock.
	Viewer() Viewer
}

// Holder is a Listener that stays when a config has changed: it says which digest
// the client had when it was last heard of.
type Holder interface {
	Listener
	// Held is called under a lock.
	Held() string
}

// Waiter is one config that one listener waits for. Its memory belongs to the
// listener, so that a poll of many configs is one allocation.
type Waiter struct {
	entry      *entry // nil: not waiting
	next, prev *Waiter
	listener   Listener
}

// Watch makes w wait for k on behalf of l, unless what l sees of k is no longer
// the content of md5: then it reports true and w does not wait. Comparing and
// subscribing are one step, so no change is lost in between. w stays until
// Cancel, however often k changes.
func (c *Cache) Watch(w *Waiter, k Key, md5 string, l Listener) (changed bool) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[k]
	if e != nil && e.item.MD5(l.Viewer()) != md5 || e == nil && md5 != "" {
		return true
	}
	c.add(s, e, w, k, l)
	return false
}

// WatchAny makes w wait for k without comparing anything.
func (c *Cache) WatchAny(w *Waiter, k Key, l Listener) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.add(s, s.entries[k], w, k, l)
}

func (c *Cache) add(s *shard, e *entry, w *Waiter, k Key, l Listener) {
	if e == nil {
		e = s.make(k)
	}
	w.entry, w.listener, w.prev, w.next = e, l, nil, e.first
	if e.first != nil {
		e.first.prev = w
	}
	e.first = w
}

// Key is the config that w waits for. It is only valid while w waits.
func (w *Waiter) Key() Key { return w.entry.key }

// Waiting reports whether w waits. Only its owner may ask.
func (w *Waiter) Waiting() bool { return w.entry != nil }

// Cancel ends the waiting. It does nothing to a Waiter that does not wait.
func (w *Waiter) Cancel() {
	e := w.entry
	if e == nil {
		return
	}
	e.shard.mu.Lock()
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		e.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	}
	e.drop()
	e.shard.mu.Unlock()
	*w = Waiter{}
}

// listeners collects who waits for e. The shard is locked.
func (e *entry) listeners() []Listener {
	var ls []Listener
	for w := e.first; w != nil; w = w.next {
		ls = append(ls, w.listener)
	}
	return ls
}

// FollowersOf returns those who listen to k on this node and say who they are, so
// that one can be told once more: by its Changed.
func (c *Cache) FollowersOf(k Key) []Follower {
	s := c.shard(k)
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.entries[k]
	if e == nil {
		return nil
	}
	var out []Follower
	for w := e.first; w != nil; w = w.next {
		if f, ok := w.listener.(Follower); ok {
			out = append(out, f)
		}
	}
	return out
}

// Watched is a config that a client listens to, with the digest of what the
// client has of it: what it sees, unless it was told of a change just now.
type Watched struct {
	Key    Key
	Viewer Viewer
	MD5    string
	Client *Client // nil where it does not say who it is
}

// WatchersOf returns who listens to k on this node.
func (c *Cache) WatchersOf(k Key) []Watched {
	s := c.shard(k)
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.entries[k]
	if e == nil {
		return nil
	}
	return e.watched(nil, "")
}

// WatchedBy returns what the clients at ip listen to on this node. It walks all
// that is watched: for operators, not for clients.
func (c *Cache) WatchedBy(ip string) []Watched {
	var out []Watched
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		for _, e := range s.entries {
			out = e.watched(out, ip)
		}
		s.mu.RUnlock()
	}
	return out
}

// watched appends who waits for e, of those at ip where that is not "".
func (e *entry) watched(out []Watched, ip string) []Watched {
	for w := e.first; w != nil; w = w.next {
		if v := w.listener.Viewer(); ip == "" || v.IP == ip {
			x := Watched{Key: e.key, Viewer: v, MD5: e.item.MD5(v)}
			if f, ok := w.listener.(Follower); ok {
				x.Client = f.Client()
			}
			if h, ok := w.listener.(Holder); ok {
				x.MD5 = h.Held()
			}
			out = append(out, x)
		}
	}
	return out
}
