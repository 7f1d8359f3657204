package raftlog_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/raftlog"
	"github.com/pharos-registry/pharos/test/faketime"
)

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
		l.form()
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
		faketime.Pass(5 * time.Second)
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
		faketime.Pass(5 * time.Second)
		if v, n := servers(); v != 2 || n != 1 {
			t.Errorf("after the leader's removal %d voters, %d learners", v, n)
		}
		old.stop()
		now.set("b", "2")
		l.agree(5 * time.Second)
	})
}

// A node that was added and cannot follow the log takes nothing from those that
// can: one of three may still be lost. When it can, it counts.
func TestNewMemberHasNoVoteYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, func(i int, o *raftlog.Options, m *cluster.Options) {
			if i >= 3 {
				o.Joining, m.Join, m.Source = true, []string{addr(0), addr(1), addr(2)}, nil
			}
		})
		l.form()
		l.nodes[0].set("a", "1")
		added := l.node(3, "id3")
		added.hollow = true
		l.nodes = append(l.nodes, added)
		added.start()
		vote := func() (known, voter bool) {
			for _, s := range l.leader().Stats().Servers {
				if s.ID == added.id {
					return true, s.Voter
				}
			}
			return false, false
		}
		faketime.Pass(10 * time.Second)
		if known, voter := vote(); !known || voter {
			t.Fatalf("an empty node is known to the log: %v, and has a vote: %v", known, voter)
		}
		l.nodes[1].stop()
		l.nodes[0].set("b", "1") // two of four would be no majority
		l.nodes[1].start()
		added.stop()
		added.hollow = false
		added.start()
		if err := added.AwaitVote(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, voter := vote(); !voter {
			t.Error("it follows the log and has no vote")
		}
		added.set("c", "1")
		l.agree(5 * time.Second)
	})
}

// Two of three lose their data and begin anew while the third one is away. It has
// written entries at the same places of its log: it must not be made to follow,
// as it would differ without knowing. Emptied, it joins.
func TestMemberOfAnotherLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.form()
		for i := range 5 {
			l.leader().set(fmt.Sprintf("old%d", i), "1")
		}
		l.agree(5 * time.Second)
		for i, n := range l.nodes {
			n.stop()
			if i < 2 {
				l.nodes[i] = l.node(i, fmt.Sprintf("fresh%d", i))
			}
		}
		third := l.nodes[2]
		was := third.disk.now()
		l.nodes[0].start()
		l.nodes[1].start()
		for i := range 20 {
			l.leader().set(fmt.Sprintf("new%d", i), "1")
		}
		third.start()
		faketime.Pass(15 * time.Second)
		if s := third.disk.now(); s.Chain != was.Chain || s.Applied != was.Applied {
			t.Errorf("it applied what is of another log: %+v, before %+v", s, was)
		}
		if n := len(l.leader().Stats().Servers); n != 2 || third.HasLeader() {
			t.Errorf("%d servers, and a leader for the third: %v", n, third.HasLeader())
		}
		third.stop()
		l.nodes[2] = l.node(2, "fresh2")
		l.nodes[2].start()
		l.nodes[2].set("b", "1")
		if s := l.agree(10 * time.Second); s.Values["new0"] != "1" || s.Values["old0"] != "" {
			t.Errorf("%v", s.Values)
		}
	})
}

// A node whose data is lost comes back under a new id at the old address.
func TestWipedNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.form()
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
		l.form()
		l.nodes[0].set("a", "1")
		lead := l.leader()
		n := l.nodes[(lead.i+1)%3]
		n.stop()
		n.i = 9
		n.start()
		n.set("b", "2")
		faketime.Pass(10 * time.Second)
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
		l.form()
		lead := l.leader()
		to, via := l.nodes[(lead.i+1)%3], l.nodes[(lead.i+2)%3]
		via.set("a", "1")
		if err := via.TransferLeadership(t.Context(), host(to.i)); err != nil {
			t.Fatal(err)
		}
		faketime.Pass(time.Second)
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
		l.form()
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
