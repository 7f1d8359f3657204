package raftlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/raftlog"
)

func small(_ int, o *raftlog.Options, _ *cluster.Options) {
	o.TrailingLogs, o.SnapshotThreshold, o.SnapshotEvery = 5, 1<<40, time.Hour // only on demand
}

// A node that was away too long gets a snapshot.
func TestSnapshotToReturningNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, small)
		l.form()
		lead := l.leader()
		away := l.nodes[(lead.i+1)%3]
		away.stop()
		for i := range 50 {
			lead.set(strconv.Itoa(i), "v")
		}
		for _, n := range l.nodes {
			if n.Node != nil {
				if err := n.TakeSnapshot(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		before := away.disk.restore
		away.start()
		l.agree(10 * time.Second)
		if away.disk.restore != before+1 {
			t.Errorf("restored %d snapshots", away.disk.restore-before)
		}
		away.set("x", "y") // and it goes on from there
		l.agree(time.Second)
	})
}

// A node that crashes between receiving a snapshot and restoring it has a state
// older than its newest snapshot, and must restore that; one whose state is
// newer must not.
func TestRestoreOnStart(t *testing.T) {
	for _, tt := range []struct {
		name     string
		old      bool
		restores int
	}{{"state behind the snapshot", true, 1}, {"state ahead of it", false, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, 3, small)
				l.form()
				lead := l.leader()
				f := l.nodes[(lead.i+1)%3]
				f.set("first", "1")
				old := f.disk.now()
				for i := range 20 {
					f.set(strconv.Itoa(i), "v")
				}
				for _, n := range l.nodes {
					if err := n.TakeSnapshot(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				f.set("last", "1")
				f.stop()
				if tt.old {
					f.disk.state = old
				}
				before := f.disk.restore
				f.start()
				f.set("again", "1")
				l.agree(10 * time.Second)
				if got := f.disk.restore - before; got != tt.restores {
					t.Errorf("restored %d times, want %d", got, tt.restores)
				}
			})
		})
	}
}

// Replay gives the state nothing that it holds already: the toy would fail.
func TestRestartReplaysExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.form()
		for i := range 10 {
			l.nodes[i%3].set(strconv.Itoa(i), "v")
		}
		for _, n := range l.nodes {
			n.stop()
		}
		l.nodes[0].disk.lose(func(n int) int { return n / 2 })
		l.form()
		if s := l.agree(10 * time.Second); s.Count != 10 {
			t.Errorf("%d commands", s.Count)
		}
		l.nodes[0].set("more", "1")
		l.agree(time.Second)
	})
}

// A node that cannot apply an entry stops, says why, and does not diverge; once
// its disk is mended it goes on where it was.
func TestCannotApply(t *testing.T) {
	for _, tt := range []struct {
		name   string
		poison bool
	}{{"disk full", false}, {"panic", true}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, 3, small)
				l.form()
				lead := l.leader()
				lead.set("a", "1")
				f := l.nodes[(lead.i+1)%3]
				if tt.poison { // it stops all: nobody can apply it
					if _, err := lead.propose(5*time.Second, op{Poison: true}); !isUnavailable(err) {
						t.Errorf("poison: %v", err)
					}
					<-lead.done
					if lead.err == nil || !strings.Contains(lead.err.Error(), "poison") {
						t.Errorf("Run returned %v", lead.err)
					}
					return
				}
				f.disk.mu.Lock()
				f.disk.fail = errDisk
				f.disk.mu.Unlock()
				lead.set("b", "2")
				<-f.done
				f.mu.Lock()
				if !errors.Is(f.fatal, errDisk) || !errors.Is(f.err, errDisk) {
					t.Errorf("fatal %v, Run %v", f.fatal, f.err)
				}
				f.mu.Unlock()
				if _, err := f.propose(time.Second, op{Key: "x"}); !errors.Is(err, raftlog.ErrStopped) || !errors.Is(err, errDisk) {
					t.Errorf("propose on a stopped node: %v", err)
				}
				lead.set("c", "3") // the other two go on
				f.disk.fail = nil
				f.start()
				l.agree(10 * time.Second)
			})
		})
	}
}

// A damaged snapshot does not take the place of a good state.
func TestDamagedSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 1, small)
		l.form()
		n := l.nodes[0]
		n.set("a", "1")
		if err := n.TakeSnapshot(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.stop()
		files, err := filepath.Glob(filepath.Join(n.dir, "snapshots", "*", "state.bin"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			if err := os.Truncate(f, 10); err != nil {
				t.Fatal(err)
			}
		}
		n.start()
		<-n.done
		if n.err == nil || n.disk.get("a") != "1" {
			t.Errorf("%v, %q", n.err, n.disk.get("a"))
		}
	})
}
