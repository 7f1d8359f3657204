//go:build linux

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// fault is one way to break a cluster and mend it again. When it returns, all
// is mended and every node is meant to be in order settled later at the latest.
type fault struct {
	name string
	do   func(*world)
	need func(*lab) string // tells why it cannot be done here, "" if it can
}

// down is how long a fault lasts that the others are to notice: a member is
// down after four missed pings.
const down = 8 * time.Second

func faults() []fault {
	return []fault{
		{name: "kill -9", do: killOne},
		{name: "kill -9 the leader of the log", do: killLeader},
		{name: "kill -9 and start at once", do: killBriefly},
		{name: "kill -9 all", do: killAll},
		{name: "SIGSTOP", do: freeze},
		{name: "partition, packets lost", do: isolate(weather{hold: true})},
		{name: "partition, connections refused", do: isolate(weather{reset: true})},
		{name: "partition, one way", do: oneWay},
		{name: "partition between two", do: between},
		{name: "delays and losses", do: badWeather},
		{name: "full disk", do: fill, need: needMount},
		{name: "wiped data directory", do: wipe},
		{name: "changed address", do: move},
		{name: "replaced member", do: replace},
		{name: "rolling upgrade", do: upgrade},
	}
}

// one picks a running node.
func (w *world) one() *node {
	up := w.l.running()
	return up[w.l.rand.IntN(len(up))]
}

func killOne(w *world) {
	n := w.one()
	w.l.kill(n)
	rest(down)
	w.l.start(n)
}

func killLeader(w *world) {
	n := w.l.leader()
	w.l.kill(n)
	rest(down)
	w.l.start(n)
}

func killBriefly(w *world) {
	for range 3 {
		n := w.one()
		w.l.kill(n)
		w.l.start(n)
	}
}

// killAll ends all nodes at the same time; what was ephemeral comes back with
// the clients' next beats.
func killAll(w *world) {
	all := w.l.running()
	w.lost.Store(true)
	defer w.lost.Store(false)
	for _, n := range all {
		w.unlook(n)
	}
	for _, n := range all {
		w.l.kill(n)
	}
	for _, n := range all {
		w.l.launch(n)
	}
	for _, n := range all {
		n.WaitReady(time.Minute)
		w.l.say("node %d is ready after %v", n.number, n.Ready.Round(time.Millisecond))
	}
	rest(2 * beatEvery)
	for _, n := range all {
		w.look(n)
	}
}

func freeze(w *world) {
	n := w.one()
	w.l.say("SIGSTOP node %d", n.number)
	n.Signal(syscall.SIGSTOP)
	rest(down)
	w.l.say("SIGCONT node %d", n.number)
	n.Signal(syscall.SIGCONT)
}

func isolate(bad weather) func(*world) {
	return func(w *world) {
		n := w.one()
		w.l.say("isolate node %d: %+v", n.number, bad)
		for _, o := range w.l.running() {
			w.l.mesh.set(n.number, o.number, bad)
			w.l.mesh.set(o.number, n.number, bad)
		}
		rest(down)
		w.l.say("heal")
		w.l.mesh.heal()
	}
}

// oneWay has what a node sends get lost, while it hears the others.
func oneWay(w *world) {
	n := w.one()
	w.l.say("nobody hears node %d", n.number)
	for _, o := range w.l.running() {
		w.l.mesh.set(n.number, o.number, weather{hold: true})
	}
	rest(down)
	w.l.say("heal")
	w.l.mesh.heal()
}

// between cuts two nodes apart that a third one still reaches.
func between(w *world) {
	up := w.l.running()
	i := w.l.rand.IntN(len(up))
	a, b := up[i], up[(i+1)%len(up)]
	w.l.say("cut nodes %d and %d apart", a.number, b.number)
	w.l.mesh.set(a.number, b.number, weather{hold: true})
	w.l.mesh.set(b.number, a.number, weather{hold: true})
	rest(down)
	w.l.say("heal")
	w.l.mesh.heal()
}

func badWeather(w *world) {
	bad := weather{delay: 20*time.Millisecond + time.Duration(w.l.rand.IntN(80))*time.Millisecond, loss: 0.1}
	w.l.say("all links: %+v", bad)
	for _, a := range w.l.running() {
		for _, b := range w.l.running() {
			if a != b {
				w.l.mesh.set(a.number, b.number, bad)
			}
		}
	}
	rest(down)
	w.l.say("heal")
	w.l.mesh.heal()
}

// fill leaves a node no space on its disk. It may go on or stop, but must not
// lose or invent anything; with space again it starts.
func fill(w *world) {
	n := w.l.small
	var st syscall.Statfs_t
	if err := syscall.Statfs(n.Dir, &st); err != nil {
		w.l.t.Fatal(err)
	}
	filler := filepath.Join(n.Dir, "filler")
	w.l.say("fill the disk of node %d, %d KB were free", n.number, int64(st.Bavail)*st.Bsize>>10)
	f, err := os.Create(filler)
	if err != nil {
		w.l.t.Fatal(err)
	}
	chunk := make([]byte, 4<<10)
	for err == nil {
		_, err = f.Write(chunk)
	}
	_ = f.Close()
	if !errors.Is(err, syscall.ENOSPC) {
		w.l.t.Fatalf("fill the disk: %v", err)
	}
	rest(down)
	if err := os.Remove(filler); err != nil {
		w.l.t.Fatal(err)
	}
	if !n.Running() {
		w.l.say("node %d has stopped, its last words: %s", n.number, lastLine(n.Log()))
		n.pid.Store(0)
		w.l.start(n)
		return
	}
	w.l.say("node %d runs; it has space again", n.number)
	if ok, _ := n.ready(w); !ok { // it says that it cannot go on: an operator starts it again
		w.l.say("node %d is not ready, start it again", n.number)
		w.l.kill(n)
		w.l.start(n)
	}
}

func lastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return lines[len(lines)-1]
}

func (n *node) ready(w *world) (ok bool, why string) {
	r := n.call(w.ctx, http.MethodGet, "/v1/console/health/readiness", nil)
	return r.ok(), r.String()
}

// wipe starts a node again with nothing of what it had.
func wipe(w *world) {
	n := w.one()
	w.l.kill(n)
	w.l.say("wipe the data directory of node %d", n.number)
	if err := empty(n.Dir); err != nil {
		w.l.t.Fatal(err)
	}
	w.l.start(n)
}

func empty(dir string) error {
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range names {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// move gives a node another address. The others are told nothing.
func move(w *world) {
	n := w.one()
	w.l.kill(n)
	known, host := w.l.address()
	was := fmt.Sprintf("%s:%d", n.known, n.Port)
	w.l.say("node %d moves from %s to %s", n.number, n.known, known)
	n.known = known
	n.Change(func(o *server.Options) {
		o.Host = host
		o.Settings["nacos.inetutils.ip-address"] = known
		o.Settings["nacos.member.list"] = strings.Replace(o.Settings["nacos.member.list"], was, fmt.Sprintf("%s:%d", known, n.Port), 1)
	})
	w.l.front(n, known, host)
	w.l.start(n)
}

// replace takes a dead node out of the cluster and brings in one with nothing,
// which is told of the others only.
func replace(w *world) {
	old := w.one()
	w.unlook(old)
	w.l.kill(old)
	rest(time.Second)
	w.l.remove(old)
	rest(time.Second)
	n := w.l.join()
	w.look(n)
}

// upgrade starts one node after another with another version of the program.
func upgrade(w *world) {
	other := newer(w.l.t)
	for _, n := range w.l.running() {
		n.Change(func(o *server.Options) {
			if o.Binary == "" {
				o.Binary = other
			} else {
				o.Binary = ""
			}
		})
		w.l.stop(n)
		w.l.start(n)
	}
}

// needMount says why no small disk can be made here.
func needMount(l *lab) string {
	switch {
	case l.small == nil:
		return "no small disk could be mounted: that takes root on Linux"
	case l.small.pid.Load() == 0:
		return "the node on the small disk was replaced"
	}
	return ""
}

// mountSmall makes dir a disk of its own, of a few megabytes, until the test
// ends. It says whether it could.
func mountSmall(t *testing.T, dir string) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m,mode=0700"); err != nil {
		t.Logf("mount a small disk: %v", err)
		return false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return true
}

// remove takes a node out of the cluster for good, as an operator does.
func (l *lab) remove(old *node) {
	l.t.Helper()
	peer := net.JoinHostPort(old.known, strconv.Itoa(old.Port-1000))
	ask := fmt.Sprintf(`{"command":"removePeer","value":%q}`, peer)
	l.until(settled, "a dead node is removed", func() string {
		for _, n := range l.running() {
			if r := n.send(context.Background(), callLimit, http.MethodPost, "/v1/core/ops/raft", strings.NewReader(ask), "Content-Type", "application/json"); r.ok() && strings.Contains(r.body, `"code":200`) {
				return ""
			} else if why := r.String(); n == l.running()[0] {
				l.say("remove node %d by node %d: %s", old.number, n.number, why)
			}
		}
		return "no node does it"
	})
}

// join starts a node with nothing, which is told where to find the others.
func (l *lab) join() *node {
	l.t.Helper()
	known, host := l.address()
	var others []string
	for _, n := range l.running() {
		others = append(others, n.member())
	}
	set := maps.Clone(l.cluster.Settings)
	delete(set, "nacos.member.list")
	set["nacos.inetutils.ip-address"] = known
	set["pharos.cluster.join"] = strings.Join(others, ",")
	n := l.add(server.New(l.t, server.Options{Host: host, Settings: set}), known, host)
	l.say("node %d joins as %s", n.number, n.member())
	l.start(n)
	return n
}

// newer is the program with another version.
func newer(t *testing.T) string {
	t.Helper()
	return server.Stamped(t, "v99.0.0-test")
}
