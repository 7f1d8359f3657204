// Package shared keeps what a node has in memory in step with a database that
// others write to as well: the other nodes of a cluster on one MySQL, or a Nacos
// beside this server. A node tells the others which rows it changed, they read
// these anew, and polls find what got lost on the way.
package shared

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
)

// Options are what New needs.
type Options struct {
	DB     *persistence.DB // that others write to
	Config *config.Service
	Auth   *auth.Service
	Log    *slog.Logger

	Peer  *peer.Node      // nil on a server that stands alone
	Peers func() []string // peer addresses of the other members that answer

	Poll time.Duration // between two looks at the history; 0 is two seconds
	Scan time.Duration // between two looks at the times of all configs; 0 is thirty seconds, as in Nacos
	Full time.Duration // between two comparisons of everything; 0 is ten minutes
}

// Follower is what a node knows of the writes of others.
type Follower struct {
	o Options

	note note          // of this node's writes, for the peers
	kick chan struct{} // there is something in note; room for one

	heard note          // of what peers said
	ring  chan struct{} // there is something in heard; room for one

	moved atomic.Bool // another database may be behind o.DB: its history is another

	stats stats
}

// New returns a follower of o.DB. It takes calls of peers from now on, and is told
// of the writes of this node.
func New(o Options) *Follower {
	if o.Poll == 0 {
		o.Poll = 2 * time.Second
	}
	if o.Scan == 0 {
		o.Scan = 30 * time.Second
	}
	if o.Full == 0 {
		o.Full = 10 * time.Minute
	}
	f := &Follower{o: o, kick: make(chan struct{}, 1), ring: make(chan struct{}, 1)}
	o.DB.ObserveRestore(func() { f.moved.Store(true) })
	if o.Peer != nil {
		o.DB.Observe(f.committed)
		peer.Handle(o.Peer, callChanged, f.changed)
	}
	return f
}

// Run follows until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { f.listen(ctx); return nil })
	g.Go(func() error { f.poll(ctx); return nil })
	if f.o.Peer != nil {
		g.Go(func() error { f.tell(ctx); return nil })
	}
	return g.Wait()
}

// committed notes what this node wrote.
func (f *Follower) committed(op persistence.Op, res persistence.Result) {
	var c changes
	switch o := op.(type) {
	case persistence.PublishConfig:
		c.Configs = []config.Key{o.ConfigKey}
	case persistence.RemoveConfig:
		c.Configs = []config.Key{o.ConfigKey}
	case persistence.RemoveConfigs:
		c.Configs = res.Keys
	case persistence.PublishGray:
		c.Configs = []config.Key{o.ConfigKey}
	case persistence.RemoveGray:
		c.Configs = []config.Key{o.ConfigKey}
	case persistence.CreateUser, persistence.UpdatePassword, persistence.RemoveUser, persistence.AddRole, persistence.RemoveRole,
		persistence.AddPermission, persistence.RemovePermission, persistence.RevokeTokens, persistence.EndSession:
		c.Users = true
	default:
		return
	}
	f.note.add(&c)
	wake(f.kick)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is awake
	}
}

// listen reads anew what peers said they changed, until ctx ends.
func (f *Follower) listen(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.ring:
		}
		c := f.heard.take()
		if c.Users {
			f.o.Auth.Stale()
		}
		if c.All {
			if _, err := f.o.Config.CompareAll(ctx); err != nil {
				f.failed(ctx, err)
			}
			continue
		}
		for _, k := range c.Configs {
			f.stats.told.Add(1)
			if err := f.o.Config.Refresh(ctx, k); err != nil {
				f.failed(ctx, err)
			}
		}
	}
}

// failed says what could not be read. Nothing is lost: the next poll sees it.
func (f *Follower) failed(ctx context.Context, err error) {
	if ctx.Err() != nil || errors.Is(err, persistence.ErrUnavailable) { // that it is away was said
		return
	}
	f.o.Log.Warn("what others wrote to the database could not be read and is tried again", "error", err)
}
