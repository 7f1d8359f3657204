package controller

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

// unmatched answers what is in no row: a file of the front-end, else 501 below /v1/ns, as the reference's
// Distro filter does, 500 for a path that other verbs answer, else 404.
func (a *API) unmatched() gin.HandlerFunc {
	serve := func(d middleware.Dialect) gin.HandlerFunc {
		r := &middleware.Route{Dialect: d, Do: a.nowhere}
		return middleware.Serve(r, r.Do, nil)
	}
	asText, asJSON := serve(v1Core), serve(v2Bare)
	return func(c *gin.Context) {
		if a.asset(c.Writer, c.Request) {
			return
		}
		if strings.Contains(c.Request.URL.Path, "/v2") {
			asJSON(c)
			return
		}
		asText(c)
	}
}

func (a *API) nowhere(q *middleware.Request) (any, error) {
	path, method := q.HTTP().URL.Path, q.HTTP().Method
	rest, below := strings.CutPrefix(path, a.o.ContextPath)
	if below && strings.HasPrefix(rest, v1Naming) {
		if raw, shut := a.shut(q); shut {
			return raw, nil
		}
	}
	switch {
	case below && strings.HasPrefix(rest, "/v1/ns/") && !a.off(middleware.Naming):
		return nil, &middleware.PageError{Status: http.StatusNotImplemented, Msg: "no such api:" + method + ":" + path}
	case a.verbs[path] && method == http.MethodOptions:
		return preflight(q, rest), nil
	case a.verbs[path]:
		return nil, service.Errorf(service.Internal, "Request method '%s' not supported", method)
	case !below:
		return middleware.Raw{Status: http.StatusNotFound, ContentType: middleware.TextHTML, Body: []byte(outside)}, nil
	default:
		return nil, &middleware.PageError{Status: http.StatusNotFound, Msg: "No message available"}
	}
}

// preflight answers what a browser asks before it sends a request to another
// origin. What it then asks is answered without leave for pages of that origin
// to read it: a page that somebody happens to visit is not to read configs.
func preflight(q *middleware.Request, path string) middleware.Raw {
	r := middleware.Raw{Status: http.StatusOK, ContentType: middleware.JSON}
	if strings.HasPrefix(path, "/v1/cs") {
		r.ContentType = middleware.JSONUTF8
	}
	if origin := q.Header("Origin"); origin != "" && q.Header("Access-Control-Request-Method") != "" {
		r.Header = []middleware.Field{
			{Name: "Access-Control-Allow-Origin", Value: []string{origin}},
			{Name: "Access-Control-Allow-Methods", Value: []string{q.Header("Access-Control-Request-Method")}},
			{Name: "Access-Control-Max-Age", Value: []string{"18000"}},
			{Name: "Vary", Value: []string{"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}},
		}
	}
	return r
}

// outside is the page for a path that is not below the context path: no API
// can be there, so whoever asks is a person.
const outside = "<!doctype html><html lang=\"en\"><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"

// twoFaced returns what makes a path readable in two ways, "" where nothing
// does: such paths have been used to get around authorization elsewhere.
func twoFaced(u *url.URL) string {
	for _, s := range []string{"//", ";", "\\", "/../", "/./", "\x00"} {
		if strings.Contains(u.Path, s) {
			return s
		}
	}
	if strings.HasSuffix(u.Path, "/..") || strings.HasSuffix(u.Path, "/.") {
		return "."
	}
	if u.RawPath == "" { // no escape but those that everybody writes the same way
		return ""
	}
	raw := strings.ToLower(u.RawPath)
	for _, s := range []string{"%2e", "%2f", "%5c", "%00", "%3b", "%25"} {
		if strings.Contains(raw, s) {
			return s
		}
	}
	return ""
}

// refuser answers a path with two readings, as the reference's firewall does.
func refuser() http.Handler {
	e := gin.New()
	r := &middleware.Route{Dialect: v1, Do: func(q *middleware.Request) (any, error) {
		if strings.Contains(strings.ToLower(q.HTTP().URL.RawPath), "%2f") { // Tomcat's own refusal
			return middleware.Raw{Status: http.StatusBadRequest, ContentType: middleware.TextHTML, Body: []byte(badRequest)}, nil
		}
		return nil, &middleware.PageError{
			Status: http.StatusInternalServerError,
			Msg:    "The request was rejected because the URL contained a potentially malicious String \"" + twoFaced(q.HTTP().URL) + "\"",
		}
	}}
	e.NoRoute(middleware.Serve(r, r.Do, nil))
	return e
}

const badRequest = "<!doctype html><html lang=\"en\"><head><title>400 Bad Request</title></head><body><h1>400 Bad Request</h1></body></html>"
