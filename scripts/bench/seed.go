package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The shape of what is there before the load begins; load.lua has it too.
const (
	services = 1000
	hosts    = 10
)

// workers is the number of connections that seed and beat.
const workers = 64

// address is the i-th instance's IP address.
func address(i int) string {
	return fmt.Sprintf("10.%d.%d.%d", i/62500, i/250%250, i%250+1)
}

// seedInstances registers the instances, again if they are there: ephemeral
// ones would go 30 s after their last sign of life.
func seedInstances(ctx context.Context, host string) error {
	return spread(ctx, host, services*hosts, func(i int) []byte {
		return post(host, "/v1/ns/instance", url.Values{
			"serviceName": {"bench-svc-" + strconv.Itoa(i%services)}, "ip": {address(i)}, "port": {"8000"}, "ephemeral": {"true"},
		})
	})
}

// seedConfigs publishes n configs of 1 KB.
func seedConfigs(ctx context.Context, host string, n int) error {
	content := strings.Repeat("k=v;", 256)
	return spread(ctx, host, n, func(i int) []byte {
		return post(host, "/v1/cs/configs", url.Values{"dataId": {"bench-" + strconv.Itoa(i)}, "group": {"DEFAULT_GROUP"}, "content": {content}})
	})
}

// spread sends n requests over some connections as fast as they are answered.
// One that is not answered with 200 is an error.
func spread(ctx context.Context, host string, n int, request func(i int) []byte) error {
	bad, err := paced(ctx, host, n, 0, request)
	if err == nil && bad > 0 {
		err = fmt.Errorf("%d of %d requests were not answered with 200", bad, n)
	}
	return err
}

// paced sends n requests, evenly over the given time when it is not 0, and
// tells how many were not answered with 200.
func paced(ctx context.Context, host string, n int, over time.Duration, request func(i int) []byte) (bad int64, err error) {
	var failed atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, workers)
	for worker := range workers {
		wg.Go(func() {
			if err := pacedWorker(ctx, host, worker, n, over, request, &failed); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	return failed.Load(), <-errs
}

func pacedWorker(ctx context.Context, host string, worker, n int, over time.Duration, request func(i int) []byte, failed *atomic.Int64) error {
	w, err := dial(ctx, host)
	if err != nil {
		return err
	}
	defer w.close()
	began := time.Now()
	for i := worker; i < n; i += workers {
		if over > 0 {
			due := time.Duration(float64(over) * float64(i) / float64(n))
			if ahead := due - time.Since(began); ahead > time.Millisecond && !pause(ctx, ahead) {
				return ctx.Err()
			}
		}
		status, _, err := w.call(request(i), 30*time.Second)
		if err != nil {
			return err
		}
		if status != 200 {
			failed.Add(1)
		}
	}
	return nil
}
