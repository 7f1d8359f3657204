package rpc

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/service"
)

// Metrics counts and times the requests of every type.
type Metrics struct{ seconds *prometheus.HistogramVec }

// NewMetrics registers the metrics of gRPC.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "pharos_grpc_requests_seconds",
		Help:    "Time from a request over gRPC to its answer, by type and error code; 0 is success.",
		Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5, 30},
	}, []string{"type", "code"})}
	reg.MustRegister(m.seconds)
	return m
}

func (m *Metrics) observe(kind string, err error, began time.Time) {
	m.seconds.WithLabelValues(kind, strconv.Itoa(errorCode(err))).Observe(time.Since(began).Seconds())
}

// errorCode is the number that a caller is told.
func errorCode(err error) int {
	if err == nil {
		return 0
	}
	if r, ok := errors.AsType[*RefusalError](err); ok {
		return r.Code
	}
	if t, ok := errors.AsType[*ThrownError](err); ok {
		return t.Code
	}
	return numberOf(service.CodeOf(err))
}
