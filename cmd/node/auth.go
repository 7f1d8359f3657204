package node

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/audit"
	"github.com/pharos-registry/pharos/service/auth"
)

// openAuth builds authentication and the guard of the routes.
func (n *Node) openAuth(ctx context.Context) error {
	a := n.set.Auth
	secret, err := n.tokenSecret()
	if err != nil {
		return err
	}
	if err := auth.CheckIdentity(a.IdentityKey, a.IdentityValue); err != nil {
		return err
	}
	signer, err := auth.NewSigner(secret, a.TokenExpire)
	if err != nil {
		return fmt.Errorf("nacos.core.auth.plugin.nacos.token.secret.key: %w; leave it empty to have one made", err)
	}
	second, err := n.directory()
	if err != nil {
		return err
	}
	n.auth, err = auth.New(ctx, auth.Options{Store: n.rows, Write: n.writer(n.rows), Signer: signer, Log: n.log, Second: second, Current: n.confirmUsers()})
	if err != nil {
		return err
	}
	n.closers = append(n.closers, n.auth.Close)
	n.loops = append(n.loops, n.auth.Run)
	n.guard = middleware.NewGuard(middleware.GuardOptions{
		Auth: n.auth, Client: mode(a.Client()), Management: management(a),
		IdentityKey: a.IdentityKey, IdentityValue: a.IdentityValue, Log: n.log, Reg: n.reg,
	})
	if err := n.openAudit(); err != nil || n.raft != nil { // in a cluster he is made when the log runs: see bringUp
		return err
	}
	return n.firstAdmin(ctx)
}

func (n *Node) openAudit() (err error) {
	a := n.set.Auth.Audit
	if n.audit, err = audit.Open(cmp.Or(a.File, filepath.Join(n.set.Data.Dir, "audit.log")), a.MaxSize, a.MaxTotal); err != nil {
		return fmt.Errorf("the audit log cannot be opened: %w", err)
	}
	n.closers = append(n.closers, n.audit.Close)
	return nil
}

// directory is the second authenticator, nil where there is none.
func (n *Node) directory() (auth.Authenticator, error) {
	l := n.set.Auth.LDAP
	if n.set.Auth.SystemType != "ldap" {
		return nil, nil
	}
	return auth.NewLDAP(auth.LDAPOptions{
		URL: l.URL, BaseDN: l.BaseDC, Timeout: l.Timeout, BindDN: l.UserDN, BindPassword: l.Password,
		Attribute: l.FilterPrefix, CaseSensitive: l.CaseSensitive, CAFile: l.CAFile, Insecure: l.InsecureTLS,
	})
}

// tokenSecret is the one that the operator gave, else one that all nodes derive
// from the cluster's secret, else the one in the data directory, which is made
// at first start.
func (n *Node) tokenSecret() (string, error) {
	if s := n.set.Auth.TokenSecret; s != "" {
		return s, auth.CheckSecret(s)
	}
	shared := n.set.Cluster.Secret
	if n.raft != nil {
		var err error
		if shared, err = clusterSecret(n.set); err != nil {
			return "", err
		}
		if shared == "" { // they trust each other by certificates
			return "", errors.New("the nodes of a cluster sign tokens with one key: " +
				"set nacos.core.auth.plugin.nacos.token.secret.key, or pharos.cluster.secret, to the same value on all")
		}
	}
	if shared != "" {
		return auth.DerivedSecret(shared)
	}
	return auth.SecretFile(filepath.Join(n.set.Data.Dir, "secrets", "token.key"))
}

func mode(m settings.AuthMode) middleware.Mode {
	switch m {
	case settings.AuthOff:
		return middleware.Off
	case settings.AuthEnforce:
		return middleware.Enforce
	default:
		return middleware.Observe
	}
}

// management is the mode of the routes for consoles and operators. Where
// enforcement was not asked for outright it begins with the first
// administrator: before that nobody could log in.
func management(a settings.Auth) middleware.Mode {
	said := a.Enabled == settings.Yes || a.Admin == settings.Yes || a.Console == settings.Yes || a.Mode == string(settings.AuthEnforce)
	if m := mode(a.Management()); m != middleware.Enforce || said {
		return m
	}
	return middleware.Observe
}

// firstAdmin makes the first administrator of the password in the environment,
// or chooses the code with which one can be made from elsewhere.
func (n *Node) firstAdmin(ctx context.Context) error {
	if n.auth.HasAdmin() || n.set.Auth.Client() == settings.AuthOff {
		return nil
	}
	if p := n.set.Auth.AdminPassword; p != "" {
		if _, err := n.auth.CreateAdmin(ctx, p); errors.Is(err, auth.ErrAdminExists) {
			return nil // another node was faster
		} else if err != nil {
			return fmt.Errorf("pharos.auth.admin.password: %w", err)
		}
		n.log.Info("the first administrator was made of pharos.auth.admin.password", "user", auth.AdminName)
		return nil
	}
	n.code = auth.OneTimeCode()
	return nil
}

// announceCode shows the code, once the server is there to take it.
func (n *Node) announceCode() {
	if n.code != "" {
		n.log.Info("there is no administrator yet: make one on this machine, or from elsewhere with this code",
			"call", "POST "+n.set.Server.ContextPath+"/v1/auth/users/admin", "code", n.code)
	}
}

// mayStart reports whether a caller may make the first administrator: whoever
// is on this machine, with nothing in between, and whoever has read the log.
func (n *Node) mayStart(q *middleware.Request) bool {
	if c := q.Params.Get("code"); n.code != "" && subtle.ConstantTimeCompare([]byte(c), []byte(n.code)) == 1 {
		return true
	}
	r := q.HTTP()
	return isLoopback(q.Address()) && !forwarded(r) && addressedHere(r)
}

// forwarded reports whether a request came through a proxy: such a one says so
// in a header, or speaks HTTP/1.0 as some do that say nothing.
func forwarded(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) {
		return true
	}
	for name := range r.Header {
		switch name {
		case "Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "Client-Ip", "X-Cluster-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip",
			"Fastly-Client-Ip", "Fly-Client-Ip", "X-Original-Host", "X-Original-Url", "X-Azure-Clientip":
			return true
		}
		if strings.HasPrefix(name, "X-Forwarded") || strings.HasPrefix(name, "X-Original-Forwarded") || strings.HasPrefix(name, "X-Envoy-") {
			return true
		}
	}
	return false
}

// addressedHere reports whether a request means this machine by a name that no
// one else can give away. A page that a browser on this machine happens to show
// can send requests here, but only with its own origin, or under its own name.
func addressedHere(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if !strings.EqualFold(host, "localhost") && !isLoopback(host) {
		return false
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	origin := r.Header.Get("Origin")
	return origin == "" || origin == "http://"+r.Host || origin == "https://"+r.Host
}

func isLoopback(ip string) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && a.Unmap().IsLoopback()
}
