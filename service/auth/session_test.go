package auth

import (
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/service"
)

const password = "Some-pw-1"

func fixture(t *testing.T) *Service {
	t.Helper()
	s, _ := open(t)
	if err := s.CreateUser(t.Context(), "li", password); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSession is the life of a login at the console.
func TestSession(t *testing.T) {
	f := fixture(t)
	text, c, err := f.OpenSession("li")
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := f.OpenSession("li")
	if err != nil || other == text {
		t.Fatalf("two sessions are one: %v", err)
	}
	got, err := f.Session(text)
	if err != nil || got.User != "li" || got.ID != c.ID {
		t.Fatalf("the session is %+v, %v", got, err)
	}
	if _, err := f.Token(text); err == nil {
		t.Error("a session is taken for a token")
	}
	if s, err := f.Login(t.Context(), "li", password, "192.0.2.1"); err != nil {
		t.Fatal(err)
	} else if _, err := f.Session(s.Token); err == nil {
		t.Error("a token is taken for a session")
	}

	f.CloseSession(t.Context(), text)
	if _, err := f.Session(text); !service.Is(err, service.Unauthorized) {
		t.Errorf("a session that was ended still counts: %v", err)
	}
	if _, err := f.Session(other); err != nil {
		t.Errorf("another session of the user ended with it: %v", err)
	}
	if err := f.ChangePassword(t.Context(), "li", "Another-pw-2"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Session(other); err == nil {
		t.Error("a session outlives the password")
	}
	if text, _, err = f.OpenSession("li"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Session(text); err != nil {
		t.Errorf("a session of the second in which the password changed: %v", err)
	}
}

func TestSessionForged(t *testing.T) {
	f := fixture(t)
	text, _, err := f.OpenSession("li")
	if err != nil {
		t.Fatal(err)
	}
	body, sum, _ := strings.Cut(text, ".")
	for _, forged := range []string{
		"", ".", body, body + ".", "." + sum, body + "." + sum + "A", body[1:] + "." + sum, strings.Repeat("a", 5000) + "." + sum,
		body + "." + strings.ToUpper(sum),
	} {
		if c, err := f.Session(forged); err == nil {
			t.Errorf("%.40q is a session of %q", forged, c.User)
		}
	}
}

func TestSessionExpires(t *testing.T) {
	f := fixture(t)
	now := time.Now().Truncate(time.Second)
	for after, live := range map[time.Duration]bool{time.Minute: true, -time.Second: false} {
		text, err := f.o.Signer.seal(ConsoleSession{ID: "x", User: "li", Issued: now.Add(time.Second), Expires: now.Add(after)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Session(text); (err == nil) != live {
			t.Errorf("a session that ends in %s: %v", after, err)
		}
	}
}

func TestReach(t *testing.T) {
	f := fixture(t)
	if err := f.AddRole(t.Context(), "dev", "li"); err != nil {
		t.Fatal(err)
	}
	for _, g := range []Grant{
		{Role: "dev", Resource: "a:*:*", Action: "rw"},
		{Role: "dev", Resource: "b:*:config/*", Action: "r"},
		{Role: "dev", Resource: "c:G:*", Action: "rw"},
		{Role: "dev", Resource: "e:*:config/app*", Action: "rw"},
		{Role: "dev", Resource: "f:*:reveal/*", Action: "r"},
	} {
		if err := f.AddPermission(t.Context(), g.Role, g.Resource, g.Action); err != nil {
			t.Fatal(err)
		}
	}
	for ns, want := range map[string]Reach{
		"a": {Config: "rw", Naming: "rw"}, "b": {Config: "r"}, "c": {Part: true}, "d": {}, "e": {Part: true}, "f": {},
	} {
		if got := f.Reach("li", ns); got != want {
			t.Errorf("%s: %+v, want %+v", ns, got, want)
		}
	}
	if got := f.RolesOf("li"); len(got) != 1 || got[0] != "dev" {
		t.Errorf("roles %v", got)
	}
}
