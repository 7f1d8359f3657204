// Package controller is HTTP as users see it: every version of the API, as thin
// adapters over the services.
package controller

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/pharos-registry/pharos/middleware"
)

// Options is what the API needs.
type Options struct {
	ContextPath string // "/nacos", or "" for the root
	MaxBody     int64  // bytes of a form body
	Log         *slog.Logger
	Ready       func() error // nil: ready to serve
}

// API is the HTTP interface of one node.
type API struct {
	o      Options
	engine *gin.Engine
	rows   []*middleware.Route
}

// New returns the API. It fails if a row of the route table is not complete.
func New(o Options) (*API, error) {
	gin.SetMode(gin.ReleaseMode)
	a := &API{o: o, engine: gin.New()}
	a.engine.RedirectTrailingSlash = false
	a.engine.HandleMethodNotAllowed = false
	if err := a.engine.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	mw := []middleware.Middleware{
		middleware.Recover(o.Log),
		middleware.Parse(o.MaxBody),
	}
	for _, row := range a.routes() {
		r := &row
		if err := r.Check(); err != nil {
			return nil, fmt.Errorf("route table: %w", err)
		}
		h := middleware.Serve(r, middleware.Chain(r, r.Do, mw...))
		for _, m := range methods(r.Method) {
			a.engine.Handle(m, o.ContextPath+r.Path, h)
		}
		a.rows = append(a.rows, r)
	}
	a.engine.NoRoute(a.unmatched())
	return a, nil
}

// routes is the whole API on one page, by part. A row says all there is to know
// of a route but what its handler does.
func (a *API) routes() []middleware.Route {
	return slices.Concat(
		a.healthRoutes(),
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
// the reference; it is taken off here, so that authorization sees one path.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := r.URL.Path; len(p) > 1 && p[len(p)-1] == '/' {
		r.URL.Path = strings.TrimRight(p, "/")
		r.URL.RawPath = ""
	}
	a.engine.ServeHTTP(w, r)
}

// unmatched answers what is in no row: 501 below /v1/ns, as the reference's
// Distro filter does, else 404.
func (a *API) unmatched() gin.HandlerFunc {
	r := &middleware.Route{Dialect: v1, Do: func(q *middleware.Request) (any, error) {
		path := q.HTTP().URL.Path
		if rest, ok := strings.CutPrefix(path, a.o.ContextPath); ok && strings.HasPrefix(rest, "/v1/ns/") {
			return nil, &middleware.PageError{Status: http.StatusNotImplemented, Msg: "no such api:" + q.HTTP().Method + ":" + path}
		}
		return nil, &middleware.PageError{Status: http.StatusNotFound, Msg: "No message available"}
	}}
	return middleware.Serve(r, r.Do)
}
