package cluster_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is one running member.
type node struct {
	*cluster.Membership

	peer *peer.Node
	addr string
	host string
	stop func()
	seen []string // lines of states that were announced; read it after stop
}

type lab struct {
	t   *testing.T
	net *peer.Network
	cr  peer.Credentials
	log *slog.Logger // of the nodes that start from now on
}

func newLab(t *testing.T) *lab {
	t.Helper()
	c, err := peer.SharedSecret("cluster test")
	if err != nil {
		t.Fatal(err)
	}
	return &lab{t: t, net: peer.NewNetwork(), cr: c, log: slog.New(slog.DiscardHandler)}
}

func addr(i int) string { return fmt.Sprintf("10.0.0.%d:8848", i) }
func host(i int) string { return fmt.Sprintf("10.0.0.%d:7848", i) }

func addrs(is ...int) []string {
	out := make([]string, 0, len(is))
	for _, i := range is {
		out = append(out, addr(i))
	}
	return out
}

func (l *lab) start(i int, id string, o cluster.Options) *node {
	l.t.Helper()
	p, err := peer.New(peer.Options{
		Self: peer.Ident{ID: id, Member: addr(i)}, Listen: host(i), Credentials: l.cr, Transport: l.net.Host(host(i)), Logger: l.log,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	o.ID, o.Self, o.Peer, o.Logger = id, addr(i), p, l.log
	if o.Meta == nil {
		o.Meta = func() cluster.Meta { return cluster.Meta{Version: "1", LogVersion: i} }
	}
	m, err := cluster.New(o)
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := p.Listen(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	if err := m.Load(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	n := &node{Membership: m, peer: p, addr: addr(i), host: host(i)}
	m.OnChange(func(_, after *cluster.View) { n.seen = append(n.seen, stateLine(after)) })
	ctx, cancel := context.WithCancel(context.WithoutCancel(l.t.Context()))
	done := make(chan error, 2)
	m.SetState(cluster.Up)
	go func() { done <- p.Run(ctx) }()
	go func() { done <- m.Run(ctx) }()
	n.stop = func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				l.t.Error(err)
			}
		}
		n.stop = func() {}
	}
	l.t.Cleanup(func() { n.stop() })
	return n
}

func (l *lab) three() []*node {
	l.t.Helper()
	out := make([]*node, 0, 3)
	for i := range 3 {
		out = append(out, l.start(i, fmt.Sprintf("id%d", i), cluster.Options{Source: cluster.Static(addrs(0, 1, 2))}))
	}
	for _, n := range out {
		l.states(n, "UP UP UP", 2*time.Second)
		met := func(v *cluster.View) bool {
			return !slices.ContainsFunc(v.Members, func(m cluster.Member) bool { return m.ID == "" })
		}
		if _, err := n.Wait(l.t.Context(), met); err != nil {
			l.t.Fatal(err)
		}
	}
	return out
}

// states waits until the members' states are want, and returns how long it took.
func (l *lab) states(n *node, want string, within time.Duration) time.Duration {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), within)
	defer cancel()
	began := time.Now()
	if v, err := n.Wait(ctx, func(v *cluster.View) bool { return stateLine(v) == want }); err != nil {
		l.t.Fatalf("%s sees %q after %v, want %q", n.addr, stateLine(v), within, want)
	}
	return time.Since(began)
}

func stateLine(v *cluster.View) string {
	out := make([]string, 0, len(v.Members))
	for i := range v.Members {
		out = append(out, v.Members[i].State.String())
	}
	return strings.Join(out, " ")
}
