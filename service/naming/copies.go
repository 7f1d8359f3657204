package naming

import (
	"strings"
	"time"

	"github.com/pharos-registry/pharos/consistency/distro"
)

var _ distro.Store = (*Registry)(nil)

// Each implements distro.Store: it calls fn with every record of the ephemeral
// instances that are here.
func (r *Registry) Each(fn func(distro.Entry) bool) {
	more := true
	r.each(func(c *client) {
		if !more || !c.ephemeral {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, g := range c.regs {
			if more = fn(r.recordOf(g)); !more {
				return
			}
		}
	})
}

// recordOf describes g. c.mu is held.
func (r *Registry) recordOf(g *registration) distro.Entry {
	return distro.Entry{Version: g.version(), ID: g.id, Tag: g.client.tag(), Home: r.home(g.client)}
}

// home is the node that c is bound to, "" for a client that beats.
func (r *Registry) home(c *client) string {
	if c.connected && c.home == "" && r.spread != nil {
		return r.spread.self
	}
	return c.home
}

// Encode implements distro.Store: it returns the record as it is now.
func (r *Registry) Encode(id string) (rec distro.Record, ok bool) {
	name, p, ok := splitRecordID(id)
	if !ok {
		return rec, false
	}
	c := r.client([]byte(name))
	if c == nil {
		return rec, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.at(p)
	if g == nil {
		return rec, false
	}
	return distro.Record{
		Version: g.version(), ID: id, Home: r.home(c),
		Data: g.sent.appendRecord(make([]byte, 0, recordSize)),
	}, true
}

// recordSize is what most records need, in bytes.
const recordSize = 160

// Merge implements distro.Store: it takes in records from another node. Who
// watches this registry is told of what they change.
func (r *Registry) Merge(from string, recs []distro.Record) (later []string) {
	now := time.Now().UnixMilli()
	for i := range recs {
		rec := &recs[i]
		name, p, ok := splitRecordID(rec.ID)
		if !ok || !strings.HasSuffix(name, "#true") && rec.Home == "" && !rec.Gone {
			r.spread.log.Warn("another node sent a record that is none", "node", from)
			continue
		}
		merge := r.mergeOne
		if rec.Gone {
			merge = r.mergeGone
		}
		if stays := merge(name, p, rec, now); stays {
			later = append(later, rec.ID)
		}
	}
	return later
}

// mergeGone removes what rec ends; stays is true where something else is here.
func (r *Registry) mergeGone(name string, p place, rec *distro.Record, now int64) (stays bool) {
	c := r.client([]byte(name))
	if c == nil {
		return false
	}
	c.mu.Lock()
	g := c.at(p)
	ends := g != nil && rec.Ends(g.version())
	if ends {
		r.remove(c, g, now)
	}
	stays = g != nil && !ends
	r.releaseClient(c)
	if ends {
		r.notify(c.id, g.entry.key)
	}
	return stays
}

// mergeOne takes rec in where it is later than what is here.
func (r *Registry) mergeOne(name string, p place, rec *distro.Record, now int64) (stays bool) {
	c := r.lockClient([]byte(name))
	if g := c.at(p); g != nil && !rec.Later(g.version()) {
		if stays = rec.Rev != g.rev; !stays {
			g.beat.Store(max(g.beat.Load(), millis(rec.Heard)))
			r.spokenFor(g, now)
		}
		r.releaseClient(c)
		return stays
	}
	in, err := r.interner.parseRecord(rec.Data)
	if err != nil {
		r.releaseClient(c)
		r.spread.log.Warn("another node's record of an instance cannot be read", "service", p.Grouped(), "client", name, "error", err)
		return false
	}
	if c.connected {
		c.home = rec.Home
	}
	changed := r.copyIn(c, p, &in, rec, now)
	r.wheel.scheduleClient(c, now+copyClient.Milliseconds())
	r.releaseClient(c)
	if changed {
		r.notify(c.id, p.Key)
	}
	return false
}

// copyClient is after how long the client of a copy is looked at, should it be
// this node's by then.
const copyClient = 3 * time.Minute

// copyIn makes rec what c publishes at p. It reports whether that shows. c.mu is
// held.
func (r *Registry) copyIn(c *client, p place, in *Instance, rec *distro.Record, now int64) (changed bool) {
	ip := in.IP
	if ip == c.ip { // one copy of it is enough
		ip = c.ip
	}
	heard := millis(rec.Heard)
	c.used.Store(max(c.used.Load(), heard))
	if g := c.at(p); g != nil {
		g.rev = rec.Rev
		g.beat.Store(max(g.beat.Load(), heard))
		r.spokenFor(g, now)
		if changed = !g.sent.same(in); changed {
			g.entry.mu.Lock()
			r.set(g, in.keep(ip), now)
			g.entry.mu.Unlock()
		}
		return changed
	}
	e := r.lockEntry(p.Key)
	defer e.mu.Unlock()
	g := &registration{client: c, slot: p.slot, sent: in.keep(ip), id: strings.Clone(rec.ID), rev: rec.Rev}
	g.beat.Store(heard)
	g.seen.Store(now)
	r.enter(g, e, now)
	return true
}

// spokenFor notes that another node sent g, of which this one has a copy. Its owner
// counts what the publisher was heard to say, not who repeats it: a node that was
// restarted would else listen anew to whoever heard a little more. c.mu is held.
func (r *Registry) spokenFor(g *registration, now int64) {
	if _, mine := r.owned(g.client); !mine || g.client.connected {
		g.seen.Store(now)
	}
}

// Renew implements distro.Store: another node has spoken for all records that
// match.
func (r *Registry) Renew(match func(distro.Entry) bool, at time.Time) {
	ms := at.UnixMilli()
	r.each(func(c *client) {
		if !c.ephemeral {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, g := range c.regs {
			if match(r.recordOf(g)) {
				g.seen.Store(ms)
			}
		}
	})
}
