package raftlog

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/raft"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// Recovery is for a cluster that lost the majority of its voters for good. One
// surviving node, the one whose log is longest, is made a cluster of its own;
// the others are emptied and join it. Writes that only the lost nodes had are
// lost. It is done on the files of a stopped node.
type Recovery struct {
	Options Options // Dir, Peer, Members, Appliers and Logger are used

	// Reachable reports whether the node at a peer address answers. Recovery is
	// refused while a majority of the voters may be alive.
	Reachable func(addr string) bool
	// LastIndex repeats what Inspect reported: it shows that the operator
	// compared the survivors.
	LastIndex uint64
}

// Errors of recovery.
var (
	// ErrQuorum: the majority is alive, and recovery would split the cluster.
	ErrQuorum = errors.New("a majority of the voters answers: the cluster needs no recovery, and it would split it")
	// ErrNoLog: the directory has no log.
	ErrNoLog = errors.New("this node was never part of a cluster")
	// ErrIndex: the given last index is not that of the log.
	ErrIndex = errors.New("the last index is another one; inspect all survivors and recover the one with the highest")
)

// Survivor is what is left on the disk of a stopped node.
type Survivor struct {
	LastIndex, LastTerm uint64
	Servers             []Server
}

// Inspect reads the log of a stopped node. A running one is locked.
func (n *Node) Inspect() (Survivor, error) {
	s, err := openStore(n.opt)
	if err != nil {
		return Survivor{}, err
	}
	out, err := n.inspect(s)
	return out, errors.Join(err, s.close())
}

func (n *Node) inspect(s *store) (out Survivor, err error) {
	empty, err := s.empty()
	if err != nil {
		return out, err
	}
	if empty {
		return out, ErrNoLog
	}
	var servers []raft.Server
	list, err := s.snaps.List()
	if err != nil {
		return out, err
	}
	if len(list) > 0 {
		out.LastIndex, out.LastTerm, servers = list[0].Index, list[0].Term, list[0].Configuration.Servers
	}
	first, err := s.logs.FirstIndex()
	if err != nil {
		return out, err
	}
	last, err := s.logs.LastIndex()
	if err != nil {
		return out, err
	}
	for i := max(first, 1); i <= last; i++ {
		var l raft.Log
		if err := s.logs.GetLog(i, &l); err != nil {
			return out, fmt.Errorf("log entry %d: %w", i, err)
		}
		if l.Type == raft.LogConfiguration {
			servers = raft.DecodeConfiguration(l.Data).Servers
		}
		if i > out.LastIndex {
			out.LastIndex, out.LastTerm = l.Index, l.Term
		}
	}
	for _, x := range servers {
		out.Servers = append(out.Servers, Server{ID: string(x.ID), Addr: string(x.Address), Voter: x.Suffrage == raft.Voter})
	}
	return out, nil
}

// Recover makes a stopped node the only voter of its cluster.
func Recover(r Recovery) error {
	if r.Reachable == nil {
		return errors.New("recovery needs a way to see who is alive")
	}
	n, err := New(r.Options)
	if err != nil {
		return err
	}
	s, err := openStore(n.opt)
	if err != nil {
		return err
	}
	return errors.Join(n.recover(r, s), s.close())
}

func (n *Node) recover(r Recovery, s *store) error {
	found, err := n.inspect(s)
	if err != nil {
		return err
	}
	if r.LastIndex != found.LastIndex {
		return fmt.Errorf("%w: it is %d, not %d", ErrIndex, found.LastIndex, r.LastIndex)
	}
	if !slices.ContainsFunc(found.Servers, func(x Server) bool { return x.ID == n.ID() }) {
		return fmt.Errorf("%w: its log does not name %s", ErrNoLog, n.ID())
	}
	voters, alive := 0, 0
	for _, x := range found.Servers {
		if !x.Voter {
			continue
		}
		voters++
		if x.ID != n.ID() && r.Reachable(x.Addr) {
			alive++
		}
	}
	if alive+1 > voters/2 && voters > 1 {
		return fmt.Errorf("%w: %d of %d", ErrQuorum, alive+1, voters)
	}
	if err := n.recall(); err != nil {
		return err
	}
	n.logs = s.logs
	_, trans := raft.NewInmemTransport(raft.ServerAddress(n.selfPeerAddr())) // encodes addresses, no more
	addr, err := peer.AddrOf(n.opt.Members.Self())
	if err != nil {
		return err
	}
	c := raft.Configuration{Servers: []raft.Server{{ID: raft.ServerID(n.ID()), Address: raft.ServerAddress(addr)}}}
	if err := raft.RecoverCluster(n.opt.config(), fsm{n}, s.logs, s.bolt, s.snaps, trans, c); err != nil {
		return fmt.Errorf("recovery: %w", err)
	}
	n.opt.Logger.Warn("this node is now the only voter of its cluster", "last_index", found.LastIndex, "voters_before", voters)
	return trans.Close()
}
