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

	// askedCores is what the beats may take where the bare server's beat takes
	// askedBare.
	askedCores = 0.5
	askedBare  = 17 * time.Microsecond
)

// beats registers the instances and lets them beat, spread evenly as they are
// in life, and gives the server's memory and its share of a core. The bare
// server gets the same beats in turn, which says what the machine is worth.
func (b *bench) beats(ctx context.Context) error {
	t, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer t.stop()
	yardstick, err := openBare(ctx)
	if err != nil {
		return err
	}
	defer yardstick.stop()
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
	its, err := beating(ctx, yardstick, n)
	if err != nil {
		return err
	}
	mine, err := beating(ctx, t, n)
	if err != nil {
		return err
	}
	b.printf("beating every %v for %.0f s: %.2f cores, RSS %.0f MB, %d refused; the bare server %.2f cores, %.1f µs a beat; asked ≤ %.2f cores on such a machine (%.1f where bare takes %v)",
		beatEvery, mine.took.Seconds(), mine.cores, t.rss(), mine.bad, its.cores, float64(its.each)/float64(time.Microsecond),
		askedCores*float64(its.each)/float64(askedBare), askedCores, askedBare)
	return nil
}

// pulse is what beats cost a server.
type pulse struct {
	cores float64
	took  time.Duration // what was measured of it
	each  time.Duration // processor time of one beat
	bad   int64         // answers other than 200
}

// beating sends the beats of n instances, some passes of them.
func beating(ctx context.Context, t *target, n int) (pulse, error) {
	requests := make([][]byte, n)
	for i := range requests {
		requests[i] = query(t.host, "PUT", "/v1/ns/instance/beat", url.Values{
			"serviceName": {many(i)}, "ip": {address(i)}, "port": {"8000"}, "namespaceId": {"public"}, "clusterName": {"DEFAULT"}, "beat": {""},
		})
	}
	var p pulse
	var used time.Duration
	var measured time.Time
	for pass := range beatPasses {
		if pass == 2 {
			measured, used, p.bad = time.Now(), t.cpu(), 0
		}
		failed, err := paced(ctx, t.host, n, beatEvery, func(i int) []byte { return requests[i] })
		if err != nil {
			return p, err
		}
		p.bad += failed
	}
	p.took = time.Since(measured)
	used = t.cpu() - used
	p.cores = used.Seconds() / p.took.Seconds()
	p.each = used / time.Duration(n*(beatPasses-2))
	return p, nil
}

func many(i int) string { return "DEFAULT_GROUP@@many-" + strconv.Itoa(i%manyServices) }
