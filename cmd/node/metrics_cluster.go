package node

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/consistency/cluster"
)

// clusterMonitor gathers what a member of a cluster knows of the others and of
// the log, once a scrape.
type clusterMonitor struct {
	n *Node

	members, leader, known, term, commit, applied, lag, snapshot, contact, queued, failed *prometheus.Desc
	proposed, entries, forwarded, refused                                                 *prometheus.Desc
}

func newClusterMonitor(n *Node) *clusterMonitor {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("pharos_"+name, help, labels, nil)
	}
	return &clusterMonitor{
		n:         n,
		members:   desc("members", "Members of the cluster as this node sees them, by state.", "state"),
		leader:    desc("raft_leader", "1 on the node that leads the log."),
		known:     desc("raft_has_leader", "1 where this node knows a leader."),
		term:      desc("raft_term", "Term of the log: it goes up with each election."),
		commit:    desc("raft_commit_index", "Last entry of the log that is committed, as this node knows."),
		applied:   desc("raft_applied_index", "Last write of the log that is in this node's rows."),
		lag:       desc("raft_lag_entries", "Committed entries that this node has not applied yet."),
		snapshot:  desc("raft_snapshot_index", "Last entry in the newest snapshot."),
		contact:   desc("raft_last_contact_seconds", "Time since the leader was heard of; -1: never."),
		queued:    desc("raft_queued", "Writes that wait to be packed into an entry."),
		failed:    desc("raft_failure", "1 where this node could not apply an entry, and stopped."),
		proposed:  desc("raft_proposed_total", "Writes proposed on this node."),
		entries:   desc("raft_entries_total", "Entries that this node appended as the leader."),
		forwarded: desc("raft_forwarded_total", "Entries that this node handed to the leader."),
		refused:   desc("raft_failures_total", "Writes proposed on this node that were not answered."),
	}
}

var _ prometheus.Collector = (*clusterMonitor)(nil)

// Describe implements prometheus.Collector.
func (m *clusterMonitor) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		m.members, m.leader, m.known, m.term, m.commit, m.applied, m.lag, m.snapshot, m.contact, m.queued, m.failed,
		m.proposed, m.entries, m.forwarded, m.refused,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *clusterMonitor) Collect(ch chan<- prometheus.Metric) {
	put := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	states := map[cluster.State]int{}
	for _, x := range m.n.members.View().Members {
		states[x.State]++
	}
	for s := range cluster.Isolation {
		put(m.members, prometheus.GaugeValue, float64(states[s]), s.String())
	}
	st := m.n.raft.Stats()
	contact := -1.0
	if st.LastContact >= 0 {
		contact = st.LastContact.Round(time.Millisecond).Seconds()
	}
	for d, v := range map[*prometheus.Desc]float64{
		m.leader: truth(m.n.raft.Leads()), m.known: truth(st.Leader != ""), m.term: float64(st.Term), m.commit: float64(st.Commit),
		m.applied: float64(st.Applied), m.lag: float64(st.Commit - min(st.Commit, st.Handled)), m.snapshot: float64(st.Snapshot),
		m.contact: contact, m.queued: float64(st.Queued), m.failed: truth(st.Failure != nil),
	} {
		put(d, prometheus.GaugeValue, v)
	}
	for d, v := range map[*prometheus.Desc]uint64{m.proposed: st.Proposed, m.entries: st.Entries, m.forwarded: st.Forwarded, m.refused: st.Failed} {
		put(d, prometheus.CounterValue, float64(v))
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
