package raftlog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// Who is new to the log follows it without a vote until it has what the others
// have. With a vote, but nothing in its log, it would count for the majority and
// be of no use to it: the loss of one more node would stop all writes until it
// has caught up.
const (
	// promoteLag is how many entries a node may lack and still get its vote: under
	// load some are always on their way. They take it a fraction of a second.
	promoteLag      = 256
	progressTimeout = time.Second
	voteEvery       = 100 * time.Millisecond
)

// progress is how far a node's log goes, and what it certainly holds: Sum is of
// the entry at Applied, empty where that is only in a snapshot.
type progress struct {
	Last    uint64 `json:"last"`
	Applied uint64 `json:"applied"`
	Sum     []byte `json:"sum,omitempty"`
}

// servedProgress answers the leader. Before the log runs there is nothing in it.
func (n *Node) servedProgress(context.Context, struct{}) (progress, error) {
	select {
	case <-n.started:
	default:
		return progress{}, nil
	}
	p := progress{Last: n.raft.LastIndex(), Applied: n.Applied()}
	p.Sum, _ = n.sum(p.Applied)
	return p, nil
}

// sum is the digest of an entry of this node's log.
func (n *Node) sum(index uint64) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.store == nil { // Raft may be shutting down
		return nil, ErrStopped
	}
	var l raft.Log
	if err := n.logs.GetLog(index, &l); err != nil {
		return nil, err
	}
	h := sha256.Sum256(binary.BigEndian.AppendUint64(slices.Clip(l.Data), l.Term))
	return h[:], nil
}

// progressOf asks the node at addr for its progress. One of a version that does not
// know the question has it all.
func (n *Node) progressOf(ctx context.Context, addr raft.ServerAddress) (p progress, old bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, progressTimeout)
	defer cancel()
	p, err = peer.Call[struct{}, progress](ctx, n.opt.Peer, string(addr), callProgress, struct{}{})
	if peer.CodeOf(err) == peer.NoHandler {
		return p, true, nil
	}
	return p, false, err
}

// hasCaughtUp reports whether the log at addr goes about as far as this one.
func (n *Node) hasCaughtUp(ctx context.Context, addr raft.ServerAddress) bool {
	commit := n.raft.CommitIndex()
	p, old, err := n.progressOf(ctx, addr)
	return err == nil && (old || p.Last > 0 && p.Last+promoteLag >= commit)
}

// ours reports whether what the node at addr has applied is of this log, so that
// it may follow it. Entries that it has already are passed over: with those of
// another log it would stay different for good, and nobody would be told. That
// is how two nodes of three that lost their data, and began anew while the third
// one was away, would meet it again.
func (n *Node) ours(ctx context.Context, id string, addr raft.ServerAddress) bool {
	p, old, err := n.progressOf(ctx, addr)
	if err != nil {
		return false // it is asked again
	}
	if old || p.Applied == 0 {
		return true
	}
	mine, err := n.sum(p.Applied)
	foreign := p.Applied > n.raft.LastIndex()
	if err == nil && len(p.Sum) > 0 { // else one of the two has it in a snapshot only
		foreign = foreign || !bytes.Equal(mine, p.Sum)
	}
	if foreign && n.strangers[id] != p.Applied {
		n.strangers[id] = p.Applied
		n.opt.Logger.Error("a member holds what another cluster wrote and is not taken in: "+
			"empty its data directory, or, if it is the one to keep, those of all others", "id", id, "addr", string(addr), "applied", p.Applied)
	}
	return !foreign
}

// AwaitVote returns when this node has a vote in the log, or wants none, or when
// ctx ends. A node that says that it is ready before would invite an operator to
// take away the one that it replaces.
func (n *Node) AwaitVote(ctx context.Context) error {
	if err := n.running(ctx); err != nil || n.opt.Learner {
		return err
	}
	tick := time.NewTicker(voteEvery)
	defer tick.Stop()
	for {
		f := n.raft.GetConfiguration()
		if err := f.Error(); err != nil {
			return err
		}
		for _, s := range f.Configuration().Servers {
			if string(s.ID) == n.ID() && s.Suffrage == raft.Voter {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-n.stopped:
			return n.stopReason()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
