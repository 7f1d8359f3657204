package naming

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/service"
)

// Views returns what the services that match show now, in the order of their
// namespaces and grouped names. Only services that exist are asked for.
func (s *Service) Views(match func(Key) bool) []*View {
	out := s.Shown(match)
	slices.SortFunc(out, func(a, b *View) int {
		return cmp.Or(strings.Compare(a.Key.Namespace, b.Key.Namespace), strings.Compare(a.Grouped, b.Grouped))
	})
	return out
}

// Shown is Views in no order.
func (s *Service) Shown(match func(Key) bool) []*View {
	var out []*View
	s.eachEntry(func(e *entry) {
		if !match(e.key) {
			return
		}
		if v := e.current(); v.Exists {
			out = append(out, v)
		}
	})
	return out
}

// Names returns the keys of the services of a namespace, "" for all, in the order
// of their grouped names.
func (s *Service) Names(namespace string) []Key {
	var out []Key
	s.eachEntry(func(e *entry) {
		if namespace != "" && e.key.Namespace != namespace {
			return
		}
		e.mu.Lock()
		exists := e.exists
		e.mu.Unlock()
		if exists {
			out = append(out, e.key)
		}
	})
	slices.SortFunc(out, func(a, b Key) int {
		return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Service, b.Service), strings.Compare(a.Namespace, b.Namespace))
	})
	return out
}

// NamesIn returns the bare names of the services of a group, sorted.
func (s *Service) NamesIn(namespace, group string) []string {
	names := []string{}
	for _, k := range s.Names(namespace) {
		if k.Group == group {
			names = append(names, k.Service)
		}
	}
	return names
}

// JSON returns an instance of v as lists show it.
func (v *View) JSON(in *Instance) json.RawMessage { return in.appendJSON(nil, v.Grouped, in.Healthy) }

// List returns instances of v as lists show them.
func (v *View) List(hosts []*Instance) []json.RawMessage {
	out := make([]json.RawMessage, len(hosts))
	for i, in := range hosts {
		out[i] = v.JSON(in)
	}
	return out
}

// Healthy returns how many instances are healthy.
func (v *View) Healthy() int { return v.healthy }

// Disabled returns how many instances are switched off.
func (v *View) Disabled() int { return v.disabled }

// Threshold returns the protection threshold, 0 where none was set.
func (v *View) Threshold() float32 {
	if v.Meta == nil {
		return 0
	}
	return v.Meta.Threshold
}

// Metadata returns the metadata of the service itself.
func (v *View) Metadata() *Metadata {
	if v.Meta == nil {
		return nil
	}
	return v.Meta.Metadata
}

// Selector returns the selector of the service.
func (v *View) Selector() Selector {
	if v.Meta == nil {
		return Selector{}
	}
	return v.Meta.Selector
}

// Protected reports whether too few instances are healthy.
func (v *View) Protected() bool {
	n := len(v.Instances)
	return n > 0 && float32(v.Healthy())/float32(n) <= v.Threshold()
}

// FindSubscribers returns the subscribers of the services that match, in the order
// of the services and of their addresses.
func (s *Service) FindSubscribers(match func(Key) bool) []Subscriber {
	out := []Subscriber{}
	s.eachEntry(func(e *entry) {
		if !match(e.key) {
			return
		}
		e.mu.Lock()
		for _, b := range e.subs {
			out = append(out, b.subscriber())
		}
		e.mu.Unlock()
	})
	slices.SortFunc(out, orderSubscribers)
	return out
}

// ClientInfo is what is known of a client.
type ClientInfo struct {
	ID        string
	Ephemeral bool
	Updated   int64 // unix ms of its last sign of life
	Connected bool  // it lives as long as a connection
	IP        string
	Port      uint16
}

// Publication is what a client publishes for a service.
type Publication struct {
	Key      Key
	ClientID string
	Instance *Instance // as the client sent it
}

func (s *Service) lookUp(id string) (*client, error) {
	c := s.client([]byte(id))
	if c == nil {
		return nil, service.Errorf(service.NotFound, "clientId [ %s ] not exist", id)
	}
	return c, nil
}

// Client returns what is known of a client.
func (s *Service) Client(id string) (ClientInfo, error) {
	c, err := s.lookUp(id)
	if err != nil {
		return ClientInfo{}, err
	}
	return ClientInfo{c.id, c.ephemeral, c.used.Load(), c.connected, c.ip, c.port}, nil
}

// ClientsHere returns the ids of the clients that this node answers for or that
// subscribe here, and that match and do something with a service that is seen. They
// are in no order. match must not keep what it is given.
func (s *Service) ClientsHere(match func(*ClientInfo) bool, sees func(Key) bool) []string {
	var ids []string
	var info ClientInfo // one for all of them
	s.each(func(c *client) {
		info = ClientInfo{c.id, c.ephemeral, c.used.Load(), c.connected, c.ip, c.port}
		if !match(&info) {
			return
		}
		mine := s.answersFor(c)
		c.mu.Lock()
		defer c.mu.Unlock()
		if (mine || len(c.subs) > 0) && c.touches(sees) {
			ids = append(ids, c.id)
		}
	})
	return ids
}

// touches reports whether a client publishes or subscribes to a service that is
// seen; c.mu is held.
func (c *client) touches(sees func(Key) bool) bool {
	return slices.ContainsFunc(c.regs, func(g *registration) bool { return sees(g.entry.key) }) ||
		slices.ContainsFunc(c.subs, func(b *subscription) bool { return sees(b.entry.key) })
}

// AnswersFor reports whether a client is known, and this node's to answer for.
func (s *Service) AnswersFor(id string) bool {
	c := s.client([]byte(id))
	return c != nil && s.answersFor(c)
}

// Published returns what a client publishes, in the order it began to.
func (s *Service) Published(id string) ([]Publication, error) {
	c, err := s.lookUp(id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Publication, len(c.regs))
	for i, g := range c.regs {
		out[i] = Publication{g.entry.key, c.id, g.sent}
	}
	return out, nil
}

// Subscribed returns what a client subscribes to, in the order it began to.
func (s *Service) Subscribed(id string) ([]Subscriber, error) {
	c, err := s.lookUp(id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Subscriber, len(c.subs))
	for i, b := range c.subs {
		out[i] = b.subscriber()
	}
	return out, nil
}

// Publishers returns who publishes instances of k, sorted by address.
func (s *Service) Publishers(k Key) []Publication {
	e := s.entry(k)
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Publication, len(e.regs))
	for i, g := range e.regs {
		out[i] = Publication{e.key, g.client.id, g.sent}
	}
	return out
}

// Counts is how much there is.
type Counts struct {
	Services, Instances, Subscribers int
	Streams                          int // subscribers that are told over a connection
	Clients, Connected               int
	Ephemeral, Persistent            int // clients that are an address
	Owned, OwnedInstances            int // clients that this node answers for, and what they publish
}

// Counts counts what there is.
func (s *Service) Counts() Counts {
	var n Counts
	s.eachEntry(func(e *entry) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.exists {
			n.Services++
		}
		n.Instances += len(e.regs)
		n.Subscribers += len(e.subs)
		for _, b := range e.subs {
			if b.client.connected {
				n.Streams++
			}
		}
	})
	s.each(func(c *client) {
		n.Clients++
		if s.answersFor(c) {
			c.mu.Lock()
			n.Owned, n.OwnedInstances = n.Owned+1, n.OwnedInstances+len(c.regs)
			c.mu.Unlock()
		}
		switch {
		case c.connected:
			n.Connected++
		case c.ephemeral:
			n.Ephemeral++
		default:
			n.Persistent++
		}
	})
	return n
}
