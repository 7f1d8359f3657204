package raftlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"
)

// Defaults of Options, and what is not worth an option.
const (
	// defaultElectionTimeout has a write that meets a dying leader succeed within
	// the three seconds that SDKs give it: a silent leader is missed after 0.5 to
	// 1.5 s. The library's own second is made for nodes further apart.
	defaultElectionTimeout = 500 * time.Millisecond

	defaultSnapshotEvery     = 30 * time.Second
	defaultSnapshotThreshold = 8192
	// defaultTrailing is how far a node may be behind without needing a whole
	// snapshot. More makes each truncation of the log slow.
	defaultTrailing = 10240

	keepSnapshots = 2
	cachedEntries = 512
	maxAppend     = 256         // entries in one message to a follower
	openTimeout   = time.Second // for the lock of the log's file
	logFile       = "raft.db"
)

// store is the log and its snapshots on disk.
type store struct {
	bolt  *raftboltdb.BoltStore
	logs  raft.LogStore
	snaps *raft.FileSnapshotStore
}

func openStore(o Options) (*store, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	if err := unfound(o.Dir); err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	// Without a synced freelist a truncation does not slow later writes; it is
	// read anew when the file is opened.
	bolt, err := raftboltdb.New(raftboltdb.Options{
		Path:   filepath.Join(o.Dir, logFile),
		NoSync: o.NoSync,
		BoltOptions: &bbolt.Options{
			Timeout: openTimeout, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("log %s: %w", filepath.Join(o.Dir, logFile), err)
	}
	logs, err := raft.NewLogCache(cachedEntries, bolt)
	if err != nil {
		return nil, errors.Join(err, bolt.Close())
	}
	snaps, err := raft.NewFileSnapshotStoreWithLogger(o.Dir, keepSnapshots, newLogger(o.Logger))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("snapshots: %w", err), bolt.Close())
	}
	return &store{bolt: bolt, logs: logs, snaps: snaps}, nil
}

func (s *store) close() error { return s.bolt.Close() }

// foundingFile is there while a cluster is founded. A log that is found beside
// it has a first configuration and perhaps no snapshot of the state before:
// nobody has taken part in it yet, and it is begun anew.
const foundingFile = "founding"

func writeMark(path string) error {
	f, err := os.Create(path) //nolint:gosec // in the log's own folder
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// unfound takes away what a node left that ended while it founded a cluster.
func unfound(dir string) error {
	mark := filepath.Join(dir, foundingFile)
	if _, err := os.Stat(mark); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return errors.Join(os.RemoveAll(filepath.Join(dir, logFile)), os.RemoveAll(filepath.Join(dir, "snapshots")), os.Remove(mark))
}

// HasLog reports whether a folder has the log of a node that took part in a
// cluster, or may have.
func HasLog(dir string) (bool, error) {
	if err := unfound(dir); err != nil {
		return false, err
	}
	_, err := os.Stat(filepath.Join(dir, logFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// empty reports whether this node was never part of a cluster.
func (s *store) empty() (bool, error) {
	has, err := raft.HasExistingState(s.logs, s.bolt, s.snaps)
	return !has, err
}

// config is Raft's configuration of this node.
func (o *Options) config() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(o.Peer.Self().ID)
	c.Logger = newLogger(o.Logger)
	c.BatchApplyCh = true
	c.MaxAppendEntries = maxAppend
	c.NoLegacyTelemetry = true
	c.ShutdownOnRemove = false // a removed node says so; it does not vanish
	c.SnapshotInterval = orDefault(o.SnapshotEvery, defaultSnapshotEvery)
	c.SnapshotThreshold = orDefault(o.SnapshotThreshold, defaultSnapshotThreshold)
	c.TrailingLogs = orDefault(o.TrailingLogs, defaultTrailing)
	c.CommitTimeout = orDefault(o.CommitTimeout, c.CommitTimeout)
	t := orDefault(o.ElectionTimeout, defaultElectionTimeout)
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = t, t, t/2
	return c
}

func orDefault[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}

// current reports whether the state holds all that the newest snapshot does.
// Only then may Raft start without restoring it: a crash between receiving a
// snapshot and restoring it would otherwise leave a hole that nothing fills.
func (n *Node) current(s *store) (bool, error) {
	list, err := s.snaps.List()
	if err != nil || len(list) == 0 {
		return err == nil, err
	}
	_, r, err := s.snaps.Open(list[0].ID)
	if err != nil {
		return false, fmt.Errorf("newest snapshot: %w", err)
	}
	h, err := readHeader(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return false, fmt.Errorf("newest snapshot: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for k, index := range h.Applied {
		if n.byKind[k] < index {
			return false, nil
		}
	}
	return true, nil
}
