package node

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"time"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/consistency/raftlog"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// leaderTime is how long a write or a read waits for a leader. SDKs give up after
// three seconds and do not know then whether they wrote; told in time that they
// did not, they go to another server.
const leaderTime = 2500 * time.Millisecond

// snapshotEvery is how often it is looked whether a snapshot is due. Nacos takes
// one every so often, needed or not; here the number of writes decides, so what
// nobody has changed is left to the log's own interval.
func snapshotEvery(said time.Duration) time.Duration {
	if said == settings.Default().Cluster.Raft.SnapshotInterval {
		return 0
	}
	return said
}

// openLog builds the replicated log over the embedded database.
func (n *Node) openLog(ctx context.Context, joining bool) error {
	rows := persistence.NewLog(n.db)
	dir := filepath.Join(n.set.Data.Dir, raftDir)
	own, err := n.ownData(ctx, rows, dir)
	if err != nil {
		return err
	}
	r := n.set.Cluster.Raft
	n.raft, err = raftlog.New(raftlog.Options{
		Dir: dir, Peer: n.peer, Members: n.members, Appliers: map[raftlog.Kind]raftlog.Applier{raftlog.KindDB: applier{rows}},
		Logger: n.log, OwnData: own, Joining: joining, Learner: n.set.Cluster.Learner,
		Since:          func(_ raftlog.Kind, data []byte) (int, error) { return n.db.SinceSealed(data) },
		Fatal:          func(error) {}, // Run returns it
		SnapshotEvery:  snapshotEvery(r.SnapshotInterval),
		ProposeTimeout: r.ApplyTimeout, LeaderTimeout: min(r.ApplyTimeout, leaderTime), ElectionTimeout: r.ElectionTimeout,
	})
	return err
}

// ownData reports whether the embedded database has rows that no log of a
// cluster has. Where the log was taken away, the place in it that the rows were
// at means nothing any more.
func (n *Node) ownData(ctx context.Context, rows persistence.Log, dir string) (bool, error) {
	if member, err := raftlog.HasLog(dir); err != nil || member {
		return false, err
	}
	if err := rows.Forget(); err != nil {
		return false, err
	}
	blank, err := n.db.Blank(ctx)
	return !blank, err
}

// applier is the embedded database as the log sees it.
type applier struct{ rows persistence.Log }

var _ raftlog.Applier = applier{}

// Apply implements raftlog.Applier.
func (a applier) Apply(all []raftlog.Command) ([]raftlog.Answer, error) {
	entries := make([]persistence.Entry, len(all))
	for i, c := range all {
		entries[i] = persistence.Entry{Index: c.Index, Data: c.Data}
	}
	out := make([]raftlog.Answer, len(all))
	for i, answer := range a.rows.ApplyBatch(entries) { // it panics where this node cannot follow, which the log takes for an error
		var refusal persistence.Refusal
		errors.As(answer.Err, &refusal)
		body, err := json.Marshal(answer)
		if err != nil {
			return nil, err
		}
		out[i] = raftlog.Answer{Code: uint16(refusal), Body: body}
	}
	return out, nil
}

// Applied implements raftlog.Applier.
func (a applier) Applied() (uint64, error) { return a.rows.Applied() }

// Snapshot implements raftlog.Applier.
func (a applier) Snapshot() (io.ReadCloser, error) { return a.rows.Snapshot() }

// Restore implements raftlog.Applier.
func (a applier) Restore(r io.Reader) error { return a.rows.Restore(r) }

// writer is how durable writes to db are made: through the log where db is what
// the log is applied to, else by db itself.
func (n *Node) writer(db *persistence.DB) func(context.Context, persistence.Op) (persistence.Result, error) {
	if n.raft == nil || db != n.db {
		return db.Apply
	}
	return n.replicate
}

// replicate commits op through the log and returns its answer once this node
// has applied it, so that whoever wrote reads here what he wrote.
func (n *Node) replicate(ctx context.Context, op persistence.Op) (persistence.Result, error) {
	data, err := n.db.Seal(op)
	if err != nil {
		return persistence.Result{}, err
	}
	a, err := n.raft.Propose(ctx, raftlog.KindDB, persistence.Since(op), data)
	if err != nil {
		return persistence.Result{}, unwritten(err)
	}
	var answer persistence.Answer
	if err := json.Unmarshal(a.Body, &answer); err != nil { // none: the rows held the entry before it was answered
		return persistence.Result{}, unwritten(errors.Join(raftlog.ErrUnknown, err))
	}
	return answer.Result, answer.Err
}

// unwritten says what a caller is told of a write that was not answered.
func unwritten(err error) error {
	switch {
	case errors.Is(err, raftlog.ErrTooLarge):
		return service.Wrap(service.TooLarge, err, "the write is too large")
	case errors.Is(err, raftlog.ErrOldMember):
		return service.Wrap(service.Unavailable, err, "a member of the cluster runs an older version that does not know this write: nothing was written, upgrade that member first")
	case errors.Is(err, raftlog.ErrUnknown):
		return service.Wrap(service.Unavailable, err, "the cluster did not confirm the write in time: whether it took effect is not known, read before you try again")
	default:
		return service.Wrap(service.Unavailable, err, "the cluster has no leader now: nothing was written, try again")
	}
}

// confirm is current where the rows of db come by the log, else nil.
func (n *Node) confirm(db *persistence.DB) func(context.Context) error {
	if n.raft == nil || db != n.db {
		return nil
	}
	return n.current
}

// current waits until this node's rows hold every write that was answered
// anywhere in the cluster before the call.
func (n *Node) current(ctx context.Context) error {
	if n.raft == nil {
		return nil
	}
	if err := n.raft.Read(ctx); err != nil {
		return service.Wrap(service.Unavailable, err, "the cluster has no leader now: what is current is not known, try again")
	}
	return nil
}
