package node

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/controller/rpc"
	"github.com/pharos-registry/pharos/middleware"
)

// leaveTime is how long clients of gRPC have to go elsewhere when the server
// stops. They do so at once, unless they know no other server.
const leaveTime = 2 * time.Second

// openRPC builds the gRPC interface. It serves SDKs as the HTTP interface does.
func (n *Node) openRPC(requests *middleware.Metrics) error {
	set := n.set.GRPC
	o := rpc.Options{
		Naming: n.naming, Hub: n.hub, Stats: n.pushes, Guard: n.guard, Audit: n.audit, Log: n.log,
		Metrics: rpc.NewMetrics(n.reg), Requests: requests,
		Self: n.self, Ready: n.ready, Off: off(n.set.Server),
		MaxMessage: int(set.MaxMessage), MaxMetadata: n.set.Naming.MaxMetadataLength, NoParamCheck: !n.set.Naming.ParamCheck,
		AckTimeout: n.set.Naming.PushTimeout, Leave: min(leaveTime, n.set.Limits.Drain),
		KeepAliveTime: set.KeepAliveTime, KeepAliveTimeout: set.KeepAliveTimeout, PermitKeepAlive: set.PermitKeepAlive,
	}
	if t := n.set.TLS; n.rpcTLS != nil {
		o.Credentials = rpc.TLS(n.rpcTLS, t.AlsoPlain && !t.ClientCert)
	}
	var err error
	n.listens = rpc.NewConfigs(n.config, n.guard, n.log)
	if n.rpc, err = rpc.New(o, n.listens.Types()...); err != nil {
		return err
	}
	n.rpc.OnClosed(n.listens.Closed)
	n.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pharos_grpc_connections", Help: "Connections of SDKs over gRPC.",
	}, func() float64 { return float64(n.rpc.Count()) }))
	return nil
}

// listenRPC opens the port of gRPC.
func (n *Node) listenRPC(ctx context.Context) (net.Listener, error) {
	l, err := n.network.Listen(ctx, net.JoinHostPort(n.set.Server.Bind, strconv.Itoa(n.set.Server.GRPCPort())))
	if err != nil {
		return nil, fmt.Errorf("the port for gRPC, 1000 above the HTTP port: %w; %s", err, cure(err))
	}
	l, _ = n.budget.Limit(l, "") // clients know no answer before the first bytes of HTTP/2: they try the next server
	return l, nil
}
