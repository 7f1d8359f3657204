package raftlog_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/raftlog"
)

func TestWriteOnAnyNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.form()
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
		if _, err := lead.Propose(t.Context(), raftlog.KindDB, 1, make([]byte, raftlog.MaxCommand+1)); !errors.Is(err, raftlog.ErrTooLarge) {
			t.Error(err)
		}
	})
}

// A node that was away for long has what was written meanwhile as soon as it is
// heard of again.
func TestBackAfterLong(t *testing.T) {
	for name, start := range map[string]func(*lab){"met": (*lab).form, "hardly met": (*lab).startAll} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, 3, nil)
				start(l)
				lead := l.leader()
				away := l.nodes[(lead.i+1)%3]
				for _, seconds := range []int{12, 15, 18, 23, 60} {
					away.stop()
					var last string
					for i := range seconds {
						last = fmt.Sprintf("%d of %d", i, seconds)
						for err := errors.New("not written"); err != nil; { // a leader may have a rival yet
							_, err = l.leader(away).propose(time.Second, op{Key: "k", Value: last})
						}
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
		})
	}
}

// A single write through a follower takes network time, not timer time.
func TestFollowerWriteIsQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, nil)
		l.form()
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
		l.form()
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
