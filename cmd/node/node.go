// Package node builds one server out of its parts. Nothing else knows them all.
package node

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/consistency/raftlog"
	"github.com/pharos-registry/pharos/controller"
	"github.com/pharos-registry/pharos/controller/park"
	"github.com/pharos-registry/pharos/controller/rpc"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/agreement"
	"github.com/pharos-registry/pharos/service/audit"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/health"
	"github.com/pharos-registry/pharos/service/namespace"
	"github.com/pharos-registry/pharos/service/naming"
	"github.com/pharos-registry/pharos/service/ops"
	"github.com/pharos-registry/pharos/service/preference"
	"github.com/pharos-registry/pharos/service/push"
)

// Options are what New takes from outside and tests replace.
type Options struct {
	Log     *slog.Logger
	Level   *slog.LevelVar   // the level of Log, for the endpoints that set it
	Version string           // of Pharos, as other nodes and operators are told
	Loaded  *settings.Loaded // where each setting comes from, for the console; nil is not shown
	Network peer.Transport   // where this node listens and finds its peers; nil is TCP
}

// Node is one server.
type Node struct {
	set     settings.Settings
	log     *slog.Logger
	reg     *prometheus.Registry
	version string
	network peer.Transport

	self string          // the address or name that others know this node by
	db   *persistence.DB // in the data directory
	rows *persistence.DB // of configs, namespaces and users: db, or a MySQL
	ops  *ops.Service
	api  *controller.API

	naming  *naming.Service
	hub     *push.Hub
	pushes  *push.Stats
	prober  *health.Scheduler
	auth    *auth.Service
	guard   *middleware.Guard
	audit   *audit.Log
	tls     *tls.Config // nil: without TLS
	rpcTLS  *tls.Config // of gRPC; nil: without
	rpc     *rpc.Server
	listens *rpc.Configs // who listens over gRPC
	code    string       // one-time, to make the first administrator from elsewhere
	config  *config.Service
	lot     *park.Lot                    // where long polls wait
	access  *middleware.AccessLog        // nil: none
	site    controller.Site              // nil: no console
	budget  *middleware.Budget           // of connections
	open    atomic.Pointer[func() int64] // connections of the HTTP port
	loaded  *settings.Loaded             // nil: not known, as in tests

	// Of a member of a cluster; all nil on a server that stands alone.
	id        string
	peer      *peer.Node
	members   *cluster.Membership
	raft      *raftlog.Node
	syncer    *distro.Syncer     // of ephemeral instances
	distro    *middleware.Distro // sends writes to their owners
	agreement *agreement.Auditor
	bring     atomic.Pointer[error]         // why the node is not ready yet; nil: it is
	warmUp    []func(context.Context) error // run before the node is ready, once the log is caught up
	handover  []func(context.Context)       // run when no request is under way any more, before the node says goodbye
	crew      []func(context.Context) error // loops that outlive the requests; ended before the log

	loops   []func(context.Context) error // started by Run, ended by its context
	closers []func() error                // run backwards
}

// New builds a node. It opens the database; it starts no loop and listens
// nowhere: Run does.
func New(set settings.Settings, o Options) (_ *Node, err error) {
	n := &Node{set: set, log: o.Log, reg: prometheus.NewRegistry(), version: o.Version, network: o.Network, loaded: o.Loaded}
	n.budget = middleware.NewBudget(connections(set.Limits))
	if n.network == nil {
		n.network = peer.TCP{}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if err = unsupported(set); err != nil {
		return nil, err
	}
	if err = n.openData(context.Background()); err != nil {
		return nil, err
	}
	if o.Level == nil {
		o.Level = new(slog.LevelVar)
	}
	if err = n.openCluster(context.Background()); err != nil {
		return nil, err
	}
	n.ops = ops.New(ops.Self{IP: n.self, Port: set.Server.Port}, n.ready, o.Level, n.operations())
	if err = n.openNaming(); err != nil {
		return nil, err
	}
	n.openPush()
	if err = n.openHealth(); err != nil {
		return nil, err
	}
	if err = n.openAuth(context.Background()); err != nil {
		return nil, err
	}
	if err = n.openConfig(); err != nil {
		return nil, err
	}
	n.openShared()
	n.openAgreement()
	if err = n.openAccessLog(); err != nil {
		return nil, err
	}
	if err = n.openTLS(); err != nil {
		return nil, err
	}
	if n.site, err = n.openSite(); err != nil {
		return nil, err
	}
	n.follow()
	n.observe()
	if err = n.openDistro(); err != nil {
		return nil, err
	}
	return n, n.openAPI()
}

// openAPI builds the HTTP interface, for clients and for what other nodes send
// on.
func (n *Node) openAPI() error {
	set := n.set
	o := controller.Options{
		ContextPath: set.Server.ContextPath,
		MaxBody:     set.Limits.Body,
		MaxUpload:   set.Limits.Upload,
		BodyTime:    set.Limits.BodyTimeout,
		Off:         off(set.Server),
		Log:         n.log,
		Ready:       n.ready,
		Current:     n.current,
		Ops:         n.ops,
		Agreement:   n.agreement,
		Naming:      n.naming,
		Pushes:      n.pushes,
		MaxMetadata: set.Naming.MaxMetadataLength,
		Namespaces:  namespace.New(n.rows, n.writer(n.rows), n.confirm(n.rows)),
		Preferences: preference.New(n.rows, n.writer(n.rows)),
		Auth:        n.auth,
		Discovery:   set.Metrics.Discovery,
		Guard:       n.guard,
		Audit:       n.audit,
		SetUp:       n.mayStart,
		HSTS:        n.tls != nil,
		State:       n.state,
		Config:      n.config,
		Lot:         n.lot,
		ConfDir:     filepath.Join(set.Data.Dir, "conf"),
		Metrics:     promhttp.HandlerFor(n.reg, promhttp.HandlerOpts{}),
		Requests:    middleware.NewMetrics(n.reg),

		NoParamCheck: !set.Naming.ParamCheck,
		Owner:        n.owner,
		Distro:       n.distro,
	}
	if err := n.openRPC(o.Requests); err != nil {
		return err
	}
	o.Clients = n.rpc
	if err := n.console(&o); err != nil {
		return err
	}
	api, err := controller.New(o)
	if err != nil {
		return err
	}
	n.api = api
	if n.peer != nil {
		n.peer.HandleHTTP(api)
	}
	n.watch()
	return nil
}

// openData takes the data directory and opens the databases.
func (n *Node) openData(ctx context.Context) error {
	db, release, err := OpenEmbedded(n.set, n.log) //nolint:contextcheck // a file is opened as a whole
	if err != nil {
		return err
	}
	n.db = db
	n.closers = append(n.closers, release) // last of all: until then nobody else may come in
	if n.set.Config.EncryptionKey != "" || len(n.set.Config.EncryptionOldKeys) > 0 {
		n.loops = append(n.loops, n.reseal)
	}
	return n.openRows(ctx)
}

// ready says why the node should not be asked yet.
func (n *Node) ready() error {
	if n.raft == nil {
		return nil
	}
	if n.members.View().Removed {
		return errRemoved
	}
	if why := n.bring.Load(); why != nil {
		return *why
	}
	return n.raft.Failure()
}

// Handler is the HTTP interface, as Run serves it.
func (n *Node) Handler() http.Handler { return n.api }

// Run serves until ctx ends, then lets what is under way end. The first loop
// that fails ends all of them.
func (n *Node) Run(ctx context.Context) error {
	l, err := n.listen(ctx)
	if err != nil {
		return err
	}
	calls, err := n.listenRPC(ctx)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	g, gctx := errgroup.WithContext(ctx)
	c := &crew{failed: make(chan error, 1)}
	if err := n.startCluster(gctx, g, c); err != nil {
		return errors.Join(err, l.Close(), calls.Close())
	}
	for _, loop := range n.loops {
		g.Go(func() error { return loop(gctx) })
	}
	n.serve(gctx, g, l, n.api)
	g.Go(func() error { return n.rpc.Serve(gctx, calls) })
	console := n.listenConsole(ctx)
	if console != nil {
		n.serve(gctx, g, console, n.onConsolePort(n.api))
	}
	n.announce(console)
	if n.raft == nil {
		n.announceCode()
	}
	err = g.Wait()
	return errors.Join(err, n.stopCluster(c))
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
