package raftlog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// How a cluster begins. Nodes that never were in one ask all listed members.
// Where one has a log already they wait to be taken in. Otherwise one of them,
// the one with data or else the one with the lowest address, asks for grants;
// a node grants one candidate at a time, so of two candidates at most one gets
// the majority of the listed members, and only that one writes the first
// configuration.
const (
	formEvery = 500 * time.Millisecond
	// formPatience is how long a majority waits for the rest, so that nodes that
	// are started together begin together.
	formPatience = 3 * time.Second
	grantLasts   = 10 * time.Second
	formTimeout  = time.Second
)

// grant is whom this node lets begin.
type grant struct {
	mu    sync.Mutex // guards the following fields
	to    string
	until time.Time
}

// give grants candidate, unless another one has it.
func (g *grant) give(candidate string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.to != "" && g.to != candidate && now.Before(g.until) {
		return false
	}
	g.to, g.until = candidate, now.Add(grantLasts)
	return true
}

// formRequest asks about a node's past, and with Candidate for its grant.
type formRequest struct {
	Candidate string `json:"candidate,omitempty"`
}

type formAnswer struct {
	ID       string `json:"id"`
	Addr     string `json:"addr"`     // its peer address
	HasState bool   `json:"hasState"` // it is in a cluster
	OwnData  bool   `json:"ownData"`
	Joining  bool   `json:"joining"`
	Granted  bool   `json:"granted"`
}

func (n *Node) selfPeerAddr() string {
	a, err := peer.AddrOf(n.opt.Members.Self())
	if err != nil { // membership checked its own address
		return ""
	}
	return a
}

// form answers formRequest. hasState is read anew: Raft may have got entries.
func (n *Node) form(_ context.Context, r formRequest) (formAnswer, error) {
	has, err := n.hasState()
	if err != nil {
		return formAnswer{}, err
	}
	a := formAnswer{
		ID: n.ID(), Addr: n.selfPeerAddr(), HasState: has, OwnData: n.opt.OwnData, Joining: n.opt.Joining || n.opt.Learner,
	}
	if r.Candidate != "" && !has && (!a.OwnData || r.Candidate == n.ID()) && !a.Joining {
		a.Granted = n.grant.give(r.Candidate)
	}
	return a, nil
}

func (n *Node) hasState() (bool, error) {
	n.mu.Lock()
	s := n.store
	n.mu.Unlock()
	if s == nil {
		return false, peer.Errorf(peer.Busy, "the log is not open")
	}
	empty, err := s.empty()
	return !empty, err
}

// begin returns when this node may start Raft: because it wrote the first
// configuration, or because there is a cluster to be taken into.
func (n *Node) begin(ctx context.Context, s *store) error {
	if n.opt.Joining || n.opt.Learner {
		return n.joins(nil)
	}
	var since time.Time // a majority answered
	for {
		asked := n.ask(ctx, formRequest{})
		if i := slices.IndexFunc(asked, func(a formAnswer) bool { return a.HasState }); i >= 0 {
			return n.joins(&asked[i])
		}
		size := len(n.opt.Members.View().Members)
		switch {
		case len(asked) <= size/2:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		}
		if len(asked) == size || !since.IsZero() && time.Since(since) >= formPatience {
			if done, err := n.tryBegin(ctx, s, asked, size); done || err != nil {
				return err
			}
		}
		if sleep(ctx, formEvery); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// joins allows this node to wait to be taken in, unless it would lose data.
func (n *Node) joins(by *formAnswer) error {
	switch {
	case !n.opt.OwnData:
		return nil
	case by == nil:
		return ErrForeignData
	default:
		return fmt.Errorf("%w: %s is in a cluster", ErrForeignData, by.Addr)
	}
}

// tryBegin begins a cluster if it is on this node to do so.
func (n *Node) tryBegin(ctx context.Context, s *store, asked []formAnswer, size int) (bool, error) {
	first, err := candidate(asked)
	switch {
	case err != nil && n.opt.OwnData:
		sleep(ctx, formPatience) // long enough for the others to see it too
		return false, err
	case err != nil || first != n.ID():
		return false, nil //nolint:nilerr // it is for those that hold data to refuse
	default:
		return n.bootstrap(ctx, s, size)
	}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// candidate is who should begin, of those that answered.
func candidate(asked []formAnswer) (string, error) {
	asked = slices.DeleteFunc(slices.Clone(asked), func(a formAnswer) bool { return a.Joining })
	slices.SortFunc(asked, func(a, b formAnswer) int { return strings.Compare(a.Addr, b.Addr) })
	var own []string
	for _, a := range asked {
		if a.OwnData {
			own = append(own, a.Addr)
		}
	}
	switch len(own) {
	case 0:
		if len(asked) == 0 {
			return "", nil
		}
		return asked[0].ID, nil
	case 1:
		i := slices.IndexFunc(asked, func(a formAnswer) bool { return a.OwnData })
		return asked[i].ID, nil
	default:
		return "", fmt.Errorf("%w: %s all hold data, and only one node may bring it", ErrForeignData, strings.Join(own, ", "))
	}
}

// ask puts r to all members at once, this node among them, and returns the
// answers that came.
func (n *Node) ask(ctx context.Context, r formRequest) []formAnswer {
	ctx, cancel := context.WithTimeout(ctx, formTimeout)
	defer cancel()
	v := n.opt.Members.View()
	answers := make([]*formAnswer, len(v.Members))
	var wg sync.WaitGroup
	for i, m := range v.Members {
		wg.Go(func() {
			var a formAnswer
			var err error
			if m.Addr == v.Self {
				a, err = n.form(ctx, r)
			} else {
				a, err = peer.Call[formRequest, formAnswer](ctx, n.opt.Peer, m.PeerAddr(), callForm, r)
			}
			if err == nil {
				answers[i] = &a
			}
		})
	}
	wg.Wait()
	var out []formAnswer
	for _, a := range answers {
		if a != nil {
			out = append(out, *a)
		}
	}
	return out
}

// bootstrap writes the first configuration, of those that grant it, if they are
// a majority of the listed members.
func (n *Node) bootstrap(ctx context.Context, s *store, size int) (bool, error) {
	var servers []raft.Server
	for _, a := range n.ask(ctx, formRequest{Candidate: n.ID()}) {
		if a.HasState {
			return false, nil
		}
		if a.Granted {
			servers = append(servers, raft.Server{ID: raft.ServerID(a.ID), Address: raft.ServerAddress(a.Addr)})
		}
	}
	if len(servers) <= size/2 || ctx.Err() != nil {
		return false, nil //nolint:nilerr // who stops has not failed
	}
	n.opt.Logger.Info("a cluster begins on this node", "voters", len(servers), "brings_data", n.opt.OwnData)
	return true, n.found(s, raft.Configuration{Servers: servers})
}

// found writes the first configuration and makes this node's state the first
// snapshot, so that all nodes begin with the same.
func (n *Node) found(s *store, c raft.Configuration) error {
	conf := n.opt.config()
	mark := filepath.Join(n.opt.Dir, foundingFile)
	if err := writeMark(mark); err != nil {
		return fmt.Errorf("first configuration: %w", err)
	}
	if err := raft.BootstrapCluster(conf, s.logs, s.bolt, s.snaps, n.trans, c); err != nil {
		return fmt.Errorf("first configuration: %w", err)
	}
	if err := raft.RecoverCluster(conf, fsm{n}, s.logs, s.bolt, s.snaps, n.trans, c); err != nil {
		return fmt.Errorf("first snapshot: %w", err)
	}
	return os.Remove(mark)
}
