package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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
}

func newLab(t *testing.T) *lab {
	t.Helper()
	c, err := peer.SharedSecret("cluster test")
	if err != nil {
		t.Fatal(err)
	}
	return &lab{t: t, net: peer.NewNetwork(), cr: c}
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
	log := slog.New(slog.DiscardHandler)
	p, err := peer.New(peer.Options{
		Self: peer.Ident{ID: id, Member: addr(i)}, Listen: host(i), Credentials: l.cr, Transport: l.net.Host(host(i)), Logger: log,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	o.ID, o.Self, o.Peer, o.Logger = id, addr(i), p, log
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

func TestThreeNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		n := l.three()
		v := n[0].View()
		if diff := cmp.Diff(addrs(0, 1, 2), v.Alive()); diff != "" {
			t.Error(diff)
		}
		if m, ok := v.ByID("id2"); !ok || m.Addr != addr(2) || m.Meta.LogVersion != 2 || m.PeerAddr() != host(2) {
			t.Errorf("what is known of the third: %+v", m)
		}
		if v.LogVersion() != 0 {
			t.Errorf("log version of all %d", v.LogVersion())
		}
		if len(v.Peers()) != 2 {
			t.Errorf("peers %v", v.Peers())
		}
	})
}

// A node whose process is gone is down at once; one that is silent is
// suspicious first and keeps what it owns for that long.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name       string
		fault      func(*lab, []*node)
		mend       func(*lab, []*node)
		atLeast    time.Duration
		victimSees string
	}{
		{
			name:       "process ends",
			fault:      func(_ *lab, n []*node) { n[2].stop() },
			mend:       func(l *lab, _ []*node) { l.start(2, "id2", cluster.Options{Source: cluster.Static(addrs(0, 1, 2))}) },
			victimSees: "UP UP UP",
		},
		{
			name:       "isolated",
			fault:      func(l *lab, n []*node) { l.net.Isolate(n[2].host, n[0].host, n[1].host) },
			mend:       func(l *lab, _ []*node) { l.net.HealAll() },
			atLeast:    3 * time.Second,
			victimSees: "DOWN DOWN UP",
		},
		{
			name: "cut one way",
			fault: func(l *lab, n []*node) {
				l.net.Cut(n[2].host, n[0].host)
				l.net.Cut(n[2].host, n[1].host)
			},
			mend:       func(l *lab, _ []*node) { l.net.HealAll() },
			atLeast:    3 * time.Second,
			victimSees: "DOWN DOWN UP",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				n := l.three()
				tt.fault(l, n)
				if took := l.states(n[0], "UP UP DOWN", 10*time.Second); took < tt.atLeast {
					t.Errorf("down after %v", took)
				}
				l.states(n[1], "UP UP DOWN", 10*time.Second)
				if n[0].View().Left("id2", addr(2)) {
					t.Error("a silent node counts as one that left")
				}
				l.states(n[2], tt.victimSees, 10*time.Second)
				if diff := cmp.Diff(addrs(0, 1), n[0].View().Alive()); diff != "" {
					t.Error(diff)
				}
				tt.mend(l, n)
				l.states(n[0], "UP UP UP", 5*time.Second)
			})
		})
	}
}

func TestGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		n := l.three()
		n[1].Leave(t.Context())
		if took := l.states(n[0], "UP DOWN UP", time.Second); took != 0 {
			t.Errorf("goodbye took %v", took)
		}
		time.Sleep(5 * time.Second) // it still answers pings, and says the same
		if got := stateLine(n[2].View()); got != "UP DOWN UP" {
			t.Errorf("later %q", got)
		}
	})
}

// A node that is not ready owns nothing, and all know.
func TestStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		n := l.three()
		n[0].SetState(cluster.Starting)
		l.states(n[1], "STARTING UP UP", 2*time.Second)
		if diff := cmp.Diff(addrs(1, 2), n[0].View().Alive()); diff != "" {
			t.Error(diff)
		}
		if len(n[1].View().Peers()) != 2 {
			t.Error("a starting node is no peer")
		}
	})
}

// Nodes come and go without an edit or a restart anywhere else.
func TestJoinAndRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		dir := t.TempDir()
		n := make([]*node, 0, 4)
		opt := func(i int) cluster.Options {
			return cluster.Options{Source: cluster.Static(addrs(0, 1)), Roster: filepath.Join(dir, strconv.Itoa(i))}
		}
		for i := range 2 {
			n = append(n, l.start(i, fmt.Sprintf("id%d", i), opt(i)))
		}
		joiner := func(i int, id string) *node {
			return l.start(i, id, cluster.Options{Join: addrs(1), Roster: filepath.Join(dir, id)})
		}
		n = append(n, joiner(2, "id2"), l.start(3, "id3", cluster.Options{Source: cluster.Static(addrs(0, 3)), Roster: filepath.Join(dir, "id3")}))
		for _, x := range n {
			l.states(x, "UP UP UP UP", 5*time.Second)
		}
		n[0].stop()
		n[0] = l.start(0, "id0", opt(0)) // knows all four from its roster
		l.states(n[0], "UP UP UP UP", 5*time.Second)

		if err := n[0].Remove(addr(2)); err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{0, 1, 3} {
			l.states(n[i], "UP UP UP", 5*time.Second)
		}
		if !n[3].View().Left("id2", addr(2)) {
			t.Error("the third does not know that node 2 left")
		}
		if _, err := n[2].Wait(t.Context(), func(v *cluster.View) bool { return v.Removed }); err != nil {
			t.Error(err)
		}
		n[2].stop()
		back := l.start(2, "id2", cluster.Options{Source: cluster.Static(addrs(0, 1, 2)), Roster: ""})
		if _, err := back.Wait(t.Context(), func(v *cluster.View) bool { return v.Removed }); err != nil {
			t.Error(err)
		}
		l.states(n[1], "UP UP UP", time.Second)
		back.stop()
		n[2] = joiner(2, "id2") // asked for by name
		for _, x := range n {
			l.states(x, "UP UP UP UP", 5*time.Second)
		}
		if n[0].View().Left("id2", addr(2)) || n[2].View().Removed {
			t.Error("a node that came back counts as one that left")
		}
		for _, bad := range []string{addr(0), addr(9)} {
			if err := n[0].Remove(bad); err == nil {
				t.Errorf("%s was removed by node 0", bad)
			}
		}
	})
}

func TestAddressChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		n := l.three()
		n[2].stop()
		l.states(n[0], "UP UP DOWN", 5*time.Second)
		n[2] = l.start(7, "id2", cluster.Options{Source: cluster.Static(addrs(0, 1, 7))})
		for _, x := range n {
			l.states(x, "UP UP UP", 5*time.Second)
		}
		if diff := cmp.Diff(addrs(0, 1, 7), n[0].View().Alive()); diff != "" {
			t.Error(diff)
		}
		if m, ok := n[1].View().ByID("id2"); !ok || m.Addr != addr(7) {
			t.Errorf("id2 is at %s", m.Addr)
		}
		if n[0].View().Left("id2", addr(2)) {
			t.Error("a node that moved counts as one that left")
		}
		twin := l.start(8, "id2", cluster.Options{Join: addrs(0)}) // its data directory was copied
		time.Sleep(10 * time.Second)
		l.states(n[0], "UP UP UP", time.Second)
		twin.stop()
	})
}

func TestOwnAddressTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		n := l.start(0, "id0", cluster.Options{Source: cluster.Static{addr(0), addr(5)}})
		ln, err := l.net.Host(host(5)).Listen(t.Context(), host(5))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = ln.Close() }()
		go func() { // host 5 leads to node 0
			for {
				in, err := ln.Accept()
				if err != nil {
					return
				}
				out, err := l.net.Host(host(5)).Dial(context.WithoutCancel(t.Context()), host(0))
				if err != nil {
					return
				}
				go func() { _, _ = copyAll(out, in) }()
				go func() { _, _ = copyAll(in, out) }()
			}
		}()
		l.states(n, "UP", 3*time.Second)
	})
}

func TestFileIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		path := filepath.Join(t.TempDir(), "cluster.conf")
		write := func(text string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("# ours\n10.0.0.0\n10.0.0.1:8848\n")
		n := []*node{
			l.start(0, "id0", cluster.Options{Source: cluster.File{Path: path, Port: 8848}}),
			l.start(1, "id1", cluster.Options{Source: cluster.Static(addrs(0, 1))}),
		}
		for _, x := range n {
			l.states(x, "UP UP", 3*time.Second)
		}
		l.start(2, "id2", cluster.Options{Source: cluster.Static(addrs(2))})
		write("10.0.0.0\n10.0.0.1\n10.0.0.2\n")
		l.states(n[0], "UP UP UP", 5*time.Second)
		for _, bad := range []string{"", "10.0.0.0,,:::\n", "#\n"} {
			write(bad)
			time.Sleep(5 * time.Second)
			l.states(n[0], "UP UP UP", time.Second)
		}
		write("10.0.0.0\n10.0.0.2\n") // taken out by an operator: all nodes learn it
		l.states(n[0], "UP UP", 5*time.Second)
		if _, err := n[1].Wait(t.Context(), func(v *cluster.View) bool { return v.Removed }); err != nil {
			t.Error(err)
		}
		write("10.0.0.0\n10.0.0.1\n10.0.0.2\n")
		l.states(n[0], "UP UP UP", 5*time.Second)
		if n[0].SourceName() != "file" {
			t.Error(n[0].SourceName())
		}
		n[0].SetSource(cluster.Static(addrs(0, 1)))
		l.states(n[0], "UP UP", 5*time.Second)
	})
}

type resolver struct{ ips atomic.Pointer[[]string] }

func (r *resolver) LookupHost(context.Context, string) ([]string, error) {
	if p := r.ips.Load(); p != nil {
		return *p, nil
	}
	return nil, errors.New("no such host")
}

// A name server that forgets a living node does not remove it.
func TestDNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var r resolver
		r.ips.Store(&[]string{"10.0.0.1", "10.0.0.0"})
		o := cluster.Options{Source: cluster.DNS{Host: "pharos", Port: 8848, Resolver: &r}}
		n := []*node{l.start(0, "id0", o), l.start(1, "id1", o)}
		l.states(n[0], "UP UP", 3*time.Second)
		r.ips.Store(&[]string{"10.0.0.0"})
		time.Sleep(20 * time.Second)
		l.states(n[0], "UP UP", time.Second)
		n[1].stop()
		l.states(n[0], "UP", 20*time.Second)
		r.ips.Store(nil)
		time.Sleep(20 * time.Second)
		l.states(n[0], "UP", time.Second)
		if n[0].View().Left("id1", addr(1)) {
			t.Error("DNS removed a node for good")
		}
	})
}

func TestAddressServer(t *testing.T) {
	var ok atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !ok.Load() {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte("10.0.0.2\n10.0.0.1:8849\n"))
	}))
	defer s.Close()
	a := &cluster.AddressServer{URL: s.URL, Port: 8848, Client: s.Client()}
	for i := range 12 {
		if a.Fails() != i || !a.Healthy() {
			t.Errorf("after %d failures: %d, %v", i, a.Fails(), a.Healthy())
		}
		if _, err := a.Load(t.Context()); err == nil {
			t.Fatal("404 was taken for a list")
		}
	}
	if a.Healthy() {
		t.Error("healthy after 12 failures")
	}
	ok.Store(true)
	list, err := a.Load(t.Context())
	if diff := cmp.Diff([]string{"10.0.0.1:8849", "10.0.0.2:8848"}, list); diff != "" || err != nil || !a.Healthy() {
		t.Error(diff, err)
	}
}

func TestLoadFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := cluster.New(cluster.Options{
			ID: "a", Self: addr(0), Source: cluster.File{Path: "/nowhere/cluster.conf"},
			Meta: func() cluster.Meta { return cluster.Meta{} }, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Load(t.Context()); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		if stateLine(m.View()) != "UP" { // alone for good
			t.Error(stateLine(m.View()))
		}
	})
}

func TestOnChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		n := l.three()
		n[2].stop()
		l.states(n[0], "UP UP DOWN", 5*time.Second)
		n[0].stop()
		if !slices.Contains(n[0].seen, "UP UP DOWN") {
			t.Errorf("announced: %v", n[0].seen)
		}
	})
}

func TestState(t *testing.T) {
	for _, s := range []cluster.State{cluster.Starting, cluster.Up, cluster.Suspicious, cluster.Down, cluster.Isolation} {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back cluster.State
		if err := json.Unmarshal([]byte(strings.ToLower(string(b))), &back); err != nil || back != s {
			t.Errorf("%s comes back as %v, %v", b, back, err)
		}
	}
	if _, err := cluster.ParseState("SOSO"); err == nil {
		t.Error("SOSO is a state")
	}
}

func TestParseList(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
		bad        bool
	}{
		{name: "forms", text: "b\n a:9000 ,[::1]:8849\n[::2]\n::3\n", want: []string{"[::1]:8849", "[::2]:8848", "[::3]:8848", "a:9000", "b:8848"}},
		{name: "comments", text: "#x\n\n   \n1.1.1.1 # first\n2.2.2.2:8848?raft_port=7\n", want: []string{"1.1.1.1:8848", "2.2.2.2:8848"}},
		{name: "twice", text: "a,a:8848\na", want: []string{"a:8848"}},
		{name: "windows", text: "a\r\nb\r\n", want: []string{"a:8848", "b:8848"}},
		{name: "nothing", text: "\n"},
		{name: "no port", text: "a:", bad: true},
		{name: "no host", text: ":8848", bad: true},
		{name: "port without a peer port", text: "a:1000", bad: true},
		{name: "port too high", text: "a:65536", bad: true},
		{name: "no list", text: "http://a:8848/nacos", bad: true},
		{name: "two words", text: "a b", bad: true},
		{name: "too long", text: strings.Repeat("#", 2<<20), bad: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := cluster.ParseList(tt.text, 8848)
			if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != tt.bad {
				t.Errorf("%s%v", diff, err)
			}
		})
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("a:1,b\n#c\n[::1]:8848?x")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := cluster.ParseList(text, 8848)
		if err != nil {
			return
		}
		again, err := cluster.ParseList(strings.Join(list, "\n"), 1)
		if err != nil || !slices.Equal(list, again) {
			t.Fatalf("%q became %q: %v", list, again, err)
		}
	})
}

func copyAll(dst interface {
	Write([]byte) (int, error)
	Close() error
}, src interface{ Read([]byte) (int, error) },
) (int, error) {
	b := make([]byte, 4096)
	for {
		n, err := src.Read(b)
		if err != nil {
			return 0, dst.Close()
		}
		if _, err := dst.Write(b[:n]); err != nil {
			return 0, err
		}
	}
}
