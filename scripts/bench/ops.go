package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed load.lua
var loadScript string

// operation is a kind of request and what it is to be: at least so much of the
// yardstick's rate, at most so much of its CPU time. publish has no yardstick:
// the bare server writes nothing.
type operation struct {
	name    string
	rate    float64 // of the bare server's requests a second
	cpu     float64 // of the bare server's CPU time per request
	prepare func(ctx context.Context, host string) error
}

func operations() []operation {
	configs := func(ctx context.Context, host string) error { return seedConfigs(ctx, host, services) }
	return []operation{
		{"register", 0.8, 26. / 20, seedInstances},
		{"beat", 0.8, 21. / 17, seedInstances},
		{"list", 0.8, 20. / 16, seedInstances},
		{"publish", 0, 0, configs},
		{"get", 0.8, 19. / 15, configs},
		{"listen", 0.75, 24. / 17, configs},
	}
}

// sample is one round of load.
type sample struct {
	rps, p50, p99 float64 // requests a second, milliseconds
	cpu           float64 // the server's microseconds per request
	rss           float64 // MB afterwards
	bad           int
}

// ops drives Pharos and the yardstick in turn, so that drift of the machine
// falls on both, and prints the medians.
func (b *bench) ops(ctx context.Context) error {
	if _, err := exec.LookPath("wrk"); err != nil {
		return fmt.Errorf("the load generator (Debian: apt-get install wrk): %w", err)
	}
	pharos, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer pharos.stop()
	yardstick, err := openBare(ctx)
	if err != nil {
		return err
	}
	defer yardstick.stop()
	b.printf("\n| operation (%d connections, medians of %d × %d s) | server | requests/s | p50 ms | p99 ms | CPU µs/request | RSS MB | not 200 | of bare: rate, CPU (asked) |\n|---|---|---:|---:|---:|---:|---:|---:|---|", b.conns, b.rounds, b.seconds)
	for _, op := range operations() {
		if b.only != "" && !slices.Contains(strings.Split(b.only, ","), op.name) {
			continue
		}
		if err := b.operation(ctx, op, yardstick, pharos); err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
	}
	return nil
}

func (b *bench) operation(ctx context.Context, op operation, yardstick, pharos *target) error {
	samples := map[*target][]sample{}
	for range b.rounds {
		for _, t := range []*target{yardstick, pharos} {
			if t == yardstick && op.rate == 0 {
				continue
			}
			if err := op.prepare(ctx, t.host); err != nil {
				return fmt.Errorf("prepare %s: %w", t.name, err)
			}
			s, err := b.load(ctx, t, op.name)
			if err != nil {
				return err
			}
			samples[t] = append(samples[t], s)
		}
	}
	mine := medians(samples[pharos])
	if op.rate == 0 {
		b.row(op.name, "pharos", mine, "")
		return nil
	}
	its := medians(samples[yardstick])
	b.row(op.name, "bare", its, "")
	b.row(op.name, "pharos", mine, fmt.Sprintf("%.2f, %.2f (≥ %.2f, ≤ %.2f)", mine.rps/its.rps, mine.cpu/its.cpu, op.rate, op.cpu))
	return nil
}

func (b *bench) row(op, server string, s sample, ratio string) {
	b.printf("| %s | %s | %.0f | %.2f | %.2f | %.1f | %.0f | %d | %s |", op, server, s.rps, s.p50, s.p99, s.cpu, s.rss, s.bad, ratio)
}

var errNoResult = errors.New("wrk gave no result")

// load runs the generator once.
func (b *bench) load(ctx context.Context, t *target, op string) (sample, error) {
	dir, err := os.MkdirTemp("", "pharos-load-")
	if err != nil {
		return sample{}, fmt.Errorf("script: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	script := filepath.Join(dir, "load.lua")
	if err := os.WriteFile(script, []byte(loadScript), 0o600); err != nil {
		return sample{}, fmt.Errorf("script: %w", err)
	}
	cmd := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(b.conns), fmt.Sprintf("-d%ds", b.seconds), "--timeout", "10s", "-s", script, "http://"+t.host, "--", op)
	cmd.Stderr = os.Stderr
	before := t.cpu()
	out, err := cmd.Output()
	if err != nil {
		return sample{}, fmt.Errorf("wrk: %w", err)
	}
	used := t.cpu() - before
	_, result, found := strings.Cut(string(out), "RESULT ")
	var requests, micros, bad int
	var s sample
	if _, err := fmt.Sscan(result, &requests, &micros, &s.p50, &s.p99, &bad); err != nil || !found || requests == 0 {
		return sample{}, errors.Join(errNoResult, err)
	}
	s.rps = float64(requests) / (time.Duration(micros) * time.Microsecond).Seconds()
	s.cpu = float64(used.Microseconds()) / float64(requests)
	s.rss, s.bad = t.rss(), bad
	return s, nil
}

// medians takes each figure's median; refused requests are added up.
func medians(all []sample) sample {
	m := sample{
		rps: medianOf(all, func(s sample) float64 { return s.rps }),
		p50: medianOf(all, func(s sample) float64 { return s.p50 }),
		p99: medianOf(all, func(s sample) float64 { return s.p99 }),
		cpu: medianOf(all, func(s sample) float64 { return s.cpu }),
		rss: medianOf(all, func(s sample) float64 { return s.rss }),
	}
	for _, s := range all {
		m.bad += s.bad
	}
	return m
}

func medianOf(all []sample, figure func(sample) float64) float64 {
	values := make([]float64, 0, len(all))
	for _, s := range all {
		values = append(values, figure(s))
	}
	return quantile(values, 0.5)
}

// quantile sorts the values and gives the one at a share of them, 0 of none.
func quantile[T cmp.Ordered](values []T, share float64) T {
	var zero T
	if len(values) == 0 {
		return zero
	}
	slices.Sort(values)
	return values[min(len(values)-1, int(share*float64(len(values))))]
}
