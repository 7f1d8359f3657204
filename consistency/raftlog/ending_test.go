package raftlog_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestStopWhileAsked ends the leader while it is read from and written to, here
// and from another node. Raft does not answer what waits in its queues when it is
// shut down; the node has to end, and all that was asked has to be answered.
func TestStopWhileAsked(t *testing.T) {
	for range 6 {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, 3, nil)
			l.form()
			lead := l.leader()
			lead.set("before", "1")
			other := l.nodes[(lead.i+1)%3]
			var wg sync.WaitGroup
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for _, n := range []*node{lead, other} {
				log := n.Node
				for range 8 {
					wg.Go(func() {
						for ctx.Err() == nil {
							_ = log.Read(ctx)
							time.Sleep(200 * time.Microsecond) // who never waits lets no fake time pass
						}
					})
				}
				for range 2 {
					wg.Go(func() {
						for ctx.Err() == nil {
							_, _ = propose(log, time.Second, op{Key: "k", Value: "v"}) //nolint:contextcheck // it has a limit of its own
							time.Sleep(time.Millisecond)
						}
					})
				}
			}
			time.Sleep(20 * time.Millisecond)
			began := time.Now()
			lead.stop()
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v to end", took)
			}
			cancel()
			wg.Wait()
		})
	}
}
