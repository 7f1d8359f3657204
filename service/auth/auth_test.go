package auth

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// The vectors are those of real servers: subject nacos, expiry 1700000000.
func TestTokenVectors(t *testing.T) {
	t.Parallel()
	expiry := time.Unix(1700000000, 0)
	for secret, want := range map[string]string{
		"VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIzNDU2Nzg=":                          "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJuYWNvcyIsImV4cCI6MTcwMDAwMDAwMH0.dDekJ5JWHewJzbpBo_SiTvI6x6plFi4fjuKdVc49lOE",
		"SecretKey012345678901234567890123456789012345678901234567890123456789": "eyJhbGciOiJIUzM4NCJ9.eyJzdWIiOiJuYWNvcyIsImV4cCI6MTcwMDAwMDAwMH0.wDceLr_z4POdTcPS_d9P_8bVaMGrEelsCObKm9g8TpqIKOfaP961_-3Ksv6OLsPU",
		"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==": "eyJhbGciOiJIUzUxMiJ9." +
			"eyJzdWIiOiJuYWNvcyIsImV4cCI6MTcwMDAwMDAwMH0.bd4zjsTPE67AopHPl3zRxK7q6Kc7ozzJG1TXnllvlCF-oZUxE7ofTyGNDSGnEOQ6sHABR9vHmRNe_Rp4Z3oBdg",
	} {
		s, err := NewSigner(secret, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Sign("nacos", expiry.Add(-time.Hour))
		if err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", secret, got, err, want)
		}
		tok, err := s.Verify(want)
		if err != nil || tok.User != "nacos" || !tok.Expires.Equal(expiry) || !tok.live(expiry) || tok.live(expiry.Add(time.Second)) {
			t.Errorf("%s: %+v, %v", secret, tok, err)
		}
	}
}

func TestTokensRefused(t *testing.T) {
	t.Parallel()
	s := signer(t)
	good, err := s.Sign("nacos", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Split(good, ".")
	for name, c := range map[string]struct{ token, want string }{
		"empty":           {"", msgInvalid},
		"two parts":       {part[0] + "." + part[1], msgInvalid},
		"no algorithm":    {"eyJhbGciOiJub25lIn0." + part[1] + ".", msgAlgorithm},
		"with typ":        {"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + part[1] + "." + part[2], msgAlgorithm},
		"other payload":   {part[0] + ".eyJzdWIiOiJvdGhlciIsImV4cCI6OTk5OTk5OTk5OX0." + part[2], msgSignature},
		"other signature": {part[0] + "." + part[1] + ".AAAA" + part[2][4:], msgSignature},
		"cut signature":   {good[:len(good)-3], msgSignature},
		"cut in a byte":   {good[:len(good)-6], msgInvalid}, // of a last group of four there is one character
		"too long":        {strings.Repeat("a", maxTokenLength) + good, msgInvalid},
	} {
		if _, err := s.Verify(c.token); err == nil || service.CodeOf(err) != service.Unauthorized || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := NewSigner("c2hvcnQ=", time.Hour); !errors.Is(err, ErrWeakKey) {
		t.Errorf("a short key: %v", err)
	}
}

func signer(tb testing.TB) *Signer {
	tb.Helper()
	s, err := NewSigner("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", 5*time.Hour)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestRules(t *testing.T) {
	t.Parallel()
	orders := Resource{Namespace: "dev", Group: "G", Kind: "naming", Name: "orders"}
	for _, c := range []struct {
		pattern, actions string
		r                Resource
		action           Action
		want             bool
	}{
		{":*:*", "r", Resource{Group: "G", Kind: "config", Name: "a"}, Read, true},
		{":*:*", "r", Resource{Group: "G", Kind: "config", Name: "a"}, Write, false},
		{":*:*", "rw", orders, Read, false},
		{"public:*:*", "r", Resource{Namespace: "public", Group: "G", Kind: "config", Name: "a"}, Read, true},
		{"public:*:*", "r", Resource{Group: "G", Kind: "config", Name: "a"}, Read, true},
		{"dev:*:*", "rw", orders, Write, true},
		{"dev:G:naming/*", "r", orders, Read, true},
		{"dev:G:config/*", "r", orders, Read, false},
		{"dev:G:naming/ord*", "r", orders, Read, true},
		{"dev:G:naming/*s", "r", orders, Read, true},
		{"dev:G:naming/or*er*", "r", orders, Read, true},
		{"dev:G:naming/order", "r", orders, Read, false},
		{"dev:.*:naming/.*", "r", orders, Read, true},
		{"*", "rw", orders, Write, true},
		{"*", "rw", Resource{Fixed: "nacos/admin"}, Write, true},
		{"*:*:*", "rw", Resource{Fixed: "nacos/admin"}, Write, false},
		{"dev:*:*", "rw", Resource{Fixed: "nacos/admin"}, Read, false},
		{"nacos/admin", "r", Resource{Fixed: "nacos/admin"}, Read, true},
		// A point is a point, and a group cannot hold the rest of a resource.
		{"dev:G:config/app.yaml", "r", Resource{Namespace: "dev", Group: "G", Kind: "config", Name: "appXyaml"}, Read, false},
		{"dev:G*:config/x", "r", Resource{Namespace: "dev", Group: "G", Kind: "config", Name: "y:config/x"}, Read, false},
		{"dev:G:naming/orders", "r", Resource{Namespace: "dev", Group: "G", Kind: "naming"}, Read, false},
		// Secrets are shown to those alone whose permission names them.
		{"dev:*:*", "rw", Resource{Namespace: "dev", Group: "G", Kind: Reveal, Name: "a"}, Read, false},
		{"*", "rw", Resource{Namespace: "dev", Group: "G", Kind: Reveal, Name: "a"}, Read, false},
		{"*:*:*", "rw", Resource{Namespace: "dev", Group: "G", Kind: Reveal, Name: "a"}, Read, false},
		{"dev:*:config/*", "rw", Resource{Namespace: "dev", Group: "G", Kind: Reveal, Name: "a"}, Read, false},
		{"dev:*:reveal/*", "r", Resource{Namespace: "dev", Group: "G", Kind: Reveal, Name: "a"}, Read, true},
		{"dev:*:reveal/*", "r", Resource{Namespace: "dev", Kind: Reveal}, Read, true},
		{"dev:G:reveal/a", "r", Resource{Namespace: "dev", Group: "G", Kind: Reveal, Name: "b"}, Read, false},
		{"dev:*:reveal/*", "rw", Resource{Namespace: "dev", Group: "G", Kind: "config", Name: "a"}, Read, false},
		{"", "rw", orders, Read, false},
	} {
		p := newRule("role", c.pattern, c.actions)
		if got := p.allows(c.r, c.action); got != c.want {
			t.Errorf("%q %s on %s, %c: %v", c.pattern, c.actions, c.r, c.action, got)
		}
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("a*b", "axxb")
	f.Add("**", "")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		g := newGlob(pattern)
		if !strings.Contains(pattern, "*") && g.match(s) != (pattern == s) {
			t.Errorf("%q on %q: %v", pattern, s, g.match(s))
		}
		if !newGlob(pattern + "*").match(strings.ReplaceAll(pattern, "*", "-") + s) {
			t.Errorf("%q does not match what it begins", pattern+"*")
		}
	})
}

func FuzzVerify(f *testing.F) {
	s := signer(f)
	good, err := s.Sign("nacos", time.Now())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if tok, err := s.Verify(token); err == nil && token != good && tok.User == "nacos" {
			t.Errorf("a forged token passes: %q", token)
		}
	})
}

func open(tb testing.TB) (*Service, *persistence.DB) {
	tb.Helper()
	db, err := persistence.Open(filepath.Join(tb.TempDir(), "auth.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	s, err := New(tb.Context(), Options{Store: db, Write: db.Apply, Signer: signer(tb), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return s, db
}

// Tokens die with the password, the user and a logout, and a login right after
// works.
func TestTokensDie(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	if err := s.CreateUser(ctx, "u", "first-password"); err != nil {
		t.Fatal(err)
	}
	login := func(password string) string {
		t.Helper()
		l, err := s.Login(ctx, "u", password, "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		if u, err := s.Token(l.Token); err != nil || u != "u" {
			t.Fatalf("a fresh token: %q, %v", u, err)
		}
		return l.Token
	}
	dead := func(token, why string) {
		t.Helper()
		if _, err := s.Token(token); service.CodeOf(err) != service.Unauthorized {
			t.Errorf("after %s the token is still good: %v", why, err)
		}
	}
	one := login("first-password")
	if err := s.ChangePassword(ctx, "u", "second-password"); err != nil {
		t.Fatal(err)
	}
	dead(one, "a change of the password")
	if _, err := s.Login(ctx, "u", "first-password", "192.0.2.1"); service.CodeOf(err) != service.Unauthorized {
		t.Errorf("the old password: %v", err)
	}
	two := login("second-password")
	if err := s.Logout(ctx, "u"); err != nil {
		t.Fatal(err)
	}
	dead(two, "a logout")
	three := login("second-password")
	if err := s.RemoveUser(ctx, "u"); err != nil {
		t.Fatal(err)
	}
	dead(three, "the removal of the user")
	if err := s.CreateUser(ctx, "u", "third-password"); err != nil {
		t.Fatal(err)
	}
	dead(three, "the making of another user of that name")
}

func TestFirstAdmin(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	if s.HasAdmin() {
		t.Fatal("a fresh database has an administrator")
	}
	p, err := s.CreateAdmin(t.Context(), "")
	if err != nil || len(p) != generatedLength {
		t.Fatalf("%q, %v", p, err)
	}
	if _, err := s.CreateAdmin(t.Context(), "another"); !errors.Is(err, ErrAdminExists) {
		t.Errorf("a second administrator: %v", err)
	}
	l, err := s.Login(t.Context(), AdminName, p, "")
	if err != nil || !l.Admin {
		t.Errorf("%+v, %v", l, err)
	}
	if err := s.RemoveRole(t.Context(), AdminRole, AdminName); err == nil {
		t.Error("the last administrator could be removed")
	}
}

func TestSecretFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secrets", "token.key")
	a, err := SecretFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := SecretFile(path)
	if err != nil || a != b {
		t.Errorf("%q, then %q, %v", a, b, err)
	}
	if _, err := NewSigner(a, time.Hour); err != nil {
		t.Error(err)
	}
	for _, known := range knownSecrets() {
		if err := CheckSecret(known); !errors.Is(err, ErrKnownSecret) {
			t.Errorf("%s: %v", known, err)
		}
	}
	want := "nacos.core.auth.plugin.nacos.token.secret.key: the token secret must be Base64 of at least 32 bytes: character 4 is not of Base64; leave it empty to have one made"
	if err := CheckSecret("not*base64"); err == nil || err.Error() != want {
		t.Errorf("no Base64: %v", err)
	}
}

func BenchmarkAuthorize(b *testing.B) {
	s, _ := open(b)
	ctx := b.Context()
	for _, err := range []error{
		s.CreateUser(ctx, "u", "password"), s.AddRole(ctx, "r", "u"), s.AddPermission(ctx, "r", "other:*:*", "rw"), s.AddPermission(ctx, "r", "dev:*:naming/*", "rw"),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
	l, err := s.Login(ctx, "u", "password", "")
	if err != nil {
		b.Fatal(err)
	}
	r := Resource{Namespace: "dev", Group: "G", Kind: "naming", Name: "orders"}
	b.ReportAllocs()
	for b.Loop() {
		u, err := s.Token(l.Token)
		if err == nil {
			err = s.Authorize(u, r, Write)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// A wrong password takes as long for a user as for somebody who is none. The
// bound is wide: without the care that is taken the times differ a hundredfold,
// and go on doing so. On a busy machine it takes some tries until the quickest of
// each tell.
func TestUsersLookLikeNonUsers(t *testing.T) {
	t.Parallel()
	s, db := open(t)
	ctx := t.Context()
	if err := s.CreateUser(ctx, "u", "password-of-u"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Apply(ctx, persistence.CreateUser{Name: "foreign", Password: "no hash of bcrypt"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	took := map[string]time.Duration{}
	alike := func(user string) bool { return took[user] < took["u"]*10 && took["u"] < took[user]*10 }
	const least, most = 3, guardFree - 2 // more would be held back
	for i := 0; i < least || i < most && (!alike("nobody") || !alike("foreign")); i++ {
		for _, user := range []string{"u", "nobody", "foreign"} {
			start := time.Now()
			_, err := s.Login(ctx, user, "wrong", "192.0.2.1")
			if service.CodeOf(err) != service.Unauthorized || err.Error() != msgUnknown {
				t.Errorf("%s: %v", user, err)
			}
			if d := time.Since(start); i == 0 || d < took[user] {
				took[user] = d
			}
		}
	}
	for _, user := range []string{"nobody", "foreign"} {
		if !alike(user) {
			t.Errorf("%s takes %v, a user %v", user, took[user], took["u"])
		}
	}
	if _, err := s.Login(ctx, "u", strings.Repeat("x", maxPassword)+"y", ""); service.CodeOf(err) != service.Unauthorized {
		t.Errorf("a very long password: %v", err)
	}
}

// Nodes that share a secret sign with one key, and others with another.
func TestDerivedSecret(t *testing.T) {
	t.Parallel()
	derive := func(cluster string) *Signer {
		secret, err := DerivedSecret(cluster)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSigner(secret, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	token, err := derive("of this cluster").Sign("u", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := derive("of this cluster").Verify(token); err != nil {
		t.Errorf("on another node of the cluster: %v", err)
	}
	if _, err := derive("of another one").Verify(token); err == nil {
		t.Error("a token of another cluster passes")
	}
}
