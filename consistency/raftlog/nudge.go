package raftlog

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// nudgeTries is how often a follower is told that has not got the entry yet,
// each time after twice the wait of the time before, from a millisecond on.
const nudgeTries = 5

// nudges tells followers at once what was committed. Raft's library tells them
// with the next entry or after its commit timeout, whichever is first: when
// writes are few, the node a write came from would wait tens of milliseconds
// for what is committed already.
//
// A nudge is an ordinary AppendEntries without entries, of the kind the leader
// itself sends: it names the term in which this node wrote the entry at index,
// so a follower takes it only from the leader of its term, and only if its own
// log has that entry.
func (n *Node) nudges(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	to := map[raft.ServerID]chan struct{}{} // one goroutine for each follower: one that hangs delays no other
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.nudge:
		}
		f := n.raft.GetConfiguration()
		if f.Error() != nil {
			continue
		}
		for _, s := range f.Configuration().Servers {
			if string(s.ID) == n.ID() {
				continue
			}
			ch := to[s.ID]
			if ch == nil {
				ch = make(chan struct{}, 1)
				to[s.ID] = ch
				wg.Go(func() { n.nudgeOne(ctx, s, ch) })
			}
			signal(ch)
		}
	}
}

// nudgeOne tells one follower whenever it is asked to.
func (n *Node) nudgeOne(ctx context.Context, s raft.Server, ask <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ask:
		}
		wait := time.Millisecond
		for range nudgeTries {
			if n.tell(s) {
				break
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			wait *= 2
		}
	}
}

// tell sends one nudge. It returns false when the follower lacks the entry.
func (n *Node) tell(s raft.Server) bool {
	index, term := n.raft.CommitIndex(), n.raft.CurrentTerm()
	var l raft.Log
	if n.raft.State() != raft.Leader || n.logs.GetLog(index, &l) != nil || l.Term != term {
		return true // nothing to say
	}
	addr := raft.ServerAddress(n.selfPeerAddr())
	me := n.trans.EncodePeer(raft.ServerID(n.ID()), addr)
	req := &raft.AppendEntriesRequest{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(n.ID()), Addr: me},
		Term:      term, PrevLogEntry: index, PrevLogTerm: term, LeaderCommitIndex: index,
	}
	var resp raft.AppendEntriesResponse
	if err := n.trans.NetworkTransport.AppendEntries(s.ID, s.Address, req, &resp); err != nil {
		return true // the library's own comes later
	}
	return resp.Success
}
