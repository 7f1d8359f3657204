package node

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/middleware"
)

// listen opens the HTTP port.
func (n *Node) listen(ctx context.Context) (net.Listener, error) {
	l, err := n.network.Listen(ctx, net.JoinHostPort(n.set.Server.Bind, strconv.Itoa(n.set.Server.Port)))
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, cure(err))
	}
	l, open := n.budget.Limit(l, middleware.TooMany)
	n.open.Store(&open)
	n.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pharos_http_connections", Help: "Open connections of the HTTP port.",
	}, func() float64 { return float64(open()) }))
	return n.secure(l), nil
}

// secure has a listener speak TLS, where that is set.
func (n *Node) secure(l net.Listener) net.Listener {
	if n.tls == nil {
		return l
	}
	return tls.NewListener(l, n.tls)
}

// cure says what to do when a port cannot be listened on.
func cure(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "set --bind to an address of this machine"
	case errors.Is(err, syscall.EACCES):
		return "choose a port above 1023 with --port"
	default:
		return "stop the other program or choose another port with --port"
	}
}

// connections bounds the open connections of all ports together: what is said, else
// what the limit of open files leaves beside the database, logs and peers.
func connections(l settings.Limits) int {
	const reserve, least = 512, 64
	if l.MaxConnections > 0 {
		return l.MaxConnections
	}
	return max(openFiles()-reserve, least)
}

// serve answers HTTP on l until ctx ends, then drains.
func (n *Node) serve(ctx context.Context, g *errgroup.Group, l net.Listener, h http.Handler) {
	limits := n.set.Limits
	srv := &http.Server{
		Handler:           n.logged(h),
		ReadHeaderTimeout: limits.HeaderTimeout,
		IdleTimeout:       limits.IdleTimeout,
		MaxHeaderBytes:    limits.Header,
		ConnContext:       middleware.WithConn,
		ConnState: func(c net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				n.config.Lags().Closed(c.RemoteAddr().String())
			}
		},
		ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
	}
	for _, l := range []net.Listener{l, n.lot.Listener(srv)} { // the second: what was parked, answered
		g.Go(func() error {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
				return err
			}
			return nil
		})
	}
	g.Go(func() error {
		<-ctx.Done()
		if err := n.lot.Close(); err != nil { // first: who is parked is answered still
			n.log.Warn("long polls are not ended as they should", "error", err)
		}
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), limits.Drain)
		defer cancel()
		if err := srv.Shutdown(stop); err != nil {
			n.log.Warn("requests were still under way when the time to end them was over", "drain", limits.Drain)
			return srv.Close()
		}
		return nil
	})
}

// logged adds the access log, where there is one.
func (n *Node) logged(h http.Handler) http.Handler {
	if n.access == nil {
		return h
	}
	return n.access.Wrap(h)
}

// listenConsole opens the additional port of the console. It has no offset, so
// with several servers on one machine it is soon taken: that is no reason not
// to start.
func (n *Node) listenConsole(ctx context.Context) net.Listener {
	port := n.set.Console.Port
	if port == 0 || port == n.set.Server.Port {
		return nil
	}
	l, err := n.network.Listen(ctx, net.JoinHostPort(n.set.Server.Bind, strconv.Itoa(port)))
	if err != nil {
		n.log.Warn("the additional console port is not served; set nacos.console.port to another one, or to 0", "port", port, "error", err)
		return nil
	}
	l, _ = n.budget.Limit(l, middleware.TooMany)
	return n.secure(l)
}

// onConsolePort puts the paths of the console's own port, which Nacos 3 has
// below the root, where the API has them.
func (n *Node) onConsolePort(h http.Handler) http.Handler {
	from, to := n.set.Console.ContextPath, n.set.Server.ContextPath
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; to == "" || !below(p, to) {
			if from != "" && below(p, from) {
				p = strings.TrimPrefix(p, from)
			}
			r.URL.Path, r.URL.RawPath = to+p, ""
		}
		h.ServeHTTP(w, r)
	})
}

// below says whether path is prefix or continues it.
func below(path, prefix string) bool {
	rest, found := strings.CutPrefix(path, prefix)
	return found && (rest == "" || rest[0] == '/')
}

// off is the module that the function mode leaves out.
func off(s settings.Server) middleware.Module {
	switch {
	case !s.HasNaming():
		return middleware.Naming
	case !s.HasConfig():
		return middleware.Config
	default:
		return middleware.Core
	}
}

// announce tells the operator in one line what is served where, and what is off.
func (n *Node) announce(console net.Listener) {
	s := n.set
	host := s.Server.Bind
	if host == "" {
		host = "localhost"
	}
	scheme := "http://"
	if n.tls != nil {
		scheme = "https://"
	}
	said := []any{
		"url", scheme + net.JoinHostPort(host, strconv.Itoa(s.Server.Port)) + s.Server.ContextPath,
		"bind", "all addresses", "function", s.Server.Function, "mode", n.mode(),
		"data", s.Data.Dir, "storage", cmp.Or(s.Storage.Platform, "embedded"), "auth", s.Auth.Client(),
	}
	if s.Server.Bind != "" {
		said[3] = s.Server.Bind
	}
	if console != nil {
		said = append(said, "console_port", s.Console.Port)
	}
	n.log.Info("pharos serves", said...)
}
