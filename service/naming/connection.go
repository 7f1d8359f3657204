package naming

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/service"
)

// ErrDisconnected is returned for a connection that has ended or was made for
// something else than naming.
var ErrDisconnected = errors.New("the connection has no naming client")

// MaxBatch bounds the instances that a connection publishes for one service.
const MaxBatch = 10_000

// Connect makes the client of a connection that was opened at this node. What it
// publishes and subscribes to is there until Disconnect. ip is what its
// subscriptions show; ids of connections have no #.
func (s *Service) Connect(id, ip string) {
	c := s.lockClient([]byte(id))
	c.open, c.home = true, ""
	c.ip = strings.Clone(ip)
	c.used.Store(time.Now().UnixMilli())
	c.mu.Unlock()
}

// connection returns the client of an open connection, locked.
func (s *Service) connection(id string) (*client, error) {
	c := s.client([]byte(id))
	if c == nil {
		return nil, ErrDisconnected
	}
	c.mu.Lock()
	if !c.open {
		c.mu.Unlock()
		return nil, ErrDisconnected
	}
	c.used.Store(time.Now().UnixMilli())
	return c, nil
}

// Publish makes the instances what a connection publishes for k, in the place of
// all that it did before; none takes that away. They are ephemeral.
func (s *Service) Publish(id string, k Key, all []Registration) error {
	if len(all) > MaxBatch {
		return service.Errorf(service.TooLarge, "a connection publishes %d instances of a service at most", MaxBatch)
	}
	by, ins := "", make([]Instance, 0, len(all))
	for i := range all {
		all[i].Key, all[i].Ephemeral, by = k, true, all[i].By
		in, err := s.instance(&all[i])
		if err != nil {
			return err
		}
		ins = append(ins, in)
	}
	c, err := s.connection(id)
	if err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	before := c.published(k)
	changed := false
	for i := range ins {
		var one bool
		if one, err = s.publishAt(c, place{k, i}, &ins[i], now, false); err != nil {
			break
		}
		changed = changed || one
	}
	if err == nil {
		changed = s.withdraw(c, k, len(ins), now) || changed
	}
	if changed {
		s.compared(k, before, c.published(k), by)
	}
	c.mu.Unlock()
	if changed {
		s.notify(id, k)
	}
	return err
}

// Withdraw takes away what a connection publishes for k. A service that is not
// known needs no client for that. by is the user who asks for it.
func (s *Service) Withdraw(id string, k Key, by string) error {
	if e := s.entry(k); e == nil || !e.current().Exists {
		return nil
	}
	c, err := s.connection(id)
	if err != nil {
		return err
	}
	before := c.published(k)
	changed := s.withdraw(c, k, 0, time.Now().UnixMilli())
	s.compared(k, before, nil, by)
	c.mu.Unlock()
	if changed {
		s.notify(id, k)
	}
	return nil
}

// withdraw takes away what c publishes for k from a place on. c.mu is held.
func (s *Service) withdraw(c *client, k Key, from int, now int64) (some bool) {
	for i := from; ; i++ {
		g := c.at(place{k, i})
		if g == nil {
			return some
		}
		s.remove(c, g, now)
		s.withdrawn(g)
		some = true
	}
}

// Follow has a connection told of what k shows in the clusters that sub names,
// in the place of those that it named before.
func (s *Service) Follow(id string, sub Subscriber) error {
	if len(sub.Clusters)+len(sub.App)+len(sub.Agent) > maxSubscription {
		return service.Errorf(service.BadParam, "the names of a subscription are longer than %d bytes together", maxSubscription)
	}
	c, err := s.connection(id)
	if err != nil {
		return err
	}
	fresh := false
	if i := slices.IndexFunc(c.subs, func(b *subscription) bool { return b.entry.key == sub.Key }); i >= 0 {
		b := c.subs[i]
		b.entry.mu.Lock()
		b.clusters, b.unsaid = strings.Clone(sub.Clusters), sub.Unsaid
		b.entry.mu.Unlock()
	} else if fresh = s.subscribe(c, &sub); !fresh {
		err = service.Errorf(service.TooMany, "a client subscribes to %d services at most", maxSubscriptions)
	}
	c.mu.Unlock()
	if fresh {
		for _, fn := range s.subscribers {
			fn(sub)
		}
	}
	return err
}

// Unfollow ends a connection's subscription to k, if there is one.
func (s *Service) Unfollow(id string, k Key) error {
	c, err := s.connection(id)
	if err != nil {
		return err
	}
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.subs, func(b *subscription) bool { return b.entry.key == k }); i >= 0 {
		s.unsubscribe(c, c.subs[i])
	}
	return nil
}

// Disconnect ends the client of a connection, if there is one, and takes away all
// that it did. With keep what it published stays for the other nodes to let go
// of: the client is alive and on its way to one of them.
func (s *Service) Disconnect(id string, keep bool) {
	c, err := s.connection(id)
	if err != nil {
		return
	}
	c.open = false
	if keep && s.spread != nil {
		s.unsubscribeAll(c)
		c.mu.Unlock()
		return
	}
	keys := s.disconnect(c, time.Now().UnixMilli())
	c.mu.Unlock()
	if len(keys) > 0 {
		s.notify(id, keys...)
	}
}

// Info returns the list that a connection is answered with: the name of the
// service is bare. Unsaid leaves the clusters out, which were not asked for.
func (s *Service) Info(q List, unsaid bool) *Answer {
	return s.View(q.Key).answer(question{
		clusters: q.Clusters, healthyOnly: q.HealthyOnly, stream: true, unsaid: unsaid, cache: s.switches.Load().PushCacheMillis,
	}, q.Consumer, s.o.Labels)
}

// StreamData is PushData for a subscriber that is told over a connection.
func (s *Service) StreamData(k Key, clusters, consumer string, unsaid bool) []byte {
	q := question{clusters: clusters, push: true, stream: true, unsaid: unsaid, cache: s.switches.Load().PushCacheMillis}
	return s.View(k).answer(q, consumer, s.o.Labels).Body
}
