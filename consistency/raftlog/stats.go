package raftlog

import (
	"strconv"
	"time"

	"github.com/hashicorp/raft"
)

// Stats is the log as this node sees it.
type Stats struct {
	ID       string
	State    string // Leader, Follower, Candidate, Shutdown; "" before Raft runs
	Term     uint64
	LeaderID string
	Leader   string // peer address; "" when there is none
	Servers  []Server

	First, Last, Commit uint64 // log entries; Last and Commit as Raft knows them
	Handled             uint64 // last entry that this node is done with, be it a command or Raft's own
	Applied             uint64 // last command in this node's state
	Snapshot            uint64 // last entry in the newest snapshot
	LastContact         time.Duration
	Failure             error // why this node could not apply an entry

	Proposed, Entries, Forwarded, Failed uint64 // since the start
	Queued                               int    // commands waiting to be packed
}

// Server is one member of the log.
type Server struct {
	ID, Addr string
	Voter    bool
}

// Stats reads the log's state. LastContact is -1 when there was none.
func (n *Node) Stats() Stats {
	out := Stats{
		ID: n.ID(), Applied: n.Applied(), Failure: n.Failure(), Queued: len(n.queue),
		Proposed: n.count.proposed.Load(), Entries: n.count.entries.Load(),
		Forwarded: n.count.forwarded.Load(), Failed: n.count.failed.Load(),
	}
	select {
	case <-n.started:
	default:
		return out
	}
	addr, id := n.raft.LeaderWithID()
	out.State, out.Term = n.raft.State().String(), n.raft.CurrentTerm()
	out.Leader, out.LeaderID = string(addr), string(id)
	out.Last, out.Commit = n.raft.LastIndex(), n.raft.CommitIndex()
	out.Handled = n.raft.AppliedIndex()
	s := n.raft.Stats()
	out.Snapshot, _ = strconv.ParseUint(s["last_snapshot_index"], 10, 64)
	out.LastContact = -1
	if t := n.raft.LastContact(); n.raft.State() == raft.Leader {
		out.LastContact = 0
	} else if !t.IsZero() {
		out.LastContact = time.Since(t)
	}
	if f := n.raft.GetConfiguration(); f.Error() == nil {
		for _, x := range f.Configuration().Servers {
			out.Servers = append(out.Servers, Server{ID: string(x.ID), Addr: string(x.Address), Voter: x.Suffrage == raft.Voter})
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.store != nil { // Raft may be shutting down
		out.First, _ = n.logs.FirstIndex()
	}
	return out
}

// Leader is the peer address of who leads, as far as this node knows, "" for
// nobody, with the term, and a channel that is closed when that may have changed.
func (n *Node) Leader() (addr string, term uint64, changed <-chan struct{}) {
	changed = n.leaderChanged() // before the look, so that nothing is missed after it
	select {
	case <-n.started:
		at, _ := n.raft.LeaderWithID()
		return string(at), n.raft.CurrentTerm(), changed
	default:
		return "", 0, changed
	}
}

// Leads reports whether this node is the leader, as far as it knows: what only
// one node should do asks it, and tolerates two for a moment.
func (n *Node) Leads() bool { return n.leads() }

// HasLeader reports whether this node knows a leader.
func (n *Node) HasLeader() bool {
	select {
	case <-n.started:
		addr, _ := n.raft.LeaderWithID()
		return addr != ""
	default:
		return false
	}
}
