package middleware

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts and times the requests of every route, under the names that
// dashboards for Nacos ask for.
type Metrics struct {
	seconds *prometheus.HistogramVec

	requests, failed, nano atomic.Uint64 // of all routes: see Totals
}

// Totals are the answers since the start, those of them that say that the server
// failed, and the nanoseconds that all of them took.
func (m *Metrics) Totals() (requests, failed, nano uint64) {
	return m.requests.Load(), m.failed.Load(), m.nano.Load()
}

// NewMetrics registers the request metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "http_server_requests_seconds",
		Help:    "Time from the parsed header of a request to its answer, by route and status.",
		Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5, 30},
	}, []string{"method", "uri", "status"})}
	reg.MustRegister(m.seconds)
	return m
}

// Observer returns what counts the answers of one route. It is called once per
// route; the look-up by status is done once per status.
func (m *Metrics) Observer(method, uri string) func(status int, since time.Time) {
	var byStatus sync.Map // status to prometheus.Observer
	ok := m.seconds.WithLabelValues(method, uri, "200")
	return func(status int, since time.Time) {
		o := ok
		if status != 200 {
			v, found := byStatus.Load(status)
			if !found {
				v, _ = byStatus.LoadOrStore(status, m.seconds.WithLabelValues(method, uri, strconv.Itoa(status)))
			}
			o, _ = v.(prometheus.Observer)
		}
		took := time.Since(since)
		o.Observe(took.Seconds())
		m.requests.Add(1)
		m.nano.Add(uint64(max(took, 0)))
		if status >= http.StatusInternalServerError {
			m.failed.Add(1)
		}
	}
}

// Count counts an answer that was given otherwise than over HTTP, with the status
// that it would have there.
func (m *Metrics) Count(status int, took time.Duration) {
	m.requests.Add(1)
	m.nano.Add(uint64(max(took, 0)))
	if status >= http.StatusInternalServerError {
		m.failed.Add(1)
	}
}
