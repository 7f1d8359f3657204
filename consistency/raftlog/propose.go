package raftlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// Names of the calls between nodes, and what they answer besides.
const (
	callPropose = "raft.propose"
	callRead    = "raft.read"
	callForm    = "raft.form"
	callAdmin   = "raft.admin"

	callProgress = "raft.progress"

	codeNotLeader = peer.FirstFree + 1 // nothing was written
	codeUnknown   = peer.FirstFree + 2 // it may have been
	codeOldMember = peer.FirstFree + 3 // nothing was written
)

// enqueueTimeout is how long the leader's own queue may be full before a write
// is refused.
const enqueueTimeout = 5 * time.Second

// proposal is one command on its way.
type proposal struct {
	item

	ctx  context.Context //nolint:containedctx // of the caller, who may leave before the command is packed
	done chan outcome
}

type outcome struct {
	answer Answer
	err    error
}

// Propose commits a command and returns its answer, after this node has applied
// it. since is the version of the commands that first had it, as members tell it
// in cluster.Meta: a member that cannot apply what is committed has to stop, so a
// command that some member does not know is refused with ErrOldMember. Every
// member knows those of version 1.
//
// It fails with ErrNoLeader when nothing was written, with ErrUnknown when that
// cannot be said.
func (n *Node) Propose(ctx context.Context, k Kind, since int, data []byte) (Answer, error) {
	if len(data) > MaxCommand {
		return Answer{}, ErrTooLarge
	}
	if err := n.known(since); err != nil {
		n.count.failed.Add(1)
		return Answer{}, err
	}
	n.count.proposed.Add(1)
	p := &proposal{item: item{k, data}, ctx: ctx, done: make(chan outcome, 1)}
	select {
	case n.queue <- p:
	case <-n.stopped:
		return Answer{}, n.stopReason()
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("%w in time: %w", ErrNoLeader, ctx.Err())
	}
	select {
	case o := <-p.done:
		if o.err != nil {
			n.count.failed.Add(1)
		}
		return o.answer, o.err
	case <-n.stopped:
		n.count.failed.Add(1)
		select {
		case o := <-p.done:
			return o.answer, o.err
		default:
			return Answer{}, errors.Join(ErrUnknown, n.stopReason())
		}
	case <-ctx.Done():
		n.count.failed.Add(1)
		return Answer{}, fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	}
}

// known refuses a command that came with a version which not every member has.
// One that never answered may be of any.
func (n *Node) known(since int) error {
	v := n.opt.Members.View()
	if since <= 1 || since <= v.LogVersion() {
		return nil
	}
	var old []string
	for i := range v.Members {
		if m := &v.Members[i]; m.Meta.LogVersion < since {
			old = append(old, m.Addr)
		}
	}
	return fmt.Errorf("%w: it takes version %d of the log, which is not known of %s", ErrOldMember, since, strings.Join(old, ", "))
}

// admit is asked on the leader before an entry enters the log: who proposed it may
// know of other members than the leader, or may have looked before one came. What
// some member could not apply, this node included, must not get in: it would have
// to stop.
func (n *Node) admit(items []item) error {
	for _, it := range items {
		if n.opt.Appliers[it.kind] == nil {
			return fmt.Errorf("%w: kind %d is not known on the leader", ErrOldMember, it.kind)
		}
		if n.opt.Since == nil {
			continue
		}
		since, err := n.opt.Since(it.kind, it.data)
		if err != nil {
			return fmt.Errorf("%w: the leader cannot apply it: %w", ErrOldMember, err)
		}
		if err := n.known(since); err != nil {
			return err
		}
	}
	return nil
}

// propose packs waiting commands into entries. As many entries are on their way
// as the window allows; under load commands wait for a place, and so are packed.
func (n *Node) propose(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	var held *proposal // did not fit the last entry
	for {
		select {
		case n.inFlight <- struct{}{}:
		case <-ctx.Done():
			n.refuse(held)
			return
		}
		if held == nil {
			select {
			case held = <-n.queue:
			case <-ctx.Done():
				n.refuse(nil)
				return
			}
		}
		var pack []*proposal
		pack, held = n.pack(held)
		wg.Go(func() {
			defer func() { <-n.inFlight }()
			n.commit(ctx, pack)
		})
	}
}

// pack takes what waits, up to the limits, and what did not fit any more.
func (n *Node) pack(first *proposal) (pack []*proposal, left *proposal) {
	pack = append(pack, first)
	size := len(first.data)
	for len(pack) < packCommands {
		select {
		case p := <-n.queue:
			if size += len(p.data); size > packBytes {
				return pack, p
			}
			pack = append(pack, p)
		default:
			return pack, nil
		}
	}
	return pack, nil
}

// refuse answers what is left when the node stops.
func (n *Node) refuse(held *proposal) {
	n.stop()
	if held != nil {
		held.done <- outcome{err: n.stopReason()}
	}
	for {
		select {
		case p := <-n.queue:
			p.done <- outcome{err: n.stopReason()}
		default:
			return
		}
	}
}

// commit gets one entry committed and answers its commands.
func (n *Node) commit(ctx context.Context, pack []*proposal) {
	live := pack[:0]
	items := make([]item, 0, len(pack))
	for _, p := range pack {
		if p.ctx.Err() == nil { // its caller still waits
			live, items = append(live, p), append(items, p.item)
		}
	}
	if len(live) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, n.opt.ProposeTimeout)
	defer cancel()
	index, answers, err := n.route(ctx, items)
	if errors.Is(err, ErrOldMember) && len(live) > 1 { // one of them: the others are none the worse for it
		for _, p := range live {
			n.commit(ctx, []*proposal{p})
		}
		return
	}
	if err == nil && len(answers) != len(live) {
		err = ErrUnknown // the leader stopped while applying
	}
	if err == nil {
		if werr := n.wait(ctx, index); werr != nil {
			err = fmt.Errorf("%w: committed, but not yet applied on this node: %w", ErrUnknown, werr)
		}
	}
	for i, p := range live {
		if err != nil {
			p.done <- outcome{err: err}
		} else {
			p.done <- outcome{answer: answers[i]}
		}
	}
}

// route brings an entry to the leader, wherever it is. It tries again as long
// as nothing was written for certain.
func (n *Node) route(ctx context.Context, items []item) (index uint64, answers []Answer, err error) {
	entry := encodeEntry(items)
	patience, cancel := context.WithTimeout(ctx, n.opt.LeaderTimeout)
	defer cancel()
	if err := n.running(patience); err != nil {
		return 0, nil, err
	}
	for {
		changed := n.leaderChanged()
		if n.raft.State() == raft.Leader {
			if err := n.admit(items); err != nil {
				return 0, nil, err
			}
			index, answers, err = n.append(entry)
		} else {
			index, answers, err = n.forward(ctx, entry)
		}
		if !errors.Is(err, ErrNoLeader) {
			return index, answers, err
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond): // the leader may know of it before we do
		case <-n.stopped:
			return 0, nil, n.stopReason()
		case <-patience.Done():
			return 0, nil, err
		}
	}
}

// append commits an entry on this node, which believes to be the leader.
func (n *Node) append(entry []byte) (uint64, []Answer, error) {
	var f raft.ApplyFuture
	err := n.answered(func() raft.Future {
		f = n.raft.Apply(entry, enqueueTimeout)
		return f
	})
	switch {
	case err == nil:
	case f == nil: // it was not asked
		return 0, nil, fmt.Errorf("%w: %w", ErrNoLeader, err)
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress), errors.Is(err, raft.ErrEnqueueTimeout):
		return 0, nil, fmt.Errorf("%w: %w", ErrNoLeader, err)
	default:
		return 0, nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	n.count.entries.Add(1)
	answers, ok := f.Response().([]Answer)
	if !ok {
		return 0, nil, errors.Join(ErrUnknown, n.stopReason())
	}
	signal(n.nudge)
	return f.Index(), answers, nil
}

// forward hands an entry to the leader. It goes no further than that.
func (n *Node) forward(ctx context.Context, entry []byte) (uint64, []Answer, error) {
	id, addr := n.leaderNow()
	if addr == "" {
		return 0, nil, ErrNoLeader
	}
	n.count.forwarded.Add(1)
	ctx, cancel := n.whileLeads(ctx, id)
	defer cancel()
	b, err := n.opt.Peer.Call(ctx, addr, callPropose, entry)
	if err != nil {
		switch {
		case peer.CodeOf(err) == codeOldMember:
			return 0, nil, fmt.Errorf("%w: %w", ErrOldMember, err)
		case peer.CodeOf(err) == codeNotLeader, peer.NotSent(err):
			return 0, nil, fmt.Errorf("%w: %w", ErrNoLeader, err)
		}
		return 0, nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return decodeAnswers(b)
}

// whileLeads returns a context that ends when another node than that one leads: a
// leader that fell silent is not waited for. Addresses do not tell: this node may
// learn meanwhile where a leader is now that the log knows from elsewhere.
func (n *Node) whileLeads(ctx context.Context, id raft.ServerID) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() { // ends with the context, as its caller does
		for {
			changed := n.leaderChanged()
			if now, _ := n.leaderNow(); now != "" && now != id {
				cancel()
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, cancel
}

// served answers a follower that forwards an entry.
func (n *Node) served(ctx context.Context, entry []byte) ([]byte, error) {
	items, err := decodeEntry(entry)
	if err != nil {
		return nil, peer.Errorf(peer.BadRequest, "%v", err)
	}
	if !n.leads() {
		return nil, peer.Errorf(codeNotLeader, "not the leader")
	}
	if err := n.admit(items); err != nil {
		return nil, peer.Errorf(codeOldMember, "%v", err)
	}
	type result struct {
		index   uint64
		answers []Answer
		err     error
	}
	done := make(chan result, 1)
	go func() { // ends when Raft answers, which it does at the latest when it stops
		i, a, err := n.append(entry)
		done <- result{i, a, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch {
	case errors.Is(r.err, ErrNoLeader):
		return nil, peer.Errorf(codeNotLeader, "%v", r.err)
	case r.err != nil:
		return nil, peer.Errorf(codeUnknown, "%v", r.err)
	}
	return encodeAnswers(r.index, r.answers), nil
}

// leads reports whether this node runs and believes to be the leader.
func (n *Node) leads() bool {
	select {
	case <-n.stopped:
		return false
	default:
	}
	select {
	case <-n.started:
		return n.raft.State() == raft.Leader
	default:
		return false
	}
}

// leaderNow is the leader and its peer address, where membership knows it now;
// both are empty where none is known.
func (n *Node) leaderNow() (id raft.ServerID, addr string) {
	at, id := n.raft.LeaderWithID()
	if at == "" || id == "" {
		return "", ""
	}
	if m, ok := n.opt.Members.View().ByID(string(id)); ok {
		return id, m.PeerAddr()
	}
	return id, string(at)
}

func (n *Node) leaderChanged() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.leader
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
