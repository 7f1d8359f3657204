package middleware

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
)

// SessionCookie is the cookie of a console session.
const SessionCookie = "nc_session"

// consoleHeader is what our console adds to every call, with the value 1. A page
// of another origin would have to be allowed to send it, which none is.
const consoleHeader = "X-Console"

// FromConsole reports whether our console calls.
func FromConsole(q *Request) bool { return q.Route.Ours || q.Header(consoleHeader) == "1" }

// session is the session that a request may act under, "" for none.
func (q *Request) session() string {
	switch q.Route.Session {
	case Alone:
	case WithHeader:
		if q.Header(consoleHeader) != "1" || changes(q) && foreign(q.HTTP()) {
			return ""
		}
	default:
		return ""
	}
	return q.Cookie(SessionCookie)
}

// Cookie is the value of a cookie, "" where there is none.
func (q *Request) Cookie(name string) string {
	c, err := q.HTTP().Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// tokened reports whether a request says by itself who calls, which goes before
// what the browser adds.
func (q *Request) tokened() bool {
	return BearerToken(q) != "" || fromEither(q, "accessToken", "Accesstoken") != ""
}

func changes(q *Request) bool {
	m := q.HTTP().Method
	return m != http.MethodGet && m != http.MethodHead
}

// foreign reports whether a browser says that a page of another origin makes it
// send the request. Proxies change the Host, so that what the browser has found
// out by itself goes first.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "cross-site", "same-site":
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return true
	}
	first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Host"), ",")
	return !strings.EqualFold(u.Host, r.Host) && !strings.EqualFold(u.Host, strings.TrimSpace(first))
}

// ErrForged is the refusal of a write that another page may have made a browser
// send.
var ErrForged = &service.Error{Code: service.Forbidden, Msg: "the header X-Console: 1 is missing, or another page sends the request"}

// Console refuses writes to routes of ours that a page of another origin could
// have made: also where nobody has to say who he is. It goes before Authorize.
func Console() Middleware {
	return func(r *Route, next Handler) Handler {
		if !r.Ours || r.Method == http.MethodGet {
			return next
		}
		return func(q *Request) (any, error) {
			if !q.headed() && (q.Header(consoleHeader) != "1" || foreign(q.HTTP())) {
				return nil, ErrForged
			}
			return next(q)
		}
	}
}

// headed reports whether a header carries a token, which no page can make a
// browser send to another origin.
func (q *Request) headed() bool {
	return strings.HasPrefix(q.Header("Authorization"), "Bearer ") || q.Header("Accesstoken") != ""
}

// Asks is the resource that the request asks for, as a permission has to name it;
// "" before Authorize has looked.
func (q *Request) Asks() string {
	if q.access == nil {
		return ""
	}
	name := ""
	_ = eachResource(q, q.access, func(r auth.Resource) error { // the last of several readings is as good as any
		name = r.String()
		return nil
	})
	return name
}

// Wants is r or w: what the request wants to do to it.
func (q *Request) Wants() string {
	if q.access == nil {
		return ""
	}
	return string(action(q.access.Action))
}
