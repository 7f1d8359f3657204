package controller

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

// wire is how a service.Code shows in HTTP: the status, and the number and
// text of the v2 envelope.
type wire struct {
	status int
	code   int
	text   string
}

// wires is the one table from errors to the wire. The numbers are Nacos's
// ErrorCode.
//
//nolint:gochecknoglobals // a table
var wires = map[service.Code]wire{
	service.Internal:         {http.StatusInternalServerError, 30000, "server error"},
	service.ParamMissing:     {http.StatusBadRequest, 10000, "parameter missing"},
	service.BadParam:         {http.StatusBadRequest, 20002, "parameter validate error"},
	service.NotFound:         {http.StatusNotFound, 20004, "resource not found"},
	service.Conflict:         {http.StatusBadRequest, 20005, "resource conflict"},
	service.Unauthorized:     {http.StatusForbidden, 10001, "access denied"},
	service.Forbidden:        {http.StatusForbidden, 10001, "access denied"},
	service.Unavailable:      {http.StatusServiceUnavailable, 30000, "server error"},
	service.Unsupported:      {http.StatusNotImplemented, 40001, "API function disabled."},
	service.TooLarge:         {http.StatusRequestEntityTooLarge, 20002, "parameter validate error"},
	service.TooMany:          {http.StatusTooManyRequests, 30000, "server error"},
	service.BadWeight:        {http.StatusBadRequest, 21001, "weight error"},
	service.BadMetadata:      {http.StatusBadRequest, 21002, "instance metadata error"},
	service.BadInstance:      {http.StatusBadRequest, 21004, "instance error"},
	service.BadSelector:      {http.StatusBadRequest, 21006, "selector error"},
	service.ServiceExists:    {http.StatusBadRequest, 21007, "service already exist"},
	service.ServiceMissing:   {http.StatusBadRequest, 21008, "service not exist"},
	service.ServiceNotEmpty:  {http.StatusBadRequest, 21009, "service delete failure"},
	service.WrongKind:        {http.StatusBadRequest, 30000, "server error"},
	service.HealthChecked:    {http.StatusBadRequest, 30000, "server error"},
	service.NamespaceMissing: {http.StatusNotFound, 22001, "namespace not exist"},
	service.NamespaceInvalid: {http.StatusBadRequest, 22000, "illegal namespace"},
	service.BadState:         {http.StatusBadRequest, 23000, "illegal state"},
	service.Stale:            {http.StatusInternalServerError, 20005, "resource conflict"},
	service.GrayFull:         {http.StatusBadRequest, 20010, "config gray version version over max count"},
	service.BadValue:         {http.StatusInternalServerError, 10002, "data access error"},
	service.OverCluster:      {http.StatusTooManyRequests, 5031, "cluster capacity reach quota"},
	service.OverGroup:        {http.StatusTooManyRequests, 5032, "group capacity reach quota"},
	service.OverTenant:       {http.StatusTooManyRequests, 5033, "tenant capacity reach quota"},
	service.OverSize:         {http.StatusTooManyRequests, 5034, "config content size is over limit"},
}

// failure is an error as a dialect writes it.
func failure(err error) (wire, string) {
	var e *service.Error
	if !errors.As(err, &e) {
		return wires[service.Internal], "internal error"
	}
	w, ok := wires[e.Code]
	if !ok {
		w = wires[service.Internal]
	}
	return w, e.Msg
}

// result is the envelope of v2 and v3.
type result struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data"`
}

// restResult is the envelope that v1 uses where it uses one.
type restResult struct {
	Code    int     `json:"code"`
	Message *string `json:"message"`
	Data    any     `json:"data"`
}

// Verdict implements middleware.Verdict. The codes of imports are over all
// statuses: they say what failed.
func (r restResult) Verdict() (status int, msg string) {
	switch {
	case r.Message != nil:
		msg = *r.Message
	case r.Data != nil:
		msg, _ = r.Data.(string)
	}
	return r.Code, msg
}

// restOK is the envelope of v1 around a value.
func restOK(v any) restResult { return restResult{Code: http.StatusOK, Data: v} }

// restFail is the envelope of v1 around a failure, which HTTP knows nothing of.
func restFail(code int, msg string) restResult { return restResult{Code: code, Message: &msg} }

// v1 writes a string as text, anything else as JSON, and an error as its text.
func v1(q *middleware.Request, v any, err error) {
	if err != nil {
		if filtered(q, err) {
			return
		}
		w, msg := failure(err)
		if m, ok := errors.AsType[*missing](err); ok {
			msg = "Parameter '" + m.name + "' is missing"
		}
		if c, ok := errors.AsType[*conversion](err); ok {
			msg = "caused: " + c.Error() + ";"
		}
		text(q, w.status, msg)
		return
	}
	plain(q, v)
}

// v1Core is v1 where Nacos's console, core and auth controllers answer: errors
// are a chain of causes, and a missing parameter is the server's failure.
func v1Core(q *middleware.Request, v any, err error) {
	if err == nil {
		plain(q, v)
		return
	}
	if filtered(q, err) {
		return
	}
	w, msg := failure(err)
	_, absent := errors.AsType[*missing](err)
	if absent {
		w.status = http.StatusInternalServerError
	}
	if w.status == http.StatusForbidden {
		text(q, w.status, msg)
		return
	}
	msg = "caused: " + msg + ";"
	if w.status == http.StatusInternalServerError {
		msg = html.EscapeString(msg)
	}
	text(q, w.status, msg)
}

// v2Bare is v2 where the answers have no envelope: errors are RestResults.
func v2Bare(q *middleware.Request, v any, err error) {
	if err == nil {
		plain(q, v)
		return
	}
	if filtered(q, err) {
		return
	}
	_, msg := failure(err)
	writeJSON(q, http.StatusInternalServerError, result{http.StatusInternalServerError, html.EscapeString("caused: " + msg + ";"), nil})
}

// v2 writes the envelope {code, message, data}; v3 is the same.
func v2(q *middleware.Request, v any, err error) {
	if err != nil {
		if filtered(q, err) {
			return
		}
		if c, ok := errors.AsType[*conversion](err); ok {
			writeJSON(q, http.StatusInternalServerError, result{wires[service.Internal].code, c.Error(), nil})
			return
		}
		w, msg := failure(err)
		writeJSON(q, w.status, result{w.code, w.text, msg})
		return
	}
	switch raw := v.(type) {
	case *middleware.Raw:
		writeRaw(q, raw)
		return
	case middleware.Raw:
		writeRaw(q, &raw)
		return
	}
	writeJSON(q, http.StatusOK, result{0, "success", v})
}

// plain writes a value that has no envelope.
func plain(q *middleware.Request, v any) {
	switch v := v.(type) {
	case *middleware.Raw:
		writeRaw(q, v)
	case middleware.Raw:
		writeRaw(q, &v)
	case string:
		text(q, http.StatusOK, v)
	default:
		writeJSON(q, http.StatusOK, v)
	}
}

// filtered writes the errors that look the same in every dialect.
func filtered(q *middleware.Request, err error) bool {
	var page *middleware.PageError
	var bare *middleware.BareError
	switch {
	case errors.As(err, &page):
		errorPage(q, page.Status, page.Msg)
	case errors.As(err, &bare):
		h := q.Gin.Writer.Header()
		h["Content-Type"] = nil // none, as the reference has it
		h.Set("Pragma", "no-cache")
		h.Set("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")
		h.Set("Cache-Control", "no-cache,no-store")
		q.Gin.Writer.WriteHeader(bare.Status)
		_, _ = q.Gin.Writer.WriteString(bare.Msg + "\r\n")
	default:
		return false
	}
	return true
}

// wantsHTML reports whether the client would rather have a page than a text:
// browsers list text/html first.
func wantsHTML(q *middleware.Request) bool {
	return strings.HasPrefix(q.Header("Accept"), "text/html")
}

func text(q *middleware.Request, status int, s string) {
	ct := middleware.TextPlain
	w := q.Gin.Writer
	if wantsHTML(q) {
		ct = middleware.TextHTML
		contain(w.Header())
	}
	w.Header()["Content-Type"] = ct
	w.WriteHeader(status)
	_, _ = w.WriteString(s)
}

func writeRaw(q *middleware.Request, r *middleware.Raw) {
	w := q.Gin.Writer
	h := w.Header()
	h["Content-Type"] = r.ContentType
	if len(r.ContentType) > 0 && strings.HasPrefix(r.ContentType[0], "text/html") {
		contain(h)
	}
	for i := range r.Header {
		h[r.Header[i].Name] = r.Header[i].Value
	}
	if r.Length != nil {
		h["Content-Length"] = r.Length
	} else if n := len(r.Head) + len(r.Body) + len(r.Tail); n > 2048 { // above that net/http would switch to chunks
		h["Content-Length"] = []string{strconv.Itoa(n)}
	}
	if r.Status != 0 {
		w.WriteHeader(r.Status)
	}
	if len(r.Head) > 0 {
		_, _ = w.Write(r.Head)
	}
	_, _ = w.Write(r.Body)
	if len(r.Tail) > 0 {
		_, _ = w.Write(r.Tail)
	}
}

// contain keeps a browser from running what a text may hold: configs and names
// are whatever a client has sent.
func contain(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
}

// encode is JSON as Jackson writes it: nothing escaped for HTML, no newline.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func writeJSON(q *middleware.Request, status int, v any) {
	b, err := encode(v)
	if err != nil { // a value of ours that is not JSON: NaN is the only way
		text(q, http.StatusInternalServerError, "internal error")
		return
	}
	writeRaw(q, &middleware.Raw{Status: status, ContentType: middleware.JSON, Body: b})
}

// rawPath is the path as the client wrote it.
func rawPath(q *middleware.Request) string {
	path, _, _ := strings.Cut(q.HTTP().RequestURI, "?")
	return path
}

// page is the error page of the servlet container that clients know.
type page struct {
	Timestamp string `json:"timestamp"`
	Status    int    `json:"status"`
	Error     string `json:"error"`
	Message   string `json:"message"`
	Path      string `json:"path"`
}

func errorPage(q *middleware.Request, status int, msg string) {
	if wantsHTML(q) {
		text(q, status, fmt.Sprintf("<html><body><h1>%d %s</h1><p>%s</p></body></html>", status, http.StatusText(status), html.EscapeString(msg)))
		return
	}
	writeJSON(q, status, pageOf(q, status, msg))
}

func pageOf(q *middleware.Request, status int, msg string) page {
	return page{
		Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05.000-07:00"),
		Status:    status,
		Error:     http.StatusText(status),
		Message:   msg,
		Path:      rawPath(q),
	}
}
