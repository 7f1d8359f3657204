package rpc_test

import (
	"io"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	grpchealth "google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/pharos-registry/pharos/controller/rpc"
	"github.com/pharos-registry/pharos/service/health"
)

func listen(tb testing.TB) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l
}

func serve(tb testing.TB, register func(*grpc.Server)) string {
	tb.Helper()
	l := listen(tb)
	srv := grpc.NewServer()
	register(srv)
	go func() { _ = srv.Serve(l) }()
	tb.Cleanup(srv.Stop)
	return l.Addr().String()
}

func TestProbeHealth(t *testing.T) {
	state := grpchealth.NewServer()
	state.SetServingStatus("well", grpc_health_v1.HealthCheckResponse_SERVING)
	state.SetServingStatus("ill", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	healthy := serve(t, func(s *grpc.Server) { grpc_health_v1.RegisterHealthServer(s, state) })
	without := serve(t, func(*grpc.Server) {})

	silent := listen(t)
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
	}()
	gone := listen(t)
	_ = gone.Close()

	for _, c := range []struct {
		address, service string
		want             health.Verdict
	}{
		{healthy, "", health.Pass},
		{healthy, "well", health.Pass},
		{healthy, "ill", health.Hard},
		{healthy, "unknown", health.Hard},
		{without, "", health.Hard}, // does not have the service at all
		{silent.Addr().String(), "", health.Soft},
		{gone.Addr().String(), "", health.Hard},
	} {
		began, end := time.Now(), time.Now().Add(20*time.Second)
		r := rpc.ProbeHealth(t.Context(), &health.Target{Address: c.address, Cmd: c.service})
		for r.Verdict != c.want && r.Verdict == health.Soft && time.Now().Before(end) {
			// It had no answer in its own second: the machine has other things to do.
			began = time.Now()
			r = rpc.ProbeHealth(t.Context(), &health.Target{Address: c.address, Cmd: c.service})
		}
		if r.Verdict != c.want || (r.Err == nil) != (c.want == health.Pass) {
			t.Errorf("%s %q: verdict %d (%v), want %d", c.address, c.service, r.Verdict, r.Err, c.want)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s %q took %v", c.address, c.service, took)
		}
	}
}
