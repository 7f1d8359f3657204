package raftlog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/raftlog"
)

func TestWriteOnAnyNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.startAll()
		lead := l.leader()
		for i, n := range l.nodes {
			n.set("k"+strconv.Itoa(i), "v")
			if a, err := n.propose(time.Second, op{Key: "k0", Value: "w", CAS: true, Old: "other"}); err != nil || a.Code != refused || string(a.Body) != "v" {
				t.Errorf("cas on %s: %d %q %v", n.id, a.Code, a.Body, err)
			}
		}
		s := l.agree(time.Second)
		if s.Count != 6 {
			t.Errorf("%d commands", s.Count)
		}
		for _, n := range l.nodes {
			if err := n.Read(t.Context()); err != nil {
				t.Error(err)
			}
			st := n.Stats()
			if st.LeaderID != lead.id || st.Leader != host(lead.i) || len(st.Servers) != 3 || st.Applied != s.Applied || st.Term == 0 || st.Failure != nil {
				t.Errorf("%+v", st)
			}
		}
		if _, err := lead.Propose(t.Context(), raftlog.KindDB, make([]byte, raftlog.MaxCommand+1)); !errors.Is(err, raftlog.ErrTooLarge) {
			t.Error(err)
		}
	})
}

// A node that was away for long has what was written meanwhile as soon as it is
// heard of again.
func TestBackAfterLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.startAll()
		lead := l.leader()
		away := l.nodes[(lead.i+1)%3]
		for _, seconds := range []int{12, 15, 18, 23, 60} {
			away.stop()
			var last string
			for i := range seconds {
				last = fmt.Sprintf("%d of %d", i, seconds)
				lead.set("k", last)
				time.Sleep(time.Second)
			}
			away.start()
			began := time.Now()
			for away.disk.get("k") != last {
				if time.Sleep(100 * time.Millisecond); time.Since(began) > 3*time.Second {
					t.Fatalf("away for %d s, behind for more than %v", seconds, time.Since(began))
				}
			}
		}
	})
}

// A single write through a follower takes network time, not timer time.
func TestFollowerWriteIsQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.startAll()
		lead := l.leader()
		f := l.nodes[(lead.i+1)%3]
		f.set("warm", "up")
		for i := range 5 {
			time.Sleep(time.Second)
			began := time.Now()
			f.set("k", strconv.Itoa(i))
			if took := time.Since(began); took > 5*time.Millisecond {
				t.Errorf("a write took %v on a network without delay", took)
			}
		}
	})
}

// Many writers at once are packed, and each gets its own answer.
func TestPacking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.startAll()
		lead := l.leader()
		var wg sync.WaitGroup
		const writers = 1500
		for i := range writers {
			wg.Go(func() { l.nodes[i%3].set("k"+strconv.Itoa(i), "v") })
		}
		wg.Wait()
		if s := l.agree(time.Second); s.Count != writers {
			t.Errorf("%d commands", s.Count)
		}
		if e := lead.Stats().Entries; e > writers/4 {
			t.Errorf("%d entries for %d writes", e, writers)
		}
	})
}

func TestLeaderIsLost(t *testing.T) {
	for _, tt := range []struct {
		name    string
		settled bool
		lose    func(*node)
	}{
		{"stops", true, func(n *node) { n.stop() }},
		{"crashes", true, func(n *node) { n.crash(nil) }},
		{"is isolated", true, func(n *node) {
			n.lab.net.Isolate(host(n.i), host(0), host(1), host(2))
		}},
		{"is isolated at once", false, func(n *node) {
			n.lab.net.Isolate(host(n.i), host(0), host(1), host(2))
		}},
		{"cannot send", true, func(n *node) {
			for j := range 3 {
				n.lab.net.Cut(host(n.i), host(j))
			}
		}},
		{"cannot receive", true, func(n *node) {
			for j := range 3 {
				n.lab.net.Cut(host(j), host(n.i))
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, 3, nil)
				l.startAll()
				l.nodes[0].set("before", "1")
				lead := l.leader()
				limit := 15 * time.Second // the others may be receiving a snapshot from it
				if tt.settled {
					limit = 8 * time.Second
					l.agree(5 * time.Second)
				}
				tt.lose(lead)
				began := time.Now()
				other := l.nodes[(lead.i+1)%3]
				_, err := other.propose(10*time.Second, op{Key: "during", Value: "1"})
				if errors.Is(err, raftlog.ErrUnknown) { // it was on its way to the leader, and may be repeated
					_, err = other.propose(10*time.Second, op{Key: "during", Value: "1"})
				}
				if err != nil {
					t.Errorf("write after %v: %v", time.Since(began), err)
				}
				if took := time.Since(began); took > limit {
					t.Errorf("no writes for %v", took)
				}
				if lead.Node != nil { // it must not answer for the others any more
					ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
					if err := lead.Read(ctx); err == nil {
						t.Error("a leader cut off confirms a read")
					}
					cancel()
					if a, err := lead.propose(3*time.Second, op{Key: "alone", Value: "1"}); err == nil {
						t.Errorf("a leader cut off wrote: %v", a)
					} else if !isUnavailable(err) {
						t.Error(err)
					}
				}
				l.net.HealAll()
				if lead.Node == nil {
					lead.start()
				}
				l.leader()
				other.set("after", "1")
				s := l.agree(15 * time.Second)
				for _, k := range []string{"before", "during", "after"} {
					if s.Values[k] != "1" {
						t.Errorf("%s is lost", k)
					}
				}
			})
		})
	}
}

func small(_ int, o *raftlog.Options, _ *cluster.Options) {
	o.TrailingLogs, o.SnapshotThreshold, o.SnapshotEvery = 5, 1<<40, time.Hour // only on demand
}

// A node that was away too long gets a snapshot.
func TestSnapshotToReturningNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, small)
		l.startAll()
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
				l.startAll()
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
		l.startAll()
		for i := range 10 {
			l.nodes[i%3].set(strconv.Itoa(i), "v")
		}
		for _, n := range l.nodes {
			n.stop()
		}
		l.nodes[0].disk.lose(func(n int) int { return n / 2 })
		l.startAll()
		l.leader()
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
				l.startAll()
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

// The state of a single node becomes the cluster's first snapshot.
func TestFirstNodeBringsItsData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, func(i int, o *raftlog.Options, _ *cluster.Options) { o.OwnData = i == 2 })
		l.nodes[2].disk.state.Values["old"] = "data"
		l.startAll()
		l.leader()
		l.nodes[0].set("new", "1")
		l.agree(5 * time.Second)
		for _, n := range l.nodes {
			if n.disk.get("old") != "data" {
				t.Errorf("%s lacks the data from before", n.id)
			}
		}
		n := l.nodes[1]
		n.crash(nil)
		n.start()
		n.set("newer", "1")
		l.agree(5 * time.Second)
	})
}

func TestForeignDataIsRefused(t *testing.T) {
	t.Run("into a cluster", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, 3, func(i int, o *raftlog.Options, _ *cluster.Options) { o.OwnData = i == 2 })
			l.nodes[0].start()
			l.nodes[1].start()
			l.leader()
			l.nodes[2].disk.state.Values["old"] = "data"
			l.nodes[2].start()
			<-l.nodes[2].done
			if !errors.Is(l.nodes[2].err, raftlog.ErrForeignData) {
				t.Error(l.nodes[2].err)
			}
			if l.nodes[2].disk.get("old") != "data" {
				t.Error("its data is gone")
			}
		})
	})
	t.Run("two of them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, 3, func(i int, o *raftlog.Options, _ *cluster.Options) { o.OwnData = i > 0 })
			l.startAll()
			for _, n := range l.nodes[1:] {
				<-n.done
				if !errors.Is(n.err, raftlog.ErrForeignData) || !strings.Contains(n.err.Error(), host(1)+", "+host(2)) {
					t.Error(n.err)
				}
			}
		})
	})
	t.Run("told to join", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, 1, func(_ int, o *raftlog.Options, _ *cluster.Options) { o.OwnData, o.Joining = true, true })
			l.startAll()
			<-l.nodes[0].done
			if !errors.Is(l.nodes[0].err, raftlog.ErrForeignData) {
				t.Error(l.nodes[0].err)
			}
		})
	})
}

// Whatever the order in which nodes start and see each other, one cluster
// begins, never two.
func TestOneClusterBegins(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, 3, nil)
			a, b := int(seed%3), int(seed/3%3)
			l.net.Part(host(a), host(b))
			for i := range 3 {
				l.nodes[(i+int(seed))%3].start()
				time.Sleep(time.Duration(seed*379%4000) * time.Millisecond)
			}
			time.Sleep(10 * time.Second)
			l.net.HealAll()
			l.leader()
			for _, n := range l.nodes {
				n.set(n.id, "1")
			}
			if s := l.agree(10 * time.Second); len(s.Values) != 3 {
				t.Errorf("seed %d: %v", seed, s.Values)
			}
		})
	}
}

// A minority of the listed members begins nothing.
func TestMinorityWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.nodes[0].start()
		time.Sleep(time.Minute)
		if l.nodes[0].HasLeader() {
			t.Error("one of three began a cluster")
		}
		if _, err := l.nodes[0].propose(2*time.Second, op{Key: "k"}); !isUnavailable(err) {
			t.Error(err)
		}
		l.nodes[1].start()
		l.leader()
		l.nodes[0].set("k", "v")
		l.nodes[2].start() // late, and taken in
		l.nodes[2].set("l", "v")
		l.agree(5 * time.Second)
		if n := len(l.leader().Stats().Servers); n != 3 {
			t.Errorf("%d servers", n)
		}
	})
}

func TestMembersChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, func(i int, o *raftlog.Options, m *cluster.Options) {
			if i >= 3 {
				o.Joining, m.Join, m.Source = true, []string{addr(0)}, nil
			}
			if i == 4 {
				o.Learner = true
				m.Meta = func() cluster.Meta { return cluster.Meta{Extra: map[string]string{raftlog.LearnerKey: "true"}} }
			}
		})
		l.startAll()
		l.nodes[0].set("a", "1")
		for i := 3; i < 5; i++ {
			n := l.node(i, fmt.Sprintf("id%d", i))
			l.nodes = append(l.nodes, n)
			n.start()
			n.set("from"+n.id, "1")
		}
		l.agree(5 * time.Second)
		servers := func() (voters, learners int) {
			for _, s := range l.leader().Stats().Servers {
				if s.Voter {
					voters++
				} else {
					learners++
				}
			}
			return voters, learners
		}
		if v, n := servers(); v != 4 || n != 1 {
			t.Errorf("%d voters, %d learners", v, n)
		}
		lead := l.leader()
		victim := l.nodes[(lead.i+1)%3]
		if err := lead.members.Remove(addr(victim.i)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if v, n := servers(); v != 3 || n != 1 {
			t.Errorf("after a removal %d voters, %d learners", v, n)
		}
		victim.stop()
		// the leader itself is removed by another
		old := l.leader()
		by := l.nodes[3]
		if old == by {
			by = l.nodes[(victim.i+1)%3]
		}
		if err := by.members.Remove(addr(old.i)); err != nil {
			t.Fatal(err)
		}
		now := l.leader(old)
		time.Sleep(5 * time.Second)
		if v, n := servers(); v != 2 || n != 1 {
			t.Errorf("after the leader's removal %d voters, %d learners", v, n)
		}
		old.stop()
		now.set("b", "2")
		l.agree(5 * time.Second)
	})
}

// A node whose data is lost comes back under a new id at the old address.
func TestWipedNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.startAll()
		l.nodes[0].set("a", "1")
		lead := l.leader()
		i := (lead.i + 1) % 3
		l.nodes[i].crash(nil)
		l.nodes[i] = l.node(i, "fresh")
		l.nodes[i].start()
		l.nodes[i].set("b", "2")
		if s := l.agree(10 * time.Second); s.Values["a"] != "1" {
			t.Error("it lacks what was before")
		}
		if n := len(lead.Stats().Servers); n != 3 {
			t.Errorf("%d servers", n)
		}
		for _, s := range lead.Stats().Servers {
			if s.ID == fmt.Sprintf("id%d", i) {
				t.Error("its old self is still a server")
			}
		}
	})
}

// A node that moves keeps its log, and its place in it.
func TestAddressChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.startAll()
		l.nodes[0].set("a", "1")
		lead := l.leader()
		n := l.nodes[(lead.i+1)%3]
		n.stop()
		n.i = 9
		n.start()
		n.set("b", "2")
		time.Sleep(10 * time.Second)
		l.agree(time.Second)
		found := false
		for _, s := range l.leader().Stats().Servers {
			found = found || s.ID == n.id && s.Addr == host(9)
		}
		if !found || len(l.leader().Stats().Servers) != 3 {
			t.Errorf("%+v", l.leader().Stats().Servers)
		}
	})
}

func TestTransferLeadership(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.startAll()
		lead := l.leader()
		to, via := l.nodes[(lead.i+1)%3], l.nodes[(lead.i+2)%3]
		via.set("a", "1")
		if err := via.TransferLeadership(t.Context(), host(to.i)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := l.leader(); got != to {
			t.Errorf("%s leads, not %s", got.id, to.id)
		}
		if err := via.TransferLeadership(t.Context(), "10.9.9.9:7848"); err == nil {
			t.Error("leadership went to a stranger")
		}
		via.set("b", "1")
	})
}

func TestRecover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.startAll()
		for i := range 10 {
			l.nodes[0].set(strconv.Itoa(i), "v")
		}
		l.agree(5 * time.Second)
		n := l.nodes[0]
		n.stop()
		l.tune = func(_ int, _ *raftlog.Options, m *cluster.Options) { m.Source = nil }
		for i, x := range l.nodes[1:] {
			x.crash(nil)
			l.nodes[1+i] = l.node(1+i, "new"+x.id)
		}
		inspect := stopped(t, l, n)
		s, err := inspect.Inspect()
		if err != nil || len(s.Servers) != 3 || s.LastIndex == 0 {
			t.Fatalf("%+v %v", s, err)
		}
		for _, bad := range []struct {
			name string
			r    raftlog.Recovery
			want error
		}{
			{"others are alive", raftlog.Recovery{LastIndex: s.LastIndex, Reachable: func(string) bool { return true }}, raftlog.ErrQuorum},
			{"wrong index", raftlog.Recovery{LastIndex: s.LastIndex + 1, Reachable: func(string) bool { return false }}, raftlog.ErrIndex},
		} {
			bad.r.Options = options(t, l, n)
			if err := raftlog.Recover(bad.r); !errors.Is(err, bad.want) {
				t.Errorf("%s: %v", bad.name, err)
			}
		}
		r := raftlog.Recovery{Options: options(t, l, n), LastIndex: s.LastIndex, Reachable: func(string) bool { return false }}
		if err := raftlog.Recover(r); err != nil {
			t.Fatal(err)
		}
		n.start()
		l.leader()
		n.set("after", "1")
		l.tune = func(i int, o *raftlog.Options, m *cluster.Options) {
			if i > 0 {
				o.Joining, m.Join, m.Source = true, []string{addr(0)}, nil
			}
		}
		for _, x := range l.nodes[1:] {
			x.start()
			x.set("from"+x.id, "1")
		}
		if s := l.agree(10 * time.Second); len(s.Values) != 13 {
			t.Errorf("%v", s.Values)
		}
	})
	t.Run("no log", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, 1, nil)
			if err := raftlog.Recover(raftlog.Recovery{Options: options(t, l, l.nodes[0]), Reachable: func(string) bool { return false }}); !errors.Is(err, raftlog.ErrNoLog) {
				t.Error(err)
			}
		})
	})
}

// A damaged snapshot does not take the place of a good state.
func TestDamagedSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 1, small)
		l.startAll()
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
