package middleware

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
)

// Mode says what becomes of a call that is not allowed.
type Mode uint8

// The modes.
const (
	// Off lets everything pass.
	Off Mode = iota
	// Observe lets everything pass, and logs and counts what Enforce would deny.
	Observe
	// Enforce denies.
	Enforce
)

// GuardOptions are what a Guard needs.
type GuardOptions struct {
	Auth       *auth.Service
	Client     Mode // of routes for SDKs
	Management Mode // of routes for consoles and operators; Observe is Enforce from the first administrator on

	IdentityKey   string // a header that servers of a Nacos set-up send; "" for none
	IdentityValue string

	Log *slog.Logger
	Reg prometheus.Registerer
}

// Guard decides who may call a route.
type Guard struct {
	o        GuardOptions
	counters [Management + 1][Enforce + 1]prometheus.Counter

	told   atomic.Int64 // unix ns of the last refused call that was logged at warn
	untold atomic.Int64 // refused calls since
}

// NewGuard returns a Guard and registers its counters.
func NewGuard(o GuardOptions) *Guard {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "pharos_auth_denied_total",
		Help: "Calls that were denied (mode enforce) or would have been (mode observe).",
	}, []string{"class", "mode"})
	o.Reg.MustRegister(c)
	g := &Guard{o: o}
	for class, name := range map[Class]string{Client: "client", Management: "management"} {
		g.counters[class][Observe] = c.WithLabelValues(name, "observe")
		g.counters[class][Enforce] = c.WithLabelValues(name, "enforce")
	}
	return g
}

// Authorize returns the middleware. It runs after routing, on the matched
// route: what a path looks like decides nothing.
func (g *Guard) Authorize() Middleware {
	return func(r *Route, next Handler) Handler {
		if r.Access.Class == Public {
			return next
		}
		return func(q *Request) (any, error) {
			q.access = r.access(&q.Params)
			mode := g.mode(q.access)
			if mode == Off || g.trusted(q) {
				return next(q)
			}
			q.guard, q.mode = g, mode
			version := g.o.Auth.Version()
			err := g.check(q)
			if err != nil && mode == Enforce && refused(err) && g.o.Auth.Fresh(q.Context(), version) {
				err = g.check(q)
			}
			if err != nil {
				if err = g.denied(q, err); err != nil {
					return nil, err
				}
			}
			return next(q)
		}
	}
}

// refused reports whether err says that the caller may not, which news of
// another node could change.
func refused(err error) bool {
	return service.Is(err, service.Forbidden) || errors.Is(err, auth.ErrExpired)
}

// mode is what holds for a route now. Management is open for as long as nobody
// could log in, unless enforcement was asked for; but whoever comes before the
// first administrator shall not leave users and permissions behind for later.
func (g *Guard) mode(a *Access) Mode {
	switch {
	case a.Class == Client:
		return g.o.Client
	case g.o.Management == Observe && (g.o.Auth.Settled() || a.lasting()):
		return Enforce
	default:
		return g.o.Management
	}
}

// Closed reports whether people have to log in at the console now.
func (g *Guard) Closed() bool { return g.mode(&Access{Class: Management}) == Enforce }

// trusted reports whether another server of the set-up calls: one that signed
// on the peer plane, or that knows the identity which the operator has set. A
// User-Agent proves nothing.
func (g *Guard) trusted(q *Request) bool {
	if q.FromPeer {
		return true
	}
	if g.o.IdentityKey == "" || g.o.IdentityValue == "" {
		return false
	}
	v := q.Gin.Request.Header.Get(g.o.IdentityKey)
	return v != "" && subtle.ConstantTimeCompare([]byte(v), []byte(g.o.IdentityValue)) == 1
}

func (g *Guard) check(q *Request) error {
	user, err := g.identify(q)
	if err != nil {
		return err
	}
	q.User = user
	a := q.access
	if a.Each || a.Self {
		return nil // the handler asks May for each thing it touches
	}
	return eachResource(q, a, func(r auth.Resource) error { return g.o.Auth.Authorize(user, r, action(a.Action)) })
}

func action(a Action) auth.Action {
	if a == Write {
		return auth.Write
	}
	return auth.Read
}

// denied turns a refusal into what the caller is told; nil where it only counts.
func (g *Guard) denied(q *Request, err error) error {
	if q.Route.WhoAmI && q.mute() && q.Cookie(SessionCookie) == "" {
		q.nobody = true
		if q.mode == Observe {
			return nil
		}
		return &PageError{Status: http.StatusForbidden, Msg: auth.ErrAnonymous.Msg, Code: auth.ErrAnonymous.Code}
	}
	return g.refuse(q.Context(), q.access.Class, q.mode, err, q.Arrived, func() []any {
		return []any{"method", q.Gin.Request.Method, "path", q.Gin.Request.URL.Path, "user", q.User, "address", q.Address()}
	})
}

// refuse counts and logs a refusal, of a call that who describes, and returns
// what the caller is told.
func (g *Guard) refuse(ctx context.Context, class Class, mode Mode, err error, now time.Time, who func() []any) error {
	e, ok := err.(*service.Error) //nolint:errorlint // ours, not wrapped
	if !ok || mode != Observe && e.Code != service.Unauthorized && e.Code != service.Forbidden {
		return err
	}
	g.counters[class][mode].Inc()
	g.tell(ctx, mode, e.Msg, now, who)
	if mode == Observe {
		return nil
	}
	return &PageError{Status: http.StatusForbidden, Msg: e.Msg, Code: e.Code}
}

// tellEvery is how often a refused call is logged as an example of all.
const tellEvery = time.Minute

// tell logs a refused call: each one at debug, one a minute at warn with the
// number of those that it stands for.
func (g *Guard) tell(ctx context.Context, mode Mode, reason string, now time.Time, who func() []any) {
	n := g.untold.Add(1)
	level := slog.LevelDebug
	if last := g.told.Load(); now.UnixNano()-last >= int64(tellEvery) && g.told.CompareAndSwap(last, now.UnixNano()) {
		g.untold.Add(-n)
		level = slog.LevelWarn
	}
	if !g.o.Log.Enabled(ctx, level) {
		return
	}
	msg := "calls are denied"
	if mode == Observe {
		msg = "calls would be denied if auth were enforced"
	}
	g.o.Log.Log(ctx, level, msg, append([]any{"calls", n, "reason", reason}, who()...)...) //nolint:sloglint // one of two constant texts
}

// May returns nil if the caller may do action to r. Handlers ask it where the
// route cannot say what a request touches.
func (q *Request) May(r auth.Resource, action auth.Action) error {
	if q.guard == nil {
		return nil
	}
	if err := q.guard.o.Auth.Authorize(q.User, r, action); err != nil {
		return q.guard.denied(q, err)
	}
	return nil
}

// Sees reports whether the caller may read r, for handlers that leave out of a
// list what he may not. Nothing is counted or logged.
func (q *Request) Sees(r auth.Resource) bool { return q.Allows(r, auth.Read) }

// Allows is Sees for any action.
func (q *Request) Allows(r auth.Resource, action auth.Action) bool {
	return q.guard == nil || q.mode == Observe || q.guard.o.Auth.Authorize(q.User, r, action) == nil
}

// StillIn asks again who calls: whether a request that lasts would be let in now.
func (q *Request) StillIn() error {
	if q.guard == nil || q.mode != Enforce {
		return nil
	}
	_, err := q.guard.identify(q)
	return err
}

// Asked reports whether May has anything to say.
func (q *Request) Asked() bool { return q.guard != nil }

// Guarded reports whether the caller had to say who he is.
func (q *Request) Guarded() bool { return q.guard != nil && q.mode == Enforce }

// identify returns the user that the request names: by token, or by name and
// password. The names of headers and parameters are compared without case, and
// a parameter counts before the header.
func (g *Guard) identify(q *Request) (string, error) {
	if c := q.session(); c != "" && !q.tokened() {
		s, err := g.o.Auth.Session(c)
		if err == nil {
			g.o.Auth.SeeSession(s, q.Address(), q.Header("User-Agent"))
		}
		return s.User, err
	}
	if q.mute() {
		return "", auth.ErrAnonymous // most calls of a server that only observes
	}
	if t := BearerToken(q); t != "" {
		return g.o.Auth.Token(t)
	}
	if t := fromEither(q, "accessToken", "Accesstoken"); t != "" {
		return g.o.Auth.Token(t)
	}
	check := g.passwords(q.mode)
	if q.Route.Access.Basic {
		if user, password, ok := q.HTTP().BasicAuth(); ok {
			return check(q.Context(), user, password, q.Address())
		}
	}
	return check(q.Context(), fromEither(q, "username", "Username"), fromEither(q, "password", "Password"), q.Address())
}

// passwords is what checks passwords. Who is let through anyway is not held back,
// however often his was wrong.
func (g *Guard) passwords(mode Mode) func(ctx context.Context, user, password, address string) (string, error) {
	if mode == Observe {
		return g.o.Auth.Glance
	}
	return g.o.Auth.Password
}

// mute reports whether nothing but a session could say who calls.
func (q *Request) mute() bool {
	h := q.Gin.Request.Header
	return !q.Params.mayIdentify() && len(h["Authorization"]) == 0 && len(h["Accesstoken"]) == 0 && len(h["Username"]) == 0
}

// BearerToken is the token of the Authorization header, or of the parameter
// that goes before it; "" where the header has another scheme.
func BearerToken(q *Request) string {
	t, ok := strings.CutPrefix(fromEither(q, "Authorization", "Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return t
}

func fromEither(q *Request, param, header string) string {
	if v := q.Params.Fold(param); v != "" {
		return v
	}
	return q.Header(header)
}

// Address is the IP address of the socket that the request came from. A header
// may say anything, so none is read.
func (q *Request) Address() string {
	host, _, err := net.SplitHostPort(q.Gin.Request.RemoteAddr)
	if err != nil {
		return q.Gin.Request.RemoteAddr
	}
	return host
}
