package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/consistency/raftlog"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/ops"
)

// Operator talks to the nodes of a cluster from outside, by what they trust
// each other by. It takes no part.
type Operator struct {
	io.Closer

	peer  *peer.Node
	first []string // members that may answer
}

// NewOperator finds the members as a node with these settings would, or else
// asks the one on this machine at the port of the settings.
func NewOperator(ctx context.Context, set settings.Settings) (*Operator, error) {
	src, join, err := source(set)
	if errors.Is(err, errNoMembers) { // then the one on this machine
		src, err = cluster.Static{net.JoinHostPort(loopback, strconv.Itoa(set.Server.Port))}, nil
	}
	if err != nil {
		return nil, err
	}
	credentials, err := trust(set)
	if err != nil {
		return nil, err
	}
	p, err := peer.New(peer.Options{
		Self:        peer.Ident{ID: "operator", Member: net.JoinHostPort(loopback, strconv.Itoa(set.Server.Port))},
		Credentials: credentials, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	known, err := cluster.Known(filepath.Join(set.Data.Dir, rosterFile))
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	listed, err := src.Load(ctx)
	if err != nil && len(known)+len(join) == 0 {
		return nil, errors.Join(err, p.Close())
	}
	return &Operator{Closer: p, peer: p, first: slices.Concat(listed, join, known)}, nil
}

// Survey asks every member for its status.
func (o *Operator) Survey(ctx context.Context) ([]ops.Node, error) {
	return ops.Survey(ctx, o.peer, o.first)
}

// Remove has a member taken out of the cluster by another one.
func (o *Operator) Remove(ctx context.Context, addr string) error {
	all, err := o.Survey(ctx)
	if err != nil {
		return err
	}
	var others []string
	known := false
	for i := range all {
		known = known || all[i].Addr == addr
		if all[i].Err == nil {
			others = append(others, all[i].Addr)
		}
	}
	if !known {
		return errors.New(addr + " is no member; \"pharos cluster status\" lists them")
	}
	return ops.Remove(ctx, o.peer, others, addr)
}

// Rescue makes the stopped node of a data directory a cluster of its own, where
// the majority of the old one is lost for good.
type Rescue struct {
	id, addr    string
	dir         string // the data directory
	credentials peer.Credentials
	rows        persistence.Log
	log         *slog.Logger
	release     func() error
}

// NewRescue takes the data directory, which no other process may hold.
func NewRescue(ctx context.Context, set settings.Settings, log *slog.Logger) (*Rescue, error) {
	r := &Rescue{dir: set.Data.Dir, log: log}
	var err error
	if r.credentials, err = trust(set); err != nil {
		return nil, err
	}
	src, join, err := source(set)
	if err != nil {
		return nil, err
	}
	self, err := ownAddress(ctx, set, src, join)
	if err != nil {
		return nil, err
	}
	r.addr = net.JoinHostPort(self, strconv.Itoa(set.Server.Port))
	set.Cluster.Standalone = false
	db, release, err := OpenEmbedded(set, log) //nolint:contextcheck // a file is opened as a whole
	if err != nil {
		return nil, err
	}
	r.rows, r.release = persistence.NewLog(db), release
	if r.id, err = nodeID(set.Data.Dir); err != nil {
		return nil, errors.Join(err, release())
	}
	return r, nil
}

// with calls fn with a peer that only calls, and the options of a log on it.
func (r *Rescue) with(fn func(*peer.Node, raftlog.Options) error) error {
	p, err := peer.New(peer.Options{Self: peer.Ident{ID: r.id, Member: r.addr}, Credentials: r.credentials, Logger: r.log})
	if err != nil {
		return err
	}
	members, err := cluster.New(cluster.Options{
		ID: r.id, Self: r.addr, Peer: p, Roster: filepath.Join(r.dir, rosterFile), Logger: r.log,
		Meta: func() cluster.Meta { return cluster.Meta{} },
	})
	if err == nil {
		err = fn(p, raftlog.Options{
			Dir: filepath.Join(r.dir, raftDir), Peer: p, Members: members, Logger: r.log, Fatal: func(error) {},
			Appliers: map[raftlog.Kind]raftlog.Applier{raftlog.KindDB: applier{r.rows}},
		})
	}
	return errors.Join(err, p.Close())
}

// Inspect says what the node's log has.
func (r *Rescue) Inspect() (found raftlog.Survivor, err error) {
	err = r.with(func(_ *peer.Node, o raftlog.Options) error {
		n, err := raftlog.New(o)
		if err == nil {
			found, err = n.Inspect()
		}
		return err
	})
	return found, err
}

// ID is the node's own name in the log.
func (r *Rescue) ID() string { return r.id }

// Answers reports whether something answers at a peer address, be it slowly: a
// process that hangs is not lost.
func (r *Rescue) Answers(ctx context.Context, addr string) (yes bool) {
	err := r.with(func(p *peer.Node, _ raftlog.Options) error {
		yes = answers(ctx, p, addr)
		return nil
	})
	return yes && err == nil
}

func answers(ctx context.Context, p *peer.Node, addr string) bool {
	m, err := peer.MemberOf(addr)
	if err != nil {
		return false
	}
	_, err = ops.Ask(ctx, p, m)
	return err == nil || peer.CodeOf(err) != peer.Unreachable
}

// Run does it. index repeats what Inspect said.
func (r *Rescue) Run(ctx context.Context, index uint64) error {
	return r.with(func(p *peer.Node, o raftlog.Options) error {
		return raftlog.Recover(raftlog.Recovery{
			Options: o, LastIndex: index, Reachable: func(addr string) bool { return answers(ctx, p, addr) },
		})
	})
}

// Close gives the data directory back.
func (r *Rescue) Close() error { return r.release() }
