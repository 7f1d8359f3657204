package rpc

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pharos-registry/pharos/service/config"
)

// The times of a notification: contract §7.5.
const (
	notifyWait = 3 * time.Second // for its acknowledgement
	notifyStep = 2 * time.Second // by which the wait before a further try grows
	maxNotify  = 50              // tries, after which the connection is given up
)

// follower is a connection whose client listens to configs.
//
// Lock order: mu, then the locks of config.Cache.
type follower struct {
	conn   *Conn
	count  *atomic.Int64
	viewer config.Viewer
	client config.Client

	mu      sync.Mutex // guards the following fields, and those of every following
	closed  bool
	all     map[name]*following
	queue   []*following // to be told about
	telling bool         // a goroutine does so
}

// name is a config as a client spells it. A notification does not tell no tenant
// from an empty one.
type name struct{ dataID, group, tenant string }

func (x *listenContext) name() name {
	return name{string(x.DataID), string(x.Group), textOf(x.Tenant)}
}

// following is one config that a client listens to.
type following struct {
	of     *follower
	waiter config.Waiter
	fields Raw                    // of a notification
	held   atomic.Pointer[string] // digest of what the client said that it has

	gone   bool
	queued bool
	change uint64 // counts what there was to tell
	tries  int    // to tell of the last change
	again  *time.Timer
}

// Changed implements config.Listener.
func (w *following) Changed(*config.Key) { w.of.changed(w) }

// Viewer implements config.Listener.
func (w *following) Viewer() config.Viewer { return w.of.viewer }

// Client implements config.Follower.
func (w *following) Client() *config.Client { return &w.of.client }

// Held implements config.Holder.
func (w *following) Held() string { return *w.held.Load() }

// follow notes what the client has of a config and that it wants to be told of
// changes. It reports whether it did so before, and ok unless there are too many.
func (f *follower) follow(cache *config.Cache, x *listenContext) (known, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, md5 := x.name(), string(x.MD5)
	if w := f.all[n]; w != nil {
		w.held.Store(&md5)
		return true, true
	}
	if f.closed {
		return false, true
	}
	if len(f.all) >= maxListened || f.count.Load() >= maxFollowed {
		return false, false
	}
	w := &following{of: f, fields: notice(x)}
	w.held.Store(&md5)
	f.all[n] = w
	f.count.Add(1)
	cache.WatchAny(&w.waiter, x.key(), w)
	return false, true
}

// notice is what a client is told of a change of x: no more than that there is
// one. A tenant that was spelled "" is left out, as by Nacos.
func notice(x *listenContext) Raw {
	b := appendString(Raw(`,"dataId":`), string(x.DataID))
	b = appendString(append(b, `,"group":`...), string(x.Group))
	if t := textOf(x.Tenant); t != "" {
		b = appendString(append(b, `,"tenant":`...), t)
	}
	return append(b, `,"module":"config"`...)
}

// forget ends the listening to a config.
func (f *follower) forget(x *listenContext) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := x.name()
	if w := f.all[n]; w != nil {
		f.end(w)
		delete(f.all, n)
	}
}

// end stops what w does. f.mu is held.
func (f *follower) end(w *following) {
	w.gone = true
	w.waiter.Cancel()
	f.count.Add(-1)
	if w.again != nil {
		w.again.Stop()
	}
}

// close ends all listening.
func (f *follower) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for _, w := range f.all {
		f.end(w)
	}
	f.all, f.queue = nil, nil
}

// changed has the client told, from the first try on.
func (f *follower) changed(w *following) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w.gone {
		return
	}
	w.change++
	w.tries = 0
	if w.again != nil {
		w.again.Stop()
	}
	f.enqueue(w)
}

// enqueue has w told next. f.mu is held.
func (f *follower) enqueue(w *following) {
	if !w.queued {
		w.queued = true
		f.queue = append(f.queue, w)
	}
	if !f.telling {
		f.telling = true
		go f.tell() // ends when nothing is left, or with the connection
	}
}

// tell sends what is queued. It blocks while the connection takes no bytes.
func (f *follower) tell() {
	for {
		f.mu.Lock()
		if len(f.queue) == 0 {
			f.telling, f.queue = false, nil
			f.mu.Unlock()
			return
		}
		w := f.queue[0]
		f.queue = f.queue[1:]
		w.queued = false
		w.tries++
		change := w.change
		f.mu.Unlock()
		f.conn.Push("ConfigChangeNotifyRequest", w.fields, notifyWait, func(err error) { f.told(w, change, err) })
	}
}

// told is what became of a notification. One that was not acknowledged comes
// again, later each time; in the end the connection is taken for dead.
func (f *follower) told(w *following, change uint64, err error) {
	if err == nil || errors.Is(err, errClosed) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case w.gone || w.change != change: // a newer one is on its way
	case w.tries >= maxNotify:
		go f.conn.Close() // which comes back here
	default:
		w.again = time.AfterFunc(time.Duration(w.tries)*notifyStep, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			if !w.gone && w.change == change {
				f.enqueue(w)
			}
		})
	}
}

// isClosed reports whether the connection has ended. What is told of the end is
// so afterwards.
func (c *Conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}
