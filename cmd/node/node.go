// Package node builds one server out of its parts. Nothing else knows them all.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/controller"
	"github.com/pharos-registry/pharos/persistence"
)

// drain is how long requests under way have to end when the server stops.
const drain = 10 * time.Second

// Options are what New takes from outside and tests replace.
type Options struct {
	Log *slog.Logger
}

// Node is one server.
type Node struct {
	set settings.Settings
	log *slog.Logger

	db  *persistence.DB
	api *controller.API

	closers []func() error // run backwards
}

// New builds a node. It opens the database; it starts no loop and listens
// nowhere: Run does.
func New(set settings.Settings, o Options) (_ *Node, err error) {
	n := &Node{set: set, log: o.Log}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if err = os.MkdirAll(set.Data.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("the data directory cannot be made: %w; set --data to a directory that this user may write", err)
	}
	if n.db, err = persistence.Open(filepath.Join(set.Data.Dir, "pharos.db")); err != nil {
		return nil, err
	}
	n.closers = append(n.closers, n.db.Close)
	n.api, err = controller.New(controller.Options{
		ContextPath: set.Server.ContextPath,
		MaxBody:     10 << 20,
		Log:         o.Log,
		Ready:       n.ready,
	})
	return n, err
}

// ready says why the node should not be asked yet.
func (n *Node) ready() error { return nil }

// Run serves until ctx ends, then lets what is under way end.
func (n *Node) Run(ctx context.Context) error {
	addr := net.JoinHostPort(n.set.Server.Bind, strconv.Itoa(n.set.Server.Port))
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("%w; stop the other program or choose another port with --port", err)
	}
	srv := &http.Server{
		Handler:           n.api,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
	}
	n.log.Info("pharos serves", "url", "http://"+l.Addr().String()+n.set.Server.ContextPath, "mode", "standalone", "data", n.set.Data.Dir, "auth", "off")
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-gctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		return srv.Shutdown(stop)
	})
	return g.Wait()
}

// Close releases what New opened, last opened first.
func (n *Node) Close() error {
	var err error
	for _, c := range slices.Backward(n.closers) {
		err = errors.Join(err, c())
	}
	n.closers = nil
	return err
}
