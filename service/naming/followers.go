package naming

// Followed reports whether anybody subscribes to k.
func (r *Registry) Followed(k Key) bool {
	e := r.entry(k)
	if e == nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.subs) > 0
}

// Follower is a subscription, for who tells it of changes.
type Follower struct {
	ClientID string
	Clusters string // as it asked
	Unsaid   bool   // see Subscriber
	Consumer string // its address if what it is shown depends on that, else ""
}

// Followers calls fn for each subscription to k. It must not block.
func (r *Registry) Followers(k Key, fn func(Follower)) {
	e := r.entry(k)
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	personal := e.meta != nil && e.meta.Selector.byConsumer()
	for _, b := range e.subs {
		consumer := ""
		if personal {
			consumer = b.client.ip
		}
		fn(Follower{b.client.id, b.clusters, b.unsaid, consumer})
	}
}
