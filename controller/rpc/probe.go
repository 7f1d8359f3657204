package rpc

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/pharos-registry/pharos/service/health"
)

// Limits of a health check: as the HTTP check's.
const (
	probeConnect = 500 * time.Millisecond
	probeLimit   = time.Second
	probeReply   = 4 << 10 // bytes
)

// errNotServing is the answer of a service that says it is not well.
var errNotServing = errors.New("the service does not serve")

// ProbeHealth is the health check of type GRPC: grpc.health.v1, without TLS,
// for the service named by the target's Cmd ("" asks for the whole server).
// SERVING passes. A server that has no answer in time or is unavailable fails
// softly; one that says no, does not know the service, or refuses the connection
// fails hard.
func ProbeHealth(ctx context.Context, t *health.Target) health.Result {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	var refused atomic.Bool
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		d := net.Dialer{Timeout: probeConnect, KeepAlive: -1}
		c, err := d.DialContext(ctx, "tcp", t.Address)
		refused.Store(errors.Is(err, syscall.ECONNREFUSED))
		return c, err
	}
	conn, err := grpc.NewClient("passthrough:///"+t.Address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(dial),
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithUserAgent("pharos-health"),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(probeReply)),
	)
	if err != nil {
		return health.Result{Verdict: health.Soft, Err: err}
	}
	defer func() { _ = conn.Close() }()
	reply, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: t.Cmd})
	switch {
	case err == nil && reply.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING:
		return health.Result{Verdict: health.Pass}
	case err == nil:
		return health.Result{Verdict: health.Hard, Err: errNotServing}
	case refused.Load():
		return health.Result{Verdict: health.Hard, Err: err}
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted:
		return health.Result{Verdict: health.Soft, Err: err}
	default:
		return health.Result{Verdict: health.Hard, Err: err}
	}
}
