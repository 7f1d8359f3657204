package node

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/service/agreement"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/naming"
)

// The kinds of what nodes have to agree on.
const (
	kindConfig = "config"
	kindNaming = "naming"
)

// pullEvery is how often all instances of a member are asked for at most, when
// the digests that go round did not make the nodes agree.
const pullEvery = time.Minute

// openAgreement compares this node with the others of its cluster. A server that
// stands alone has nobody to disagree with.
func (n *Node) openAgreement() {
	if n.peer == nil {
		return
	}
	n.agreement = agreement.New(agreement.Options{
		Peer: n.peer, Members: n.members, Log: n.log,
		Ready: func() bool { return n.bring.Load() == nil },
		Sources: []agreement.Source{
			{
				Kind: kindConfig,
				Each: func(yield func(string, uint64) bool) {
					n.config.Cache().Digests(func(k config.Key, d uint64) bool { return yield(config.GroupKey(k), d) })
				},
				Repair: n.mendConfigs,
			},
			{
				Kind: kindNaming,
				Each: func(yield func(string, uint64) bool) {
					n.naming.Digests(func(k naming.Key, d uint64) bool {
						return d == 0 || yield(k.Namespace+"@@"+k.Group+"@@"+k.Service, d)
					})
				},
				Off:    func() bool { return !n.naming.Switches().Distro },
				Repair: n.mendNaming(),
			},
		},
	})
	n.loops = append(n.loops, n.agreement.Run)
	n.observeAgreement()
}

// mendConfigs reads configs of which another node has another state anew from
// this node's database: that of the cluster, or the one that the log feeds.
func (n *Node) mendConfigs(ctx context.Context, _ string, keys []string) (int, error) {
	all := make([]config.Key, 0, len(keys))
	for _, s := range keys {
		if k, ok := config.ParseGroupKey(s); ok {
			all = append(all, k)
		}
	}
	return n.config.Compare(ctx, all)
}

// mendNaming gets all ephemeral instances from a member that differs. Persistent
// ones come by the log.
func (n *Node) mendNaming() func(context.Context, string, []string) (int, error) {
	var mu sync.Mutex // guards last
	last := map[string]time.Time{}
	return func(ctx context.Context, addr string, _ []string) (int, error) {
		mu.Lock()
		now := time.Now()
		soon := now.Sub(last[addr]) < pullEvery
		if !soon {
			last[addr] = now
		}
		mu.Unlock()
		if soon {
			return 0, nil
		}
		return n.syncer.Pull(ctx, addr)
	}
}

// observeAgreement registers the metrics of the comparison.
func (n *Node) observeAgreement() {
	for _, kind := range []string{kindConfig, kindNaming} {
		labels := prometheus.Labels{"kind": kind}
		gauge := func(name, help string, value func(agreement.Report) float64) {
			n.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels},
				func() float64 { return value(n.agreement.Report()) }))
		}
		gauge("pharos_divergence", "Keys of which another node holds another state, in two looks or more.", func(r agreement.Report) float64 {
			keys := map[string]bool{}
			for i := range r.Differences {
				if r.Differences[i].Kind == kind {
					keys[r.Differences[i].Key] = true
				}
			}
			return float64(len(keys))
		})
		gauge("pharos_divergence_seconds", "Age of the oldest of these differences.", func(r agreement.Report) float64 {
			var oldest time.Duration
			for i := range r.Differences {
				if d := &r.Differences[i]; d.Kind == kind {
					oldest = max(oldest, time.Since(d.Since))
				}
			}
			return oldest.Seconds()
		})
		n.reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "pharos_divergence_repairs_total", Help: "States that this node read anew because another one had another.", ConstLabels: labels,
		}, func() float64 { return float64(n.agreement.Report().Repairs[kind]) }))
	}
	n.reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "pharos_divergence_looks_total", Help: "Comparisons of this node with all others.",
	}, func() float64 { return float64(n.agreement.Report().Rounds) }))
}
