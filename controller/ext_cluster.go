package controller

import (
	"cmp"
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/ops"
)

// NodeState is a node as the console shows it. What is nil is not known, or is
// not there.
type NodeState struct {
	Address string       `json:"address"`
	State   string       `json:"state"`
	Self    bool         `json:"self"`
	Leader  bool         `json:"leader"`
	Version string       `json:"version"`
	Seen    int64        `json:"lastSeen"` // unix ms
	Error   string       `json:"error"`    // why it did not tell more
	Load    *NodeLoad    `json:"load"`
	Raft    *RaftState   `json:"raft"`
	Distro  *DistroState `json:"distro"`
	Sees    []sight      `json:"sees"` // what it makes of the others
}

// NodeLoad is how busy a node is.
type NodeLoad struct {
	CPU         float64 `json:"cpu"`    // share of the machine's processors
	Average     float64 `json:"load"`   // of the last minute
	Memory      uint64  `json:"memory"` // bytes of the process
	Connections int     `json:"connections"`
	Goroutines  int     `json:"goroutines"`
	Uptime      int64   `json:"uptime"` // seconds
	Configs     int     `json:"configs"`
	Services    int     `json:"services"`
	Instances   int     `json:"instances"`
	Listeners   int     `json:"listeners"`
}

// RaftState is a node's end of the log.
type RaftState struct {
	Role     string `json:"role"`
	Term     uint64 `json:"term"`
	Leader   string `json:"leader"` // its HTTP address, "" for none
	Commit   uint64 `json:"commit"`
	Applied  uint64 `json:"applied"` // last entry that the node is done with
	Last     uint64 `json:"last"`
	Snapshot uint64 `json:"snapshot"`
	Voters   int    `json:"voters"`
	Contact  int64  `json:"lastContact"` // milliseconds since the leader was heard of, -1: never
	Failure  string `json:"failure"`
}

// DistroState is how far a node is with what ephemeral instances the others have.
type DistroState struct {
	Ready      bool         `json:"ready"`
	Clients    int          `json:"clients"`
	Owned      int          `json:"owned"`
	Sent       uint64       `json:"sent"`
	Received   uint64       `json:"received"`
	Errors     uint64       `json:"errors"`
	Mismatches uint64       `json:"mismatches"`
	Repaired   uint64       `json:"repaired"`
	Peers      []DistroPeer `json:"peers"`
}

// DistroPeer is what waits to be sent to another node.
type DistroPeer struct {
	Address string `json:"address"`
	Queue   int    `json:"queue"`
}

// thisNode is the node that is asked.
func (a *API) thisNode() NodeState {
	n := NodeState{}
	if a.o.Node != nil {
		n = a.o.Node()
	}
	l := a.load()
	n.Address, n.State, n.Self, n.Version, n.Seen = a.o.Ops.Address(), a.o.Ops.State(), true, a.o.About.Version, time.Now().UnixMilli()
	n.Load = &NodeLoad{
		CPU: numberOf(l.CPU), Average: numberOf(l.Average), Memory: memory(), Goroutines: runtime.NumGoroutine(), Uptime: int64(time.Since(a.o.About.Started).Seconds()),
	}
	n.Sees = a.sights()
	if a.o.Connections != nil {
		n.Load.Connections = a.o.Connections() + l.Connections
	}
	if !a.off(middleware.Config) {
		n.Load.Configs, n.Load.Listeners = a.o.Config.Cache().Len(), a.o.Lot.Parked()
	}
	if !a.off(middleware.Naming) {
		c := a.o.Naming.Counts()
		n.Load.Services, n.Load.Instances = c.Services, c.Instances
		if n.Distro != nil {
			n.Distro.Clients, n.Distro.Owned = c.Clients, c.Owned
		}
	}
	return n
}

// nodes are all nodes, as they tell of themselves, or, of one that does not
// answer, as this one sees it.
func (a *API) nodes(ctx context.Context) (all []NodeState, answered int) {
	if a.o.Members == nil {
		return []NodeState{a.thisNode()}, 1
	}
	told := map[string]NodeState{}
	failed := map[string]error{}
	for _, p := range a.askPeers(ctx, question{Kind: askState}) {
		var n NodeState
		err := p.Err
		if err == nil {
			err = json.Unmarshal(p.Body, &n)
		}
		if err != nil {
			failed[p.Address] = err
			continue
		}
		told[p.Address] = n
	}
	for _, m := range a.o.Members() {
		n, ok := told[m.Address]
		switch {
		case m.Self:
			n, ok = a.thisNode(), true
		case ok:
			n.Self, n.Seen = false, m.Seen
		default:
			n = m
			if failed[m.Address] != nil {
				n.Error = "it did not answer"
			}
		}
		if ok {
			answered++
		}
		n.Address, n.State = m.Address, m.State
		all = append(all, n)
	}
	slices.SortFunc(all, func(x, y NodeState) int { return cmp.Compare(x.Address, y.Address) })
	return all, answered
}

// clusterView is the cluster, with what is wrong with it.
type clusterView struct {
	Mode       string         `json:"mode"`
	Self       string         `json:"self"`
	Nodes      []NodeState    `json:"nodes"`
	Raft       *raftView      `json:"raft"`
	Divergence []difference   `json:"divergence"`
	Answered   map[string]int `json:"answered"`
}

// raftView is the log as all nodes together see it.
type raftView struct {
	Leader    string `json:"leader"`
	Term      uint64 `json:"term"`
	Voters    int    `json:"voters"`
	Up        int    `json:"up"`
	Tolerates int    `json:"tolerates"` // how many more may be lost before writes stop
}

// difference is something in which nodes do not agree.
type difference struct {
	Kind    string `json:"kind"`
	Address string `json:"address"`
	Detail  string `json:"detail"`
}

func (a *API) extCluster(q *middleware.Request) (any, error) {
	nodes, answered := a.nodes(q.Context())
	v := clusterView{Mode: a.o.About.Mode, Self: a.o.Ops.Address(), Nodes: nodes, Divergence: []difference{}, Answered: map[string]int{"of": len(nodes), "ok": answered}}
	v.Raft = raftOf(nodes)
	if v.Raft != nil {
		for i := range nodes {
			nodes[i].Leader = nodes[i].Address == v.Raft.Leader
		}
	}
	v.Divergence = append(v.Divergence, differences(nodes)...)
	v.Divergence = append(v.Divergence, a.disagreements()...)
	return v, nil
}

// maxDisagreements bounds the keys that are named of those that nodes disagree
// about.
const maxDisagreements = 100

// disagreements are the keys of which another node holds another state than this
// one.
func (a *API) disagreements() (out []difference) {
	if a.o.Agreement == nil {
		return nil
	}
	for _, d := range a.o.Agreement.Report().Differences {
		if len(out) == maxDisagreements {
			break
		}
		detail := d.Key + " is not the same there"
		switch {
		case d.Mine == 0:
			detail = d.Key + " is there and not here"
		case d.Theirs == 0:
			detail = d.Key + " is here and not there"
		}
		out = append(out, difference{d.Kind, d.Addr, detail + ", since " + d.Since.UTC().Format(time.RFC3339)})
	}
	return out
}

// raftOf is the log as the nodes see it: by the highest term, nil where there is
// none.
func raftOf(nodes []NodeState) *raftView {
	var v *raftView
	for i := range nodes {
		r := nodes[i].Raft
		if r == nil {
			continue
		}
		if v == nil {
			v = &raftView{}
		}
		if r.Term > v.Term || r.Term == v.Term && v.Leader == "" {
			v.Term, v.Leader = r.Term, r.Leader
		}
		v.Voters = max(v.Voters, r.Voters)
		if nodes[i].State == ops.Up {
			v.Up++
		}
	}
	if v != nil {
		v.Tolerates = max(0, v.Up-v.Voters/2-1)
	}
	return v
}

// Bounds of what nodes may differ by without a word.
const (
	lagEntries = 1000 // of the log
	lagQueue   = 1000 // records that wait to be sent
)

// differences are what nodes do not agree about.
func differences(nodes []NodeState) []difference {
	var out []difference
	var last uint64
	for i := range nodes {
		if nodes[i].Raft != nil {
			last = max(last, nodes[i].Raft.Last)
		}
	}
	for i := range nodes {
		n := &nodes[i]
		if n.Raft != nil {
			out = append(out, raftDifferences(n, last)...)
		}
		if n.Distro != nil {
			out = append(out, distroDifferences(n)...)
		}
		if n.Version != nodes[0].Version && n.Version != "" && nodes[0].Version != "" {
			out = append(out, difference{"version", n.Address, n.Version + ", not " + nodes[0].Version})
		}
	}
	return out
}

func raftDifferences(n *NodeState, last uint64) (out []difference) {
	if r := n.Raft; r.Applied < last && last-r.Applied > lagEntries {
		out = append(out, difference{"raft", n.Address, "it has not applied what the log holds: behind by " + strconv.FormatUint(last-r.Applied, 10)})
	}
	if n.Raft.Failure != "" {
		out = append(out, difference{"raft", n.Address, n.Raft.Failure})
	}
	return out
}

func distroDifferences(n *NodeState) (out []difference) {
	if !n.Distro.Ready {
		out = append(out, difference{"distro", n.Address, "it does not have all ephemeral instances of the others yet"})
	}
	for _, p := range n.Distro.Peers {
		if p.Queue > lagQueue {
			out = append(out, difference{"distro", n.Address, "changes that wait to be sent to " + p.Address + ": " + strconv.Itoa(p.Queue)})
		}
	}
	return out
}
