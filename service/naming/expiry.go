package naming

import (
	"context"
	"strings"
	"sync"
	"time"
)

// sweepEvery is how often what is due is looked at.
const sweepEvery = time.Second

// firstClean is after how long services that are empty are looked for first.
const firstClean = 30 * time.Second

// idleClient is after how long a client that publishes nothing is forgotten.
const idleClient = 30 * time.Second

func (g *registration) timeout() int64 {
	return g.now.Load().Metadata.counted(metaTimeout, DefaultTimeout)
}

func (g *registration) deletion() int64 {
	return g.now.Load().Metadata.counted(metaDelete, DefaultDelete)
}

// Run expires what falls silent until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	if s.spread != nil {
		wg.Go(func() { s.handOver(ctx) })
	}
	s.nextClean = time.Now().Add(firstClean)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			s.sweep(ctx, now)
			s.clean(now)
		}
	}
}

// sweep looks at what is due.
func (s *Service) sweep(ctx context.Context, now time.Time) {
	if s.spread != nil {
		s.spread.ring.Alive(now)
	}
	for {
		b, second := s.wheel.take(now)
		if b == nil {
			return
		}
		for _, g := range b.regs {
			s.look(g, second, now)
		}
		for _, c := range b.clients {
			s.lookClient(c, second, now)
		}
		for _, k := range b.tombs {
			s.tombs.remove(k, now)
		}
		for _, k := range b.keys {
			s.cleanKey(ctx, k, now)
		}
	}
}

// look marks or removes a registration that has been silent for too long, or
// has it looked at later.
func (s *Service) look(g *registration, second int64, now time.Time) {
	if !s.wheel.claim(&g.due, second) {
		return
	}
	c := g.client
	c.mu.Lock()
	changed := !g.dead && s.judge(g, now)
	c.mu.Unlock()
	if changed {
		s.notify(c.id, g.entry.key)
	}
}

// judge does what look says. c.mu is held; a beat takes the same lock, so it
// comes before or after.
func (s *Service) judge(g *registration, now time.Time) (changed bool) {
	c, e := g.client, g.entry
	ms := now.UnixMilli()
	since, mine := s.owned(c)
	last := max(g.heard(), since)
	silent := ms - last
	e.mu.Lock()
	paused, timeout, deletion := s.paused(g), g.timeout(), g.deletion()
	switch {
	case paused, !mine:
		s.wheel.later(g, now.Add(5*time.Second))
	case silent > deletion && s.o.Expire:
		e.mu.Unlock()
		s.remove(c, g, ms)
		s.happened(Expired, e.key, g.sent, "")
		s.expired(g)
		s.wheel.scheduleClient(c, c.used.Load()+idleClient.Milliseconds())
		return true
	case silent > timeout && g.sent.Healthy:
		in := *g.sent
		in.Healthy = false
		s.set(g, &in, ms)
		s.happened(Unhealthy, e.key, &in, "")
		s.quieted(g)
		changed = true
	case silent > deletion: // it may not expire
		s.wheel.later(g, now.Add(5*time.Second))
	default:
		s.wheel.scheduleFrom(g, last)
	}
	e.mu.Unlock()
	return changed
}

// heard is when anything last spoke for g, unix ms: its beats, or a node that had
// heard of it.
func (g *registration) heard() int64 { return max(g.beat.Load(), g.seen.Load()) }

// paused reports whether beats of g are not judged now. entry.mu is held.
func (s *Service) paused(g *registration) bool {
	if !s.switches.Load().Check {
		return true
	}
	if v, ok := g.now.Load().Metadata.Get(metaClientBeats); ok && truthy(v) {
		return true
	}
	if g.entry.meta == nil {
		return false
	}
	v, _ := g.entry.meta.Metadata.Get(metaClientBeats)
	return strings.EqualFold(v, "true")
}

// lookClient forgets a client that nobody uses any more, or has it looked at
// later.
func (s *Service) lookClient(c *client, second int64, now time.Time) {
	if !s.wheel.claim(&c.due, second) {
		return
	}
	c.mu.Lock()
	if c.gone {
		c.mu.Unlock()
		return
	}
	since, mine := s.owned(c)
	idle := time.Duration(now.UnixMilli()-max(c.used.Load(), since)) * time.Millisecond
	limit := s.o.ClientExpired
	if len(c.regs) == 0 {
		limit = min(limit, idleClient)
		if len(c.subs) > 0 {
			limit = max(limit, s.switches.Load().cacheTime())
		}
	}
	if !mine && len(c.regs) > 0 { // its owner judges what it publishes, this node only what it asked for here
		if idle > limit {
			s.unsubscribeAll(c)
		}
		s.wheel.scheduleClient(c, now.UnixMilli()+limit.Milliseconds())
		c.mu.Unlock()
		return
	}
	if idle <= limit {
		s.wheel.scheduleClient(c, max(c.used.Load()+limit.Milliseconds(), now.UnixMilli()+1000))
		c.mu.Unlock()
		return
	}
	id, keys := c.id, s.disconnect(c, now.UnixMilli())
	c.mu.Unlock()
	if len(keys) > 0 {
		s.notify(id, keys...)
	}
}

// disconnect takes a client and all of its doings away. c.mu is held. It returns
// the services that it published.
func (s *Service) disconnect(c *client, now int64) []Key {
	keys := make([]Key, 0, len(c.regs))
	for len(c.regs) > 0 {
		g := c.regs[len(c.regs)-1]
		if n := len(keys); n == 0 || keys[n-1] != g.entry.key { // a batch is one service
			keys = append(keys, g.entry.key)
		}
		s.remove(c, g, now)
		if c.connected {
			s.happened(Disconnected, g.entry.key, g.sent, "")
			s.withdrawn(g)
		} else {
			s.happened(Expired, g.entry.key, g.sent, "")
			s.expired(g)
		}
	}
	s.unsubscribeAll(c)
	s.dropClient(c)
	return keys
}

// unsubscribeAll takes all that c subscribes to away. c.mu is held.
func (s *Service) unsubscribeAll(c *client) {
	for len(c.subs) > 0 {
		s.unsubscribe(c, c.subs[len(c.subs)-1])
	}
}

// truthy is what ConvertUtils takes for true.
func truthy(s string) bool {
	switch strings.ToLower(s) {
	case "y", "yes", "on", "true", "t":
		return true
	}
	return false
}
