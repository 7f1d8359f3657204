package raftlog

import (
	"context"

	"github.com/hashicorp/raft"

	"github.com/pharos-registry/pharos/consistency/cluster"
)

// hurry has this node miss its leader sooner when membership knows that there
// is no process any more where the leader was. Silence alone says so only after
// one to two heartbeat timeouts, three when the first check comes just too
// early, and a vote needs a majority that misses the leader. Half of that is
// the least that the library allows, as it is the leader's lease; and told of a
// shorter one it looks at once.
func (n *Node) hurry(ctx context.Context) {
	calm := n.raft.ReloadableConfig()
	quick := calm
	quick.HeartbeatTimeout = n.opt.config().LeaderLeaseTimeout
	now := calm
	for {
		changed, leader := n.opt.Members.View().Changed(), n.leaderChanged()
		want := calm
		if n.leaderGone() {
			want = quick
		}
		if want != now {
			if err := n.raft.ReloadConfig(want); err != nil {
				n.opt.Logger.Error("the log's timeouts cannot be set", "error", err)
				return
			}
			now = want
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-leader:
		}
	}
}

// leaderGone reports whether the leader that this node follows is down.
func (n *Node) leaderGone() bool {
	_, id := n.raft.LeaderWithID()
	m, ok := n.opt.Members.View().ByID(string(id))
	return ok && m.State == cluster.Down && string(id) != n.ID()
}

// doubt has membership look who is there, as a connection by which another node
// told this one what to write has ended: that was the leader, or a former one.
func (n *Node) doubt() {
	select {
	case <-n.stopped:
	case <-n.started:
		if n.raft.State() != raft.Leader {
			n.opt.Members.Doubt()
		}
	default:
	}
}
