package raftlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"golang.org/x/sync/errgroup"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// transferTimeout is for handing over leadership at the end.
const transferTimeout = 3 * time.Second

func (n *Node) serve() {
	n.opt.Peer.Handle(callPropose, n.served)
	n.opt.Peer.Handle(callRead, n.servedRead)
	peer.Handle(n.opt.Peer, callProgress, n.servedProgress)
	peer.Handle(n.opt.Peer, callForm, n.form)
	peer.Handle(n.opt.Peer, callAdmin, n.servedAdmin)
}

// Run takes part until ctx ends or the node cannot apply an entry. The peer
// must be running, and must be closed after Run has returned.
func (n *Node) Run(ctx context.Context) (err error) {
	defer n.stop()
	if err := n.recall(); err != nil {
		return err
	}
	s, err := openStore(n.opt)
	if err != nil {
		return err
	}
	n.setStore(s)
	defer func() {
		n.setStore(nil)
		err = errors.Join(err, s.close())
	}()
	n.logs = s.logs
	n.trans = n.newTransport()
	defer func() { err = errors.Join(err, n.closeTransport()) }()
	empty, err := s.empty()
	if err != nil {
		return err
	}
	if empty {
		if err := n.begin(ctx, s); err != nil {
			return ended(ctx, err)
		}
	}
	if err := n.start(s); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { n.propose(gctx); return nil })
	g.Go(func() error { n.watchLeader(gctx); return nil })
	g.Go(func() error { n.hurry(gctx); return nil })
	g.Go(func() error { n.nudges(gctx); return nil })
	g.Go(func() error { n.reconcile(gctx); return nil })
	g.Go(func() error {
		select {
		case <-gctx.Done():
			return nil
		case <-n.stopped:
			return n.Failure()
		}
	})
	err = g.Wait()
	n.handOver()
	n.stop() // before Raft: its applying goroutine may wait for it
	n.askedAll()
	return errors.Join(err, n.raft.Shutdown().Error())
}

// ended makes no error of a node that was stopped before it began.
func ended(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

func (n *Node) setStore(s *store) {
	n.mu.Lock()
	n.store = s
	n.mu.Unlock()
}

// start runs Raft on what is on disk.
func (n *Node) start(s *store) error {
	if err := n.recall(); err != nil { // founding a cluster may have moved it
		return err
	}
	c := n.opt.config()
	var err error
	if c.NoSnapshotRestoreOnStart, err = n.current(s); err != nil {
		return err
	}
	if n.raft, err = raft.NewRaft(c, fsm{n}, s.logs, s.bolt, s.snaps, n.trans); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	close(n.started)
	return nil
}

// watchLeader tells those who wait for a leader that there may be one.
func (n *Node) watchLeader(ctx context.Context) {
	seen := make(chan raft.Observation, 16)
	o := raft.NewObserver(seen, false, func(o *raft.Observation) bool {
		switch o.Data.(type) {
		case raft.LeaderObservation, raft.RaftState:
			return true
		default:
			return false
		}
	})
	n.raft.RegisterObserver(o)
	defer n.raft.DeregisterObserver(o)
	for {
		select {
		case <-ctx.Done():
			return
		case x := <-seen:
			n.mu.Lock()
			close(n.leader)
			n.leader = make(chan struct{})
			n.mu.Unlock()
			if l, ok := x.Data.(raft.LeaderObservation); ok {
				n.opt.Logger.Info("leader", "id", string(l.LeaderID), "addr", string(l.LeaderAddr), "term", n.raft.CurrentTerm())
			}
		}
	}
}

// handOver gives leadership away before the node ends, so that the others need
// no election.
func (n *Node) handOver() {
	if n.failure.Load() != nil || n.raft.State() != raft.Leader || len(n.opt.Members.View().Alive()) < 2 {
		return
	}
	f := n.raft.LeadershipTransfer()
	done := make(chan error, 1)
	go func() { done <- f.Error() }() // ends with Raft at the latest
	select {
	case err := <-done:
		if err != nil {
			n.opt.Logger.Info("leadership was not handed over", "error", err)
		}
	case <-time.After(transferTimeout):
	}
}
