package middleware

import (
	"context"
	"crypto/subtle"
	"net"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/service/auth"
)

// Call is what a Guard has to know of a call that is no HTTP request.
type Call struct {
	Name     string                   // what is called, for the log
	Access   *Access                  // what was declared of it
	Resource auth.Resource            // what it touches
	Header   func(name string) string // a header by its name, in any case; "" where it is not there
	Remote   string                   // the address of the socket, with its port
}

// Admit decides about a call as Authorize does about a request: it returns who
// calls, "" where nobody was asked, or why he may not.
func (g *Guard) Admit(ctx context.Context, c *Call) (user string, err error) {
	mode := g.mode(c.Access)
	if c.Access.Class == Public || mode == Off || g.knows(c) {
		return "", nil
	}
	version := g.o.Auth.Version()
	user, err = g.judge(ctx, mode, c)
	if err != nil && mode == Enforce && refused(err) && g.o.Auth.Fresh(ctx, version) {
		user, err = g.judge(ctx, mode, c)
	}
	if err != nil {
		err = g.refuse(ctx, c.Access.Class, mode, err, time.Now(), func() []any {
			return []any{"call", c.Name, "user", user, "address", c.Remote}
		})
	}
	return user, err
}

// knows is trusted for a call.
func (g *Guard) knows(c *Call) bool {
	if g.o.IdentityKey == "" || g.o.IdentityValue == "" {
		return false
	}
	v := c.Header(g.o.IdentityKey)
	return v != "" && subtle.ConstantTimeCompare([]byte(v), []byte(g.o.IdentityValue)) == 1
}

// judge is check for a call.
func (g *Guard) judge(ctx context.Context, mode Mode, c *Call) (user string, err error) {
	user, err = g.named(ctx, mode, c)
	if err != nil || c.Access.Self {
		return user, err
	}
	return user, g.o.Auth.Authorize(user, c.Resource, action(c.Access.Action))
}

// named is identify for a call: its headers say who calls.
func (g *Guard) named(ctx context.Context, mode Mode, c *Call) (string, error) {
	if t, ok := strings.CutPrefix(c.Header("Authorization"), "Bearer "); ok && t != "" {
		return g.o.Auth.Token(t)
	}
	if t := c.Header("accessToken"); t != "" {
		return g.o.Auth.Token(t)
	}
	name := c.Header("username")
	if name == "" {
		return "", auth.ErrAnonymous
	}
	host, _, err := net.SplitHostPort(c.Remote)
	if err != nil {
		host = c.Remote
	}
	return g.passwords(mode)(ctx, name, c.Header("password"), host)
}
