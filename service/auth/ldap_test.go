package auth

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/pharos-registry/pharos/service"
)

const directoryRoot = "secret-of-the-root"

// slapd starts OpenLDAP's server with two users, on a port of loopback.
func slapd(t *testing.T) (address string, stop func()) {
	t.Helper()
	program, err := exec.LookPath("slapd")
	if err != nil {
		if program = "/usr/sbin/slapd"; exec.CommandContext(t.Context(), program, "-VV").Run() != nil {
			t.Skip("slapd is not installed (Debian: apt-get install slapd)")
		}
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/slapd.pid
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw %[2]s
directory %[1]s/data
`, dir, directoryRoot)
	path := filepath.Join(dir, "slapd.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	_ = l.Close()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "-d", "0", "-f", path, "-h", "ldap://"+address)
	cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(stop)
	fill(t, address)
	return address, stop
}

// fill adds the users once the directory answers.
func fill(t *testing.T, address string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var c *ldap.Conn
	for {
		var err error
		if c, err = ldap.DialURL("ldap://" + address); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("slapd does not answer: %v", err)
		}
		<-tick.C
	}
	defer func() { _ = c.Close() }()
	if err := c.Bind("cn=admin,dc=example,dc=org", directoryRoot); err != nil {
		t.Fatal(err)
	}
	root := ldap.NewAddRequest("dc=example,dc=org", nil)
	root.Attribute("objectClass", []string{"dcObject", "organization"})
	root.Attribute("dc", []string{"example"})
	root.Attribute("o", []string{"example"})
	if err := c.Add(root); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"alice", "bob", "twin", "twin"} {
		r := ldap.NewAddRequest("cn=person "+strconv.Itoa(i)+",dc=example,dc=org", nil)
		r.Attribute("objectClass", []string{"inetOrgPerson"})
		r.Attribute("sn", []string{name})
		r.Attribute("uid", []string{name})
		r.Attribute("userPassword", []string{name + "-password"})
		if err := c.Add(r); err != nil {
			t.Fatal(err)
		}
	}
}

func ldapAt(t *testing.T, address string, change func(*LDAPOptions)) *LDAP {
	t.Helper()
	o := LDAPOptions{
		URL: "ldap://" + address, BaseDN: "dc=example,dc=org", Timeout: 3 * time.Second,
		BindDN: "cn=admin,dc=example,dc=org", BindPassword: directoryRoot, Attribute: "uid", CaseSensitive: true,
	}
	if change != nil {
		change(&o)
	}
	l, err := NewLDAP(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLDAP(t *testing.T) {
	t.Parallel()
	address, _ := slapd(t)
	l := ldapAt(t, address, nil)
	lower := ldapAt(t, address, func(o *LDAPOptions) { o.CaseSensitive = false })
	for name, c := range map[string]struct {
		by             *LDAP
		user, password string
		want           string
	}{
		"right":                       {l, "alice", "alice-password", "LDAP_alice"},
		"wrong":                       {l, "alice", "bob-password", ""},
		"no password":                 {l, "alice", "", ""},
		"nobody":                      {l, "carol", "carol-password", ""},
		"Nacos's fallback":            {l, "alice", "nacos", ""},
		"the name with its prefix":    {l, "LDAP_alice", "alice-password", ""},
		"any name":                    {l, "*", "alice-password", ""},
		"a pattern":                   {l, "ali*", "alice-password", ""},
		"a filter":                    {l, "alice)(objectClass=*", "alice-password", ""},
		"a filter of its own":         {l, "x)(|(uid=alice)", "alice-password", ""},
		"a null byte":                 {l, "alice\x00", "alice-password", ""},
		"two with one name":           {l, "twin", "twin-password", ""},
		"the account that searches":   {l, "admin", directoryRoot, ""},
		"lower-cased":                 {lower, "ALICE", "alice-password", "LDAP_alice"},
		"as typed":                    {l, "Alice", "alice-password", "LDAP_Alice"},
		"a password is never lowered": {lower, "alice", "ALICE-PASSWORD", ""},
	} {
		got, err := c.by.Authenticate(t.Context(), c.user, c.password)
		if got != c.want || c.want == "" && service.CodeOf(err) != service.Unauthorized {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
	wrong := ldapAt(t, address, func(o *LDAPOptions) { o.BindPassword = "wrong" })
	if _, err := wrong.Authenticate(t.Context(), "alice", "alice-password"); service.CodeOf(err) != service.Unavailable {
		t.Errorf("with a wrong password of the account that searches: %v", err)
	}
}

// Roles are bound to LDAP_ and the name; nothing of the directory is kept here,
// so that without it nobody of it comes in, and is told why.
func TestLDAPUsers(t *testing.T) {
	t.Parallel()
	address, stop := slapd(t)
	_, db := open(t)
	s, err := New(t.Context(), Options{Store: db, Write: db.Apply, Signer: signer(t), Log: slog.New(slog.DiscardHandler), Second: ldapAt(t, address, nil)})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, err := range []error{
		s.CreateUser(ctx, "local", "local-password"),
		s.AddRole(ctx, "r", "LDAP_alice"),
		s.AddPermission(ctx, "r", "dev:*:*", "r"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddRole(ctx, "r", "alice"); service.CodeOf(err) != service.BadParam {
		t.Errorf("a role for a name that is neither here nor of the directory: %v", err)
	}
	l, err := s.Login(ctx, "alice", "alice-password", "192.0.2.1")
	if err != nil || l.User != "LDAP_alice" {
		t.Fatalf("%+v, %v", l, err)
	}
	user, err := s.Token(l.Token)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Authorize(user, Resource{Namespace: "dev", Group: "G", Kind: "config", Name: "d"}, Read); err != nil {
		t.Errorf("what the role may: %v", err)
	}
	if err := s.Logout(ctx, user); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Token(l.Token); service.CodeOf(err) != service.Unauthorized {
		t.Errorf("after the logout: %v", err)
	}
	stop()
	if _, err := s.Login(ctx, "alice", "alice-password", "192.0.2.1"); service.CodeOf(err) != service.Unavailable || !strings.Contains(err.Error(), "directory") {
		t.Errorf("with the directory away: %v", err)
	}
	if _, err := s.Login(ctx, "alice", "nacos", "192.0.2.1"); err == nil {
		t.Error("there is a password that does in the directory's place")
	}
	if _, err := s.Login(ctx, "local", "local-password", "192.0.2.1"); err != nil {
		t.Errorf("a local user with the directory away: %v", err)
	}
}
