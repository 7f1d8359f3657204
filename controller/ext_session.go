package controller

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
)

func (a *API) extSessionRoutes() []middleware.Route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	open := middleware.Access{Class: middleware.Public}
	self := middleware.Access{Class: middleware.Management, Action: middleware.Read, Resource: "console/user/password", Self: true}
	own := self
	own.Action = middleware.Write
	return extRows(middleware.Core, []middleware.Route{
		{Method: get, Path: "/capabilities", Access: open, Do: a.capabilities},
		{Method: get, Path: "/me", Access: self, WhoAmI: true, Do: a.me},
		{Method: post, Path: "/session", Access: open, Login: true, Do: a.openSession},
		{Method: del, Path: "/session", Access: open, Do: a.closeSession},
		{Method: post, Path: "/setup", Access: open, Audited: true, Do: a.setup},
		{Method: put, Path: "/me/password", Access: own, Do: a.newPassword},
	})
}

// capabilities is what the console has to know before anybody logs in.
type capabilities struct {
	Level    int              `json:"apiLevel"`
	Product  string           `json:"product"`
	Version  string           `json:"version"`
	Nacos    string           `json:"compatible"`
	Build    string           `json:"uiBuild"`
	Now      int64            `json:"serverTime"`
	Mode     string           `json:"mode"`
	Function string           `json:"function"`
	Modules  map[string]bool  `json:"modules"`
	Features map[string]bool  `json:"features"`
	Auth     authState        `json:"auth"`
	Limits   map[string]int64 `json:"limits"`
}

type authState struct {
	Enforced  bool   `json:"enforced"`
	Login     bool   `json:"loginRequired"`
	Setup     bool   `json:"setupNeeded"`
	SetupHere bool   `json:"setupHere"`
	System    string `json:"system"`
}

// About is what the server tells of itself that no service knows.
type About struct {
	Version    string // of Pharos
	Nacos      string // whose answers it gives
	Mode       string // standalone or cluster
	Function   string // all, naming or config
	AuthSystem string // nacos or ldap
	Enforced   bool   // SDKs have to log in
	MaxContent int64  // letters of a config
	Started    time.Time
}

func (a *API) capabilities(q *middleware.Request) (any, error) {
	about := a.o.About
	c := capabilities{
		Level: 1, Product: "pharos", Version: about.Version, Nacos: about.Nacos, Now: q.Arrived.UnixMilli(), Mode: about.Mode, Function: about.Function,
		Modules: map[string]bool{"config": !a.off(middleware.Config), "naming": !a.off(middleware.Naming)},
		Features: map[string]bool{
			"events": true, "metrics": true, "audit": true, "gray": true, "contentSearch": true,
			"ldap": about.AuthSystem == "ldap", "cluster": about.Mode == "cluster",
		},
		Auth: authState{
			Enforced: about.Enforced, Login: a.o.Guard.Closed(), Setup: !a.o.Auth.HasAdmin(), System: about.AuthSystem,
		},
		Limits: map[string]int64{"maxContent": about.MaxContent, "maxImport": a.o.MaxUpload, "maxPage": maxRows},
	}
	c.Auth.SetupHere = c.Auth.Setup && a.o.SetUp(q)
	if a.o.Site != nil {
		c.Build = a.o.Site.Build()
	}
	return c, nil
}

// me is who calls, and what he may do.
type me struct {
	User       string                 `json:"username"`
	Admin      bool                   `json:"admin"`
	Login      bool                   `json:"loginRequired"`
	Expires    int64                  `json:"expires"` // 0: there is no session
	Roles      []string               `json:"roles"`
	Global     map[string]string      `json:"global"`
	Namespaces map[string]reachedView `json:"namespaces"`
	Events     eventsAt               `json:"events"`
}

// eventsAt is how far the events are that are told to pages.
type eventsAt struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

type reachedView struct {
	Config string `json:"config"`
	Naming string `json:"naming"`
	Part   bool   `json:"part"`
}

// globals are the rights that are on no namespace, by the names that the console
// has for them.
//
//nolint:gochecknoglobals // a table
var globals = map[string]string{
	"users": "console/users", "roles": "console/roles", "permissions": "console/permissions", "namespaces": "console/namespaces",
	"cluster": "/v1/core/cluster", "audit": "console/audit", "switches": "naming/switches", "settings": "nacos/admin",
}

const readWrite = "rw"

func (a *API) me(q *middleware.Request) (any, error) {
	m, err := a.who(q, q.User)
	if err != nil {
		return nil, err
	}
	if s, err := a.o.Auth.Session(q.Cookie(middleware.SessionCookie)); err == nil && s.User == q.User {
		text, s, err := a.o.Auth.RenewSession(s) // who works goes on working
		if err != nil {
			return nil, err
		}
		m.Expires = s.Expires.UnixMilli()
		if text != "" {
			a.setCookie(q, text, s.Expires)
			a.o.Auth.SeeSession(s, q.Address(), q.Header("User-Agent"))
		}
	}
	return m, nil
}

// who is what a user may do. Where nobody has to say who he is, everybody may
// everything.
func (a *API) who(q *middleware.Request, user string) (*me, error) {
	all, err := a.o.Namespaces.List(q.Context())
	if err != nil {
		return nil, err
	}
	m := &me{
		User: user, Login: a.o.Guard.Closed(), Roles: emptyNotNull(a.o.Auth.RolesOf(user)),
		Global: map[string]string{}, Namespaces: map[string]reachedView{}, Events: eventsAt{a.events.Epoch(), a.events.Last()},
	}
	m.Admin = !m.Login || a.o.Auth.IsAdmin(user)
	for name, resource := range globals {
		m.Global[name] = readWrite
		if !m.Admin {
			m.Global[name] = a.o.Auth.Actions(user, auth.Resource{Fixed: resource})
		}
	}
	for _, n := range all {
		r := auth.Reach{Config: readWrite, Naming: readWrite}
		if !m.Admin {
			r = a.o.Auth.Reach(user, n.ID)
		}
		if r != (auth.Reach{}) {
			m.Namespaces[shownNamespace(n.ID)] = reachedView(r)
		}
	}
	return m, nil
}

// giveSession gives the browser a new session, and says when that ends.
func (a *API) giveSession(q *middleware.Request, user string) (expires int64, err error) {
	text, s, err := a.o.Auth.OpenSession(user)
	if err != nil {
		return 0, err
	}
	a.setCookie(q, text, s.Expires)
	a.o.Auth.SeeSession(s, q.Address(), q.Header("User-Agent"))
	return s.Expires.UnixMilli(), nil
}

func (a *API) setCookie(q *middleware.Request, value string, expires time.Time) {
	r := q.HTTP()
	http.SetCookie(q.Gin.Writer, &http.Cookie{ //nolint:gosec // Secure where the browser came by TLS: elsewhere it would send nothing
		Name: middleware.SessionCookie, Value: value, Path: "/", Expires: expires, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
}

// loggedIn answers who has just proved who he is.
func (a *API) loggedIn(q *middleware.Request, user string) (any, error) {
	expires, err := a.giveSession(q, user)
	if err != nil {
		return nil, err
	}
	m, err := a.who(q, user)
	if err != nil {
		return nil, err
	}
	m.Expires = expires
	return m, nil
}

// wrongPassword says that a login failed, and not why.
func wrongPassword() error {
	return refusal(http.StatusUnauthorized, service.Unauthorized, "password", "the name or the password is wrong")
}

// throttled is how long who has failed too often is told to wait, in seconds. The
// guard itself gives turns; this is when one may be free.
const throttled = 30

func (a *API) openSession(q *middleware.Request) (any, error) {
	f := formOf(q)
	name, password := f.notBlank("username"), f.notBlank("password")
	if f.err != nil {
		return nil, f.err
	}
	user, err := a.o.Auth.Password(q.Context(), name, password, q.Address())
	if err != nil {
		return nil, refusedLogin(err)
	}
	return a.loggedIn(q, user)
}

func refusedLogin(err error) error {
	if service.Is(err, service.Unauthorized) {
		return wrongPassword()
	}
	if !service.Is(err, service.TooMany) {
		return err
	}
	k := refusal(http.StatusTooManyRequests, service.TooMany, "throttled", "too many failed logins, try again later")
	k.params = map[string]string{"retryAfter": strconv.Itoa(throttled)}
	return k
}

func (a *API) closeSession(q *middleware.Request) (any, error) {
	a.o.Auth.CloseSession(q.Context(), q.Cookie(middleware.SessionCookie))
	a.setCookie(q, "", time.Unix(1, 0))
	return true, nil
}

// setup makes the first administrator and logs him in.
func (a *API) setup(q *middleware.Request) (any, error) {
	f := formOf(q)
	password := f.notBlank("password")
	switch {
	case f.err != nil:
		return nil, f.err
	case a.o.Auth.HasAdmin():
		return nil, refusal(http.StatusBadRequest, service.Conflict, "exists", "there is an administrator already")
	case !a.o.SetUp(q):
		return nil, refusal(http.StatusForbidden, service.Forbidden, "setup", "from another machine this needs the one-time code in the log of the server")
	}
	_, err := a.o.Auth.CreateAdmin(q.Context(), password)
	if errors.Is(err, auth.ErrAdminExists) {
		return nil, refusal(http.StatusBadRequest, service.Conflict, "exists", "there is an administrator already")
	}
	if err != nil {
		return nil, err
	}
	return a.loggedIn(q, auth.AdminName)
}

// newPassword wants the old password too. All other sessions of the user end.
func (a *API) newPassword(q *middleware.Request) (any, error) {
	f := formOf(q)
	old, password := f.notBlank("old"), f.notBlank("new")
	switch {
	case f.err != nil:
		return nil, f.err
	case q.User == "":
		return nil, refusal(http.StatusUnauthorized, service.Unauthorized, "login", "nobody is logged in")
	}
	if _, err := a.o.Auth.Password(q.Context(), q.User, old, q.Address()); err != nil {
		return nil, refusedLogin(err)
	}
	if err := a.o.Auth.ChangePassword(q.Context(), q.User, password); err != nil {
		return nil, err
	}
	_, err := a.giveSession(q, q.User)
	return err == nil, err
}
