package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	members = 3

	pace   = 1000 // registrations a second while it is measured how soon others list them
	every  = 10   // one of so many registrations is followed
	patrol = 64   // connections that follow

	lost = 5 * time.Second // after which a followed instance is given up
)

// cluster measures three nodes on this machine: durable and ephemeral writes
// to one of them and to all, then how soon an instance that was registered with
// one node is listed by the other two.
func (b *bench) cluster(ctx context.Context) error {
	nodes, stop, err := b.openCluster(ctx)
	if err != nil {
		return err
	}
	defer stop()
	b.printf("\n| operation (%d connections, medians of %d × %d s) | against | requests/s | p50 ms | p99 ms | CPU µs/request, all nodes | RSS MB, all nodes | not 200 |\n|---|---|---:|---:|---:|---:|---:|---:|", b.conns, b.rounds, b.seconds)
	for _, op := range operations() {
		if op.name != "publish" && op.name != "register" {
			continue
		}
		for _, some := range [][]*target{nodes[:1], nodes} {
			if err := b.spreadLoad(ctx, op, some, nodes); err != nil {
				return fmt.Errorf("%s: %w", op.name, err)
			}
		}
	}
	return b.listed(ctx, nodes)
}

// openCluster starts fresh nodes that know each other.
func (b *bench) openCluster(ctx context.Context) (nodes []*target, stop func(), err error) {
	dir, err := os.MkdirTemp("", "pharos-bench-")
	if err != nil {
		return nil, nil, fmt.Errorf("data directory: %w", err)
	}
	var ports []int
	var list []string
	for first := 21000; len(ports) < members; first += 10 {
		if first, err = freePortFrom(first); err != nil {
			return nil, nil, err
		}
		ports = append(ports, first)
		list = append(list, "127.0.0.1:"+strconv.Itoa(first))
	}
	secret := rand.Text()
	nodes, errs := make([]*target, members), make([]error, members)
	var wg sync.WaitGroup
	for i, port := range ports {
		wg.Go(func() {
			args := append([]string{
				"--mode", "cluster", "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--data", filepath.Join(dir, strconv.Itoa(i)),
				"--set", "nacos.member.list=" + strings.Join(list, ","), "--set", "pharos.cluster.secret=" + secret, "--set", "nacos.console.port=0",
			}, strings.Fields(b.args)...)
			nodes[i], errs[i] = launch(ctx, "node "+strconv.Itoa(i+1), port, filepath.Join(dir, strconv.Itoa(i)+".log"), b.pharos, args...)
		})
	}
	wg.Wait()
	stop = func() {
		for _, n := range nodes {
			if n != nil {
				n.stop()
			}
		}
		_ = os.RemoveAll(dir)
	}
	if err := errors.Join(errs...); err != nil {
		stop()
		return nil, nil, err
	}
	return nodes, stop, nil
}

// spreadLoad drives some of the nodes at the same time and prints what they did
// together.
func (b *bench) spreadLoad(ctx context.Context, op operation, some, all []*target) error {
	share := *b
	share.conns = max(1, b.conns/len(some))
	samples := make([]sample, b.rounds)
	for round := range samples {
		if err := op.prepare(ctx, some[0].host); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		before := cpuOf(all)
		parts, errs := make([]sample, len(some)), make([]error, len(some))
		var wg sync.WaitGroup
		for i, t := range some {
			wg.Go(func() { parts[i], errs[i] = share.load(ctx, t, op.name) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		samples[round] = together(parts, cpuOf(all)-before, b.seconds)
		for _, t := range all {
			samples[round].rss += t.rss()
		}
	}
	m := medians(samples)
	against := "one node"
	if len(some) > 1 {
		against = "all nodes"
	}
	b.printf("| %s | %s | %.0f | %.2f | %.2f | %.1f | %.0f | %d |", op.name, against, m.rps, m.p50, m.p99, m.cpu, m.rss, m.bad)
	return nil
}

func cpuOf(all []*target) (sum time.Duration) {
	for _, t := range all {
		sum += t.cpu()
	}
	return sum
}

// together adds up what several generators did in the same seconds; of the
// latencies the worst counts.
func together(parts []sample, cpu time.Duration, seconds int) sample {
	var s sample
	for _, p := range parts {
		s.rps += p.rps
		s.p50, s.p99 = max(s.p50, p.p50), max(s.p99, p.p99)
		s.bad += p.bad
	}
	s.cpu = float64(cpu.Microseconds()) / (s.rps * float64(seconds))
	return s
}

// listed registers instances at an even pace, each with a node in turn, and
// follows some of them: from the answer until each other node lists it.
func (b *bench) listed(ctx context.Context, nodes []*target) error {
	n := pace * max(10, b.seconds)
	f := &follower{ctx: ctx, nodes: nodes, todo: make(chan followed, n*members)}
	var wg sync.WaitGroup
	for range patrol {
		wg.Go(f.run)
	}
	var failed atomic.Int64
	var senders sync.WaitGroup
	errs := make(chan error, workers)
	began := time.Now()
	for worker := range workers {
		senders.Go(func() {
			if err := f.register(worker, n, began, &failed); err != nil {
				errs <- err
			}
		})
	}
	senders.Wait()
	took := time.Since(began)
	close(f.todo)
	wg.Wait()
	close(errs)
	if err := <-errs; err != nil {
		return err
	}
	if f.failed > 0 {
		return fmt.Errorf("%d of %d were not listed in time, such as: %w", f.failed, len(f.took), f.err)
	}
	b.printf("\n%d registrations in %.1f s over %d nodes (%.0f a second, %d not 200); from the answer until another node lists it, %d followed: p50 %.1f, p99 %.1f, worst %.1f ms",
		n, took.Seconds(), len(nodes), float64(n)/took.Seconds(), failed.Load(), len(f.took), quantile(f.took, 0.5), quantile(f.took, 0.99), slices.Max(append(f.took, 0)))
	return nil
}

// followed is an instance that was just registered.
type followed struct {
	service, ip string
	on          int // the node that is to list it
	at          time.Time
}

// follower registers instances and looks for them on the other nodes.
type follower struct {
	ctx   context.Context
	nodes []*target
	todo  chan followed

	mu     sync.Mutex // guards the following fields
	took   []float64  // milliseconds
	failed int
	err    error // the last one
}

// register sends one worker's share of the registrations in time.
func (f *follower) register(worker, n int, began time.Time, failed *atomic.Int64) error {
	with := worker % len(f.nodes)
	host := f.nodes[with].host
	w, err := dial(f.ctx, host)
	if err != nil {
		return err
	}
	defer w.close()
	for i := worker; i < n; i += workers {
		due := time.Duration(i) * time.Second / pace
		if ahead := due - time.Since(began); ahead > 0 && !pause(f.ctx, ahead) {
			return f.ctx.Err()
		}
		one := followed{service: "listed-" + strconv.Itoa(i%services), ip: address(i)}
		status, _, err := w.call(post(host, "/v1/ns/instance", map[string][]string{"serviceName": {one.service}, "ip": {one.ip}, "port": {"9000"}, "ephemeral": {"true"}}), readyLimit)
		if err != nil {
			return err
		}
		if status != 200 {
			failed.Add(1)
		} else if i%every == 0 {
			one.at = time.Now()
			for on := range f.nodes {
				if one.on = on; on != with {
					f.todo <- one
				}
			}
		}
	}
	return nil
}

// run follows one instance after another.
func (f *follower) run() {
	for one := range f.todo {
		d, err := f.find(f.nodes[one.on], one)
		f.mu.Lock()
		if err != nil {
			f.failed++
			f.err = err
		}
		f.took = append(f.took, milliseconds(d))
		f.mu.Unlock()
	}
}

// find asks a node for the service until it has the instance.
func (f *follower) find(t *target, one followed) (time.Duration, error) {
	w, err := dial(f.ctx, t.host)
	if err != nil {
		return 0, err
	}
	defer w.close()
	for {
		status, body, err := w.call(query(t.host, "GET", "/v1/ns/instance/list", map[string][]string{"serviceName": {one.service}}), readyLimit)
		d := time.Since(one.at)
		switch {
		case err != nil:
			return 0, err
		case status == 200 && strings.Contains(string(body), `"ip":"`+one.ip+`"`):
			return d, nil
		case d > lost:
			return d, fmt.Errorf("%s does not list %s of %s after %v", t.name, one.ip, one.service, lost)
		}
		if !pause(f.ctx, time.Millisecond) {
			return 0, f.ctx.Err()
		}
	}
}
