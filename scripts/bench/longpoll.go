package main

import (
	"bytes"
	"context"
	"crypto/md5" // the protocol's digest of a content
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
)

// pollHeaders make a long poll that is answered after 29.5 s at the latest.
const pollTimeout = "Long-Pulling-Timeout: 30000"

// publish writes a config.
func publish(ctx context.Context, host, id, content string) error {
	return once(ctx, host, post(host, "/v1/cs/configs", url.Values{"dataId": {id}, "group": {"G"}, "content": {content}}))
}

// poll is a long poll of configs that all have this content, or are missing
// when it is "".
func poll(host, content string, ids ...string) []byte {
	sum := ""
	if content != "" {
		d := md5.Sum([]byte(content))
		sum = hex.EncodeToString(d[:])
	}
	var keys strings.Builder
	for _, id := range ids {
		keys.WriteString(id + "\x02G\x02" + sum + "\x01")
	}
	return post(host, "/v1/cs/configs/listener", url.Values{"Listening-Configs": {keys.String()}}, pollTimeout)
}

// dialAll opens n connections.
func dialAll(ctx context.Context, host string, n int) (wires []*wire, closeAll func(), err error) {
	closeAll = func() {
		for _, w := range wires {
			w.close()
		}
	}
	for range n {
		w, err := dial(ctx, host)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		wires = append(wires, w)
	}
	return wires, closeAll, nil
}

// longPoll measures from just before a publish is sent until each of the
// parked polls has its answer.
func (b *bench) longPoll(ctx context.Context, own int) error {
	t, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer t.stop()
	n, id, content := b.size(own), "bench-fan", "v0"
	if err := publish(ctx, t.host, id, content); err != nil {
		return err
	}
	wires, closeAll, err := dialAll(ctx, t.host, n)
	if err != nil {
		return err
	}
	defer closeAll()
	f := fan{name: "publish → parked long polls", n: n}
	for round := range b.rounds {
		next := fmt.Sprintf("v%d", round+1)
		times, err := b.wakeAll(ctx, t, wires, id, content, next)
		if err != nil {
			return err
		}
		content = next
		f.add(times)
	}
	b.printf("%s  RSS %.0f MB", f.String(), t.rss())
	return nil
}

// wakeAll parks a poll on each connection, publishes, and gives the time in
// milliseconds of each answer that names the config.
func (b *bench) wakeAll(ctx context.Context, t *target, wires []*wire, id, content, next string) ([]float64, error) {
	request := poll(t.host, content, id)
	var mu sync.Mutex // guards ended
	var ended []time.Time
	var wg sync.WaitGroup
	for _, w := range wires {
		wg.Go(func() {
			status, body, err := w.call(request, b.wait+30*time.Second)
			at := time.Now()
			if err != nil || status != 200 || !bytes.Contains(body, []byte(id)) {
				return // counted as lost
			}
			mu.Lock()
			defer mu.Unlock()
			ended = append(ended, at)
		})
	}
	if !pause(ctx, 3*time.Second) { // all are parked by then
		return nil, ctx.Err()
	}
	began := time.Now()
	if err := publish(ctx, t.host, id, next); err != nil {
		return nil, err
	}
	wg.Wait()
	var times []float64
	for _, at := range ended {
		if at.After(began) {
			times = append(times, milliseconds(at.Sub(began)))
		}
	}
	return times, nil
}

// parked measures what a long poll of three keys costs while it waits.
func (b *bench) parked(ctx context.Context) error {
	t, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer t.stop()
	n := b.size(5000)
	if !pause(ctx, 2*time.Second) {
		return ctx.Err()
	}
	before := t.rss()
	wires, closeAll, err := dialAll(ctx, t.host, n)
	if err != nil {
		return err
	}
	defer closeAll()
	for i, w := range wires {
		ids := []string{fmt.Sprintf("parked-%d-a", i), fmt.Sprintf("parked-%d-b", i), fmt.Sprintf("parked-%d-c", i)}
		if err := w.send(poll(t.host, "", ids...)); err != nil {
			return err
		}
	}
	if !pause(ctx, 5*time.Second) {
		return ctx.Err()
	}
	after := t.rss()
	lost := 0
	for _, w := range wires {
		if status, _, err := w.receive(b.wait + 30*time.Second); err != nil || status != 200 {
			lost++
		}
	}
	b.printf("%d parked long polls of 3 keys: RSS %.1f → %.1f MB, %.1f KB each; not answered in time: %d", n, before, after, (after-before)*1024/float64(n), lost)
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
