package raftlog_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/raftlog"
	"github.com/pharos-registry/pharos/test/faketime"
)

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
		faketime.Pass(time.Minute)
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
