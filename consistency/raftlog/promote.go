package raftlog

import (
	"context"
	"encoding/binary"
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

// hasCaughtUp asks the node at addr how far its log goes.
func (n *Node) hasCaughtUp(ctx context.Context, addr raft.ServerAddress) bool {
	ctx, cancel := context.WithTimeout(ctx, progressTimeout)
	defer cancel()
	commit := n.raft.CommitIndex()
	b, err := n.opt.Peer.Call(ctx, string(addr), callProgress, nil)
	if peer.CodeOf(err) == peer.NoHandler { // it is of a version that gave the vote at once
		return true
	}
	return err == nil && len(b) == 8 && binary.BigEndian.Uint64(b)+promoteLag >= commit && binary.BigEndian.Uint64(b) > 0
}

// servedProgress answers the leader with the last entry of this node's log.
func (n *Node) servedProgress(context.Context, []byte) ([]byte, error) {
	var last uint64
	select {
	case <-n.started:
		last = n.raft.LastIndex()
	default: // nothing yet
	}
	return binary.BigEndian.AppendUint64(nil, last), nil
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
