package auth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/pharos-registry/pharos/service"
)

// ldapPrefix marks the names of users whom a directory knows. Their roles are
// bound to the name with it, as in Nacos.
const ldapPrefix = "LDAP_"

// LDAPOptions say where the directory is and how users are found in it.
type LDAPOptions struct {
	URL           string // ldap:// or ldaps://
	BaseDN        string
	Timeout       time.Duration // of each step
	BindDN        string        // the account that searches
	BindPassword  string
	Attribute     string // that holds the name of a user, such as uid
	CaseSensitive bool   // false: names are lower-cased
	CAFile        string // PEM; "" trusts what the system trusts
	Insecure      bool   // accept any certificate
}

// LDAP authenticates against a directory. No password is kept here, and there
// is none that would do in its place.
type LDAP struct {
	o     LDAPOptions
	tls   *tls.Config
	slots chan struct{} // bounds the connections at once
}

// ldapAtOnce is how many logins the directory is asked about at once.
const ldapAtOnce = 32

var _ Authenticator = (*LDAP)(nil)

// NewLDAP returns the authenticator. It does not connect.
func NewLDAP(o LDAPOptions) (*LDAP, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("nacos.core.auth.ldap.url: %q is not ldap://host:port or ldaps://host:port", o.URL)
	}
	l := &LDAP{o: o, slots: make(chan struct{}, ldapAtOnce), tls: &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: o.Insecure, MinVersion: tls.VersionTLS12}} //nolint:gosec // the operator's own word
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("pharos.auth.ldap.ca: %w", err)
		}
		l.tls.RootCAs = x509.NewCertPool()
		if !l.tls.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("pharos.auth.ldap.ca: no certificate in %s", o.CAFile)
		}
	}
	return l, nil
}

// nobody is a name that no directory should have.
const nobody = "pharos-nobody-7f3a"

// Authenticate implements Authenticator: it looks the user up with the account
// of the configuration, then binds as him.
func (l *LDAP) Authenticate(ctx context.Context, user, password string) (string, error) {
	if password == "" { // a bind without a password succeeds for anybody (RFC 4513 §5.1.2)
		return "", service.Errorf(service.Unauthorized, msgUnknown)
	}
	if !l.o.CaseSensitive {
		user = strings.ToLower(user)
	}
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return "", service.Wrap(service.Unavailable, ctx.Err(), "the login was not waited for")
	}
	c, err := l.dial(ctx)
	if err != nil {
		return "", service.Wrap(service.Unavailable, err, "the directory does not answer")
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	c.SetTimeout(l.o.Timeout)
	if err := c.Bind(l.o.BindDN, l.o.BindPassword); err != nil {
		return "", service.Wrap(service.Unavailable, err, "the directory refuses the account that searches")
	}
	dn, err := l.find(c, user)
	if err != nil {
		if service.CodeOf(err) == service.Unauthorized { // it takes as long as for a user whom there is
			_ = c.Bind("cn="+nobody+","+l.o.BaseDN, password)
		}
		return "", err
	}
	if err := c.Bind(dn, password); ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		return "", service.Errorf(service.Unauthorized, msgUnknown)
	} else if err != nil {
		return "", service.Wrap(service.Unavailable, err, "the directory does not answer")
	}
	return ldapPrefix + user, nil
}

func (l *LDAP) dial(ctx context.Context) (*ldap.Conn, error) {
	d := &net.Dialer{Timeout: l.o.Timeout}
	if t, ok := ctx.Deadline(); ok {
		d.Deadline = t
	}
	return ldap.DialURL(l.o.URL, ldap.DialWithDialer(d), ldap.DialWithTLSConfig(l.tls))
}

// find returns the DN of the one entry that the user's name finds.
func (l *LDAP) find(c *ldap.Conn, user string) (string, error) {
	filter := "(" + l.o.Attribute + "=" + ldap.EscapeFilter(user) + ")"
	res, err := c.Search(ldap.NewSearchRequest(l.o.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		2, int(l.o.Timeout.Seconds()), false, filter, []string{"dn"}, nil))
	switch {
	case ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject):
		return "", service.Errorf(service.Unauthorized, msgUnknown)
	case err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded):
		return "", service.Wrap(service.Unavailable, err, "the directory does not answer")
	case err != nil || len(res.Entries) != 1: // nobody, or not to be told apart
		return "", service.Wrap(service.Unauthorized, errors.Join(err), msgUnknown)
	}
	return res.Entries[0].DN, nil
}
