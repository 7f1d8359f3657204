//go:build linux

package cluster

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// TestUpgrade rolls a cluster of an earlier build to this one under load, node by
// node, and looks at what clients get while the versions are mixed and
// afterwards. Then the leader is lost once: the new ones go on by themselves.
func TestUpgrade(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts three servers twice")
	}
	seed := seedOf(t)
	old, is := server.Older(t)
	t.Logf("the older program is %s", is)
	l := newLab(t, 3, seed, server.ClusterOptions{Binary: old})
	w := newWorld(l, seed, usual())
	for i, n := range l.all() {
		if !n.runs(t, old) {
			t.Fatalf("node %d does not run the older program", n.number)
		}
		n.Change(func(o *server.Options) { o.Binary = "" })
		l.say("---- node %d is upgraded", n.number)
		l.retire(n)
		l.start(n)
		if n.runs(t, old) {
			t.Fatalf("node %d still runs the older program", n.number)
		}
		if !w.settle() {
			t.Fatalf("%d of 3 are new: the cluster is not in order (PHAROS_SEED=%d)", i+1, seed)
		}
	}
	lead := l.leader()
	l.kill(lead)
	rest(2 * time.Second)
	l.start(lead)
	if !w.settle() {
		t.Fatalf("after the loss of the leader the cluster is not in order (PHAROS_SEED=%d)", seed)
	}
}

// retire stops a node of an earlier build. How long that takes is no fault of
// this one; who waits on it for longer is killed, as an operator would do.
func (l *lab) retire(n *node) {
	l.t.Helper()
	l.say("stop node %d", n.number)
	n.Signal(syscall.SIGTERM)
	select {
	case <-n.Ended():
	case <-time.After(20 * time.Second):
		l.say("node %d, of the earlier build, did not stop by itself", n.number)
		n.Kill()
	}
	n.pid.Store(0)
	n.client.CloseIdleConnections()
}

// runs says whether a node's process is of that file.
func (n *node) runs(t *testing.T, file string) bool {
	t.Helper()
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", n.PID()))
	if err != nil {
		t.Fatal(err)
	}
	return path == file
}
