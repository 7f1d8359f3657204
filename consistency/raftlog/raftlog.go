// Package raftlog replicates typed commands by Raft. It knows nothing of what
// they mean: each Kind has one Applier, which owns the state.
//
// A command is proposed on any node, travels to the leader in at most one hop,
// and is answered once the node it was proposed on has applied it: a client
// reads its own write. The index of the last applied command lives in the
// Applier's state, so replay after a crash is exact.
package raftlog

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
)

// Kind names the Applier of a command. Kinds are only ever added. A kind with
// the high bit set may be skipped by a node that does not know it; any other
// unknown kind stops the node, as going on would let it diverge.
type Kind uint8

const (
	// KindDB is a write to the database.
	KindDB Kind = 1

	ignorable Kind = 0x80
)

// Command is one committed command.
type Command struct {
	Index uint64 // in the log; commands that were packed together share it
	Data  []byte
}

// Answer is what a command says for itself, on every node alike.
type Answer struct {
	Code uint16 // 0: it took effect
	Body []byte
}

// Applier owns the state behind one Kind. Its methods but Applied are called by
// one goroutine at a time.
type Applier interface {
	// Apply runs committed commands in order and answers each. Commands of one
	// Index take effect in one transaction together with the index; such groups
	// are never split over two calls, and several may share a transaction. What
	// a command does depends on the state and the command alone, not on how they
	// are grouped. The error is not an answer: it says that this node cannot
	// apply what the others did, and stops it.
	Apply([]Command) ([]Answer, error)
	// Applied is the highest index in the state, 0 when there is none.
	Applied() (uint64, error)
	// Snapshot returns the state as it is now. It is read while Apply goes on.
	Snapshot() (io.ReadCloser, error)
	// Restore replaces the state, whole or not at all.
	Restore(io.Reader) error
}

// Errors of Propose and Read.
var (
	// ErrNoLeader: there is no leader to be reached. Nothing was written.
	ErrNoLeader = errors.New("the cluster has no leader")
	// ErrUnknown: the write may or may not take effect. Only what is idempotent
	// may be tried again.
	ErrUnknown = errors.New("the outcome of the write is not known")
	// ErrTooLarge: the command is above MaxCommand.
	ErrTooLarge = errors.New("the write is too large for the log")
	// ErrOldMember: a member is too old for the command. Nothing was written.
	ErrOldMember = errors.New("a member of the cluster does not know this kind of write yet")
	// ErrStopped: this node no longer takes part.
	ErrStopped = errors.New("this node's log is stopped")
	// ErrForeignData: the node has rows of its own and the cluster has others.
	ErrForeignData = errors.New("this node holds data of its own, and the cluster it is to join holds other data; start it with an empty data directory")
)

const (
	// MaxCommand bounds one command, in bytes: a config of 10 MB as JSON.
	MaxCommand = 24 << 20

	packCommands = 64        // per log entry
	packBytes    = 256 << 10 // per log entry, unless one command is larger
	window       = 16        // entries proposed at once by one node; what waits is packed
)

// Options are what New needs.
type Options struct {
	Dir      string // for the log and its snapshots
	Peer     *peer.Node
	Members  *cluster.Membership
	Appliers map[Kind]Applier
	Logger   *slog.Logger

	// Since tells with which version of the commands one came, as Propose is told
	// it, or that this node does not know it: nil is that all are of version 1. The
	// leader asks it before an entry enters the log.
	Since func(Kind, []byte) (int, error)
	// Fatal is called once, from another goroutine, when this node cannot apply
	// a committed command. The node has stopped taking part by then.
	Fatal func(error)
	// OwnData says that the state was written before there was a cluster. Such a
	// node can only be the first of one; its state becomes the first snapshot.
	OwnData bool
	// Joining says that the node was told to join a cluster: it never starts one.
	Joining bool
	// Learner has the node follow the log without a vote.
	Learner bool

	ProposeTimeout    time.Duration // 0 is 10 s
	LeaderTimeout     time.Duration // of these, to find a leader that takes the write; 0 is all
	ElectionTimeout   time.Duration // 0 is 500 ms; the leader's lease is half of it
	CommitTimeout     time.Duration // 0 is Raft's 50 ms
	SnapshotEvery     time.Duration // how often to look whether one is due; 0 is 30 s
	SnapshotThreshold uint64        // entries since the last one; 0 is 8192
	TrailingLogs      uint64        // entries kept behind a snapshot; 0 is 10240
	NoSync            bool          // for tests: do not wait for the disk
}

// Node is one member of the replicated log.
type Node struct {
	opt      Options
	kinds    []Kind // sorted
	stream   *peer.Stream
	queue    chan *proposal
	inFlight chan struct{}
	nudge    chan struct{}
	started  chan struct{} // closed when raft is set
	stopped  chan struct{} // closed when the node stops taking part
	stopOnce sync.Once

	raft    *raft.Raft // set before started is closed
	trans   transport
	inlet   inlet
	logs    raft.LogStore
	ready   atomic.Uint64 // the term whose first entry this leader knows committed
	count   counters
	failure atomic.Pointer[error]

	grant grant

	strangers map[string]uint64 // of reconcile alone: nodes with another log that were complained of

	mu      sync.Mutex      // guards the following fields
	store   *store          // nil while it is not open
	applied uint64          // highest command applied here
	byKind  map[Kind]uint64 // the same for each Applier
	waiters map[*waiter]struct{}
	leader  chan struct{} // closed and replaced when the leader changes
	ending  bool          // Raft is asked nothing any more
	asking  sync.WaitGroup
}

type counters struct {
	proposed, entries, forwarded, failed atomic.Uint64
}

// New returns a node. It registers its calls with the peer, and opens nothing.
func New(o Options) (*Node, error) {
	if o.Dir == "" || o.Peer == nil || o.Members == nil || o.Logger == nil || o.Fatal == nil || len(o.Appliers) == 0 {
		return nil, errors.New("raftlog: an option is missing")
	}
	if o.ProposeTimeout == 0 {
		o.ProposeTimeout = 10 * time.Second
	}
	if o.LeaderTimeout == 0 {
		o.LeaderTimeout = o.ProposeTimeout
	}
	n := &Node{
		opt: o, queue: make(chan *proposal, 1024), inFlight: make(chan struct{}, window),
		nudge: make(chan struct{}, 1), started: make(chan struct{}), stopped: make(chan struct{}),
		byKind: map[Kind]uint64{}, waiters: map[*waiter]struct{}{}, strangers: map[string]uint64{}, leader: make(chan struct{}),
	}
	n.kinds = sortedKinds(o.Appliers)
	n.stream = o.Peer.Stream("raft")
	n.serve()
	return n, nil
}

// ID is this node's name in the log.
func (n *Node) ID() string { return n.opt.Peer.Self().ID }

func (n *Node) stop() { n.stopOnce.Do(func() { close(n.stopped) }) }

// running waits until Raft runs.
func (n *Node) running(ctx context.Context) error {
	select {
	case <-n.started:
		return nil
	case <-n.stopped:
		return n.stopReason()
	case <-ctx.Done():
		return ErrNoLeader
	}
}

// answered waits for what Raft answers to a request. It is refused where Raft is about
// to be shut down: a request that then still waits in one of Raft's queues is
// never answered.
func (n *Node) answered(request func() raft.Future) error {
	n.mu.Lock()
	if n.ending {
		n.mu.Unlock()
		return n.stopReason()
	}
	n.asking.Add(1)
	n.mu.Unlock()
	defer n.asking.Done()
	return request().Error()
}

// askedAll waits until Raft, which still runs, has answered what it was asked, and
// has it asked no more. It always does soon, with or without a majority; should it
// not, the node ends nevertheless.
func (n *Node) askedAll() {
	n.mu.Lock()
	n.ending = true
	n.mu.Unlock()
	done := make(chan struct{})
	go func() {
		n.asking.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(transferTimeout):
		n.opt.Logger.Warn("the log was asked things that it did not answer before its end")
	}
}

// stopReason is why the node takes no part any more.
func (n *Node) stopReason() error {
	if p := n.failure.Load(); p != nil {
		return errors.Join(ErrStopped, *p)
	}
	return ErrStopped
}

// Failure is why this node could not apply a command, nil as long as it could.
func (n *Node) Failure() error {
	if p := n.failure.Load(); p != nil {
		return *p
	}
	return nil
}
