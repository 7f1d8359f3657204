package naming_test

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

	members "github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/service/naming"
	"github.com/pharos-registry/pharos/test/faketime"
)

// lab is a cluster of registries in one process.
type lab struct {
	tb    testing.TB
	net   *peer.Network
	cred  peer.Credentials
	nodes []*node
}

// node is one process: its memory does not outlive it.
type node struct {
	lab     *lab
	i       int
	peer    *peer.Node
	members *members.Membership
	syncer  *distro.Syncer
	s       *naming.Service
	up      atomic.Bool // warmed up
	told    atomic.Int64
	changed chan struct{} // has room for one: something may have changed since it was last empty
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

func addr(i int) string   { return fmt.Sprintf("10.0.0.%d:8848", i) }
func peerAt(i int) string { return fmt.Sprintf("10.0.0.%d:7848", i) }

func newLab(tb testing.TB, size int) *lab {
	tb.Helper()
	c, err := peer.SharedSecret("naming test")
	if err != nil {
		tb.Fatal(err)
	}
	l := &lab{tb: tb, net: peer.NewNetwork(), cred: c, nodes: make([]*node, size)}
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

// ready waits until all nodes are up and have heard each other.
func (l *lab) ready() {
	l.tb.Helper()
	all := make([]*members.Membership, 0, len(l.nodes))
	for _, n := range l.nodes {
		all = append(all, n.members)
	}
	faketime.Meet(l.tb, all...)
}

func (l *lab) start(i int) *node {
	l.tb.Helper()
	log := slog.New(slog.DiscardHandler)
	id := fmt.Sprintf("id%d", i)
	p, err := peer.New(peer.Options{
		Self: peer.Ident{ID: id, Member: addr(i)}, Listen: peerAt(i), Credentials: l.cred,
		Transport: l.net.Host(peerAt(i)), Logger: log,
	})
	if err != nil {
		l.tb.Fatal(err)
	}
	list := members.Static{}
	for j := range l.nodes {
		list = append(list, addr(j))
	}
	m, err := members.New(members.Options{
		ID: id, Self: addr(i), Peer: p, Source: list, Logger: log,
		Meta: func() members.Meta { return members.Meta{} },
	})
	if err != nil {
		l.tb.Fatal(err)
	}
	n := &node{lab: l, i: i, peer: p, members: m, changed: make(chan struct{}, 1)}
	if n.s, err = naming.New(naming.Options{Expire: true, Log: log}); err != nil {
		l.tb.Fatal(err)
	}
	if n.syncer, err = distro.New(distro.Options{Peer: p, Members: m, Store: n.s.Registry, Logger: log}); err != nil {
		l.tb.Fatal(err)
	}
	n.s.Replicate(naming.Spread{Syncer: n.syncer, Ring: distro.NewRing(m), Members: m, Peer: p})
	n.s.Observe(func(string, []naming.Key) {
		n.told.Add(1)
		select {
		case n.changed <- struct{}{}:
		default:
		}
	})
	peer.Handle(p, callRequest, func(ctx context.Context, r request) (string, error) { return n.local(ctx, r) })
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
	n.wg.Go(func() { _ = n.s.Run(ctx) })
	n.wg.Go(func() {
		if n.syncer.WarmUp(ctx) == nil {
			m.SetState(members.Up)
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

// request is what a client asks for.
type request struct {
	Op, Service, IP string
	Port            uint16
	Metadata        string
}

const callRequest = "test.request"

// do handles a request of a client as the middleware does: here, at its owner, or
// of a beat with a copy here.
func (n *node) do(ctx context.Context, r request) (string, error) {
	v := n.members.View()
	tag := naming.Address(r.IP, r.Port)
	if distro.Responsible(v, tag) || r.Op == "beat" && n.s.Answers(keyOf(r.Service), r.IP, r.Port) {
		return n.local(ctx, r)
	}
	m, ok := v.Member(distro.Owner(v, tag))
	if !ok {
		return "", peer.ErrUnreachable
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return peer.Call[request, string](ctx, n.peer, m.PeerAddr(), callRequest, r)
}

func (n *node) local(ctx context.Context, r request) (string, error) {
	switch r.Op {
	case "put":
		return "", n.s.Register(ctx, reg(r.Service, r.IP, r.Port, meta(r.Metadata)))
	case "del":
		return "", n.s.Deregister(ctx, reg(r.Service, r.IP, r.Port))
	default:
		b, err := n.s.Beat(ctx, &naming.Beat{Key: keyOf(r.Service), IP: r.IP, Port: r.Port})
		return string(b), err
	}
}

// at sends a request to a node, which must not fail.
func (l *lab) at(i int, op, name, ip string) string {
	l.tb.Helper()
	out, err := l.nodes[i].do(l.tb.Context(), request{Op: op, Service: name, IP: ip, Port: 80})
	if err != nil {
		l.tb.Fatalf("%s %s %s at %d: %v", op, name, ip, i, err)
	}
	return out
}

// list is what a node answers who asks for a service: addresses, with a ! where
// unhealthy.
func (n *node) list(name string) string {
	var out []string
	for _, in := range n.s.View(keyOf(name)).Instances {
		s := in.IP
		if !in.Healthy {
			s += "!"
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// all waits until every node lists want, and fails after within.
func (l *lab) all(name, want string, within time.Duration) time.Duration {
	l.tb.Helper()
	began := time.Now()
	for {
		ok := true
		for _, n := range l.nodes {
			ok = ok && n.list(name) == want
		}
		if ok {
			return time.Since(began)
		}
		if time.Since(began) > within {
			for _, n := range l.nodes {
				l.tb.Logf("%s: %s; sees %v", addr(n.i), n.list(name), n.members.View().Alive())
			}
			l.tb.Fatalf("after %v not all list %q", within, want)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// ownedBy returns an address whose owner is node i while all are alive.
func (l *lab) ownedBy(i int) string {
	for k := range 10_000 {
		ip := fmt.Sprintf("1.1.%d.%d", k/256, k%256)
		if distro.Owner(l.nodes[i].members.View(), naming.Address(ip, 80)) == addr(i) {
			return ip
		}
	}
	l.tb.Fatalf("node %d owns nothing among %v", i, l.nodes[i].members.View().Alive())
	return ""
}

// beating has an address beat each 5 s at a node, until the returned function is
// called. What is not known it registers.
func (l *lab) beating(i func() int, name, ip string) (stop func()) {
	ctx, cancel := context.WithCancel(l.tb.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			n := l.nodes[i()]
			r := request{Op: "beat", Service: name, IP: ip, Port: 80}
			if out, err := n.do(ctx, r); err == nil && !strings.Contains(out, "10200") {
				r.Op = "put"
				_, _ = n.do(ctx, r)
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(5 * time.Second):
			}
		}
	}()
	return func() { cancel(); <-done }
}
