package agreement_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/service/agreement"
	"github.com/pharos-registry/pharos/test/faketime"
)

// lab is a cluster of nodes that hold a map each.
type lab struct {
	t     *testing.T
	net   *peer.Network
	nodes []*node
}

type node struct {
	*agreement.Auditor

	mu    sync.Mutex
	holds map[string]uint64

	off, starting atomic.Bool
	mends         atomic.Bool // Repair takes over what node 0 holds
	asked         atomic.Int64
}

func addr(i int) string { return fmt.Sprintf("10.0.0.%d:8848", i) }
func host(i int) string { return fmt.Sprintf("10.0.0.%d:7848", i) }

func (n *node) set(key string, digest uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if digest == 0 {
		delete(n.holds, key)
	} else {
		n.holds[key] = digest
	}
}

// inLab runs fn beside a cluster, under fake time.
func inLab(t *testing.T, size int, fn func(l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(context.Background())
		var group sync.WaitGroup
		l := &lab{t: t, net: peer.NewNetwork()}
		list := cluster.Static{}
		for i := range size {
			list = append(list, addr(i))
		}
		for i := range size {
			l.start(ctx, &group, i, list)
		}
		faketime.Pass(12 * time.Second)
		fn(l)
		stop()
		group.Wait()
	})
}

func (l *lab) start(ctx context.Context, group *sync.WaitGroup, i int, list cluster.Static) {
	l.t.Helper()
	log := slog.New(slog.DiscardHandler)
	cred, err := peer.SharedSecret("a secret of the test")
	if err != nil {
		l.t.Fatal(err)
	}
	id := fmt.Sprint("id", i)
	p, err := peer.New(peer.Options{Self: peer.Ident{ID: id, Member: addr(i)}, Listen: host(i), Credentials: cred, Transport: l.net.Host(host(i)), Logger: log})
	if err != nil {
		l.t.Fatal(err)
	}
	m, err := cluster.New(cluster.Options{ID: id, Self: addr(i), Peer: p, Source: list, Meta: func() cluster.Meta { return cluster.Meta{} }, Logger: log})
	if err != nil {
		l.t.Fatal(err)
	}
	n := &node{holds: map[string]uint64{}}
	for k := range 500 {
		n.holds[fmt.Sprint("key", k)] = uint64(k + 1)
	}
	n.Auditor = agreement.New(agreement.Options{
		Peer: p, Members: m, Log: log, Ready: func() bool { return !n.starting.Load() },
		Sources: []agreement.Source{{
			Kind: "map",
			Each: func(yield func(string, uint64) bool) {
				n.mu.Lock()
				defer n.mu.Unlock()
				for k, d := range n.holds {
					if !yield(k, d) {
						return
					}
				}
			},
			Off: n.off.Load,
			Repair: func(_ context.Context, _ string, keys []string) (int, error) {
				n.asked.Add(1)
				if !n.mends.Load() {
					return 0, errors.New("cannot")
				}
				for _, k := range keys {
					l.nodes[0].mu.Lock()
					d := l.nodes[0].holds[k]
					l.nodes[0].mu.Unlock()
					n.set(k, d)
				}
				return len(keys), nil
			},
		}},
	})
	l.nodes = append(l.nodes, n)
	if err := m.Load(ctx); err != nil {
		l.t.Fatal(err)
	}
	m.SetState(cluster.Up)
	for _, run := range []func(context.Context) error{p.Run, m.Run, n.Run} {
		group.Go(func() { _ = run(ctx) })
	}
}

// sees lists the differences of a node as "key mine theirs member".
func (n *node) sees() []string {
	out := []string{}
	for _, d := range n.Report().Differences {
		out = append(out, fmt.Sprint(d.Key, " ", d.Mine, " ", d.Theirs, " ", d.Addr))
	}
	return out
}

func (l *lab) want(i int, want ...string) {
	l.t.Helper()
	if want == nil {
		want = []string{}
	}
	if d := cmp.Diff(want, l.nodes[i].sees()); d != "" {
		l.t.Errorf("node %d: %s", i, d)
	}
}

// A difference counts from the second look on, for both who differ, and no more
// when it is gone.
func TestDifferences(t *testing.T) {
	inLab(t, 3, func(l *lab) {
		for i := range 3 {
			l.want(i)
			if r := l.nodes[i].Report(); len(r.Peers) != 2 || r.Peers[0].Err != nil || r.Peers[0].At.IsZero() {
				t.Errorf("node %d compares with %+v", i, r.Peers)
			}
		}
		l.nodes[1].set("key7", 1000)
		l.nodes[1].set("key8", 0)
		l.nodes[1].set("new", 5)
		faketime.Pass(4 * time.Second)
		l.want(0) // once is not enough
		faketime.Pass(5 * time.Second)
		l.want(0, "key7 8 1000 "+addr(1), "key8 9 0 "+addr(1), "new 0 5 "+addr(1))
		l.want(1, "key7 1000 8 "+addr(0), "key7 1000 8 "+addr(2), "key8 0 9 "+addr(0), "key8 0 9 "+addr(2), "new 5 0 "+addr(0), "new 5 0 "+addr(2))
		if l.nodes[1].asked.Load() == 0 {
			t.Error("nothing was tried to mend it")
		}
		l.nodes[1].set("key7", 8)
		l.nodes[1].set("key8", 9)
		l.nodes[1].set("new", 0)
		faketime.Pass(6 * time.Second)
		for i := range 3 {
			l.want(i)
		}
	})
}

// What changes faster than it is looked at is no difference.
func TestChangesAreNoDifference(t *testing.T) {
	inLab(t, 2, func(l *lab) {
		for v := range uint64(40) {
			l.nodes[0].set("key1", 100+v)
			time.Sleep(time.Second)
			l.nodes[1].set("key1", 100+v)
			if s := l.nodes[0].sees(); len(s) > 0 {
				t.Fatal(s)
			}
		}
	})
}

// Two keys that have each other's state differ, though a plain sum would not.
func TestExchangedStates(t *testing.T) {
	inLab(t, 2, func(l *lab) {
		l.nodes[1].set("key1", 3)
		l.nodes[1].set("key2", 2)
		faketime.Pass(11 * time.Second)
		l.want(0, "key1 2 3 "+addr(1), "key2 3 2 "+addr(1))
	})
}

// A node that can mend what differs does.
func TestRepair(t *testing.T) {
	inLab(t, 3, func(l *lab) {
		l.nodes[2].mends.Store(true)
		l.nodes[2].set("key3", 77)
		faketime.Pass(20 * time.Second)
		if d := cmp.Diff(l.nodes[0].holds, maps.Clone(l.nodes[2].holds)); d != "" {
			t.Error(d)
		}
		l.want(0)
		l.want(2)
		if n := l.nodes[2].Report().Repairs["map"]; n == 0 {
			t.Error("no repair is counted")
		}
	})
}

// Only the one that all others agree against is odd, and only after a while.
func TestOdd(t *testing.T) {
	inLab(t, 3, func(l *lab) {
		odd := func(want ...bool) {
			t.Helper()
			for i, n := range l.nodes {
				if err := n.Odd(time.Now()); (err != nil) != want[i] {
					t.Errorf("node %d: %v", i, err)
				}
			}
		}
		l.nodes[1].set("key1", 50)
		faketime.Pass(50 * time.Second)
		odd(false, false, false)
		faketime.Pass(20 * time.Second)
		odd(false, true, false)
		l.net.Isolate(host(1), host(0), host(2)) // it hears nobody: it does not know
		faketime.Pass(20 * time.Second)
		odd(false, false, false)
		l.net.HealAll()
		faketime.Pass(2 * time.Minute)
		odd(false, true, false)
		l.nodes[2].set("key1", 60) // three states: nobody knows who is right
		faketime.Pass(2 * time.Minute)
		odd(false, false, false)
	})
	inLab(t, 2, func(l *lab) {
		l.nodes[1].set("key1", 50)
		faketime.Pass(5 * time.Minute)
		for i, n := range l.nodes {
			if err := n.Odd(time.Now()); err != nil {
				t.Errorf("one of two, node %d: %v", i, err)
			}
		}
	})
}

// Who is not ready, or need not agree, is not compared.
func TestNotCompared(t *testing.T) {
	inLab(t, 2, func(l *lab) {
		l.nodes[1].starting.Store(true)
		l.nodes[1].set("key1", 50)
		faketime.Pass(30 * time.Second)
		l.want(0)
		l.want(1)
		if r := l.nodes[0].Report(); len(r.Peers) != 1 || r.Peers[0].Err == nil {
			t.Errorf("a peer that starts: %+v", r.Peers)
		}
		l.nodes[1].starting.Store(false)
		l.nodes[1].off.Store(true)
		faketime.Pass(30 * time.Second)
		l.want(0)
		l.want(1)
		l.nodes[1].off.Store(false)
		faketime.Pass(30 * time.Second)
		l.want(0, "key1 2 50 "+addr(1))
	})
}

// Many differences are bounded, and it is said that there are more.
func TestManyDifferences(t *testing.T) {
	inLab(t, 2, func(l *lab) {
		for i := range 3000 {
			l.nodes[1].set(fmt.Sprint("only here ", i), 9)
		}
		faketime.Pass(11 * time.Second)
		if r := l.nodes[0].Report(); !r.More || len(r.Differences) != 1000 {
			t.Errorf("%d differences, more: %v", len(r.Differences), r.More)
		}
	})
}
