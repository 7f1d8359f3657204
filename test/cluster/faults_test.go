//go:build linux

package cluster

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

func seedFrom(t *testing.T, own uint64) uint64 {
	t.Helper()
	if s, err := strconv.ParseUint(os.Getenv("PHAROS_SEED"), 10, 64); err == nil {
		own = s
	}
	t.Logf("run it again with PHAROS_SEED=%d", own)
	return own
}

// perCluster is how many faults drawn at random one cluster has to bear.
const perCluster = 20

// TestFaults breaks a cluster in each way, one after the other.
//
//	PHAROS_ONLY=text   only faults whose name holds text
//	PHAROS_FAULTS=n    n faults drawn at random instead; 0 is each once
//	PHAROS_SEED=n      the same draws again
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: each fault takes its time")
	}
	seed := seedOf(t)
	all := slices.DeleteFunc(faults(), func(f fault) bool { return !strings.Contains(f.name, os.Getenv("PHAROS_ONLY")) })
	n, err := strconv.Atoi(os.Getenv("PHAROS_FAULTS"))
	if err != nil || n == 0 || len(all) == 0 {
		endure(t, seed, all)
		return
	}
	for ; n > 0; n -= perCluster {
		r := rand.New(rand.NewPCG(seed, 2))
		var some []fault
		for range min(n, perCluster) {
			some = append(some, all[r.IntN(len(all))])
		}
		if !t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { endure(t, seed, some) }) {
			t.Fatalf("run it again with PHAROS_SEED=%d PHAROS_FAULTS=%d", seed, len(some))
		}
		seed++
	}
}

// endure has one cluster bear the faults.
func endure(t *testing.T, seed uint64, some []fault) {
	t.Helper()
	much := usual()
	if os.Getenv("PHAROS_LOAD") == "durable" {
		much.services = 0
	}
	l := newLab(t, 3, seed, server.ClusterOptions{})
	w := newWorld(l, seed, much)
	for _, f := range some {
		if f.need != nil {
			if why := f.need(l); why != "" {
				l.say("---- %s: not done: %s", f.name, why)
				t.Logf("%s: not done: %s", f.name, why)
				continue
			}
		}
		l.say("---- %s", f.name)
		f.do(w)
		if !w.settle() {
			t.Fatalf("%s: the cluster is not in order afterwards (PHAROS_SEED=%d)", f.name, seed)
		}
	}
	if w.services > 0 {
		w.forget()
	}
}

// TestAlone sees to it that the load and the checks agree with one node that
// nothing ails.
func TestAlone(t *testing.T) {
	seed := seedOf(t)
	l := newLab(t, 1, seed, server.ClusterOptions{Settings: map[string]string{"pharos.mode": "standalone"}})
	w := newWorld(l, seed, usual())
	rest(5 * time.Second)
	w.settle()
}
