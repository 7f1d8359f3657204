package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/pharos-registry/pharos/middleware"
)

// drain is how long requests under way have to end when the server stops.
const drain = 10 * time.Second

// maxConnections bounds the open connections of the HTTP port.
const maxConnections = 100_000

// listen opens the HTTP port.
func (n *Node) listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(n.set.Server.Bind, strconv.Itoa(n.set.Server.Port)))
	if err != nil {
		return nil, fmt.Errorf("%w; stop the other program or choose another port with --port", err)
	}
	l, open := middleware.Limit(l, maxConnections)
	n.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pharos_http_connections", Help: "Open connections of the HTTP port.",
	}, func() float64 { return float64(open()) }))
	return l, nil
}

// serve answers HTTP on l until ctx ends, then drains.
func (n *Node) serve(g *errgroup.Group, ctx context.Context, l net.Listener) { //nolint:revive // the group comes first, as it runs all
	srv := &http.Server{
		Handler:           n.api,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
	}
	g.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		return srv.Shutdown(stop)
	})
}
