// Package controller is HTTP as users see it: every version of the API, as thin
// adapters over the services.
package controller

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/pharos-registry/pharos/controller/park"
	"github.com/pharos-registry/pharos/controller/rpc"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/agreement"
	"github.com/pharos-registry/pharos/service/audit"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/bulk"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/console"
	"github.com/pharos-registry/pharos/service/mask"
	"github.com/pharos-registry/pharos/service/namespace"
	"github.com/pharos-registry/pharos/service/naming"
	"github.com/pharos-registry/pharos/service/ops"
	"github.com/pharos-registry/pharos/service/preference"
	"github.com/pharos-registry/pharos/service/push"
)

// Options is what the API needs.
type Options struct {
	ContextPath  string            // "/nacos", or "" for the root
	MaxBody      int64             // bytes of a form body
	MaxUpload    int64             // bytes of a form with files
	BodyTime     time.Duration     // for a client to send a body; a byte now and then must not hold a connection for ever
	Off          middleware.Module // what the function mode switches off; Core is nothing
	Log          *slog.Logger
	Ready        func() error                // why the node is not to be asked yet; nil: ready to serve
	Current      func(context.Context) error // waits until this node has every write answered before; nil: it always has
	Ops          *ops.Service
	Agreement    *agreement.Auditor // nil: alone
	Naming       *naming.Service
	Pushes       *push.Stats             // of pushes to SDKs
	MaxMetadata  int                     // characters of an instance's metadata
	Owner        func(tag string) string // the server that owns a client; nil: this one
	Distro       *middleware.Distro      // sends writes to the node that owns what they are about; nil: this one is alone
	NoParamCheck bool                    // names and lengths of naming's parameters are not checked
	Namespaces   *namespace.Service
	Preferences  *preference.Service
	Auth         *auth.Service
	Guard        *middleware.Guard
	Audit        *audit.Log
	HSTS         bool                           // browsers are told to come by TLS only
	SetUp        func(*middleware.Request) bool // may this caller make the first administrator?
	State        func() map[string]*string      // what server/state tells beyond the node itself
	Discovery    bool                           // instances are served as targets to Prometheus
	ConfDir      string                         // where announcements and the guide lie
	Metrics      http.Handler                   // the exposition of metrics; nil: none
	Requests     *middleware.Metrics
	Config       *config.Service
	Clients      *rpc.Server                                        // of SDKs over gRPC; nil: there are none
	Lot          *park.Lot                                          // where long polls wait
	Mask         *mask.Masker                                       // hides secrets from who reads through the console; nil: nothing is hidden
	Site         Site                                               // the front-end; nil: none is served
	About        About                                              // what the console is told of the server
	Connections  func() int                                         // open ones of the HTTP port; nil: not known
	Peers        func(ctx context.Context, ask []byte) []PeerAnswer // asks all other nodes; nil: there are none
	Node         func() NodeState                                   // this node, as far as the API does not know it
	Members      func() []NodeState                                 // all nodes, as this one sees them; nil: it is alone
	Leader       func() Leadership                                  // who leads the log; nil: there is none
	Settings     func() SettingsView                                // what the server was set to; nil: not shown
}

// API is the HTTP interface of one node.
type API struct {
	o      Options
	engine *gin.Engine
	rows   []*middleware.Route
	verbs  map[string]bool // paths without variables, which some verb answers
	series *console.Series
	events *console.Events
	leads  console.Leaders
	plans  *bulk.Plans[bulkAct]
	seed   maphash.Seed // of sums of beats
	held   atomic.Int64 // configs that long polls listen to, each as often as it is listened to

	refused http.Handler // answers a path that is not matched at all
}

// New returns the API. It fails if a row of the route table is not complete.
func New(o Options) (*API, error) {
	gin.SetMode(gin.ReleaseMode)
	a := &API{o: o, engine: gin.New(), verbs: map[string]bool{}, seed: maphash.MakeSeed(), series: console.NewSeries(), events: console.NewEvents(), plans: bulk.New[bulkAct]()}
	a.engine.RedirectTrailingSlash = false
	a.engine.HandleMethodNotAllowed = false
	if err := a.engine.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	mw := []middleware.Middleware{middleware.Recover(o.Log)}
	if o.Distro != nil {
		mw = append(mw, o.Distro.Arrive())
	}
	mw = append(mw,
		a.awake(),
		middleware.Parse(o.MaxBody, o.MaxUpload, o.BodyTime),
		a.gate(),
		middleware.Audit(o.Audit, o.Log),
		middleware.Console(),
		o.Guard.Authorize(),
		a.check(),
	)
	if o.Distro != nil {
		mw = append(mw, o.Distro.Forward())
	}
	for _, row := range a.routes() {
		r := &row
		if err := r.Check(); err != nil {
			return nil, fmt.Errorf("route table: %w", err)
		}
		if a.off(r.Module) {
			if !strings.HasPrefix(r.Path, "/v3/") {
				continue // as if it were not there
			}
			r.Do = disabled(r.Module)
		}
		var observe func(int, time.Time)
		if o.Requests != nil {
			observe = o.Requests.Observer(r.Method, o.ContextPath+r.Path)
		}
		h := middleware.Serve(r, middleware.Chain(r, r.Do, mw...), observe)
		for _, m := range methods(r.Method) {
			a.engine.Handle(m, o.ContextPath+r.Path, h)
		}
		a.rows = append(a.rows, r)
		a.verbs[o.ContextPath+r.Path] = true
	}
	a.engine.NoRoute(a.unmatched())
	a.refused = refuser()
	return a, nil
}

// routes is the whole API on one page, by part. A row says all there is to know
// of a route but what its handler does.
func (a *API) routes() []middleware.Route {
	return slices.Concat(
		a.healthRoutes(),
		a.stateRoutes(),
		a.namespaceRoutes(),
		a.authRoutes(),
		a.auditRoutes(),
		a.clusterRoutes(),
		a.opsRoutes(),
		a.loaderRoutes(),
		a.actuatorRoutes(),
		a.discoveryRoutes(),
		a.namingV1Routes(),
		a.namingV2Routes(),
		a.configRoutes(),
		a.consoleRoutes(),
		a.authV3Routes(),
		a.namingV3Routes(),
		a.configV3Routes(),
		a.extRoutes(),
	)
}

// Routes returns the rows of the route table.
func (a *API) Routes() []*middleware.Route { return a.rows }

func methods(m string) []string {
	if m == middleware.Any {
		return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch}
	}
	return []string{m}
}

// ServeHTTP implements http.Handler. A trailing slash is the same route, as in
// the reference; it is taken off here, so that authorization sees one path. A
// path with a second reading is refused before anything is matched.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.o.HSTS {
		w.Header()["Strict-Transport-Security"] = hsts
	}
	p := r.URL.Path
	if bad := twoFaced(r.URL); bad != "" {
		a.refused.ServeHTTP(w, r)
		return
	}
	if a.page(w, r) {
		return
	}
	if len(p) > 1 && p[len(p)-1] == '/' {
		r.URL.Path = strings.TrimRight(p, "/")
	}
	a.engine.ServeHTTP(w, r)
}

// hsts has a browser come by TLS alone for a year.
var hsts = []string{"max-age=31536000"} //nolint:gochecknoglobals // a header value made once
