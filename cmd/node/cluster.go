package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/consistency/raftlog"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/ops"
)

const (
	raftDir = "raft" // in the data directory: the log and its snapshots

	farewell = 2 * time.Second // for the others to hear that this node leaves

	// voteTime is how long a node that could serve clients waits for its vote.
	voteTime = 15 * time.Second

	// reloadTime bounds the reading of everything after a snapshot took the place
	// of the rows.
	reloadTime = time.Minute
)

// The reasons for which a node of a cluster is not ready, in their order.
var (
	errUnfounded = errors.New("the log of the cluster is not caught up yet")
	errCold      = errors.New("the instances that the other nodes hold are not here yet")
	errRemoved   = errors.New("this node was taken out of its cluster; start it with --join to bring it back")
	errStopping  = errors.New("this server is stopping")
)

// openCluster builds what a member of a cluster has beside what every server
// has: its name, its end of the peer plane, the membership and the replicated
// log. On a server that stands alone all of them stay nil.
//
// What wants to talk to peers registers its calls between here and Run.
func (n *Node) openCluster(ctx context.Context) error {
	if n.set.Cluster.Standalone {
		return n.alone()
	}
	src, join, err := source(n.set)
	if err != nil {
		return err
	}
	credentials, err := trust(n.set)
	if err != nil {
		return err
	}
	if n.self, err = ownAddress(ctx, n.set, src, join); err != nil {
		return err
	}
	if n.id, err = nodeID(n.set.Data.Dir); err != nil {
		return err
	}
	s := n.set.Server
	addr := net.JoinHostPort(n.self, strconv.Itoa(s.Port))
	n.peer, err = peer.New(peer.Options{
		Self:        peer.Ident{ID: n.id, Member: addr},
		Listen:      net.JoinHostPort(s.Bind, strconv.Itoa(s.PeerPort())),
		Credentials: credentials, Transport: n.network, Logger: n.log,
	})
	if err != nil {
		return err
	}
	n.closers = append(n.closers, n.peer.Close)
	n.members, err = cluster.New(cluster.Options{
		ID: n.id, Self: addr, Peer: n.peer, Source: src, Join: join, Roster: filepath.Join(n.set.Data.Dir, rosterFile),
		Meta: n.meta, Logger: n.log, FailLimit: n.set.Cluster.FailAccess, FirstLoads: firstLoads(n.set.Cluster),
	})
	if err != nil {
		return err
	}
	n.bring.Store(&errUnfounded)
	return n.openLog(ctx, len(join) > 0)
}

// alone refuses the data directory of a member of a cluster: what a server that
// stands alone wrote into it would be in no log.
func (n *Node) alone() (err error) {
	dir := filepath.Join(n.set.Data.Dir, raftDir)
	member, err := raftlog.HasLog(dir)
	if err != nil {
		return err
	}
	if member {
		return fmt.Errorf("the data directory %s belongs to a member of a cluster: start it with --mode cluster and its members; "+
			"or, to have it stand alone for good with the data it has, remove %s first", n.set.Data.Dir, dir)
	}
	n.self, err = selfAddress(n.set.Cluster)
	return err
}

// follow has the services see what the log brings to the embedded database,
// whoever wrote it. What they keep of it is as new as the rows when a write, or
// a snapshot, counts as applied.
func (n *Node) follow() {
	if n.raft == nil {
		return
	}
	n.db.ObserveRestore(func() {
		ctx, cancel := context.WithTimeout(context.Background(), reloadTime)
		defer cancel()
		err := n.naming.Reload(ctx)
		if n.rows == n.db {
			err = errors.Join(err, n.config.Load(ctx), n.auth.Reload(ctx))
		}
		if err != nil {
			n.log.Error("what a snapshot brought cannot be read and is tried again", "error", err)
			n.config.Reload()
			n.auth.Stale()
		}
	})
	if n.rows != n.db {
		return
	}
	n.db.Observe(func(op persistence.Op, _ persistence.Result) {
		switch op.(type) {
		case persistence.CreateUser, persistence.UpdatePassword, persistence.RemoveUser, persistence.AddRole, persistence.RemoveRole,
			persistence.AddPermission, persistence.RemovePermission, persistence.RevokeTokens, persistence.EndSession:
			n.auth.Stale()
		}
	})
}

// meta is what this node tells the others of itself.
func (n *Node) meta() cluster.Meta {
	m := cluster.Meta{Version: n.version, LogVersion: persistence.LogVersion, GRPCPort: n.set.Server.GRPCPort(), Extra: map[string]string{}}
	if n.set.Cluster.Learner {
		m.Extra[raftlog.LearnerKey] = "true"
	}
	return m
}

// leads reports whether this node is the one for what only one is to do.
func (n *Node) leads() bool { return n.raft == nil || n.raft.Leads() }

// Leads reports whether this node is the leader of its cluster, or stands alone.
func (n *Node) Leads() bool { return n.leads() }

// operations is what operators can ask of and do to the cluster, nil on a server
// that stands alone.
func (n *Node) operations() *ops.Cluster {
	if n.raft == nil {
		return nil
	}
	return &ops.Cluster{
		Peer: n.peer, Members: n.members, Log: n.raft, Version: n.version, Configs: n.rows == n.db,
		Lookup: func(kind string) (cluster.Source, error) {
			if kind == "address-server" {
				return addressServer(n.set), nil
			}
			src, _, err := source(n.set)
			return src, err
		},
	}
}

// crew is what runs from before the first request until after the last one. It
// is ended in the reverse order, one after the other.
type crew struct {
	failed chan error
	stops  []func()
}

func (c *crew) start(ctx context.Context, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { // ended by stop
		defer close(done)
		if err := run(ctx); err != nil {
			select {
			case c.failed <- err:
			default: // another one was first
			}
		}
	}()
	c.stops = append(c.stops, func() { cancel(); <-done })
}

func (c *crew) stop() {
	for _, stop := range slices.Backward(c.stops) {
		stop()
	}
}

// startCluster takes this node into its cluster. The goroutines in g end first,
// then what stopCluster ends. It does nothing on a server that stands alone.
func (n *Node) startCluster(ctx context.Context, g *errgroup.Group, c *crew) error {
	if n.peer == nil {
		return nil
	}
	if _, err := n.peer.Listen(ctx); err != nil {
		return fmt.Errorf("%w; %s", err, cure(err))
	}
	if err := n.members.Load(ctx); err != nil {
		return err
	}
	c.start(ctx, n.peer.Run)
	c.start(ctx, n.members.Run)
	c.start(ctx, n.raft.Run)
	for _, run := range n.crew {
		c.start(ctx, run)
	}
	g.Go(func() error {
		var err error
		select {
		case err = <-c.failed:
		case <-ctx.Done():
		}
		n.sayGoodbye(ctx)
		return err
	})
	g.Go(func() error { return n.bringUp(ctx) })
	return nil
}

// sayGoodbye hands over what this node owns and tells the others that it leaves,
// while the requests that are under way are still answered. New ones are sent
// to the other nodes.
func (n *Node) sayGoodbye(ctx context.Context) {
	n.bring.Store(&errStopping)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	for _, fn := range n.handover {
		fn(ctx)
	}
	n.members.Leave(ctx)
}

// stopCluster ends what requests lean on, when none is under way any more: the
// log after what feeds it, and the peer plane last.
func (*Node) stopCluster(c *crew) error {
	c.stop()
	select {
	case err := <-c.failed:
		return err
	default:
		return nil
	}
}

// bringUp makes this node ready: it waits until the log is caught up with what
// the cluster had written, then for the data that is in no log.
func (n *Node) bringUp(ctx context.Context) error {
	for !n.caughtUp(ctx) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
	n.awaitVote(ctx)
	if err := n.auth.Reload(ctx); err != nil {
		n.log.Warn("users and permissions cannot be read yet", "error", err)
	}
	if err := n.firstAdmin(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	if !n.bring.CompareAndSwap(&errUnfounded, &errCold) {
		return nil
	}
	for _, fn := range n.warmUp {
		if err := fn(ctx); err != nil {
			return err
		}
	}
	if !n.bring.CompareAndSwap(&errCold, nil) { // it stops already
		return nil
	}
	n.members.SetState(cluster.Up)
	n.log.Info("this node is ready", "id", n.id, "addr", n.members.Self(), "members", len(n.members.View().Members))
	n.announceCode()
	return nil
}

// awaitVote waits until this node counts for the majority: who is told that it is
// ready may take another one away. It does not wait for ever, as the node can
// serve clients without.
func (n *Node) awaitVote(ctx context.Context) {
	wait, cancel := context.WithTimeout(ctx, voteTime)
	defer cancel()
	if err := n.raft.AwaitVote(wait); err != nil && ctx.Err() == nil {
		n.log.Warn("this node has no vote in the log yet", "error", err)
	}
}

// caughtUp reports whether this node's rows hold all that the cluster had
// written when it was called.
func (n *Node) caughtUp(ctx context.Context) bool {
	err := n.raft.Read(ctx)
	if err != nil && ctx.Err() == nil {
		n.log.Warn("the cluster has no leader yet, or none that this node reaches", "error", err)
	}
	return err == nil
}
