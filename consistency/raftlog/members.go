package raftlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
)

const (
	reconcileEvery = time.Second
	changeTimeout  = 5 * time.Second // of one change of the configuration
	// LearnerKey is set in cluster.Meta.Extra by a node that wants no vote.
	LearnerKey = "raft.learner"
)

// reconcile has the leader make the log's configuration what membership says:
// who came is added, who moved gets its new address, who was removed is. A node
// that merely does not answer stays, as the majority is counted from it too.
func (n *Node) reconcile(ctx context.Context) {
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	for {
		changed := n.opt.Members.View().Changed()
		if n.raft.State() == raft.Leader {
			if err := n.reconcileOnce(ctx); err != nil && ctx.Err() == nil {
				n.opt.Logger.Warn("log's members could not be changed", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-changed:
		}
	}
}

// reconcileOnce makes at most one change.
func (n *Node) reconcileOnce(ctx context.Context) error {
	f := n.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return err
	}
	c, v := f.Configuration(), n.opt.Members.View()
	if v.Removed && len(c.Servers) > 1 {
		return n.raft.LeadershipTransfer().Error() // who leads then takes this node out
	}
	byID := map[raft.ServerID]raft.Server{}
	byAddr := map[raft.ServerAddress]raft.Server{}
	for _, s := range c.Servers {
		byID[s.ID], byAddr[s.Address] = s, s
		if gone, why := n.gone(v, s); gone {
			n.opt.Logger.Info("log loses a member", "id", string(s.ID), "addr", string(s.Address), "why", why)
			return n.raft.RemoveServer(s.ID, f.Index(), changeTimeout).Error()
		}
	}
	for _, m := range v.Members {
		id, addr := raft.ServerID(m.ID), raft.ServerAddress(m.PeerAddr())
		s, known := byID[id]
		learner := m.Meta.Extra[LearnerKey] != ""
		switch {
		case m.Refresh.IsZero() || m.State > cluster.Up:
			continue
		case known && s.Address == addr && (s.Suffrage == raft.Voter || learner):
			continue
		case byAddr[addr].ID != "" && byAddr[addr].ID != id: // its old self goes first
			continue
		case known && s.Address == addr: // a learner that is none any more gets its vote too
			if !n.hasCaughtUp(ctx, addr) {
				continue
			}
			n.opt.Logger.Info("member of the log gets a vote", "id", m.ID, "addr", string(addr))
			return n.raft.AddVoter(id, addr, f.Index(), changeTimeout).Error()
		case known && s.Suffrage == raft.Voter:
			n.opt.Logger.Info("member of the log has moved", "id", m.ID, "addr", string(addr))
			return n.raft.AddVoter(id, addr, f.Index(), changeTimeout).Error()
		case !known && !n.ours(ctx, m.ID, addr):
			continue
		}
		n.opt.Logger.Info("log gains a member", "id", m.ID, "addr", string(addr))
		return n.raft.AddNonvoter(id, addr, f.Index(), changeTimeout).Error()
	}
	return nil
}

// gone reports whether a server is to leave the log: it was taken out of the
// cluster, or the node at its address has another id, as after its data was
// lost.
func (n *Node) gone(v *cluster.View, s raft.Server) (gone bool, why string) {
	if string(s.ID) == n.ID() {
		return false, ""
	}
	member, err := peer.MemberOf(string(s.Address))
	if err != nil {
		return false, ""
	}
	if v.Left(string(s.ID), member) {
		return true, "it was removed"
	}
	if _, elsewhere := v.ByID(string(s.ID)); elsewhere {
		return false, ""
	}
	if m, ok := v.Member(member); ok && m.State <= cluster.Up && m.ID != "" && m.ID != string(s.ID) {
		return true, "another node is at its address"
	}
	return false, ""
}

// Errors of the operations on the log.
var (
	// ErrNoServer: the log has no such member.
	ErrNoServer = errors.New("the log has no such member")
	errAdmin    = errors.New("no such operation")
)

// admin is an operation on the log that the leader runs.
type admin struct {
	Op   string `json:"op"`
	Addr string `json:"addr,omitempty"`
}

const (
	adminTransfer = "transfer"
	adminRemove   = "remove"
)

// TransferLeadership hands leadership to the member at addr, a peer address; ""
// is whoever is furthest.
func (n *Node) TransferLeadership(ctx context.Context, addr string) error {
	return n.admin(ctx, admin{Op: adminTransfer, Addr: addr})
}

// RemoveServer takes the member at addr, a peer address, out of the log. As
// long as it is a member of the cluster it is added again: see
// cluster.Membership.Remove.
func (n *Node) RemoveServer(ctx context.Context, addr string) error {
	return n.admin(ctx, admin{Op: adminRemove, Addr: addr})
}

// TakeSnapshot takes a snapshot on this node now.
func (n *Node) TakeSnapshot(ctx context.Context) error {
	if err := n.running(ctx); err != nil {
		return err
	}
	if err := n.raft.Snapshot().Error(); err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// admin runs an operation here or, one hop away, on the leader.
func (n *Node) admin(ctx context.Context, a admin) error {
	if err := n.running(ctx); err != nil {
		return err
	}
	if n.raft.State() == raft.Leader {
		return n.operate(a)
	}
	_, addr := n.leaderNow()
	if addr == "" {
		return ErrNoLeader
	}
	_, err := peer.Call[admin, bool](ctx, n.opt.Peer, addr, callAdmin, a)
	return err
}

func (n *Node) servedAdmin(_ context.Context, a admin) (bool, error) {
	if !n.leads() {
		return false, peer.Errorf(codeNotLeader, "not the leader")
	}
	if err := n.operate(a); err != nil {
		return false, peer.Errorf(codeUnknown, "%v", err)
	}
	return true, nil
}

func (n *Node) operate(a admin) error {
	f := n.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return err
	}
	var s raft.Server
	for _, x := range f.Configuration().Servers {
		if string(x.Address) == a.Addr {
			s = x
		}
	}
	if s.ID == "" && a.Addr != "" {
		return ErrNoServer
	}
	switch {
	case a.Op == adminTransfer && a.Addr == "":
		return n.answered(n.raft.LeadershipTransfer)
	case a.Op == adminTransfer && string(s.ID) == n.ID():
		return nil
	case a.Op == adminTransfer:
		return n.answered(func() raft.Future { return n.raft.LeadershipTransferToServer(s.ID, s.Address) })
	case a.Op == adminRemove && a.Addr != "":
		return n.answered(func() raft.Future { return n.raft.RemoveServer(s.ID, f.Index(), changeTimeout) })
	default:
		return errAdmin
	}
}
