package controller

import (
	"errors"
	"net/http"
	"slices"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

// What our console needs beyond the API of Nacos's: docs/console-api.md.

// extPath is where all of it lies.
const extPath = "/v3/console/ext"

// extRoutes are the rows of all of it.
func (a *API) extRoutes() []middleware.Route {
	return slices.Concat(
		a.extSessionRoutes(),
		a.extSessionsRoutes(),
		a.extPrefsRoutes(),
		a.extPolicyRoutes(),
		a.extConfigRoutes(),
		a.extCompareRoutes(),
		a.extNamingRoutes(),
		a.extListenerRoutes(),
		a.extEventRoutes(),
		a.extOverviewRoutes(),
		a.extAdminRoutes(),
		a.extBulkRoutes(),
	)
}

// extRows marks rows as ours.
func extRows(m middleware.Module, rows []middleware.Route) []middleware.Route {
	for i := range rows {
		rows[i].Path = extPath + rows[i].Path
		rows[i].Ours = true
	}
	return v3Rows(m, rows)
}

// keyed is an error that says by a key what our console should do about it.
type keyed struct {
	wire
	key    string
	msg    string
	params map[string]string
	data   any // beside the sentence; nil: the sentence
	cause  error
}

// Error returns the sentence for the caller.
func (k *keyed) Error() string { return k.msg }

// Unwrap returns the error of the code, by which the audit log knows a refusal.
func (k *keyed) Unwrap() error { return k.cause }

// refusal is an error with a key.
func refusal(status int, code service.Code, key, msg string) *keyed {
	w := wires[code]
	w.status = status
	return &keyed{wire: w, key: key, msg: msg, cause: service.Errorf(code, "%s", msg)}
}

// keys are what our console is told of errors, by their codes.
//
//nolint:gochecknoglobals // a table
var keys = map[service.Code]string{
	service.ParamMissing: "missing", service.BadParam: "invalid", service.BadValue: "invalid", service.BadWeight: "invalid",
	service.BadMetadata: "invalid", service.BadInstance: "invalid", service.BadSelector: "invalid", service.BadState: "invalid",
	service.NamespaceInvalid: "invalid", service.WrongKind: "invalid", service.HealthChecked: "invalid",
	service.NotFound: "not_found", service.NamespaceMissing: "not_found", service.ServiceMissing: "not_found",
	service.Conflict: "conflict", service.Stale: "conflict",
	service.Unauthorized: "login", service.Forbidden: "forbidden",
	service.Unavailable: "unavailable", service.Unsupported: "unsupported", service.TooLarge: "too_large", service.TooMany: "throttled",
	service.ServiceExists: "exists", service.ServiceNotEmpty: "not_empty", service.GrayFull: "too_large",
	service.OverCluster: "too_large", service.OverGroup: "too_large", service.OverTenant: "too_large", service.OverSize: "too_large",
}

// statuses are those that say more to our console than Nacos's.
//
//nolint:gochecknoglobals // a table
var statuses = map[service.Code]int{
	service.Unauthorized: http.StatusUnauthorized, service.Conflict: http.StatusConflict, service.Stale: http.StatusConflict,
	service.ServiceMissing: http.StatusNotFound, service.BadValue: http.StatusBadRequest,
}

// reason is why a call failed, in an envelope.
type reason struct {
	Key    string            `json:"key"`
	Params map[string]string `json:"params"`
}

// explained is an envelope with the reason.
type explained struct {
	result
	Error reason `json:"error"`
}

// extError writes an error for our console.
func extError(q *middleware.Request, err error) {
	k := asKeyed(q, err)
	data := k.data
	if data == nil {
		data = k.msg
	}
	if k.params == nil {
		k.params = map[string]string{}
	}
	writeJSON(q, k.status, explained{result{k.code, k.text, data}, reason{k.key, k.params}})
}

func asKeyed(q *middleware.Request, err error) *keyed {
	var own *keyed
	var nacos *coded
	var page *middleware.PageError
	var bare *middleware.BareError
	var typed *conversion
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &nacos):
		return &keyed{wire: nacos.wire, key: keyOfStatus(nacos.status, nacos.code), msg: nacos.msg}
	case errors.As(err, &page) && page.Code == service.Unauthorized:
		return refusal(http.StatusUnauthorized, service.Unauthorized, "login", page.Msg)
	case errors.As(err, &page):
		k := refusal(page.Status, service.Forbidden, keyOfStatus(page.Status, 0), page.Msg)
		if page.Status == http.StatusForbidden {
			k.params = map[string]string{"resource": q.Asks(), "action": q.Wants()}
		}
		return k
	case errors.As(err, &bare):
		return refusal(bare.Status, service.BadParam, "invalid", bare.Msg)
	case errors.As(err, &typed):
		return refusal(http.StatusBadRequest, service.BadParam, "invalid", "this is no number: "+typed.value)
	case errors.Is(err, middleware.ErrForged):
		return refusal(http.StatusForbidden, service.Forbidden, "csrf", middleware.ErrForged.Msg)
	}
	w, msg := failure(err)
	k := &keyed{wire: w, key: "internal", msg: msg}
	if e, ok := errors.AsType[*service.Error](err); ok {
		if s := statuses[e.Code]; s != 0 {
			k.status = s
		}
		if key := keys[e.Code]; key != "" {
			k.key = key
		}
	}
	return k
}

// namespaceExistsCode is Nacos's number of that error.
const namespaceExistsCode = 22002

// keyOfStatus is the key of an error of which only HTTP's number is known, and
// that of its envelope.
func keyOfStatus(status, code int) string {
	switch {
	case code == namespaceExistsCode:
		return "exists"
	case status == http.StatusNotFound:
		return "not_found"
	case status == http.StatusForbidden:
		return "forbidden"
	case status == http.StatusUnauthorized:
		return "login"
	case status == http.StatusConflict:
		return "conflict"
	case status >= http.StatusInternalServerError:
		return "internal"
	default:
		return "invalid"
	}
}
