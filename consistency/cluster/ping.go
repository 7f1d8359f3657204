package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// Names of the calls between nodes.
const (
	callPing = "cluster.ping"
	callJoin = "cluster.join"
	callBye  = "cluster.bye"
)

// status is what a node says of itself, both ways of a ping.
type status struct {
	Addr   string `json:"addr"`
	ID     string `json:"id"`
	State  State  `json:"state"`
	Meta   Meta   `json:"meta"`
	Roster roster `json:"roster,omitempty"`
}

type joinRequest struct {
	Addr     string `json:"addr"`
	ID       string `json:"id"`
	Explicit bool   `json:"explicit"` // an operator asked for it
}

type joinAnswer struct {
	Roster  roster   `json:"roster"`
	Members []string `json:"members"`
}

// codeRemoved tells a node that it was removed from the cluster.
const codeRemoved = peer.FirstFree - 1

// ErrRemoved is returned to a node that was removed and did not ask to come
// back.
var ErrRemoved = &peer.Error{Code: codeRemoved, Msg: "this node was removed from the cluster; start it with a join address to bring it back"}

func (m *Membership) serve() {
	peer.Handle(m.opt.Peer, callPing, func(_ context.Context, s status) (status, error) {
		m.heard(s)
		return m.status(), nil
	})
	peer.Handle(m.opt.Peer, callJoin, m.admit)
	peer.Handle(m.opt.Peer, callBye, func(_ context.Context, addr string) (bool, error) {
		m.update(func() {
			if x := m.members[addr]; x != nil {
				x.State = Down
			}
		})
		return true, nil
	})
}

func (m *Membership) status() status {
	m.mu.Lock()
	defer m.mu.Unlock()
	me := m.me()
	return status{Addr: me.Addr, ID: me.ID, State: me.State, Meta: me.Meta, Roster: maps.Clone(m.roster)}
}

// heard takes in the news of a ping from another node. That it reached us does
// not say that we reach it.
func (m *Membership) heard(s status) {
	m.mu.Lock()
	clone := maps.Clone(m.roster)
	news := clone.merge(s.Roster)
	m.mu.Unlock()
	if news {
		m.update(func() { m.roster.merge(s.Roster) })
	}
}

// ping asks for a round of pings now.
func (m *Membership) ping() { signal(m.kick) }

// Doubt has every member pinged now, without waiting for the next round: somebody
// saw a sign that one of them may be gone.
func (m *Membership) Doubt() { m.ping() }

func (m *Membership) pings(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	tick := time.NewTicker(m.opt.PingEvery)
	defer tick.Stop()
	for {
		m.mu.Lock()
		var due []Member
		for a, x := range m.members {
			if !m.pinging[a] { // the last one has not ended
				m.pinging[a] = true
				due = append(due, *x)
			}
		}
		m.mu.Unlock()
		for _, x := range due {
			wg.Go(func() { m.pingOne(ctx, x) })
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-m.kick:
		}
	}
}

func (m *Membership) pingOne(ctx context.Context, x Member) {
	cctx, cancel := context.WithTimeout(ctx, m.opt.PingTimeout)
	s, err := peer.Call[status, status](cctx, m.opt.Peer, x.PeerAddr(), callPing, m.status())
	cancel()
	m.mu.Lock()
	delete(m.pinging, x.Addr)
	m.mu.Unlock()
	switch {
	case ctx.Err() != nil:
	case err != nil:
		m.missed(x.Addr, err)
	default:
		m.answered(x.Addr, s)
	}
}

// missed counts a failed ping. One refused at the door is down at once: there
// is a machine, and no process.
func (m *Membership) missed(addr string, err error) {
	m.mu.Lock()
	x := m.members[addr]
	same := x == nil || x.State == Down
	if x != nil && same {
		x.Fails++ // no news for anybody
	}
	m.mu.Unlock()
	if same {
		return
	}
	again := false // it did not merely take too long: whether there is a process is known at once
	m.update(func() {
		x := m.members[addr]
		if x == nil {
			return
		}
		x.Fails++
		before := x.State
		switch {
		case x.Fails > m.opt.FailLimit || errors.Is(err, syscall.ECONNREFUSED):
			x.State = Down
		case x.State == Up:
			x.State = Suspicious
			again = !errors.Is(err, context.DeadlineExceeded)
		}
		if x.State != before {
			m.opt.Logger.Warn("member does not answer", "addr", addr, "state", x.State.String(), "fails", x.Fails, "error", err)
		}
	})
	if again {
		m.ping()
	}
}

// answered takes in a member's answer.
func (m *Membership) answered(addr string, s status) {
	m.mu.Lock()
	x := m.members[addr]
	quiet := x != nil && x.State == s.State && x.Fails == 0 && x.ID == s.ID && equalMeta(x.Meta, s.Meta)
	if quiet {
		clone := maps.Clone(m.roster)
		quiet = !clone.merge(s.Roster)
		x.Refresh = time.Now()
	}
	m.mu.Unlock()
	if quiet || x == nil {
		return
	}
	m.update(func() {
		m.roster.merge(s.Roster)
		x := m.members[addr]
		if x == nil {
			return
		}
		if s.ID == m.opt.ID {
			m.opt.Logger.Warn("an address in the member list is this node's own", "addr", addr)
			m.aliases[addr] = true
			return
		}
		if other := m.twin(x, s.ID); other != "" {
			m.opt.Logger.Error("two living members have one node id", "addr", addr, "other", other, "id", s.ID)
		}
		if x.State != s.State {
			m.opt.Logger.Info("member answers", "addr", addr, "id", s.ID, "state", s.State.String())
		}
		x.State, x.Fails, x.ID, x.Meta, x.Refresh = s.State, 0, s.ID, s.Meta, time.Now()
		m.moved(x)
	})
}

// twin returns the address of another living member with that id. Called with
// mu held.
func (m *Membership) twin(x *Member, id string) string {
	if x.ID == id {
		return "" // said before
	}
	for a, o := range m.members {
		if a != x.Addr && o.ID == id && o.State != Down {
			return a
		}
	}
	return ""
}

// moved drops the address that a member had before, when only the roster knows
// it. Called with mu held.
func (m *Membership) moved(x *Member) {
	for a, e := range m.roster {
		old := m.members[a]
		if a != x.Addr && !e.Left && old != nil && old.State == Down && (old.ID == x.ID || e.ID == x.ID) {
			m.roster.say(a, true, x.ID)
		}
	}
}

func equalMeta(a, b Meta) bool {
	return a.Version == b.Version && a.LogVersion == b.LogVersion && a.GRPCPort == b.GRPCPort && maps.Equal(a.Extra, b.Extra)
}

// errDuplicate is returned to a node whose id a living member has: its data
// directory was copied, or its old process has not ended.
var errDuplicate = &peer.Error{Code: codeRemoved - 1, Msg: "another living member has the same node id; every node needs a data directory of its own"}

// admit answers a node that wants to be a member. Who knows the secret may be
// one, but for a node that was removed and does not know it.
func (m *Membership) admit(_ context.Context, r joinRequest) (joinAnswer, error) {
	if _, err := parseAddr(r.Addr, 0); err != nil || r.ID == "" {
		return joinAnswer{}, peer.Errorf(peer.BadRequest, "ill-formed request to join: %v", err)
	}
	m.mu.Lock()
	e, known := m.roster[r.Addr]
	member := m.members[r.Addr] != nil
	twin := r.ID == m.opt.ID
	for a, x := range m.members {
		twin = twin || a != r.Addr && x.ID == r.ID && x.State != Down
	}
	m.mu.Unlock()
	if twin {
		return joinAnswer{}, errDuplicate
	}
	if e.Left && !r.Explicit && (e.ID == "" || e.ID == r.ID) {
		return joinAnswer{}, ErrRemoved
	}
	if !member && (!known || e.Left) {
		m.opt.Logger.Info("member joins", "addr", r.Addr, "id", r.ID)
		m.update(func() {
			m.roster.say(r.Addr, false, r.ID)
			for a, x := range m.members { // it was here before, under another address
				if a != r.Addr && x.ID == r.ID {
					m.roster.say(a, true, r.ID)
				}
			}
		})
		m.ping()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Collect(maps.Keys(m.members))
	return joinAnswer{Roster: maps.Clone(m.roster), Members: append(all, m.opt.Self)}, nil
}

// admission presents this node to the others until one took it in. Where there
// is nobody to ask, there is nothing to do.
func (m *Membership) admission(ctx context.Context) {
	var said string
	for {
		targets := slices.Clone(m.opt.Join)
		for _, x := range m.View().Members {
			targets = append(targets, x.Addr)
		}
		targets = slices.DeleteFunc(targets, func(a string) bool { return a == m.opt.Self })
		if len(targets) == 0 {
			return
		}
		for _, a := range targets {
			err := m.present(ctx, a)
			if err == nil {
				return
			}
			if errors.Is(err, ErrRemoved) {
				m.opt.Logger.Error("this node is no member", "asked", a, "error", err)
				m.update(func() { m.roster.say(m.opt.Self, true, m.opt.ID) })
				return
			}
			if final(err) && err.Error() != said {
				said = err.Error()
				m.opt.Logger.Error("not admitted yet", "asked", a, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(m.opt.PingEvery):
		}
	}
}

// final says that an operator has to do something about a refusal, as to give this
// node the secret of the others; time alone does not mend it.
func final(err error) bool {
	return errors.Is(err, errDuplicate) || errors.Is(err, peer.ErrUnauthenticated) || errors.Is(err, peer.ErrIncompatible)
}

func (m *Membership) present(ctx context.Context, addr string) error {
	to, err := peer.AddrOf(addr)
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	cctx, cancel := context.WithTimeout(ctx, 2*m.opt.PingTimeout)
	defer cancel()
	req := joinRequest{Addr: m.opt.Self, ID: m.opt.ID, Explicit: len(m.opt.Join) > 0}
	a, err := peer.Call[joinRequest, joinAnswer](cctx, m.opt.Peer, to, callJoin, req)
	if err != nil {
		return err
	}
	m.update(func() {
		m.roster.merge(a.Roster)
		if len(m.opt.Join) > 0 && m.roster[m.opt.Self].Left {
			m.roster.say(m.opt.Self, false, m.opt.ID)
		}
		for _, x := range a.Members { // those the others have from their own lists
			if _, known := m.roster[x]; !known && x != m.opt.Self && m.members[x] == nil {
				m.roster.merge(roster{x: {Stamp: 1}})
			}
		}
	})
	m.ping()
	return nil
}

// Leave says goodbye: the others take over what this node owned without
// waiting for its silence.
func (m *Membership) Leave(ctx context.Context) {
	m.update(func() { m.state = Down })
	if m.opt.Peer == nil {
		return
	}
	var wg sync.WaitGroup
	for _, x := range m.View().Peers() {
		wg.Go(func() {
			cctx, cancel := context.WithTimeout(ctx, m.opt.PingTimeout)
			defer cancel()
			if _, err := peer.Call[string, bool](cctx, m.opt.Peer, x.PeerAddr(), callBye, m.opt.Self); err != nil {
				m.opt.Logger.Debug("goodbye was not heard", "addr", x.Addr, "error", err)
			}
		})
	}
	wg.Wait()
}
