package node

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/pharos-registry/pharos/service/health"
)

// observe registers what the process and its parts tell Prometheus.
func (n *Node) observe() {
	n.reg.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newMonitor(n),
	)
	if n.raft != nil {
		n.reg.MustRegister(newClusterMonitor(n))
	}
}

// monitor gathers the figures of the services, once a scrape: under our names,
// and under those that dashboards for Nacos ask for.
type monitor struct {
	n *Node

	services, instances, subscribers, clients, configs, polls *prometheus.Desc

	nacos, publishers, followers, listeners *prometheus.Desc
}

func newMonitor(n *Node) *monitor {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &monitor{
		n:           n,
		services:    desc("pharos_services", "Services that exist."),
		instances:   desc("pharos_instances", "Registered instances."),
		subscribers: desc("pharos_subscribers", "Subscriptions to services."),
		clients:     desc("pharos_clients", "Clients that publish or subscribe, by kind.", "kind"),
		configs:     desc("pharos_configs", "Configs."),
		polls:       desc("pharos_long_polls", "Requests that wait for a config to change."),
		nacos:       desc("nacos_monitor", "Figures under the names that Nacos gives them.", "module", "name"),
		publishers:  desc("nacos_naming_publisher", "Publishing clients by generation of the SDK.", "version"),
		followers:   desc("nacos_naming_subscriber", "Subscriptions by generation of the SDK.", "version"),
		listeners:   desc("nacos_config_subscriber", "Listening clients by generation of the SDK.", "version"),
	}
}

var _ prometheus.Collector = (*monitor)(nil)

// Describe implements prometheus.Collector.
func (m *monitor) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		m.services, m.instances, m.subscribers, m.clients, m.configs, m.polls, m.nacos, m.publishers, m.followers, m.listeners,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *monitor) Collect(ch chan<- prometheus.Metric) {
	put := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	m.collectNaming(put)
	m.collectPushes(put)
	configs, polls := float64(m.n.config.Cache().Len()), float64(m.n.lot.Parked())
	put(m.configs, configs)
	put(m.polls, polls)
	put(m.listeners, polls, "v1")
	put(m.listeners, float64(m.n.listens.Listening()), "v2")
	put(m.nacos, configs, "config", "configCount")
	put(m.nacos, polls, "config", "longPolling")
	asked := m.n.config.Asked()
	put(m.nacos, float64(asked.Reads), "config", "getConfig")
	put(m.nacos, float64(asked.Publishes), "config", "publish")
	put(m.nacos, float64(asked.Fuzzy), "config", "fuzzySearch")
	// Queues between a write and its answer, which there are none of here.
	for _, name := range []string{"notifyTask", "notifyClientTask", "dumpTask"} {
		put(m.nacos, 0, "config", name)
	}
}

type gauge func(d *prometheus.Desc, v float64, labels ...string)

func (m *monitor) collectNaming(put gauge) {
	c := m.n.naming.Counts()
	put(m.services, float64(c.Services))
	put(m.instances, float64(c.Instances))
	put(m.subscribers, float64(c.Subscribers))
	put(m.clients, float64(c.Ephemeral), "ephemeral")
	put(m.clients, float64(c.Persistent), "persistent")
	put(m.clients, float64(c.Connected), "connection")
	put(m.publishers, float64(c.Ephemeral+c.Persistent), "v1")
	put(m.publishers, float64(c.Connected), "v2")
	put(m.followers, float64(c.Subscribers-c.Streams), "v1")
	put(m.followers, float64(c.Streams), "v2")
	for module, n := range m.n.rpc.CountByModule() {
		put(m.nacos, float64(n), module, "longConnection")
	}
	put(m.nacos, float64(m.n.rpc.Count()), "core", "longConnection")
	for name, v := range map[string]int{"serviceCount": c.Services, "ipCount": c.Instances, "subscriberCount": c.Subscribers} {
		put(m.nacos, float64(v), "naming", name)
	}
	leader := 0.0
	if m.n.leads() {
		leader = 1
	}
	put(m.nacos, leader, "naming", "leaderStatus")
	for name, kind := range map[string]string{"tcpHealthCheck": health.TCP, "httpHealthCheck": health.HTTP, "mysqlHealthCheck": health.MySQL} {
		put(m.nacos, float64(m.n.prober.Made(kind)), "naming", name)
	}
}

func (m *monitor) collectPushes(put gauge) {
	ever, now := m.n.pushes.Ever(), m.n.pushes.Read(false)
	for name, v := range map[string]float64{
		"totalPush": float64(ever.Total), "emptyPush": float64(ever.Empty), "failedPush": float64(ever.Failed),
		"avgPushCost": now.AvgCostMillis(), "maxPushCost": now.MaxCostMillis(),
		"totalPushCountForAvg": float64(now.Acked), "totalPushCostForAvg": float64(now.Cost.Milliseconds()),
	} {
		put(m.nacos, v, "naming", name)
	}
	b := m.n.hub.Backlog()
	put(m.nacos, float64(b.Dirty), "naming", "serviceChangedEventQueueSize")
	put(m.nacos, float64(b.Late), "naming", "serviceSubscribedEventQueueSize")
	put(m.nacos, float64(b.Topics), "naming", "pushPendingTaskCount")
}
