package naming_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/service/naming"
	"github.com/pharos-registry/pharos/test/faketime"
)

func node0() int { return 0 }

func TestRegistrationIsOnAllNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(1)
		r := reg("x", ip, 80, meta(`{"v":"1"}`), cluster("c1"))
		r.Weight = 2.5
		r.Enabled = false
		if err := l.nodes[1].s.Register(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if took := l.all("x", ip, time.Second); took > 50*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		synctest.Wait() // observers are told after the list has changed
		first := l.nodes[1].s.View(keyOf("x"))
		for _, n := range l.nodes {
			if n.told.Load() == 0 {
				t.Errorf("nobody was told at %d", n.i)
			}
			v := n.s.View(keyOf("x"))
			if diff := cmp.Diff(fmt.Sprintf("%s", first.List(first.Instances)), fmt.Sprintf("%s", v.List(v.Instances))); diff != "" {
				t.Errorf("node %d: %s", n.i, diff)
			}
			if v.Digest() != first.Digest() {
				t.Errorf("digest of node %d is %x, not %x", n.i, v.Digest(), first.Digest())
			}
		}
		if err := l.nodes[1].s.Deregister(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if took := l.all("x", "", time.Second); took > 50*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

func TestExpiryOnAllNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(2)
		l.at(0, "put", "x", ip)
		l.all("x", ip, time.Second)
		faketime.Pass(14 * time.Second)
		l.all("x", ip, 0)
		l.all("x", ip+"!", 3*time.Second)
		faketime.Pass(12 * time.Second)
		l.all("x", ip+"!", 0)
		l.all("x", "", 5*time.Second)
	})
}

// A copy is left alone for as long as its owner speaks for it.
func TestCopiesAreNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(0)
		l.at(0, "put", "x", ip)
		stop := l.beating(node0, "x", ip)
		defer stop()
		l.all("x", ip, time.Second)
		for range 60 {
			faketime.Pass(10 * time.Second)
			l.all("x", ip, 0)
		}
	})
}

// Beats that a node with a copy answers keep the instance alive at its owner,
// over a change of owners too.
func TestBeatsAtACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(1)
		l.at(0, "put", "x", ip)
		l.all("x", ip, time.Second)
		stop := l.beating(node0, "x", ip)
		defer stop()
		steady := func(d time.Duration) {
			t.Helper()
			for range int(d / time.Second) {
				time.Sleep(time.Second)
				for _, n := range l.nodes {
					if got := n.list("x"); n.up.Load() && got != ip {
						t.Fatalf("node %d lists %q", n.i, got)
					}
				}
			}
		}
		steady(5 * time.Minute)
		l.nodes[1].stop()
		steady(2 * time.Minute)
		l.nodes[1] = l.start(1)
		steady(5 * time.Minute)
		stop()
		l.all("x", "", 40*time.Second)
	})
}

// An instance with a short time limit has its beats told at once.
func TestShortLimitsAreNotAnsweredByCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 2)
		ip := l.ownedBy(1)
		r := request{Op: "put", Service: "x", IP: ip, Port: 80, Metadata: `{"preserved.heart.beat.interval":"500","preserved.heart.beat.timeout":"1500"}`}
		if _, err := l.nodes[0].do(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		l.all("x", ip, time.Second)
		if l.nodes[0].s.Answers(keyOf("x"), ip, 80) {
			t.Error("a copy answers")
		}
		if l.nodes[0].s.Answers(keyOf("y"), ip, 80) || l.nodes[0].s.Answers(keyOf("x"), "9.9.9.9", 80) {
			t.Error("what is not there answers")
		}
	})
}

// While a node is alone it judges all silence; what it removed comes back with
// the others, which heard more.
func TestIsolatedNodeRejoins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		var ips []string
		for i := range l.nodes {
			ip := l.ownedBy(i)
			l.at(0, "put", "x", ip)
			ips = append(ips, ip)
			stop := l.beating(node0, "x", ip)
			defer stop()
		}
		want := sorted(ips)
		l.all("x", want, time.Second)
		l.net.Isolate(peerAt(2), peerAt(0), peerAt(1))
		faketime.Pass(2 * time.Minute)
		for _, n := range l.nodes[:2] {
			if got := n.list("x"); got != want {
				t.Errorf("node %d lists %q", n.i, got)
			}
		}
		if got := l.nodes[2].list("x"); got != "" {
			t.Errorf("alone, it lists %q", got)
		}
		l.net.HealAll()
		l.all("x", want, 15*time.Second)
		faketime.Pass(2 * time.Minute)
		l.all("x", want, 0)
	})
}

// Losing a node empties no service: its records stay with the new owners for as
// long as they are renewed.
func TestLosingAPeerEmptiesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(1)
		l.at(0, "put", "x", ip)
		l.all("x", ip, time.Second)
		stop := l.beating(node0, "x", ip)
		defer stop()
		told := l.nodes[0].told.Load()
		for _, i := range []int{1, 2} {
			l.nodes[i].stop()
			for range 60 {
				time.Sleep(time.Second)
				if got := l.nodes[0].list("x"); got != ip {
					t.Fatalf("without %d, node 0 lists %q", i, got)
				}
			}
		}
		if got := l.nodes[0].told.Load(); got != told {
			t.Errorf("subscribers were told %d times of nothing", got-told)
		}
	})
}

func TestRestartedNodeKnowsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(1)
		l.at(0, "put", "x", ip)
		l.all("x", ip, time.Second)
		stop := l.beating(node0, "x", ip)
		defer stop()
		l.restart(1, 10*time.Second)
		l.ready()
		l.all("x", ip, 0)
		l.restart(2, 0)
		l.ready()
		l.all("x", ip, 0)
		faketime.Pass(time.Minute)
		l.all("x", ip, 0)
	})
}

// A node that was restarted and owns what falls silent then has heard less of it
// than others have: that is no reason to wait twice.
func TestSilenceCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(0)
		l.at(0, "put", "x", ip)
		l.all("x", ip, time.Second)
		l.nodes[0].stop()
		faketime.Pass(10 * time.Second)
		other := 2 // has heard it last; node 0 asks node 1 first
		if distro.Owner(l.nodes[1].members.View(), naming.Address(ip, 80)) != addr(other) {
			t.Fatalf("%s is not node %d's", ip, other)
		}
		for range 4 {
			l.at(other, "beat", "x", ip)
			faketime.Pass(5 * time.Second)
		}
		l.nodes[0] = l.start(0)
		l.ready()
		faketime.Pass(14 * time.Second)
		l.all("x", ip, 0)
		l.all("x", ip+"!", 5*time.Second)
		if took := l.all("x", "", time.Minute); took > 18*time.Second {
			t.Errorf("removed %v after it was found silent", took)
		}
	})
}

// What is deregistered at a node that never knew it, or at one side of a
// partition, is gone on all nodes, and no copy brings it back.
func TestDeregistrationWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(0)
		l.at(0, "put", "x", ip)
		l.all("x", ip, time.Second)
		l.net.Isolate(peerAt(2), peerAt(0), peerAt(1))
		faketime.Pass(10 * time.Second)
		l.at(0, "del", "x", ip)
		if l.nodes[2].list("x") == "" {
			t.Fatal("the node that is alone heard of it")
		}
		l.net.HealAll()
		l.all("x", "", 15*time.Second)
		for range 24 {
			faketime.Pass(10 * time.Second)
			l.all("x", "", 0)
		}

		// At a node that has no copy of it.
		l.net.Isolate(peerAt(2), peerAt(0), peerAt(1))
		faketime.Pass(10 * time.Second)
		l.at(0, "put", "y", ip)
		time.Sleep(time.Millisecond) // or both are of one moment
		if err := l.nodes[2].s.Deregister(t.Context(), reg("y", ip, 80)); err != nil {
			t.Fatal(err)
		}
		l.net.HealAll()
		l.all("y", "", 15*time.Second)
	})
}

// A client that registers again after it was deregistered elsewhere stays.
func TestNewLifeAfterDeregistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(0)
		l.at(0, "put", "x", ip)
		l.all("x", ip, time.Second)
		l.net.Isolate(peerAt(2), peerAt(0), peerAt(1))
		faketime.Pass(10 * time.Second)
		l.at(0, "del", "x", ip)
		faketime.Pass(time.Second)
		l.at(2, "put", "x", ip) // there it was registered all the time
		l.net.HealAll()
		l.all("x", ip, 15*time.Second)
	})
}

func TestManyServicesOfOneClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(1)
		const n = 40
		for i := range n {
			l.at(0, "put", fmt.Sprintf("s%d", i), ip)
		}
		stop := l.beating(node0, "s0", ip) // of one of them only
		defer stop()
		faketime.Pass(time.Minute)
		l.all("s0", ip, 0)
		for i := 1; i < n; i++ {
			l.all(fmt.Sprintf("s%d", i), "", time.Second)
		}
		for _, n := range l.nodes {
			if c := n.s.Counts(); c.Instances != 1 || c.Clients != 1 {
				t.Errorf("node %d has %+v", n.i, c)
			}
		}
	})
}

// Thousands of registrations at once are on all nodes soon, and cost no node a
// push for each peer that tells it.
func TestRegistrationStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		const n = 3_000
		for i := range n {
			ip := fmt.Sprintf("10.%d.%d.1", i/250, i%250)
			if _, err := l.nodes[i%3].do(t.Context(), request{Op: "put", Service: "x", IP: ip, Port: 80}); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		for _, nd := range l.nodes {
			for len(nd.s.View(keyOf("x")).Instances) < n {
				if time.Since(began) > time.Second {
					t.Fatalf("node %d has %d of them", nd.i, len(nd.s.View(keyOf("x")).Instances))
				}
				time.Sleep(time.Millisecond)
			}
			synctest.Wait() // observers are told after the list has changed
			if got := nd.told.Load(); got != n {
				t.Errorf("node %d told of %d changes", nd.i, got)
			}
		}
	})
}

// Subscriptions are of the node they were made at, and end there.
func TestSubscriptionsAreLocal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3)
		ip := l.ownedBy(1)
		l.at(0, "put", "x", ip)
		l.all("x", ip, time.Second)
		stop := l.beating(node0, "x", ip)
		defer stop()
		l.nodes[2].s.Subscribe(naming.Subscriber{Key: keyOf("x"), IP: ip, Port: 80, Agent: "Nacos-Java-Client:v1.4.6"})
		faketime.Pass(time.Minute)
		for i, want := range []int{0, 0, 1} {
			if got := l.nodes[i].s.Counts().Subscribers; got != want {
				t.Errorf("node %d has %d subscribers", i, got)
			}
		}
		for i := range l.nodes {
			if got := l.nodes[i].s.SubscribersLike(t.Context(), keyOf("x"), true); len(got) != 1 || got[0].IP != ip {
				t.Errorf("node %d knows of %+v", i, got)
			}
		}
		if got := l.nodes[0].s.SubscribersLike(t.Context(), keyOf("x"), false); len(got) != 0 {
			t.Errorf("node 0 itself has %+v", got)
		}
		faketime.Pass(5 * time.Minute)
		if got := l.nodes[2].s.Counts(); got.Subscribers != 0 || got.Instances != 1 {
			t.Errorf("at the end: %+v", got)
		}
	})
}

// Records that are none of ours do no harm.
func TestMergeOfNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 2)
		ip := l.ownedBy(0)
		l.at(0, "put", "x", ip)
		l.all("x", ip, time.Second)
		rec, ok := l.nodes[0].s.Encode(ip + ":80#true\x00public\x00DEFAULT_GROUP\x00x")
		if !ok {
			t.Fatal("no record")
		}
		for cut := range len(rec.Data) {
			bad := rec
			bad.ID = "9.9.9.9:80#true\x00public\x00DEFAULT_GROUP\x00y"
			bad.Data = rec.Data[:cut]
			if later := l.nodes[1].s.Merge(addr(0), []distro.Record{bad}); len(later) != 0 {
				t.Fatalf("cut at %d: %q stayed", cut, later)
			}
		}
		for _, id := range []string{"", "a", "a\x00b", "1.1.1.1:80#false\x00public\x00g\x00s", "1.1.1.1:80#true\x00public\x00g\x00s\x00t"} {
			bad := rec
			bad.ID = id
			l.nodes[1].s.Merge(addr(0), []distro.Record{bad})
			if _, ok := l.nodes[1].s.Encode(id); ok {
				t.Errorf("%q was taken in", id)
			}
		}
		if got := l.nodes[1].s.Counts(); got.Instances != 1 {
			t.Errorf("there are %+v", got)
		}
	})
}

func sorted(ips []string) string {
	return strings.Join(slices.Sorted(slices.Values(ips)), " ")
}
