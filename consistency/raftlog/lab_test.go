package raftlog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/consistency/raftlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a cluster in one process.
type lab struct {
	tb    testing.TB
	net   *peer.Network
	cred  peer.Credentials
	dir   string
	nodes []*node
	tune  func(i int, o *raftlog.Options, m *cluster.Options)
}

// node is one member; its disk and directory outlive a restart.
type node struct {
	*raftlog.Node // nil while it is down

	live    atomic.Pointer[raftlog.Node] // the same, for clients that do not care whether it is up
	lab     *lab
	i       int
	id      string
	dir     string
	disk    *disk
	hollow  bool // a member whose log does not run
	members *cluster.Membership
	peer    *peer.Node
	cancel  context.CancelFunc
	done    chan struct{}
	err     error // what Run returned; read after done

	mu    sync.Mutex // guards the following field
	fatal error
}

func addr(i int) string { return fmt.Sprintf("10.0.0.%d:8848", i) }
func host(i int) string { return fmt.Sprintf("10.0.0.%d:7848", i) }

func newLab(tb testing.TB, size int, tune func(i int, o *raftlog.Options, m *cluster.Options)) *lab {
	tb.Helper()
	c, err := peer.SharedSecret("raftlog test")
	if err != nil {
		tb.Fatal(err)
	}
	l := &lab{tb: tb, net: peer.NewNetwork(), cred: c, dir: tb.TempDir(), tune: tune}
	for i := range size {
		l.nodes = append(l.nodes, l.node(i, fmt.Sprintf("id%d", i)))
	}
	tb.Cleanup(l.close)
	return l
}

func (l *lab) node(i int, id string) *node {
	return &node{lab: l, i: i, id: id, dir: filepath.Join(l.dir, id), disk: newDisk()}
}

func (l *lab) close() {
	for _, n := range l.nodes {
		if n.Node != nil {
			n.stop()
		}
	}
}

func (l *lab) addrs() []string {
	var out []string
	for _, n := range l.nodes {
		out = append(out, addr(n.i))
	}
	return out
}

func (l *lab) startAll() {
	l.tb.Helper()
	for _, n := range l.nodes {
		n.start()
	}
}

func (n *node) start() {
	tb := n.lab.tb
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() && tb.Name() == debugTest {
		log = slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})).With("node", n.id)
	}
	p, err := peer.New(peer.Options{
		Self: peer.Ident{ID: n.id, Member: addr(n.i)}, Listen: host(n.i), Credentials: n.lab.cred,
		Transport: n.lab.net.Host(host(n.i)), Logger: log,
	})
	if err != nil {
		tb.Fatal(err)
	}
	mo := cluster.Options{
		ID: n.id, Self: addr(n.i), Peer: p, Source: cluster.Static(n.lab.addrs()), Logger: log,
		Meta: func() cluster.Meta { return cluster.Meta{} },
	}
	ro := raftlog.Options{
		Dir: n.dir, Peer: p, Appliers: map[raftlog.Kind]raftlog.Applier{raftlog.KindDB: n.disk}, Logger: log, NoSync: true,
		Fatal: func(err error) {
			n.mu.Lock()
			n.fatal = err
			n.mu.Unlock()
		},
	}
	if n.lab.tune != nil {
		n.lab.tune(n.i, &ro, &mo)
	}
	if n.members, err = cluster.New(mo); err != nil {
		tb.Fatal(err)
	}
	ro.Members = n.members
	if n.Node, err = raftlog.New(ro); err != nil {
		tb.Fatal(err)
	}
	n.peer = p
	if _, err := p.Listen(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	if err := n.members.Load(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	n.members.SetState(cluster.Up)
	var ctx context.Context
	ctx, n.cancel = context.WithCancel(context.WithoutCancel(tb.Context()))
	n.done = make(chan struct{})
	n.live.Store(n.Node)
	pctx, pcancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	var wg sync.WaitGroup
	wg.Go(func() { _ = p.Run(pctx) })
	wg.Go(func() { _ = n.members.Run(pctx) })
	go func() {
		if n.hollow {
			<-ctx.Done()
		} else {
			n.err = n.Run(ctx)
		}
		pcancel()
		wg.Wait()
		close(n.done)
	}()
}

// stop ends the node as a SIGTERM does.
func (n *node) stop() {
	n.live.Store(nil)
	n.cancel()
	<-n.done
	n.Node = nil
}

// crash ends it as a kill does: nobody hears of it, and the last transactions
// may not have reached the disk.
func (n *node) crash(pick func(int) int) {
	for _, o := range n.lab.nodes {
		if o != n {
			n.lab.net.Part(host(n.i), host(o.i))
		}
	}
	n.stop()
	for _, o := range n.lab.nodes {
		if o != n {
			n.lab.net.Join(host(n.i), host(o.i))
			n.lab.net.Reset(host(n.i), host(o.i))
		}
	}
	if pick != nil {
		n.disk.lose(pick)
	}
}

// form starts all and waits until they have a leader and no vote is under way: the
// first one may have had a rival.
func (l *lab) form() {
	l.tb.Helper()
	l.startAll()
	l.leader()
	time.Sleep(5 * time.Second)
}

// leader waits for a leader that is none of but.
func (l *lab) leader(but ...*node) *node {
	l.tb.Helper()
	for range 600 {
	next:
		for _, n := range l.nodes {
			for _, b := range but {
				if b == n {
					continue next
				}
			}
			if n.Node != nil && n.Leads() {
				return n
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	l.tb.Fatal("no leader within a minute")
	return nil
}

// set writes and requires that it took effect.
func (n *node) set(key, value string) {
	n.lab.tb.Helper()
	if a, err := n.propose(10*time.Second, op{Key: key, Value: value}); err != nil || a.Code != 0 || string(a.Body) != key {
		n.lab.tb.Fatalf("set %s on %s: %d %q %v", key, n.id, a.Code, a.Body, err)
	}
	if got := n.disk.get(key); got != value {
		n.lab.tb.Fatalf("%s does not read its own write: %q, not %q", n.id, got, value)
	}
}

func (n *node) propose(within time.Duration, o op) (raftlog.Answer, error) {
	return propose(n.Node, within, o)
}

func propose(n *raftlog.Node, within time.Duration, o op) (raftlog.Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	b, err := json.Marshal(o)
	if err != nil {
		return raftlog.Answer{}, err
	}
	return n.Propose(ctx, raftlog.KindDB, 1, b)
}

// agree waits until all running nodes have the same state.
func (l *lab) agree(within time.Duration) toyState {
	l.tb.Helper()
	deadline := time.Now().Add(within)
	for {
		var states []toyState
		for _, n := range l.nodes {
			if n.Node != nil {
				states = append(states, n.disk.now())
			}
		}
		same := true
		for _, s := range states {
			same = same && s.Chain == states[0].Chain && s.Applied == states[0].Applied
		}
		if same {
			return states[0]
		}
		if time.Now().After(deadline) {
			for _, n := range l.nodes {
				if n.Node != nil {
					s := n.disk.now()
					l.tb.Logf("%s: applied %d, %d commands, chain %x, %+v", n.id, s.Applied, s.Count, s.Chain, n.Stats())
				}
			}
			l.tb.Fatalf("nodes differ after %v", within)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func isUnavailable(err error) bool {
	return errors.Is(err, raftlog.ErrNoLeader) || errors.Is(err, raftlog.ErrUnknown) || errors.Is(err, raftlog.ErrStopped)
}

const debugTest = "" // the test whose nodes log, with -v

// options are those of a node that is not running.
func options(tb testing.TB, l *lab, n *node) raftlog.Options {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	p, err := peer.New(peer.Options{
		Self: peer.Ident{ID: n.id, Member: addr(n.i)}, Listen: host(n.i), Credentials: l.cred, Transport: l.net.Host(host(n.i)), Logger: log,
	})
	if err != nil {
		tb.Fatal(err)
	}
	m, err := cluster.New(cluster.Options{
		ID: n.id, Self: addr(n.i), Peer: p, Logger: log, Meta: func() cluster.Meta { return cluster.Meta{} },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return raftlog.Options{
		Dir: n.dir, Peer: p, Members: m, Appliers: map[raftlog.Kind]raftlog.Applier{raftlog.KindDB: n.disk}, Logger: log,
		Fatal: func(error) {}, NoSync: true,
	}
}

// stopped is a node of those options.
func stopped(tb testing.TB, l *lab, n *node) *raftlog.Node {
	tb.Helper()
	x, err := raftlog.New(options(tb, l, n))
	if err != nil {
		tb.Fatal(err)
	}
	return x
}
