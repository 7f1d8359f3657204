package cluster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/test/faketime"
)

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
		faketime.Pass(5 * time.Second) // it still answers pings, and says the same
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
		faketime.Pass(10 * time.Second)
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
				go pipe(out, in)
				go pipe(in, out)
			}
		}()
		l.states(n, "UP", 3*time.Second)
	})
}

func pipe(dst io.WriteCloser, src io.Reader) {
	_, _ = io.Copy(dst, src)
	_ = dst.Close()
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

// A node with another secret is told so, once, rather than nothing.
func TestAnotherSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.start(0, "a", cluster.Options{})
		var err error
		if l.cr, err = peer.SharedSecret("another secret"); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		l.log = slog.New(slog.NewTextHandler(&said, nil))
		b := l.start(1, "b", cluster.Options{Join: addrs(0)})
		time.Sleep(time.Minute)
		b.stop()
		if got := strings.Count(said.String(), "peer does not share our secret"); got != 1 || !strings.Contains(said.String(), "level=ERROR") {
			t.Errorf("it said it %d times: %s", got, said.String())
		}
		if n := len(b.View().Members); n != 1 {
			t.Errorf("%d members", n)
		}
	})
}
