package naming

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Subscriber is who wants to be told of a service's changes.
type Subscriber struct {
	ClientID string
	Key      Key
	IP       string
	Port     uint16 // 0 for a subscriber that is told over a connection
	Clusters string // CSV, as it asked; blank is all
	App      string
	Agent    string
	Unsaid   bool // no clusters were named, not even none: only over a connection
}

// maxSubscriptions bounds what one client may subscribe to.
const maxSubscriptions = 10_000

// maxSubscription bounds the texts that are kept of a subscription, in bytes.
const maxSubscription = 4096

// subscription is a client's wish to be told of a service. Clients that ask for
// several sets of clusters of one service have several.
type subscription struct {
	client *client
	entry  *entry

	clusters, app, agent string // the first is written under both locks
	unsaid               bool
}

func (b *subscription) subscriber() Subscriber {
	return Subscriber{
		ClientID: b.client.id, Key: b.entry.key, IP: b.client.ip, Port: b.client.port,
		Clusters: b.clusters, App: b.app, Agent: b.agent, Unsaid: b.unsaid,
	}
}

// OnSubscribe has fn called after each new subscription, which wants the data
// once. It must not block. Call it before Run.
func (s *Service) OnSubscribe(fn func(Subscriber)) { s.subscribers = append(s.subscribers, fn) }

// Subscribe records that a client at ip:port wants to be told by UDP of a
// service, or that it still does. The service need not exist. It does nothing
// while pushes are switched off or for an agent that does not understand them.
func (s *Service) Subscribe(sub Subscriber) {
	sw := s.switches.Load()
	if sub.Port == 0 || !sw.Push || !sw.understands(sub.Agent) || len(sub.Clusters)+len(sub.App)+len(sub.Agent) > maxSubscription {
		return
	}
	if _, err := netip.ParseAddr(sub.IP); err != nil { // nothing can be sent to a name
		return
	}
	var buf [64]byte
	now := time.Now().UnixMilli()
	c := s.lockClient(appendClientID(buf[:0], sub.IP, sub.Port, true))
	c.used.Store(now)
	fresh := s.subscribe(c, &sub)
	s.wheel.scheduleClient(c, now+idleClient.Milliseconds())
	c.mu.Unlock()
	if fresh {
		for _, fn := range s.subscribers {
			fn(sub)
		}
	}
}

// subscribe adds a subscription that is not there yet. c.mu is held.
func (s *Service) subscribe(c *client, sub *Subscriber) bool {
	for _, b := range c.subs {
		if b.entry.key == sub.Key && b.clusters == sub.Clusters {
			return false
		}
	}
	if len(c.subs) >= maxSubscriptions {
		return false
	}
	e := s.lockEntry(sub.Key)
	defer e.mu.Unlock()
	b := &subscription{
		client: c, entry: e,
		clusters: strings.Clone(sub.Clusters), app: strings.Clone(sub.App), agent: strings.Clone(sub.Agent), unsaid: sub.Unsaid,
	}
	c.subs = append(c.subs, b)
	e.subs = append(e.subs, b)
	*sub = b.subscriber()
	return true
}

// unsubscribe takes b away. c.mu is held.
func (s *Service) unsubscribe(c *client, b *subscription) {
	c.subs = slices.DeleteFunc(c.subs, func(x *subscription) bool { return x == b })
	e := b.entry
	e.mu.Lock()
	e.subs = slices.DeleteFunc(e.subs, func(x *subscription) bool { return x == b })
	s.release(e)
}

// Subscribers returns who subscribes to k now.
func (s *Service) Subscribers(k Key) []Subscriber {
	e := s.entry(k)
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.subs) == 0 {
		return nil
	}
	out := make([]Subscriber, len(e.subs))
	for i, b := range e.subs {
		out[i] = b.subscriber()
	}
	return out
}
