package node

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/service/shared"
)

// openShared follows a database that others write to as well: the other nodes
// of the cluster, or a Nacos. An embedded one has no other writers than its log.
func (n *Node) openShared() {
	if !n.rows.Shared() {
		return
	}
	f := shared.New(shared.Options{DB: n.rows, Config: n.config, Auth: n.auth, Log: n.log, Peer: n.peer, Peers: n.peers})
	n.loops = append(n.loops, f.Run)
}

// lookAgain is how often, at most, users and permissions are read anew because
// somebody was refused.
const lookAgain = 250 * time.Millisecond

// confirmUsers is what auth asks before it refuses somebody: another node may
// have made him a moment ago.
func (n *Node) confirmUsers() func(context.Context) error {
	if !n.rows.Shared() {
		return n.confirm(n.rows)
	}
	var last atomic.Int64
	return func(context.Context) error {
		now, was := time.Now().UnixNano(), last.Load()
		if now-was >= int64(lookAgain) && last.CompareAndSwap(was, now) {
			n.auth.Stale() // it will be read
		}
		return nil
	}
}

// peers are the peer addresses of the other members, also of those that did not
// answer of late: they may do so before that is noticed.
func (n *Node) peers() []string {
	v := n.members.View()
	var all []string
	for i := range v.Members {
		if m := &v.Members[i]; m.Addr != v.Self {
			all = append(all, m.PeerAddr())
		}
	}
	return all
}
