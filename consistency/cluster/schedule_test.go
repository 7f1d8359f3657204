package cluster_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/test/schedule"
)

// Whatever happens, all agree once the faults are over.
func TestSchedules(t *testing.T) {
	schedule.Each(t, 60, func(t *testing.T, seed uint64) { //nolint:thelper // the body of a test
		synctest.Test(t, func(t *testing.T) { runSchedule(t, rand.New(rand.NewPCG(seed, 0))) })
	})
}

func runSchedule(t *testing.T, r *rand.Rand) {
	t.Helper()
	const size = 4
	l := newLab(t)
	all := addrs(0, 1, 2, 3)
	n := make([]*node, size)
	start := func(i int) { n[i] = l.start(i, fmt.Sprintf("id%d", i), cluster.Options{Source: cluster.Static(all)}) }
	for i := range size {
		start(i)
	}
	for range 15 {
		a, b := r.IntN(size), r.IntN(size)
		switch r.IntN(6) {
		case 0:
			l.net.Cut(host(a), host(b))
		case 1:
			l.net.Part(host(a), host(b))
		case 2:
			l.net.Join(host(a), host(b))
		case 3:
			l.net.Delay(host(a), host(b), time.Duration(r.IntN(300))*time.Millisecond)
		case 4:
			l.net.Reset(host(a), host(b))
		case 5:
			n[a].stop()
			time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
			start(a)
		}
		time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
		for _, x := range n {
			if _, ok := x.View().Member(x.addr); !ok || len(x.View().Members) != size {
				t.Fatalf("%s lost a member: %v", x.addr, x.View().Members)
			}
		}
	}
	l.net.HealAll()
	for _, x := range n {
		l.states(x, strings.TrimSpace(strings.Repeat("UP ", size)), 10*time.Second)
	}
}
