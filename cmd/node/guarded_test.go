package node

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/auth"
)

// guarded is a node that enforces, with a user of each kind.
type guarded struct {
	*Node
	tokens map[string]string
}

const (
	testSecret   = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	otherSecret  = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
	testPassword = "correct horse"
)

func newGuarded(t *testing.T) guarded {
	t.Helper()
	set := settings.Default()
	set.Data.Dir = t.TempDir()
	set.Cluster.Standalone = true
	set.Auth.Enabled = settings.Yes
	set.Auth.TokenSecret = testSecret
	n, err := New(set, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	g := guarded{Node: n, tokens: map[string]string{"anonymous": ""}}
	ctx := t.Context()
	g.enroll(t, auth.AdminName, auth.AdminRole)
	g.login(t, "admin", auth.AdminName)
	for _, u := range []struct{ name, resource, action string }{
		{"no role", "", ""}, {"read only", ":*:*", "r"}, {"write only", ":*:*", "w"}, {"wrong namespace", "elsewhere:*:*", "rw"},
	} {
		g.enroll(t, u.name, "")
		var steps []error
		if u.resource != "" {
			steps = append(steps, n.auth.AddRole(ctx, "role of "+u.name, u.name), n.auth.AddPermission(ctx, "role of "+u.name, u.resource, u.action))
		}
		for _, err := range steps {
			if err != nil {
				t.Fatal(err)
			}
		}
		g.login(t, u.name, u.name)
	}
	g.forge(t)
	return g
}

// cheapHash is of testPassword, as cheap as can be: under the race detector each
// hash that Nacos would store takes half a second.
var cheapHash = sync.OnceValues(func() (string, error) {
	b, err := bcrypt.GenerateFromPassword([]byte(testPassword), bcrypt.MinCost)
	return string(b), err
})

// enroll makes a user in the database, as a start finds him.
func (g guarded) enroll(t *testing.T, name, first string) {
	t.Helper()
	hash, err := cheapHash()
	if err == nil {
		_, err = g.rows.Apply(t.Context(), persistence.CreateUser{Name: name, Password: hash, First: first})
	}
	if err == nil {
		err = g.auth.Reload(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (g guarded) login(t *testing.T, as, user string) {
	t.Helper()
	s, err := g.auth.Login(context.Background(), user, testPassword, "")
	if err != nil {
		t.Fatal(err)
	}
	g.tokens[as] = s.Token
}

// forge makes the tokens that must never do.
func (g guarded) forge(t *testing.T) {
	t.Helper()
	sign := func(secret string, at time.Time) string {
		s, err := auth.NewSigner(secret, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		token, err := s.Sign(auth.AdminName, at)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := strings.Split(g.tokens["admin"], ".")
	g.tokens["forged"] = sign(otherSecret, time.Now())
	g.tokens["expired"] = sign(testSecret, time.Now().Add(-2*time.Hour))
	g.tokens["other algorithm"] = "eyJhbGciOiJSUzI1NiJ9." + good[1] + "." + good[2]
	g.tokens["alg:none"] = "eyJhbGciOiJub25lIn0." + good[1] + "."
}

func (g guarded) call(method, path string, set func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, path, nil)
	r.Header.Set("Long-Pulling-Timeout-No-Hangup", "true")
	r.Header.Set("Long-Pulling-Timeout", "10000")
	if set != nil {
		set(r)
	}
	w := httptest.NewRecorder()
	g.api.ServeHTTP(w, r)
	return w
}

func (g guarded) restore(t *testing.T) {
	t.Helper()
	if err := g.auth.ChangePassword(context.Background(), "no role", testPassword); err != nil {
		t.Fatal(err)
	}
	g.login(t, "no role", "no role")
}
