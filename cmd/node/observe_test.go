package node

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/auth"
)

// annGuard returns one in a mode that knows the user ann, whose password is "secret".
func annGuard(t *testing.T, mode middleware.Mode) *middleware.Guard {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := persistence.Open(filepath.Join(t.TempDir(), "auth.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	signer, err := auth.NewSigner("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	users, err := auth.New(t.Context(), auth.Options{Store: db, Write: db.Apply, Signer: signer, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = users.Close() })
	if err := users.CreateUser(t.Context(), "ann", "secret"); err != nil {
		t.Fatal(err)
	}
	return middleware.NewGuard(middleware.GuardOptions{Auth: users, Client: mode, Management: mode, Log: log, Reg: prometheus.NewRegistry()})
}

// askThrough serves a route behind a guard. It returns the status of a call that set has
// filled in.
func askThrough(t *testing.T, g *middleware.Guard, a middleware.Access) func(set func(*http.Request)) int {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	r := &middleware.Route{
		Access: a,
		Dialect: func(q *middleware.Request, _ any, err error) {
			if err != nil {
				q.Gin.Status(http.StatusForbidden)
			}
		},
		Do: func(*middleware.Request) (any, error) { return nil, nil }, //nolint:nilnil // nothing to say
	}
	engine := gin.New()
	engine.GET("/", middleware.Serve(r, middleware.Chain(r, r.Do, middleware.Parse(1<<20, 1<<20, time.Second), g.Authorize()), nil))
	return func(set func(*http.Request)) int {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		set(req)
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, req)
		return w.Code
	}
}

// Prometheus says who it is by HTTP Basic, on the routes that take it and on no
// others.
func TestBasic(t *testing.T) {
	t.Parallel()
	access := middleware.Access{Class: middleware.Client, Action: middleware.Read, Resource: middleware.NamingResource, Each: true}
	for _, c := range []struct {
		name, password string
		taken          bool
		want           int
	}{
		{"right", "secret", true, http.StatusOK},
		{"wrong", "guess", true, http.StatusForbidden},
		{"right where it is not taken", "secret", false, http.StatusForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			access := access
			access.Basic = c.taken
			if got := askThrough(t, annGuard(t, middleware.Enforce), access)(func(r *http.Request) { r.SetBasicAuth("ann", c.password) }); got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
		})
	}
}

// Who is let through anyway is not held back, however often the password that he
// sends with each call was wrong.
func TestObserveHoldsNobodyBack(t *testing.T) {
	t.Parallel()
	access := middleware.Access{Class: middleware.Client, Action: middleware.Read, Resource: middleware.ConfigResource}
	for name, calls := range map[string]func(t *testing.T, g *middleware.Guard) func(){
		"HTTP": func(t *testing.T, g *middleware.Guard) func() {
			t.Helper()
			call := askThrough(t, g, access)
			return func() {
				if got := call(func(r *http.Request) { r.URL.RawQuery = "dataId=d&group=g&username=ann&password=guess" }); got != http.StatusOK {
					t.Errorf("status %d", got)
				}
			}
		},
		"gRPC": func(t *testing.T, g *middleware.Guard) func() {
			t.Helper()
			header := map[string]string{"username": "ann", "password": "guess"}
			call := &middleware.Call{Access: &access, Header: func(n string) string { return header[n] }, Remote: "192.0.2.1:1"}
			return func() {
				if _, err := g.Admit(t.Context(), call); err != nil {
					t.Error(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				call, start := calls(t, annGuard(t, middleware.Observe)), time.Now()
				for range 25 {
					call()
				}
				if took := time.Since(start); took > 0 {
					t.Errorf("held back for %v", took)
				}
			})
		})
	}
}
