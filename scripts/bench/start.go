package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// starts is how many starts are timed.
const starts = 5

// start times a server on an empty data directory, from exec to the first
// answer of the readiness endpoint.
func (b *bench) start(ctx context.Context) error {
	var ready, rss []float64
	for range starts {
		t, err := b.open(ctx)
		if err != nil {
			return err
		}
		ready = append(ready, milliseconds(t.ready))
		rested := pause(ctx, 2*time.Second)
		rss = append(rss, t.rss())
		t.stop()
		if !rested {
			return ctx.Err()
		}
	}
	b.printf("start, empty (median of %d): ready after %.0f ms, RSS %.1f MB two seconds later", starts, quantile(ready, 0.5), quantile(rss, 0.5))
	return nil
}

// restart times a start on a database full of configs.
func (b *bench) restart(ctx context.Context) error {
	n := b.size(50_000)
	dir, err := os.MkdirTemp("", "pharos-bench-")
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	t, err := b.openOn(ctx, dir)
	if err != nil {
		return err
	}
	began := time.Now()
	err = seedConfigs(ctx, t.host, n)
	t.stop()
	if err != nil {
		return err
	}
	took := time.Since(began)
	if t, err = b.openOn(ctx, dir); err != nil {
		return err
	}
	defer t.stop()
	if err := once(ctx, t.host, query(t.host, "GET", "/v1/cs/configs", map[string][]string{"dataId": {fmt.Sprintf("bench-%d", n-1)}, "group": {"DEFAULT_GROUP"}})); err != nil {
		return fmt.Errorf("read the last config: %w", err)
	}
	b.printf("%d configs of 1 KB published in %.1f s; started again: ready after %.0f ms, RSS %.1f MB", n, took.Seconds(), milliseconds(t.ready), t.rss())
	return nil
}
