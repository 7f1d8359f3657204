package raftlog_test

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/consistency/raftlog"
)

// payload is what one write carries.
var payload = make([]byte, 1024)

const writers = 256

// null is a state that keeps nothing: what is measured is the log.
type null struct{ applied uint64 }

func (s *null) Apply(c []raftlog.Command) ([]raftlog.Answer, error) {
	s.applied = c[len(c)-1].Index
	return make([]raftlog.Answer, len(c)), nil
}
func (s *null) Applied() (uint64, error)           { return s.applied, nil }
func (*null) Snapshot() (io.ReadCloser, error)     { return io.NopCloser(&io.LimitedReader{}), nil }
func (*null) Restore(r io.Reader) error            { _, err := io.Copy(io.Discard, r); return err }
func (*null) ApplyBatch(l []*raft.Log) (out []any) { return make([]any, len(l)) }

type nullFSM struct{ null }

func (*nullFSM) Apply(*raft.Log) any                 { return nil }
func (*nullFSM) Snapshot() (raft.FSMSnapshot, error) { return nil, raft.ErrNothingNewToSnapshot }
func (*nullFSM) Restore(rc io.ReadCloser) error      { return rc.Close() }

// BenchmarkApply compares writes of 1 KB by 256 writers through this package
// with the bare library at its defaults; run both in one go.
func BenchmarkApply(b *testing.B) {
	b.Run("library", benchLibrary)
	b.Run("raftlog", benchRaftlog)
}

func benchLibrary(b *testing.B) {
	dir := b.TempDir()
	store, err := raftboltdb.NewBoltStore(filepath.Join(dir, "raft.db"))
	if err != nil {
		b.Fatal(err)
	}
	snaps, err := raft.NewFileSnapshotStore(dir, 1, io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	c := raft.DefaultConfig()
	c.LocalID, c.Logger = "a", hclog.NewNullLogger()
	addr, trans := raft.NewInmemTransport("a")
	r, err := raft.NewRaft(c, &nullFSM{}, store, store, snaps, trans)
	if err != nil {
		b.Fatal(err)
	}
	if err := r.BootstrapCluster(raft.Configuration{Servers: []raft.Server{{ID: "a", Address: addr}}}).Error(); err != nil {
		b.Fatal(err)
	}
	if !<-r.LeaderCh() {
		b.Fatal("no leader")
	}
	b.ReportAllocs()
	b.SetParallelism(writers / 2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := r.Apply(payload, time.Minute).Error(); err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	_ = r.Shutdown().Error()
	_ = store.Close()
}

func benchRaftlog(b *testing.B) {
	nw := peer.NewNetwork()
	cred, err := peer.SharedSecret("benchmark")
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	p, err := peer.New(peer.Options{Self: peer.Ident{ID: "a"}, Listen: host(1), Credentials: cred, Transport: nw.Host(host(1)), Logger: log})
	if err != nil {
		b.Fatal(err)
	}
	m, err := cluster.New(cluster.Options{ID: "a", Self: addr(1), Peer: p, Logger: log, Meta: func() cluster.Meta { return cluster.Meta{} }})
	if err != nil {
		b.Fatal(err)
	}
	n, err := raftlog.New(raftlog.Options{
		Dir: b.TempDir(), Peer: p, Members: m, Logger: log, Fatal: func(err error) { b.Error(err) },
		Appliers: map[raftlog.Kind]raftlog.Applier{raftlog.KindDB: &null{}}, ProposeTimeout: time.Minute,
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	if _, err := n.Propose(ctx, raftlog.KindDB, 1, payload); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetParallelism(writers / 2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := n.Propose(ctx, raftlog.KindDB, 1, payload); err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
	_ = p.Close()
}
