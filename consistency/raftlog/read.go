package raftlog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// Read returns when this node's state holds every write that was answered
// anywhere before the call: what is read from it then is linearizable. It costs
// a round of heartbeats, and a hop on a follower.
func (n *Node) Read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, n.opt.ProposeTimeout)
	defer cancel()
	patience, cancel := context.WithTimeout(ctx, n.opt.LeaderTimeout)
	defer cancel()
	if err := n.running(patience); err != nil {
		return err
	}
	for {
		changed := n.leaderChanged()
		index, err := n.readIndex(patience)
		if err == nil {
			return n.wait(ctx, index)
		}
		select { // a read is idempotent
		case <-changed:
		case <-time.After(100 * time.Millisecond):
		case <-n.stopped:
			return n.stopReason()
		case <-patience.Done():
			return fmt.Errorf("%w: %w", ErrNoLeader, err)
		}
	}
}

func (n *Node) readIndex(ctx context.Context) (uint64, error) {
	if n.raft.State() == raft.Leader {
		return n.confirm()
	}
	_, addr := n.leaderNow()
	if addr == "" {
		return 0, ErrNoLeader
	}
	b, err := n.opt.Peer.Call(ctx, addr, callRead, nil)
	if err != nil {
		return 0, err
	}
	if len(b) != 8 {
		return 0, errEntry
	}
	return binary.BigEndian.Uint64(b), nil
}

// servedRead answers a follower that wants to read.
func (n *Node) servedRead(context.Context, []byte) ([]byte, error) {
	if !n.leads() {
		return nil, peer.Errorf(codeNotLeader, "not the leader")
	}
	index, err := n.confirm()
	if err != nil {
		return nil, peer.Errorf(codeNotLeader, "%v", err)
	}
	return binary.BigEndian.AppendUint64(nil, index), nil
}

// confirm returns the last committed command, known to be so after the call
// began: a leader cut off from the others does not get through.
func (n *Node) confirm() (uint64, error) {
	// A new leader does not know what its predecessor committed until an entry of
	// its own term is.
	term := n.raft.CurrentTerm()
	if n.ready.Load() != term {
		if err := n.answered(func() raft.Future { return n.raft.Barrier(enqueueTimeout) }); err != nil {
			return 0, err
		}
		if n.raft.CurrentTerm() == term {
			n.ready.Store(term)
		}
	}
	commit := n.raft.CommitIndex()
	if err := n.answered(n.raft.VerifyLeader); err != nil {
		return 0, err
	}
	return n.lastCommand(commit), nil
}

// lastCommand is the last command at or before index. What Raft writes for
// itself never reaches an Applier, and so must not be waited for.
func (n *Node) lastCommand(index uint64) uint64 {
	applied := n.Applied()
	for ; index > applied; index-- {
		var l raft.Log
		err := n.logs.GetLog(index, &l)
		if errors.Is(err, raft.ErrLogNotFound) {
			return applied // compacted: a snapshot is only of what was applied
		}
		if err == nil && l.Type == raft.LogCommand {
			return index
		}
	}
	return applied
}
