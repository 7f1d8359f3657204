package naming

import (
	"context"
	"errors"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// rowKey is k as the database has it.
func rowKey(k Key) persistence.ServiceKey {
	return persistence.ServiceKey{Namespace: k.Namespace, Group: k.Group, Name: k.Service}
}

func keyOf(k persistence.ServiceKey) Key { return Key{k.Namespace, k.Group, k.Name} }

// write makes a durable write. A refusal is returned as it is; any other failure
// is the caller's to be told in one word and the log's in full.
func (s *Service) write(ctx context.Context, op persistence.Op) error {
	if s.o.Write == nil {
		return service.Errorf(service.Unavailable, "this server keeps nothing durable")
	}
	_, err := s.o.Write(ctx, op)
	if _, refused := errors.AsType[persistence.Refusal](err); err == nil || refused {
		return err
	}
	if _, said := errors.AsType[*service.Error](err); said {
		return err
	}
	return service.Wrap(service.Unavailable, err, "the write could not be made durable")
}

// idText is how the database keeps the kind of an instance's id.
func (i *Instance) idText() string {
	switch i.kind {
	case idSimple:
		return "simple"
	case idSnowflake:
		return i.snowflake()
	default:
		return ""
	}
}

func (i *Instance) setID(text string) {
	switch text {
	case "":
		i.kind = idNone
	case "simple":
		i.kind = idSimple
	default:
		i.kind, i.id = idSnowflake, &text
	}
}

// jsonText is metadata as the database keeps it.
func (m *Metadata) jsonText() string {
	if m.Len() == 0 {
		return ""
	}
	return string(m.AppendJSON(nil))
}

// persistent returns the persistent instance of k at ip:port, nil where there is
// none.
func (s *Service) persistent(k Key, ip string, port uint16) *Instance {
	c := s.client([]byte(ClientID(ip, port, false)))
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if g := c.registration(k); g != nil {
		return g.sent
	}
	return nil
}

func (s *Service) registerPersistent(ctx context.Context, k Key, in Instance, by string) error {
	if e := s.entry(k); e != nil {
		if v := e.current(); v.Exists && v.Ephemeral {
			return wrongKind(v.Grouped, true)
		}
	}
	old := s.persistent(k, in.IP, in.Port)
	if old != nil && old.same(&in) {
		if err := s.o.Current(ctx); err != nil {
			return err
		}
		if old = s.persistent(k, in.IP, in.Port); old != nil && old.same(&in) {
			return nil
		}
	}
	err := s.write(ctx, persistence.PutInstance{Instance: persistence.Instance{
		ServiceKey: rowKey(k), IP: in.IP, Port: in.Port, Cluster: in.Cluster, Weight: in.Weight,
		Healthy: in.Healthy, Enabled: in.Enabled, Metadata: in.Metadata.jsonText(), ID: in.idText(),
	}})
	if err != nil {
		return err
	}
	if now := s.persistent(k, in.IP, in.Port); now != nil {
		s.published(k.clone(), old, now, by)
		return nil
	}
	if !s.turnedEphemeral(k) {
		return nil // somebody removed it between the write and this look
	}
	if err := s.write(ctx, persistence.RemoveInstance{ServiceKey: rowKey(k), IP: in.IP, Port: in.Port}); err != nil {
		return err
	}
	return wrongKind(k.Grouped(), true)
}

// turnedEphemeral reports whether an ephemeral instance made the service its own
// while the row of a persistent one was written, so that the row is not shown. In a
// cluster both are shown, see applyInstance.
func (s *Service) turnedEphemeral(k Key) bool {
	if s.spread != nil {
		return false
	}
	e := s.entry(k)
	if e == nil {
		return false
	}
	v := e.current()
	return v.Exists && v.Ephemeral
}

func (s *Service) deregisterPersistent(ctx context.Context, k Key, ip string, port uint16, by string) error {
	in := s.persistent(k, ip, port)
	if in == nil { // that may be news of another node's
		if err := s.o.Current(ctx); err != nil {
			return err
		}
		if in = s.persistent(k, ip, port); in == nil {
			return nil
		}
	}
	err := s.write(ctx, persistence.RemoveInstance{ServiceKey: rowKey(k), IP: ip, Port: port})
	if err == nil {
		s.happened(Deregistered, k.clone(), in, by)
	}
	return err
}

// SetHealth records what a check has found of a persistent instance. One that is
// not there, or is known to be so, needs nothing.
func (s *Service) SetHealth(ctx context.Context, k Key, ip string, port uint16, healthy bool) error {
	return s.setHealth(ctx, k, ip, port, healthy, "")
}

func (s *Service) setHealth(ctx context.Context, k Key, ip string, port uint16, healthy bool, by string) error {
	in := s.persistent(k, ip, port)
	if in == nil || in.Healthy == healthy {
		return nil
	}
	err := s.write(ctx, persistence.SetHealth{ServiceKey: rowKey(k), IP: ip, Port: port, Healthy: healthy})
	switch {
	case err != nil:
		return err
	case healthy:
		s.happened(Healthy, k.clone(), in, by)
	default:
		s.happened(Unhealthy, k.clone(), in, by)
	}
	return nil
}

// Target is a persistent instance, for who checks its health.
type Target struct {
	Key      Key
	IP       string
	Port     uint16
	Cluster  string
	Healthy  bool
	Settings Cluster // how its cluster is checked
}

// Targets calls yield with every persistent instance until it says false.
func (s *Service) Targets(yield func(Target) bool) {
	more := true
	s.eachEntry(func(e *entry) {
		if !more {
			return
		}
		e.mu.Lock()
		none := e.ephemeral || len(e.regs) == 0
		e.mu.Unlock()
		if none {
			return // without a View, which most services need not have
		}
		v := e.current()
		for _, in := range v.Instances {
			if in.Ephemeral {
				continue
			}
			set, _ := v.Meta.Cluster(in.Cluster)
			if more = yield(Target{v.Key, in.IP, in.Port, in.Cluster, in.Healthy, set}); !more {
				return
			}
		}
	})
}

// applyInstance shows a persistent instance whose row was written.
func (s *Service) applyInstance(row *persistence.Instance) {
	meta, err := s.interner.parse(row.Metadata)
	if err != nil {
		s.o.Log.Error("metadata of a persistent instance cannot be read", "ip", row.IP, "port", row.Port, "err", err)
	}
	in := Instance{
		IP: row.IP, Port: row.Port, Cluster: row.Cluster, Weight: row.Weight,
		Healthy: row.Healthy, Enabled: row.Enabled, Metadata: meta,
	}
	in.setID(row.ID)
	k, now := keyOf(row.ServiceKey), time.Now().UnixMilli()
	c := s.lockClient([]byte(ClientID(row.IP, row.Port, false)))
	c.used.Store(now)
	// Of what came to be on two nodes at a time, each of another kind, all nodes
	// show both.
	changed, err := s.publish(c, k, &in, now, s.spread != nil)
	s.releaseClient(c)
	if err != nil {
		s.o.Log.Warn("a persistent instance is not shown: its service has ephemeral ones", "service", k.Grouped(), "ip", row.IP, "port", row.Port)
	}
	if changed {
		s.notify(c.id, k)
	}
}

// withPersistent calls fn with a persistent instance's registration, its client
// locked, and tells observers if fn says that something changed.
func (s *Service) withPersistent(k Key, ip string, port uint16, fn func(*client, *registration) bool) {
	c := s.client([]byte(ClientID(ip, port, false)))
	if c == nil {
		return
	}
	c.mu.Lock()
	g := c.registration(k)
	changed := g != nil && fn(c, g)
	s.releaseClient(c)
	if changed {
		s.notify(c.id, k)
	}
}

func (s *Service) applyRemove(op persistence.RemoveInstance) {
	s.withPersistent(keyOf(op.ServiceKey), op.IP, op.Port, func(c *client, g *registration) bool {
		s.remove(c, g, time.Now().UnixMilli())
		return true
	})
}

func (s *Service) applyHealth(op persistence.SetHealth) {
	s.withPersistent(keyOf(op.ServiceKey), op.IP, op.Port, func(_ *client, g *registration) bool {
		if g.sent.Healthy == op.Healthy {
			return false
		}
		in := *g.sent
		in.Healthy = op.Healthy
		g.entry.mu.Lock()
		s.set(g, &in, time.Now().UnixMilli())
		g.entry.mu.Unlock()
		return true
	})
}
