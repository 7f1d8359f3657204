//go:build linux

package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// TestStandingStill stops a node's process while clients register by it and by
// the others, who send on to it what is its own. The clients give up, take back
// elsewhere what they may have registered, and are answered. When the process
// goes on it finds what it was about to send and what came for it meanwhile: none
// of that may bring anything back.
func TestStandingStill(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts three servers and lets time pass")
	}
	seed := seedOf(t)
	l := newLab(t, 3, seed, server.ClusterOptions{})
	s := &standing{l: l, still: l.all()[0], awake: l.all()[1:], gone: map[string]time.Time{}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range 24 {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		s.wg.Go(func() { s.client(ctx, i, r) })
	}
	rest(time.Second)
	l.say("SIGSTOP node %d", s.still.number)
	s.still.Signal(syscall.SIGSTOP)
	rest(100 * time.Millisecond)
	s.mu.Lock()
	s.since = time.Now()
	s.mu.Unlock()
	rest(down)
	cancel()
	s.wg.Wait()
	l.say("SIGCONT node %d: %d instances were deregistered, %d of them of who was not answered", s.still.number, len(s.gone), s.unsure)
	if s.unsure < 24 {
		t.Errorf("only %d clients were not answered", s.unsure)
	}
	s.still.Signal(syscall.SIGCONT)
	for began := time.Now(); time.Since(began) < down; rest(50 * time.Millisecond) {
		for _, n := range s.awake {
			s.none(n, s.since)
		}
	}
	for _, n := range l.all() {
		s.none(n, time.Time{})
	}
}

// standing is a cluster of which one node stands still.
type standing struct {
	l     *lab
	still *node
	awake []*node
	wg    sync.WaitGroup

	mu     sync.Mutex           // guards the following fields
	since  time.Time            // the node stands still; zero: not yet
	gone   map[string]time.Time // to when it was asked for what was answered
	unsure int
}

const stoodService = "stood"

// client registers one instance after the other, and takes each back by a node
// that is awake, until ctx ends.
func (s *standing) client(ctx context.Context, number int, r *rand.Rand) {
	background := context.WithoutCancel(ctx)
	for turn := 0; ctx.Err() == nil; turn++ {
		i := instance{stoodService, fmt.Sprintf("10.9.%d.%d", number, 1+turn%250), 1000 + turn/250}
		by := s.still
		if r.IntN(3) == 0 {
			by = s.awake[r.IntN(len(s.awake))]
		}
		method, path, form := http.MethodPost, "/v1/ns/instance", i.form()
		if r.IntN(3) == 0 { // a beat that says all registers too
			method, path = http.MethodPut, "/v1/ns/instance/beat"
			form.Set("beat", fmt.Sprintf(`{"serviceName":"DEFAULT_GROUP@@%s","cluster":"DEFAULT","ip":"%s","port":%d,"weight":1,"scheduled":true}`, i.service, i.ip, i.port))
		}
		answered := by.callFor(background, time.Duration(1+r.IntN(3))*time.Second, method, path, form).ok()
		asked := time.Now()
		for !s.awake[r.IntN(len(s.awake))].call(background, http.MethodDelete, "/v1/ns/instance", i.form()).ok() {
			rest(50 * time.Millisecond)
			asked = time.Now()
		}
		s.mu.Lock()
		s.gone[i.String()] = asked
		if !answered {
			s.unsure++
		}
		s.mu.Unlock()
		pause(ctx, 10*time.Millisecond)
	}
}

// none complains of what a node lists though its deregistration was asked for
// after that time. What the node that stands still answered before it had told the
// others they hear when it goes on.
func (s *standing) none(n *node, after time.Time) {
	s.l.t.Helper()
	got, err := n.listed(context.Background(), stoodService)
	if err != nil {
		s.l.say("%v", err)
		return
	}
	for i := range got {
		if s.gone[i].Before(after) {
			continue
		}
		s.l.say("node %d lists %s, deregistered %v ago", n.number, i, time.Since(s.gone[i]).Round(time.Millisecond))
		s.l.t.Errorf("node %d lists %s again", n.number, i)
	}
}
