package raftlog_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/raftlog"
	"github.com/pharos-registry/pharos/test/schedule"
)

// Whatever is cut, crashes or comes back: what clients saw is linearizable, and
// all nodes end with one state.
func TestSchedules(t *testing.T) {
	schedule.Each(t, 40, func(t *testing.T, seed uint64) { //nolint:thelper // the body of a test
		var h history
		synctest.Test(t, func(t *testing.T) { runSchedule(t, seed, &h) })
		if res := porcupine.CheckOperationsTimeout(registers(), h.ops, 30*time.Second); res == porcupine.Illegal {
			t.Errorf("not linearizable: %d operations", len(h.ops))
		}
	})
}

// input is one operation of a client: a read, or op.
type input struct {
	read bool
	op   op
}

type output struct {
	value   string // of a read
	refused bool   // of a write that compares
	unknown bool
}

// history is what the clients saw. Call and return are moments in one order.
type history struct {
	clock atomic.Int64

	mu  sync.Mutex // guards the following field
	ops []porcupine.Operation
}

func (h *history) add(client int, call int64, in input, out output) {
	ret := h.clock.Add(1)
	if out.unknown {
		ret = math.MaxInt64 // it may take effect at any later time
	}
	h.mu.Lock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: ret})
	h.mu.Unlock()
}

func registers() porcupine.Model {
	return porcupine.Model{
		Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
			by := map[string][]porcupine.Operation{}
			for _, o := range all {
				k := o.Input.(input).op.Key
				by[k] = append(by[k], o)
			}
			out := make([][]porcupine.Operation, 0, len(by))
			for _, v := range by {
				out = append(out, v)
			}
			return out
		},
		Init: func() any { return "" },
		Step: func(state, in, out any) (bool, any) {
			i, o, s := in.(input), out.(output), state.(string)
			switch {
			case i.read:
				return o.value == s, s
			case !i.op.CAS:
				return true, i.op.Value
			case i.op.Old == s:
				return o.unknown || !o.refused, i.op.Value
			default:
				return o.unknown || o.refused, s
			}
		},
	}
}

func runSchedule(t *testing.T, seed uint64, h *history) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	l := newLab(t, 3, func(_ int, o *raftlog.Options, _ *cluster.Options) {
		o.TrailingLogs, o.SnapshotThreshold, o.SnapshotEvery = 8, 20, 3*time.Second
	})
	l.startAll()
	l.leader()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for c := range 4 {
		cr := rand.New(rand.NewPCG(seed, uint64(c+10)))
		wg.Go(func() {
			for k := 0; ctx.Err() == nil; k++ {
				step(l.nodes[cr.IntN(3)], cr, c, k, h) //nolint:contextcheck // an operation ends by itself
				time.Sleep(time.Duration(cr.IntN(400)) * time.Millisecond)
			}
		})
	}
	for range 10 {
		fault(l, r)
		time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
	}
	l.net.HealAll()
	time.Sleep(2 * time.Second)
	cancel()
	wg.Wait()
	l.agree(20 * time.Second)
	for k := range 4 { // what is there at the end is part of the history
		call := h.clock.Add(1)
		n := l.nodes[r.IntN(3)]
		if err := n.Read(t.Context()); err != nil {
			t.Fatalf("read at the end: %v", err)
		}
		key := strconv.Itoa(k)
		h.add(99, call, input{read: true, op: op{Key: key}}, output{value: n.disk.get(key)})
	}
}

// fault does one thing to the cluster.
func fault(l *lab, r *rand.Rand) {
	a, b := r.IntN(3), r.IntN(3)
	switch r.IntN(8) {
	case 0:
		l.net.Part(host(a), host(b))
	case 1:
		l.net.Cut(host(a), host(b))
	case 2:
		l.net.HealAll()
	case 3:
		l.net.Isolate(host(a), host(0), host(1), host(2))
	case 4:
		l.net.Delay(host(a), host(b), time.Duration(r.IntN(100))*time.Millisecond)
	case 5:
		l.net.Reset(host(a), host(b))
	case 6, 7:
		l.nodes[a].crash(r.IntN)
		time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
		l.nodes[a].start()
	}
}

// step does one operation, if the node is up.
func step(n *node, r *rand.Rand, client, k int, h *history) {
	live := n.live.Load()
	if live == nil {
		return
	}
	key := strconv.Itoa(r.IntN(4))
	call := h.clock.Add(1)
	if r.IntN(3) == 0 {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if live.Read(ctx) != nil {
			return
		}
		if v := n.disk.get(key); n.live.Load() == live { // else it may be what a crash left
			h.add(client, call, input{read: true, op: op{Key: key}}, output{value: v})
		}
		return
	}
	o := op{Key: key, Value: fmt.Sprintf("%d-%d", client, k)}
	if r.IntN(3) == 0 {
		o.CAS, o.Old = true, n.disk.get(key)
	}
	a, err := propose(live, 3*time.Second, o)
	switch {
	case err == nil:
		h.add(client, call, input{op: o}, output{refused: a.Code == refused})
	case errors.Is(err, raftlog.ErrUnknown):
		h.add(client, call, input{op: o}, output{unknown: true})
	}
}
