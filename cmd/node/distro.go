package node

import (
	"context"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/naming"
)

// openDistro shares ephemeral instances with the other nodes of the cluster: it
// builds what keeps their copies, and what sends a write to its owner. A server
// that stands alone has neither.
func (n *Node) openDistro() error {
	if n.peer == nil {
		return nil
	}
	var err error
	if n.syncer, err = distro.New(distro.Options{Peer: n.peer, Members: n.members, Store: n.naming.Registry, Logger: n.log}); err != nil {
		return err
	}
	n.naming.Replicate(naming.Spread{
		Syncer: n.syncer, Ring: distro.NewRing(n.members), Members: n.members, Peer: n.peer, Ready: n.namingReady(),
	})
	pulse := middleware.NewPulse()
	n.crew = append(n.crew, pulse.Run)
	n.distro = middleware.NewDistro(middleware.DistroOptions{
		Members: n.members, Peer: n.peer, Clock: n.syncer.Clock(), Reg: n.reg, Skipped: pulse.Skipped,
		On:      func() bool { return n.naming.Switches().Distro },
		Leaving: func() bool { return n.bring.Load() == &errStopping },
	})
	warm := make(chan struct{})
	n.crew = append(n.crew, n.syncer.Run, func(ctx context.Context) error {
		err := n.joined(ctx)
		if err == nil {
			err = n.syncer.WarmUp(ctx)
		}
		if err == nil { // else this node is stopping
			close(warm)
		}
		return nil
	})
	n.warmUp = append(n.warmUp, func(ctx context.Context) error {
		select {
		case <-warm:
		case <-ctx.Done():
		}
		return nil
	})
	n.handover = append(n.handover, n.syncer.Handover)
	n.observeDistro()
	return nil
}

// namingReady returns what tells whether instances may be asked for: what the
// others hold of ephemeral ones is here, and this node has rows of durable ones,
// be they the newest or not. It needs no leader, so that a node without one
// still serves discovery.
func (n *Node) namingReady() func() bool {
	var was atomic.Bool
	return func() bool {
		why := n.bring.Load()
		if why == &errStopping || was.Load() {
			return why != &errStopping
		}
		if rows := why != &errUnfounded || n.raft.Applied() > 0; !rows || !n.syncer.Ready() {
			return false
		}
		was.Store(true)
		return true
	}
}

// confirmNaming is what waits until this node shows what was answered on others
// before: rows, and instances of the nodes that can be reached. Nil: it always
// does.
func (n *Node) confirmNaming() func(context.Context) error {
	if n.raft == nil {
		return nil
	}
	return func(ctx context.Context) error {
		n.syncer.Current(ctx)
		return n.current(ctx)
	}
}

// joined waits until this node was taken into its cluster: one that was given
// nobody but whom to ask knows no others before.
func (n *Node) joined(ctx context.Context) error {
	if len(n.set.Cluster.Join) == 0 {
		return nil
	}
	_, err := n.members.Wait(ctx, func(v *cluster.View) bool { return len(v.Members) > 1 })
	return err
}

// owner is the node that answers for a client, by its address.
func (n *Node) owner(tag string) string {
	if n.members == nil || !n.naming.Switches().Distro {
		return n.ops.Address()
	}
	return distro.Owner(n.members.View(), tag)
}

// observeDistro registers the metrics of the copies between nodes.
func (n *Node) observeDistro() {
	counter := func(name, help string, value func(distro.Stats) uint64) {
		n.reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value(n.syncer.Stats())) }))
	}
	counter("pharos_distro_records_sent_total", "Changed records sent to other nodes, once for each.", func(s distro.Stats) uint64 { return s.Sent })
	counter("pharos_distro_records_received_total", "Records taken in from other nodes.", func(s distro.Stats) uint64 { return s.Received })
	counter("pharos_distro_records_refused_total", "Records of other nodes that were removed or older than what was here.", func(s distro.Stats) uint64 { return s.Refused })
	counter("pharos_distro_errors_total", "Messages to other nodes that failed.", func(s distro.Stats) uint64 { return s.Errors })
	counter("pharos_distro_digests_total", "Comparisons with other nodes that were answered.", func(s distro.Stats) uint64 { return s.Digests })
	counter("pharos_distro_mismatches_total", "Parts of a comparison that differed.", func(s distro.Stats) uint64 { return s.Mismatches })
	counter("pharos_distro_repaired_total", "Records that another node lacked or had an old state of.", func(s distro.Stats) uint64 { return s.Repaired })
	counter("pharos_distro_adopted_total", "Records of this node that it had lost and got back from another one.", func(s distro.Stats) uint64 { return s.Adopted })
	n.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pharos_distro_pending", Help: "Changed records that some node has not been sent yet.",
	}, func() float64 {
		sum := 0
		for _, p := range n.syncer.Stats().Pending {
			sum += p
		}
		return float64(sum)
	}))
	n.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pharos_distro_lag_seconds", Help: "For how long the oldest change that some node has not been sent yet has waited.",
	}, func() float64 { return n.syncer.Stats().Lag.Seconds() }))
	n.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pharos_distro_tombstones", Help: "Removals that are remembered for nodes which missed them.",
	}, func() float64 { return float64(n.syncer.Stats().Tombs) }))
}
