package node

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// observe registers what the process and its parts tell Prometheus.
func (n *Node) observe() {
	n.reg.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
}

// monitor registers one of the gauges that Nacos calls nacos_monitor.
func (n *Node) monitor(module, name string, value func() float64) {
	n.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nacos_monitor", Help: "Figures under the names that Nacos gives them.",
		ConstLabels: prometheus.Labels{"module": module, "name": name},
	}, value))
}
