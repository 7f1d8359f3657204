package controller

import (
	"context"
	"net/http"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/console"
	"github.com/pharos-registry/pharos/service/push"
)

// meter turns counters into what happened in a second.
type meter struct {
	at                     time.Time
	requests, failed, nano uint64
	pushes                 push.Counts
}

// sample measures this node. It is called by one goroutine.
func (a *API) sample(m *meter, now time.Time) map[string]float64 {
	v := map[string]float64{}
	load := a.load()
	v["cpu"], v["load"] = numberOf(load.CPU), numberOf(load.Average)
	v["memory"], v["goroutines"] = float64(memory()), float64(runtime.NumGoroutine())
	if a.o.Connections != nil {
		v["connections"] = float64(a.o.Connections()) + float64(load.Connections)
	}
	requests, failed, nano := a.o.Requests.Totals()
	pushes := a.o.Pushes.Ever()
	if span := now.Sub(m.at).Seconds(); !m.at.IsZero() && span > 0 {
		n := requests - m.requests
		v["http.rate"], v["http.errors"] = float64(n)/span, float64(failed-m.failed)/span
		if n > 0 {
			v["http.millis"] = float64(nano-m.nano) / float64(n) / 1e6
		}
		v["push.rate"], v["push.failures"] = float64(pushes.Total-m.pushes.Total)/span, float64(pushes.Failed-m.pushes.Failed)/span
		if acked := pushes.Acked - m.pushes.Acked; acked > 0 {
			v["push.millis"] = float64((pushes.Cost - m.pushes.Cost).Microseconds()) / float64(acked) / 1e3
		}
	}
	m.at, m.requests, m.failed, m.nano, m.pushes = now, requests, failed, nano, pushes
	if !a.off(middleware.Naming) {
		n := a.o.Naming.Counts()
		v["services"], v["instances"], v["subscribers"], v["clients"] = float64(n.Services), float64(n.Instances), float64(n.Subscribers), float64(n.Clients)
		v["instances.unhealthy"] = float64(a.o.Naming.Unhealthy())
	}
	if !a.off(middleware.Config) {
		v["configs"], v["listeners"] = float64(a.o.Config.Cache().Len()), float64(a.o.Lot.Parked())
	}
	return v
}

// memory is what the process has of the system, in bytes.
func memory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// Run measures for the console and tells it of changes, until ctx ends.
func (a *API) Run(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- a.events.Run(ctx) }()
	tick := time.NewTicker(console.Fine)
	defer tick.Stop()
	var m meter
	for {
		elected := a.seeLeader(time.Now())
		select {
		case <-ctx.Done():
			return <-done
		case <-elected:
		case now := <-tick.C:
			v := a.sample(&m, now)
			a.series.Add(now, v)
			a.events.Tick(now, v)
		}
	}
}

// Events is where the rest of the server tells what has changed.
func (a *API) Events() *console.Events { return a.events }

// units are those of the series; the others are numbers of things.
//
//nolint:gochecknoglobals // a table
var units = map[string]string{
	"http.rate": "1/s", "http.errors": "1/s", "http.millis": "ms", "push.rate": "1/s", "push.failures": "1/s", "push.millis": "ms",
	"cpu": "share", "memory": "bytes",
}

// ranges are the spans of time that a chart can show.
//
//nolint:gochecknoglobals // a table
var ranges = map[string]time.Duration{"15m": 15 * time.Minute, "1h": time.Hour, "6h": 6 * time.Hour, "24h": 24 * time.Hour}

type metricsView struct {
	Node string `json:"node"`
	console.Window
	Units map[string]string `json:"units"`
}

func (a *API) extMetrics(q *middleware.Request) (any, error) {
	f := formOf(q)
	span, ok := ranges[f.Optional("range", "15m")]
	if !ok {
		f.fail(service.BadParam, "range must be 15m, 1h, 6h or 24h")
	}
	names := words(f.text("series"))
	if f.err != nil {
		return nil, f.err
	}
	return metricsView{a.o.Ops.Address(), a.series.Since(span, names), units}, nil
}

func (a *API) extOverviewRoutes() []middleware.Route {
	self := middleware.Access{Class: middleware.Management, Action: middleware.Read, Resource: "console/overview", Self: true}
	nodes := manage(middleware.Read, "/v1/core/cluster")
	return extRows(middleware.Core, []middleware.Route{
		{Method: http.MethodGet, Path: "/overview", Access: self, Do: a.extOverview},
		{Method: http.MethodGet, Path: "/metrics", Access: self, Do: a.extMetrics},
		{Method: http.MethodGet, Path: "/marks", Access: self, Do: a.extMarks},
		{Method: http.MethodGet, Path: "/leader", Access: self, Do: a.extLeader},
		{Method: http.MethodGet, Path: "/cluster", Access: nodes, Do: a.extCluster},
		{Method: http.MethodGet, Path: "/cluster/compared", Access: nodes, Do: a.extCompared},
		{Method: http.MethodGet, Path: "/search", Access: self, Do: a.extSearch},
	})
}
