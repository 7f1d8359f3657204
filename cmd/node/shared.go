package node

import (
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
