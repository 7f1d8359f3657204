package node

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/auth"
)

// What authorization adds to a request of a hot path, the token in its query:
// the two numbers differ by it.
func BenchmarkAuthorization(b *testing.B) {
	db, err := persistence.Open(filepath.Join(b.TempDir(), "auth.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	signer, err := auth.NewSigner("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	gin.SetMode(gin.ReleaseMode)
	log := slog.New(slog.DiscardHandler)
	a, err := auth.New(b.Context(), auth.Options{Store: db, Write: db.Apply, Signer: signer, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	for _, err := range []error{
		a.CreateUser(ctx, "u", "password"), a.AddRole(ctx, "r", "u"),
		a.AddPermission(ctx, "r", "other:*:*", "rw"), a.AddPermission(ctx, "r", "dev:*:naming/*", "rw"), a.AddPermission(ctx, "r", "dev:*:config/*", "rw"),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
	login, err := a.Login(ctx, "u", "password", "")
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, resource, query string }{
		{"beat", middleware.NamingResource, "namespaceId=dev&serviceName=G%40%40orders&ip=192.0.2.1&port=8080&groupName=G"},
		{"config", middleware.ConfigResource, "dataId=app.yaml&group=G&tenant=dev"},
	} {
		for _, mode := range []middleware.Mode{middleware.Off, middleware.Enforce} {
			name := c.name + map[middleware.Mode]string{middleware.Off: "/off", middleware.Enforce: "/enforce"}[mode]
			g := middleware.NewGuard(middleware.GuardOptions{Auth: a, Client: mode, Management: mode, Log: log, Reg: prometheus.NewRegistry()})
			r := &middleware.Route{
				Access: middleware.Access{Class: middleware.Client, Action: middleware.Write, Resource: c.resource},
				Dialect: func(_ *middleware.Request, _ any, err error) { // as short as can be
					if err != nil {
						b.Error(err)
					}
				},
				Do: func(*middleware.Request) (any, error) { return nil, nil },
			}
			h := middleware.Serve(r, middleware.Chain(r, r.Do, middleware.Parse(1<<20, 1<<20, time.Second), g.Authorize()), nil)
			req := httptest.NewRequestWithContext(ctx, http.MethodPut, "/?"+c.query+"&accessToken="+login.Token, http.NoBody)
			gc, _ := gin.CreateTestContext(httptest.NewRecorder())
			gc.Request = req
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					h(gc)
				}
			})
		}
	}
}
