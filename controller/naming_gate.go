package controller

import (
	"net/http"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/naming"
)

// v1Naming is where the gate and the check of the service's name stand.
const v1Naming = "/v1/ns/"

// gate is what stands before every v1 naming route, ahead of authorization: the
// URLs that an operator has limited, the state of the server, and the check of
// the service's name.
func (a *API) gate() middleware.Middleware {
	return func(r *middleware.Route, next middleware.Handler) middleware.Handler {
		if r.Module != middleware.Naming || !strings.HasPrefix(r.Path, v1Naming) {
			return next
		}
		return func(q *middleware.Request) (any, error) {
			if q.FromPeer { // it passed where it came in
				return next(q)
			}
			if raw, shut := a.shut(q); shut {
				return raw, nil
			}
			if err := checkName(q.Params.Get("serviceName")); err != nil {
				return nil, err
			}
			return next(q)
		}
	}
}

// shut reports whether a v1 naming request may not pass, with the answer.
func (a *API) shut(q *middleware.Request) (raw middleware.Raw, shut bool) {
	r, sw := q.HTTP(), a.o.Naming.Switches()
	if len(sw.LimitedURLs) > 0 {
		uri := r.URL.Path
		if r.URL.RawQuery != "" {
			uri += "?" + r.URL.RawQuery
		}
		if status := sw.Limited(uri); status != 0 {
			return middleware.Raw{Status: status}, true
		}
	}
	set := sw.OverriddenStatus != nil && *sw.OverriddenStatus != ""
	if !set && a.o.Naming.Ready() || strings.HasPrefix(q.Header("User-Agent"), "Nacos-Server") {
		return raw, false
	}
	msg := a.o.Naming.Gate(r.Method != http.MethodGet)
	return middleware.Raw{Status: http.StatusServiceUnavailable, Body: []byte(msg)}, msg != ""
}

// checkName refuses a grouped name without a group or a service. A name without
// a group gets one later, and one that is missing is the handler's business.
func checkName(name string) error {
	if !strings.Contains(name, "@@") {
		return nil
	}
	if _, _, err := naming.ParseGrouped(strings.TrimSpace(name)); err != nil {
		return &middleware.PageError{Status: http.StatusBadRequest, Msg: "Service name filter error,caused: " + err.Error() + ";"}
	}
	return nil
}
