package push_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/push"
)

// world is what a registry is to the hub.
type world struct {
	t       testing.TB
	stats   *push.Stats
	mu      sync.Mutex
	subs    map[push.Topic][]push.Subscriber
	version map[push.Topic]int
	renders int
	off     bool
	peers   map[string]*recorder
}

func (w *world) subscribe(t push.Topic, id, clusters string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.subs[t] = append(w.subs[t], push.Subscriber{ID: id, Clusters: clusters})
}

func (w *world) change(t push.Topic) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.version[t]++
}

func (w *world) options(window time.Duration) push.Options {
	return push.Options{
		Window: window,
		Retry:  time.Second,
		Subscribers: func(t push.Topic, into []push.Subscriber) []push.Subscriber {
			w.mu.Lock()
			defer w.mu.Unlock()
			return append(into, w.subs[t]...)
		},
		Render: func(t push.Topic, s push.Subscriber, f push.Form) (string, []byte) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.renders++
			return "kind", fmt.Appendf(nil, "%s[%s]%d/%d", t.Service, s.Clusters, w.version[t], f)
		},
		Peer: func(id string) push.Conn {
			w.mu.Lock()
			defer w.mu.Unlock()
			if p, ok := w.peers[id]; ok {
				return p
			}
			return nil
		},
		Enabled: func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return !w.off
		},
		Stats: w.stats,
		Log:   slog.New(slog.DiscardHandler),
	}
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return &world{t: tb, stats: &push.Stats{}, subs: map[push.Topic][]push.Subscriber{}, version: map[push.Topic]int{}, peers: map[string]*recorder{}}
}

// recorder is a connection that keeps what it was told, and when.
type recorder struct {
	start time.Time
	block chan struct{} // nil: takes everything at once
	fail  int           // how many sends are refused first

	mu     sync.Mutex
	got    []string
	closed bool
}

func (r *recorder) Send(m push.Message) error {
	if r.block != nil {
		<-r.block
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail > 0 {
		r.fail--
		return errors.New("refused")
	}
	r.got = append(r.got, fmt.Sprintf("%s@%d", m.Body, time.Since(r.start).Milliseconds()))
	return nil
}

func (r *recorder) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

func (r *recorder) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func topicOf(name string) push.Topic {
	return push.Topic{Namespace: "public", Group: "DEFAULT_GROUP", Service: name}
}

// bubble runs fn under fake time with a running hub.
func bubble(t *testing.T, window time.Duration, fn func(w *world, h *push.Hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h := push.New(w.options(window))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		fn(w, h)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func want(tb testing.TB, got []string, want ...string) {
	tb.Helper()
	if d := cmp.Diff(want, got); d != "" {
		tb.Errorf("told (-want +got):\n%s", d)
	}
}
