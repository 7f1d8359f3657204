package node

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/consistency/raftlog"
	"github.com/pharos-registry/pharos/controller"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/console"
	"github.com/pharos-registry/pharos/service/mask"
	"github.com/pharos-registry/pharos/service/naming"
)

// consoleCall is the kind of call with which the console of one node asks the
// others what they know.
const consoleCall = "console"

// console adds to the API's options what the console shows of the server.
func (n *Node) console(o *controller.Options) error {
	o.Site, o.About = n.site, n.about(n.version)
	o.Connections = func() int {
		if open := n.open.Load(); open != nil {
			return int((*open)())
		}
		return 0
	}
	if n.set.Console.Mask {
		var err error
		if o.Mask, err = mask.New(n.set.Console.MaskKeys); err != nil {
			return fmt.Errorf("pharos.console.mask.keys: %w", err)
		}
	}
	if n.loaded != nil {
		o.Settings = func() controller.SettingsView { return settingsView(n.loaded) }
	}
	if n.peer != nil {
		o.Node, o.Members, o.Peers = n.nodeState, n.memberStates, n.askPeers
	}
	if n.raft != nil {
		o.Leader = n.leadership
	}
	return nil
}

// watch has the console be told of what changes, and other nodes be answered.
func (n *Node) watch() {
	n.loops = append(n.loops, n.api.Run)
	events := n.api.Events()
	n.rows.Observe(func(op persistence.Op, _ persistence.Result) {
		switch op.(type) {
		case persistence.CreateTenant, persistence.UpdateTenant, persistence.RemoveTenant, persistence.PutPolicy:
			events.Changed(console.Topic{Kind: console.Namespaces})
		case persistence.CreateUser, persistence.UpdatePassword, persistence.RemoveUser, persistence.AddRole, persistence.RemoveRole,
			persistence.AddPermission, persistence.RemovePermission:
			events.Changed(console.Topic{Kind: console.Access})
		}
	})
	n.config.Cache().OnChange(func(k config.Key) {
		events.Changed(
			console.Topic{Kind: console.Config, Namespace: k.Tenant, Group: k.Group, Name: k.DataID},
			console.Topic{Kind: console.Configs, Namespace: k.Tenant}, console.Topic{Kind: console.Overview},
		)
	})
	n.naming.Observe(func(_ string, keys []naming.Key) {
		for _, k := range keys {
			events.Changed(
				console.Topic{Kind: console.Service, Namespace: k.Namespace, Group: k.Group, Name: k.Service},
				console.Topic{Kind: console.Services, Namespace: k.Namespace}, console.Topic{Kind: console.Overview},
			)
		}
	})
	n.naming.OnSubscribe(func(s naming.Subscriber) {
		events.Changed(console.Topic{Kind: console.Services, Namespace: s.Key.Namespace})
	})
	n.naming.OnHappening(func(k naming.Key) {
		events.Changed(console.Topic{Kind: console.Service, Namespace: k.Namespace, Group: k.Group, Name: k.Service})
	})
	if n.peer == nil {
		return
	}
	n.members.OnChange(func(_, _ *cluster.View) {
		events.Changed(console.Topic{Kind: console.Nodes}, console.Topic{Kind: console.Overview})
	})
	n.peer.Handle(consoleCall, n.api.AnswerPeer)
}

// askPeers asks all other nodes at once.
func (n *Node) askPeers(ctx context.Context, body []byte) []controller.PeerAnswer {
	peers := n.members.View().Peers()
	out := make([]controller.PeerAnswer, len(peers))
	var wg sync.WaitGroup
	for i := range peers {
		wg.Go(func() {
			out[i].Address = peers[i].Addr
			out[i].Body, out[i].Err = n.peer.Call(ctx, peers[i].PeerAddr(), consoleCall, body)
		})
	}
	wg.Wait()
	return out
}

// memberStates are all nodes, as this one sees them.
func (n *Node) memberStates() []controller.NodeState {
	v := n.members.View()
	out := make([]controller.NodeState, 0, len(v.Members))
	for i := range v.Members {
		m := &v.Members[i]
		s := controller.NodeState{Address: m.Addr, State: m.State.String(), Self: m.Addr == v.Self, Version: m.Meta.Version}
		if !m.Refresh.IsZero() {
			s.Seen = m.Refresh.UnixMilli()
		}
		if s.Self {
			s.State = n.ops.State()
		}
		out = append(out, s)
	}
	return out
}

// nodeState is this node's end of the log and of the instances of the others.
func (n *Node) nodeState() controller.NodeState {
	var s controller.NodeState
	if n.raft != nil {
		s.Raft = raftState(n.raft.Stats())
	}
	if n.syncer != nil {
		d := n.syncer.Stats()
		s.Distro = &controller.DistroState{
			Ready: d.Ready, Sent: d.Sent, Received: d.Received, Errors: d.Errors, Mismatches: d.Mismatches, Repaired: d.Repaired, Peers: []controller.DistroPeer{},
		}
		for _, addr := range slices.Sorted(maps.Keys(d.Pending)) {
			s.Distro.Peers = append(s.Distro.Peers, controller.DistroPeer{Address: addr, Queue: d.Pending[addr]})
		}
	}
	return s
}

// leadership is who leads the log.
func (n *Node) leadership() controller.Leadership {
	addr, term, changed := n.raft.Leader()
	l := controller.Leadership{Term: term, All: n.rows == n.db, Changed: changed}
	if member, err := peer.MemberOf(addr); err == nil {
		l.Address = member
	}
	return l
}

// raftState counts what Raft wrote for itself as applied: a node that is done
// with all that is committed is not behind.
func raftState(r raftlog.Stats) *controller.RaftState {
	s := &controller.RaftState{
		Role: r.State, Term: r.Term, Commit: r.Commit, Applied: r.Handled, Last: r.Last, Snapshot: r.Snapshot, Contact: r.LastContact.Milliseconds(),
	}
	if member, err := peer.MemberOf(r.Leader); err == nil {
		s.Leader = member
	}
	if r.LastContact < 0 {
		s.Contact = -1
	}
	for _, x := range r.Servers {
		if x.Voter {
			s.Voters++
		}
	}
	if r.Failure != nil {
		s.Failure = "it could not apply an entry of the log: see its own log"
	}
	return s
}

// settingsView is what the server was set to.
func settingsView(l *settings.Loaded) controller.SettingsView {
	var v controller.SettingsView
	l.Each(func(s settings.Shown) {
		if n := len(v.Sections); n == 0 || v.Sections[n-1].Title != s.Section {
			v.Sections = append(v.Sections, controller.SettingsSection{Title: s.Section})
		}
		sec := &v.Sections[len(v.Sections)-1]
		sec.Items = append(sec.Items, controller.Setting{Key: s.Key, Value: s.Value, Source: s.Source, Secret: s.Secret, Doc: s.Doc})
	})
	l.Derived(func(key, value string) { v.Derived = append(v.Derived, controller.Setting{Key: key, Value: value}) })
	return v
}
