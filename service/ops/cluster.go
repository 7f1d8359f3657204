package ops

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/consistency/raftlog"
	"github.com/pharos-registry/pharos/service"
)

// Cluster is what the service asks of a member of a cluster.
type Cluster struct {
	Peer    *peer.Node
	Members *cluster.Membership
	Log     *raftlog.Node
	Version string // of Pharos
	Configs bool   // the log has configs too, not service discovery alone
	// Lookup is where members are found by a kind of lookup, "file" or
	// "address-server".
	Lookup func(kind string) (cluster.Source, error)
}

// Calls between nodes, and from the command line.
const (
	callStatus   = "ops.status"
	callRemove   = "ops.remove"
	callSnapshot = "ops.snapshot"
	callTransfer = "ops.transfer"

	codeRefused = peer.FirstFree + 120 // the operation, with its reason as text

	askTime = 2 * time.Second
)

// Status is what one node says of itself and of the others.
type Status struct {
	ID      string         `json:"id"`
	Addr    string         `json:"addr"`
	State   string         `json:"state"`
	Waits   string         `json:"waits,omitempty"` // why it is not ready
	Version string         `json:"version"`
	Role    string         `json:"role"` // Leader, Follower, Learner, Candidate; "" before it takes part
	Leader  string         `json:"leader,omitempty"`
	Term    uint64         `json:"term"`
	Commit  uint64         `json:"commit"`
	Applied uint64         `json:"applied"`
	Members []MemberStatus `json:"members"`
}

// MemberStatus is what one node makes of another.
type MemberStatus struct {
	ID    string `json:"id"`
	Addr  string `json:"addr"`
	State string `json:"state"`
}

func (s *Service) serve() {
	p := s.cluster.Peer
	peer.Handle(p, callStatus, func(context.Context, struct{}) (Status, error) { return s.Status(), nil })
	peer.Handle(p, callRemove, func(_ context.Context, addr string) (bool, error) {
		return true, refusal(s.cluster.Members.Remove(addr))
	})
	peer.Handle(p, callSnapshot, func(ctx context.Context, _ struct{}) (bool, error) {
		return true, refusal(s.cluster.Log.TakeSnapshot(ctx))
	})
	peer.Handle(p, callTransfer, func(ctx context.Context, addr string) (bool, error) {
		return true, refusal(s.cluster.Log.TransferLeadership(ctx, addr))
	})
}

// refusal is an error that reaches the caller with its text.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	return peer.Errorf(codeRefused, "%v", err)
}

// Status is what this node of a cluster says of itself.
func (s *Service) Status() Status {
	c := s.cluster
	st, v := c.Log.Stats(), c.Members.View()
	out := Status{
		ID: st.ID, Addr: v.Self, Version: c.Version, Role: st.State, Leader: st.Leader, Term: st.Term, Commit: st.Commit, Applied: st.Applied,
	}
	for _, x := range st.Servers {
		if x.ID == st.ID && !x.Voter && out.Role == "Follower" {
			out.Role = "Learner"
		}
	}
	if err := s.ready(); err != nil {
		out.Waits = err.Error()
	}
	for i := range v.Members {
		m := &v.Members[i]
		if m.Addr == v.Self {
			out.State = m.State.String()
		}
		out.Members = append(out.Members, MemberStatus{ID: m.ID, Addr: m.Addr, State: m.State.String()})
	}
	return out
}

// Node is one member as it describes itself, or as another one sees it that is
// asked for it.
type Node struct {
	Status

	Err error // why it was not asked itself; then ID, Addr and State are another one's
}

// Survey asks first for the members, then each of them for its status. It
// returns them by address.
func Survey(ctx context.Context, p *peer.Node, first []string) ([]Node, error) {
	var seen Status
	err := service.Errorf(service.Unavailable, "no member is known to be asked")
	for _, addr := range first {
		var asked error
		if seen, asked = Ask(ctx, p, addr); asked == nil {
			err = nil
			break
		}
		err = service.Wrap(service.Unavailable, asked, "no member answers")
	}
	if err != nil {
		return nil, err
	}
	all := make([]Node, len(seen.Members))
	var wg sync.WaitGroup
	for i, m := range seen.Members {
		wg.Go(func() {
			st, err := Ask(ctx, p, m.Addr)
			if err != nil {
				st = Status{ID: m.ID, Addr: m.Addr, State: m.State}
			}
			all[i] = Node{st, err}
		})
	}
	wg.Wait()
	return all, nil
}

// Ask asks the member at addr for its status.
func Ask(ctx context.Context, p *peer.Node, addr string) (Status, error) {
	to, err := peer.AddrOf(addr)
	if err != nil {
		return Status{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	return peer.Call[struct{}, Status](ctx, p, to, callStatus, struct{}{})
}

// Remove has a member taken out of its cluster by the one at first which
// answers and is not that one itself.
func Remove(ctx context.Context, p *peer.Node, first []string, addr string) error {
	var err error = service.Errorf(service.Unavailable, "no other member is known to be asked")
	for _, a := range first {
		to, bad := peer.AddrOf(a)
		if a == addr || bad != nil {
			continue
		}
		cctx, cancel := context.WithTimeout(ctx, askTime)
		_, err = peer.Call[string, bool](cctx, p, to, callRemove, addr)
		cancel()
		if err == nil || peer.CodeOf(err) == codeRefused {
			return err
		}
	}
	return err
}

// members are all nodes as the cluster endpoints show them.
func (s *Service) members() []Member {
	v, groups := s.cluster.Members.View(), s.groups()
	all := make([]Member, 0, len(v.Members))
	for i := range v.Members {
		x := &v.Members[i]
		host, port, err := net.SplitHostPort(x.Addr)
		n, perr := strconv.Atoi(port)
		if err != nil || perr != nil { // membership checked it
			continue
		}
		m := describe(host, n, x.State.String(), groups)
		m.Address, m.FailAccessCnt = x.Addr, x.Fails
		m.ExtendInfo.LastRefreshTime = x.Refresh.UnixMilli()
		if x.Refresh.IsZero() {
			m.ExtendInfo.LastRefreshTime = 0
		}
		if x.Addr == v.Self && s.ready() != nil && x.State == cluster.Up {
			m.State = Starting
		}
		all = append(all, m)
	}
	return all
}

// groups are the raft groups that a Nacos has, all of them our one log.
func (s *Service) groups() map[string]RaftGroup {
	out := map[string]RaftGroup{}
	names := raftGroups()
	g := RaftGroup{Term: 1}
	if s.cluster == nil {
		g.Leader = s.self.IP + ":" + strconv.Itoa(s.self.Port+peerOffset)
		g.Members = []string{g.Leader}
	} else {
		st := s.cluster.Log.Stats()
		g.Leader, g.Term = st.Leader, st.Term
		for _, x := range st.Servers {
			g.Members = append(g.Members, x.Addr)
		}
		if s.cluster.Configs {
			names = append(names, configGroup)
		}
	}
	for _, n := range names {
		out[n] = g
	}
	return out
}

// command carries out an order on the log, whose peers go by their peer
// addresses.
func (c *Cluster) command(ctx context.Context, name, value string) error {
	list := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
	switch name {
	case "transferLeader":
		return c.Log.TransferLeadership(ctx, value)
	case "doSnapshot":
		return c.snapshot(ctx, value)
	case "removePeer", "removePeers":
		return c.remove(ctx, list)
	case "changePeers", "restRaftCluster":
		return c.change(ctx, list)
	default: // resetPeers
		return service.Errorf(service.Internal, "a running node does not forget its peers: stop it and run \"pharos recover\"")
	}
}

func (c *Cluster) snapshot(ctx context.Context, at string) error {
	if own, err := peer.AddrOf(c.Members.Self()); err == nil && (at == own || at == "") {
		return c.Log.TakeSnapshot(ctx)
	}
	if m, err := peer.MemberOf(at); err == nil {
		if _, ok := c.Members.View().Member(m); ok {
			_, err := peer.Call[struct{}, bool](ctx, c.Peer, at, callSnapshot, struct{}{})
			return err
		}
	}
	return service.Errorf(service.Internal, "no member %s", at)
}

// remove takes members out. One that is none is no error, as in Nacos; this
// node is taken out by another one.
func (c *Cluster) remove(ctx context.Context, peers []string) error {
	for _, p := range peers {
		addr, err := peer.MemberOf(p)
		if err != nil {
			return service.Wrap(service.Internal, err, "a peer is host:port, the port 1000 below that of HTTP")
		}
		v := c.Members.View()
		if _, ok := v.Member(addr); !ok {
			continue
		}
		if addr != v.Self {
			err = c.Members.Remove(addr)
		} else {
			var others []string
			for _, m := range v.Peers() {
				others = append(others, m.Addr)
			}
			err = Remove(ctx, c.Peer, others, addr)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// change makes the members those of a list. It takes out; who is new comes by
// itself, when it is started.
func (c *Cluster) change(ctx context.Context, peers []string) error {
	wanted, gone := map[string]bool{}, []string{}
	v := c.Members.View()
	for _, p := range peers {
		addr, err := peer.MemberOf(p)
		if _, ok := v.Member(addr); err != nil || !ok {
			return service.Errorf(service.Internal, "%s is no member; start it with --join and it becomes one", p)
		}
		wanted[addr] = true
	}
	if len(wanted) <= len(v.Members)/2 {
		return service.Errorf(service.Internal, "that would take away the majority; remove one member after the other")
	}
	for i := range v.Members {
		if m := &v.Members[i]; !wanted[m.Addr] {
			gone = append(gone, m.PeerAddr())
		}
	}
	return c.remove(ctx, gone)
}
