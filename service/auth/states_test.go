package auth

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// away is a database that can be away.
type away struct {
	*persistence.DB

	gone atomic.Bool
}

func (a *away) Users(ctx context.Context, m persistence.Match, no, size int) (persistence.Page[persistence.User], error) {
	if a.gone.Load() {
		return persistence.Page[persistence.User]{}, persistence.ErrUnavailable
	}
	return a.DB.Users(ctx, m, no, size)
}

func (a *away) write(ctx context.Context, op persistence.Op) (persistence.Result, error) {
	if a.gone.Load() {
		return persistence.Result{}, persistence.ErrUnavailable
	}
	return a.Apply(ctx, op)
}

// While it is not known who there is nobody is let in, and management is closed;
// once it was known a database that goes away changes nothing.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := persistence.Open(filepath.Join(t.TempDir(), "auth.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store := &away{DB: db}
	store.gone.Store(true)
	s, err := New(ctx, Options{Store: store, Write: store.write, Signer: signer(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if !s.Settled() || s.HasAdmin() {
		t.Errorf("of unknown users: settled %v, administrator %v", s.Settled(), s.HasAdmin())
	}
	if _, err := s.Login(ctx, "u", "p", ""); service.CodeOf(err) != service.Unauthorized {
		t.Errorf("login: %v", err)
	}
	store.gone.Store(false)
	if err := s.Reload(ctx); err != nil || s.Settled() {
		t.Errorf("of known users, without an administrator: settled %v, %v", s.Settled(), err)
	}
	if _, err := s.CreateAdmin(ctx, "secret"); err != nil || !s.Settled() {
		t.Fatalf("%v, settled %v", err, s.Settled())
	}
	in, err := s.Login(ctx, AdminName, "secret", "")
	if err != nil {
		t.Fatal(err)
	}
	store.gone.Store(true)
	if err := s.Reload(ctx); err == nil {
		t.Error("a reload from nowhere")
	}
	if user, err := s.Token(in.Token); err != nil || user != AdminName || !s.HasAdmin() {
		t.Errorf("a token while the database is away: %q %v", user, err)
	}
	if _, err := s.Login(ctx, AdminName, "secret", ""); err != nil {
		t.Errorf("a login while the database is away: %v", err)
	}
	for name, do := range map[string]func() error{
		"create user":     func() error { return s.CreateUser(ctx, "u", "p") },
		"remove user":     func() error { return s.RemoveUser(ctx, "u") },
		"change password": func() error { return s.ChangePassword(ctx, AdminName, "another") },
		"logout":          func() error { return s.Logout(ctx, AdminName) },
		"add permission":  func() error { return s.AddPermission(ctx, AdminRole, "*", "r") },
		"remove role":     func() error { return s.RemoveRole(ctx, "r", "u") },
	} {
		if err := do(); service.CodeOf(err) != service.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Token(in.Token); err != nil {
		t.Errorf("a refused write voids a token: %v", err)
	}
}

// A login with a token goes on with the same one; a look that cannot wait is
// refused where a login would be held back.
func TestResumeAndGlance(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := persistence.Open(filepath.Join(t.TempDir(), "auth.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s, err := New(ctx, Options{Store: db, Write: db.Apply, Signer: signer(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.CreateUser(ctx, "ann", "secret"); err != nil {
		t.Fatal(err)
	}
	in, err := s.Login(ctx, "ann", "secret", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Resume(in.Token)
	if err != nil || again.Token != in.Token || again.User != "ann" || again.Admin || again.TTL <= 0 || again.TTL > in.TTL+2*time.Second {
		t.Errorf("%+v %v, first %+v", again, err, in)
	}
	if _, err := s.Resume("nonsense"); service.CodeOf(err) != service.Unauthorized {
		t.Errorf("a token that is none: %v", err)
	}
	if user, err := s.Glance(ctx, "ann", "secret", "192.0.2.1"); err != nil || user != "ann" {
		t.Errorf("%q %v", user, err)
	}
	p := pairOf("bob", "192.0.2.1")
	for range guardFree + 1 { // as many failures
		if err := s.guard.begin(ctx, p, false); err != nil {
			t.Fatal(err)
		}
		s.guard.end(p, false)
	}
	if _, err := s.Glance(ctx, "bob", "guess", "192.0.2.1"); service.CodeOf(err) != service.TooMany {
		t.Errorf("a look after many failures: %v", err)
	}
	d := s.Explain("ann", Resource{Namespace: "dev", Group: "G", Kind: "config", Name: "a"}, Read)
	if d.Allowed || d.Reason == "" {
		t.Errorf("%+v", d)
	}
}

// A database that has no place for cut-offs: a logout says that it did nothing,
// and what does more goes on.
func TestNoPlaceForCutOffs(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := persistence.Open(filepath.Join(t.TempDir(), "auth.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	write := func(ctx context.Context, op persistence.Op) (persistence.Result, error) {
		if _, ok := op.(persistence.RevokeTokens); ok {
			return persistence.Result{}, persistence.ErrUnsupported
		}
		return db.Apply(ctx, op)
	}
	s, err := New(ctx, Options{Store: db, Write: write, Signer: signer(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for name, err := range map[string]error{
		"create": s.CreateUser(ctx, "ann", "secret"), "change": s.ChangePassword(ctx, "ann", "another"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Logout(ctx, "ann"); service.CodeOf(err) != service.Unsupported {
		t.Errorf("logout: %v", err)
	}
	if err := s.RemoveUser(ctx, "ann"); err != nil {
		t.Errorf("remove: %v", err)
	}
}

// Who leaves while he is held back does not count as one that failed.
func TestGuardLeave(t *testing.T) {
	t.Parallel()
	g, p := newGuard(), pairOf("u", "192.0.2.1")
	for range 3 * guardFree {
		if err := g.begin(t.Context(), p, true); err != nil {
			t.Fatal(err)
		}
		g.leave(p)
	}
	if a := g.attempts[p]; a.failed != 0 || a.pending != 0 {
		t.Errorf("%+v", a)
	}
	ctx, leave := context.WithCancel(t.Context())
	for range guardFree + 1 {
		_ = g.begin(t.Context(), p, true)
		g.end(p, false)
	}
	leave()
	if err := g.begin(ctx, p, true); service.CodeOf(err) != service.Unavailable {
		t.Errorf("who left: %v", err)
	}
	if a := g.attempts[p]; a.pending != 0 || g.waiting != 0 {
		t.Errorf("%+v, %d wait", a, g.waiting)
	}
}

func TestKnownClusterSecrets(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]bool{"security": false, "SECURITY": false, "a long one of our own": true} {
		if err := CheckClusterSecret(secret); (err == nil) != want {
			t.Errorf("%q: %v", secret, err)
		}
	}
	for _, c := range []struct {
		key, value string
		ok         bool
	}{{"serverIdentity", "security", false}, {"serverIdentity", "", false}, {"", "x", false}, {"", "", true}, {"a", "b", true}} {
		if err := CheckIdentity(c.key, c.value); (err == nil) != c.ok {
			t.Errorf("%q=%q: %v", c.key, c.value, err)
		}
	}
}
