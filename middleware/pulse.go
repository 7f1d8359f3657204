package middleware

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// pulseEvery is how often a Pulse beats.
	pulseEvery = 250 * time.Millisecond
	// skipped is by how much a beat is late when the process did not run: clients
	// have given up since, at the earliest.
	skipped = time.Second
	// wary is for how long afterwards requests are taken in that arrived before.
	wary = 10 * time.Second
)

// Pulse knows whether the process was stopped a short while ago, as by SIGSTOP, a
// machine that was moved, or one with far too much to do. Requests that arrived
// meanwhile are read when it goes on, also those whose callers have long gone
// elsewhere.
type Pulse struct {
	began time.Time
	last  atomic.Int64 // ns since began; 0: it does not run
	until atomic.Int64 // ns since began
}

// NewPulse returns a Pulse. It says nothing before Run.
func NewPulse() *Pulse { return &Pulse{began: time.Now()} }

// Run beats until ctx ends.
func (p *Pulse) Run(ctx context.Context) error {
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	for {
		p.beat(time.Since(p.began))
		select {
		case <-ctx.Done():
			p.last.Store(0)
			return nil
		case <-tick.C:
		}
	}
}

func (p *Pulse) beat(now time.Duration) {
	if p.late(now) {
		p.until.Store(int64(now + wary))
	}
	p.last.Store(int64(max(now, 1)))
}

func (p *Pulse) late(now time.Duration) bool {
	last := time.Duration(p.last.Load())
	return last > 0 && now-last > skipped
}

// Skipped reports whether the process stood still a short while ago. It is asked
// before the next beat as well: whoever runs first after a stop is told.
func (p *Pulse) Skipped() bool {
	now := time.Since(p.began)
	return int64(now) < p.until.Load() || p.late(now)
}

type connKey struct{}

// WithConn keeps the connection of requests in their context: it is the
// ConnContext of a http.Server.
func WithConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// hungUp reports whether the caller of a request has closed its connection, as
// the kernel knows at once. What cannot be asked has not.
func hungUp(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	c, _ := ctx.Value(connKey{}).(net.Conn)
	for c != nil {
		if s, ok := c.(syscall.Conn); ok {
			raw, err := s.SyscallConn()
			return err == nil && closed(raw)
		}
		inner, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return false
		}
		c = inner.NetConn()
	}
	return false
}

var _ interface{ NetConn() net.Conn } = (*tls.Conn)(nil)
