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

// Followers calls fn for each subscription to k, with the client, the clusters
// as it asked, and its address if what it is shown depends on that, else "". fn
// must not block.
func (r *Registry) Followers(k Key, fn func(id, clusters, consumer string)) {
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
		fn(b.client.id, b.clusters, consumer)
	}
}
