package raftlog_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/raftlog"
	"github.com/pharos-registry/pharos/test/faketime"
)

// TestOldMember upgrades one node after the other. A command of the newer version
// gets through when the last one has it, whether a member is of the older version,
// is down in it, or was never seen.
func TestOldMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		versions := []int{2, 2, 1}
		l := newLab(t, 3, func(i int, _ *raftlog.Options, m *cluster.Options) {
			m.Meta = func() cluster.Meta { return cluster.Meta{LogVersion: versions[i]} }
		})
		newer := func(n *node) error {
			_, err := n.Propose(t.Context(), raftlog.KindDB, 2, []byte(`{"Key":"new","Value":"1"}`))
			return err
		}
		refused := func(when string) {
			t.Helper()
			for _, n := range l.nodes[:2] {
				err := newer(n)
				if !errors.Is(err, raftlog.ErrOldMember) || !strings.HasSuffix(err.Error(), " "+addr(2)) {
					t.Errorf("%s: %s answers %v", when, n.id, err)
				}
				n.set("known", when)
			}
			if got := l.nodes[0].disk.get("new"); got != "" {
				t.Errorf("%s: it was written", when)
			}
		}
		l.nodes[0].start()
		l.nodes[1].start()
		l.leader()
		refused("a member that was never seen")
		old := l.nodes[2]
		old.start()
		faketime.Pass(5 * time.Second)
		refused("an older member")
		old.stop()
		faketime.Pass(10 * time.Second)
		refused("an older member that is down")
		versions[2] = 2
		old.start()
		faketime.Pass(5 * time.Second)
		for _, n := range l.nodes {
			if err := newer(n); err != nil {
				t.Errorf("all are new: %s answers %v", n.id, err)
			}
		}
		if s := l.agree(5 * time.Second); s.Count != 9 {
			t.Errorf("%d commands, not 6 known ones and 3 new ones", s.Count)
		}
	})
}

// TestOldMemberOfTheLeader has a proposer think that all members are new, when the
// leader knows of one that is not: it refuses, and what was packed with it gets in.
func TestOldMemberOfTheLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errNew := errors.New("not known here")
		knows := []int{2, 2, 2}
		l := newLab(t, 3, func(i int, o *raftlog.Options, _ *cluster.Options) {
			o.Since = func(_ raftlog.Kind, data []byte) (int, error) {
				switch {
				case !strings.Contains(string(data), `"new"`):
					return 1, nil
				case knows[i] < 2:
					return 0, errNew
				default:
					return 2, nil
				}
			}
		})
		l.form()
		lead := l.leader()
		// No node says that it has version 2; who proposes does not look.
		for _, n := range l.nodes {
			if _, err := n.propose(5*time.Second, op{Key: "new", Value: "1"}); !errors.Is(err, raftlog.ErrOldMember) {
				t.Errorf("%s, leader %s: %v", n.id, lead.id, err)
			}
			var wg sync.WaitGroup
			for _, key := range []string{"a", "new", "b", "c", "new", "d"} {
				wg.Go(func() {
					_, err := n.propose(5*time.Second, op{Key: key, Value: "1"})
					if old := errors.Is(err, raftlog.ErrOldMember); old != (key == "new") || err != nil && !old {
						t.Errorf("%s, with others: %s: %v", n.id, key, err)
					}
				})
			}
			wg.Wait()
		}
		knows[lead.i] = 1
		other := l.nodes[(lead.i+1)%3]
		if _, err := other.propose(5*time.Second, op{Key: "new", Value: "1"}); !errors.Is(err, raftlog.ErrOldMember) || !strings.Contains(err.Error(), "the leader cannot apply it") {
			t.Errorf("a leader that does not know it: %v", err)
		}
		if s := l.agree(5 * time.Second); s.Count != 12 {
			t.Errorf("%d commands, not 12", s.Count)
		}
		for _, n := range l.nodes {
			if err := n.Failure(); err != nil {
				t.Errorf("%s: %v", n.id, err)
			}
		}
	})
}
