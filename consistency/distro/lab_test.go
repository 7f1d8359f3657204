package distro_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/test/faketime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type lab struct {
	tb    testing.TB
	net   *peer.Network
	cred  peer.Credentials
	size  int
	nodes []*node
}

// node is one process: its memory does not outlive it.
type node struct {
	lab     *lab
	i       int
	peer    *peer.Node
	members *cluster.Membership
	syncer  *distro.Syncer
	ring    *distro.Ring
	store   *toy
	up      atomic.Bool // warmed up
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

func addr(i int) string { return fmt.Sprintf("10.0.0.%d:8848", i) }
func host(i int) string { return fmt.Sprintf("10.0.0.%d:7848", i) }

func newLab(tb testing.TB, size int) *lab {
	tb.Helper()
	c, err := peer.SharedSecret("distro test")
	if err != nil {
		tb.Fatal(err)
	}
	l := &lab{tb: tb, net: peer.NewNetwork(), cred: c, size: size, nodes: make([]*node, size)}
	for i := range size {
		l.nodes[i] = l.start(i)
	}
	tb.Cleanup(func() {
		for _, n := range l.nodes {
			n.stop()
		}
	})
	l.ready()
	return l
}

// ready waits until all nodes are up and see each other so.
func (l *lab) ready() {
	l.tb.Helper()
	all := make([]*cluster.Membership, 0, len(l.nodes))
	for _, n := range l.nodes {
		all = append(all, n.members)
	}
	faketime.Meet(l.tb, all...)
}

func (l *lab) start(i int) *node {
	l.tb.Helper()
	log := slog.New(slog.DiscardHandler)
	p, err := peer.New(peer.Options{
		Self: peer.Ident{ID: fmt.Sprintf("id%d", i), Member: addr(i)}, Listen: host(i), Credentials: l.cred,
		Transport: l.net.Host(host(i)), Logger: log,
	})
	if err != nil {
		l.tb.Fatal(err)
	}
	list := cluster.Static{}
	for j := range l.size {
		list = append(list, addr(j))
	}
	m, err := cluster.New(cluster.Options{
		ID: fmt.Sprintf("id%d", i), Self: addr(i), Peer: p, Source: list, Logger: log,
		Meta: func() cluster.Meta { return cluster.Meta{} },
	})
	if err != nil {
		l.tb.Fatal(err)
	}
	n := &node{lab: l, i: i, peer: p, members: m, store: newToy()}
	if n.syncer, err = distro.New(distro.Options{Peer: p, Members: m, Store: n.store, Logger: log}); err != nil {
		l.tb.Fatal(err)
	}
	n.ring = distro.NewRing(m)
	peer.Handle(p, callWrite, func(_ context.Context, w write) (bool, error) { return n.local(w), nil })
	if _, err := p.Listen(l.tb.Context()); err != nil {
		l.tb.Fatal(err)
	}
	if err := m.Load(l.tb.Context()); err != nil {
		l.tb.Fatal(err)
	}
	var ctx context.Context
	ctx, n.cancel = context.WithCancel(context.WithoutCancel(l.tb.Context()))
	n.wg.Go(func() { _ = p.Run(ctx) })
	n.wg.Go(func() { _ = m.Run(ctx) })
	n.wg.Go(func() { _ = n.syncer.Run(ctx) })
	n.wg.Go(func() { n.sweeps(ctx) })
	n.wg.Go(func() {
		if n.syncer.WarmUp(ctx) == nil {
			m.SetState(cluster.Up)
			n.up.Store(true)
		}
	})
	return n
}

// stop ends the process, as a kill does.
func (n *node) stop() {
	n.up.Store(false)
	n.cancel()
	n.wg.Wait()
}

// restart is a kill and a new, empty process.
func (l *lab) restart(i int, down time.Duration) {
	l.nodes[i].stop()
	time.Sleep(down)
	l.nodes[i] = l.start(i)
}

// list is what a node would answer: ids, with a ! where unhealthy.
func (n *node) list() string {
	var out []string
	for id, x := range n.store.snapshot() {
		if !x.healthy {
			id += "!"
		}
		out = append(out, id)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// all waits until every node lists want, and fails after within.
func (l *lab) all(want string, within time.Duration) time.Duration {
	l.tb.Helper()
	began := time.Now()
	for {
		ok := true
		for _, n := range l.nodes {
			ok = ok && n.list() == want
		}
		if ok {
			return time.Since(began)
		}
		if time.Since(began) > within {
			for _, n := range l.nodes {
				l.tb.Logf("%s: %s; sees %v", addr(n.i), n.list(), n.members.View().Alive())
			}
			l.tb.Fatalf("after %v not all list %q", within, want)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// do sends a client's request to node i.
func (l *lab) do(i int, op, id string) bool {
	l.tb.Helper()
	ok, err := l.nodes[i].handle(l.tb.Context(), write{Op: op, ID: id, Value: "v"})
	if err != nil {
		l.tb.Fatalf("%s %s at %d: %v", op, id, i, err)
	}
	return ok
}

// ownedBy returns an id whose owner is node i while all are alive.
func (l *lab) ownedBy(i int) string {
	for k := range 10_000 {
		id := fmt.Sprintf("1.1.1.%d:80", k)
		if distro.Owner(l.nodes[i].members.View(), id) == addr(i) {
			return id
		}
	}
	l.tb.Fatalf("node %d owns nothing among %v", i, l.nodes[i].members.View().Alive())
	return ""
}
