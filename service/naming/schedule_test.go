package naming_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/test/schedule"
)

// Whatever happened, 15 seconds after it all nodes list the instances that live,
// in health, and none that was deregistered. Only where a node died while it was
// cut off, and took with it what nobody else knew, it takes until silence tells.
func TestSchedules(t *testing.T) {
	schedule.Each(t, 60, func(t *testing.T, seed uint64) { //nolint:thelper // the body of a test
		synctest.Test(t, func(t *testing.T) { runSchedule(t, seed) })
	})
}

// client is an instance with an SDK: it beats each 5 s at a node that answers,
// and registers when it is told to.
type client struct {
	service, ip string
	r           *rand.Rand
	nodes       func(i int) *node
	life        int

	mu    sync.Mutex // guards the following field
	alive bool       // registered, as far as it knows
}

// request goes to one node after the other until one answers.
func (c *client) request(ctx context.Context, op string) (answer string, done bool) {
	time.Sleep(time.Millisecond) // fake time would let opposite requests be of one moment
	at := c.r.IntN(3)
	for k := range 6 {
		n := c.nodes((at + k) % 3)
		if n == nil {
			continue
		}
		rctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		answer, err := n.do(rctx, request{Op: op, Service: c.service, IP: c.ip, Port: 80, Metadata: fmt.Sprintf(`{"life":"%d"}`, c.life)})
		cancel()
		if err == nil {
			return answer, true
		}
	}
	return "", false
}

// beat beats, and registers where it is not known.
func (c *client) beat(ctx context.Context) {
	if out, ok := c.request(ctx, "beat"); !ok || !strings.Contains(out, "10200") {
		c.request(ctx, "put")
	}
}

func (c *client) setAlive(v bool) {
	c.mu.Lock()
	c.alive = v
	c.mu.Unlock()
}

// run lives and dies a few times. It leaves only when its deregistration was
// answered, and only alive when its registration was.
func (c *client) run(ctx context.Context) {
	wait := func(d time.Duration) bool {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(d):
			return true
		}
	}
	always := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		c.life++
		if _, ok := c.request(always, "put"); !ok {
			if !wait(time.Second) {
				return
			}
			continue
		}
		c.setAlive(true)
		for range c.r.IntN(20) {
			if !wait(5 * time.Second) {
				return
			}
			c.beat(always)
		}
		for {
			if _, ok := c.request(always, "del"); ok {
				break
			}
			if !wait(time.Second) {
				c.beat(always) // it was told nothing: it lives on
				return
			}
		}
		c.setAlive(false)
		if !wait(time.Duration(c.r.IntN(40)) * time.Second) {
			return
		}
	}
}

func runSchedule(t *testing.T, seed uint64) {
	t.Helper()
	l := newLab(t, 3)
	r := rand.New(rand.NewPCG(seed, 0))
	var mu sync.RWMutex // guards l.nodes against clients
	nodes := func(i int) *node {
		mu.RLock()
		defer mu.RUnlock()
		if n := l.nodes[i]; n.up.Load() {
			return n
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var clients []*client
	for i := range 12 { // some addresses offer two services
		c := &client{
			service: fmt.Sprintf("s%d", i%2), ip: fmt.Sprintf("10.2.0.%d", i/2+i%2*(i%4)), r: rand.New(rand.NewPCG(seed, uint64(i+1))), nodes: nodes,
		}
		clients = append(clients, c)
		wg.Go(func() { c.run(ctx) })
	}
	cut, healed, rounds := false, time.Time{}, 3
	for range 8 {
		a, b := r.IntN(3), r.IntN(3)
		switch r.IntN(7) {
		case 0:
			l.net.Part(peerAt(a), peerAt(b))
			cut = true
		case 1:
			l.net.Cut(peerAt(a), peerAt(b))
			cut = true
		case 2:
			l.net.HealAll()
			cut, healed = false, time.Now()
		case 3:
			l.net.Isolate(peerAt(a), peerAt(0), peerAt(1), peerAt(2))
			cut = true
		case 4:
			l.net.Delay(peerAt(a), peerAt(b), time.Duration(r.IntN(200))*time.Millisecond)
		case 5:
			l.net.Reset(peerAt(a), peerAt(b))
		case 6:
			if cut || time.Since(healed) < 15*time.Second { // 30 s of silence, counted from when the members know each other again
				rounds = 10
			}
			l.nodes[a].stop()
			time.Sleep(time.Duration(r.IntN(20)) * time.Second)
			n := l.start(a)
			mu.Lock()
			l.nodes[a] = n
			mu.Unlock()
		}
		time.Sleep(time.Duration(r.IntN(40)) * time.Second)
	}
	l.net.HealAll()
	cancel()
	wg.Wait()
	for range rounds { // with beats as before
		for _, c := range clients {
			if c.alive {
				c.beat(t.Context())
			}
		}
		time.Sleep(5 * time.Second)
	}
	want := map[string][]string{"s0": nil, "s1": nil}
	for _, c := range clients {
		if c.alive {
			want[c.service] = append(want[c.service], c.ip)
		}
	}
	for name, ips := range want {
		l.all(name, sorted(ips), time.Second)
		for _, n := range l.nodes {
			if got, want := n.s.Digest(keyOf(name)), l.nodes[0].s.Digest(keyOf(name)); got != want {
				t.Errorf("node %d shows something else of %s than node 0", n.i, name)
			}
		}
	}
}
