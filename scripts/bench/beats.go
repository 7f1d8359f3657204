package main

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

// The registry of a large company: what the server must carry all day.
const (
	manyInstances = 100_000
	manyServices  = 10_000
	beatEvery     = 5 * time.Second
	beatPasses    = 8 // the first two are not measured
)

// beats registers the instances and lets them beat, spread evenly as they are
// in life, and gives the server's memory and its share of a core.
func (b *bench) beats(ctx context.Context) error {
	t, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer t.stop()
	n := b.size(manyInstances)
	began := time.Now()
	err = spread(ctx, t.host, n, func(i int) []byte {
		return post(t.host, "/v1/ns/instance", url.Values{
			"serviceName": {many(i)}, "ip": {address(i)}, "port": {"8000"}, "ephemeral": {"true"}, "metadata": {`{"v":"1"}`},
		})
	})
	if err != nil {
		return err
	}
	b.printf("%d instances of %d services registered in %.1f s, RSS %.0f MB", n, manyServices, time.Since(began).Seconds(), t.rss())
	requests := make([][]byte, n)
	for i := range requests {
		requests[i] = query(t.host, "PUT", "/v1/ns/instance/beat", url.Values{
			"serviceName": {many(i)}, "ip": {address(i)}, "port": {"8000"}, "namespaceId": {"public"}, "clusterName": {"DEFAULT"}, "beat": {""},
		})
	}
	var used time.Duration
	var bad int64
	var measured time.Time
	for pass := range beatPasses {
		if pass == 2 {
			measured, used, bad = time.Now(), t.cpu(), 0
		}
		failed, err := paced(ctx, t.host, n, beatEvery, func(i int) []byte { return requests[i] })
		if err != nil {
			return err
		}
		bad += failed
	}
	cores := (t.cpu() - used).Seconds() / time.Since(measured).Seconds()
	b.printf("beating every %v for %.0f s: %.2f cores, RSS %.0f MB, %d refused", beatEvery, time.Since(measured).Seconds(), cores, t.rss(), bad)
	return nil
}

func many(i int) string { return "DEFAULT_GROUP@@many-" + strconv.Itoa(i%manyServices) }
