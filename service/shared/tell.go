package shared

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/consistency/peer"
)

// callChanged is the call by which a node tells another what it wrote.
const callChanged = "shared.changed"

// tellTime bounds one call; a peer that takes longer will see the change when it
// polls.
const tellTime = 3 * time.Second

// changed is what a peer tells. Reading is left to listen: the peer does not
// wait for it.
func (f *Follower) changed(_ context.Context, c changes) (struct{}, error) {
	f.heard.add(&c)
	wake(f.ring)
	return struct{}{}, nil
}

// link is what one peer has yet to be told.
type link struct {
	note note
	kick chan struct{}
	stop context.CancelFunc
}

// tell hands what this node wrote to all peers, until ctx ends.
func (f *Follower) tell(ctx context.Context) {
	t := teller{f: f, links: map[string]*link{}}
	defer t.group.Wait()
	defer t.hangUp(nil)
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.kick:
		}
		c := f.note.take()
		if c.empty() {
			continue
		}
		for _, l := range t.reach(ctx) {
			l.note.add(&c)
			wake(l.kick)
		}
	}
}

// teller holds the links to the peers. It belongs to one goroutine.
type teller struct {
	f     *Follower
	links map[string]*link
	group sync.WaitGroup // of the goroutines of links
}

// reach are the links to the peers there are now. Each has a goroutine, so that
// one that does not answer holds up nobody else.
func (t *teller) reach(ctx context.Context) map[string]*link {
	peers := t.f.o.Peers()
	t.hangUp(peers)
	for _, addr := range peers {
		if t.links[addr] != nil {
			continue
		}
		of, stop := context.WithCancel(ctx)
		l := &link{kick: make(chan struct{}, 1), stop: stop}
		t.links[addr] = l
		t.group.Go(func() { t.f.serve(of, addr, l) })
	}
	return t.links
}

// hangUp ends the links to all but some.
func (t *teller) hangUp(but []string) {
	for addr, l := range t.links {
		if !slices.Contains(but, addr) {
			l.stop()
			delete(t.links, addr)
		}
	}
}

// serve tells one peer what is noted for it, all that came together in one call.
func (f *Follower) serve(ctx context.Context, addr string, l *link) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.kick:
		}
		call, cancel := context.WithTimeout(ctx, tellTime)
		_, err := peer.Call[changes, struct{}](call, f.o.Peer, addr, callChanged, l.note.take())
		cancel()
		if err != nil && ctx.Err() == nil {
			f.stats.lost.Add(1)
			f.o.Log.Debug("a peer was not told of a change and will find it by itself", "peer", addr, "error", err)
		}
	}
}
