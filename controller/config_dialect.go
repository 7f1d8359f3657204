package controller

import (
	"errors"
	"html"
	"net/http"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

// v1cs is v1 where Nacos's configuration centre answers: a filter has set the
// type of the answer to JSON before the handler, errors are the text of all
// their causes, and a missing parameter is the server's failure.
func v1cs(q *middleware.Request, v any, err error) {
	if err != nil {
		v1csError(q, err)
		return
	}
	switch v := v.(type) {
	case *middleware.Raw:
		writeRaw(q, v)
	case middleware.Raw:
		writeRaw(q, &v)
	case string:
		csText(q, http.StatusOK, v)
	case nil:
		writeRaw(q, &middleware.Raw{ContentType: middleware.JSONUTF8})
	default:
		csJSON(q, http.StatusOK, v)
	}
}

func v1csError(q *middleware.Request, err error) {
	var page *middleware.PageError
	var bare *middleware.BareError
	var absent *missing
	var typed *conversion
	var refused *refusedError
	switch {
	case errors.As(err, &page):
		if wantsHTML(q) {
			errorPage(q, page.Status, page.Msg)
			return
		}
		csJSON(q, page.Status, pageOf(q, page.Status, page.Msg))
	case errors.As(err, &bare):
		writeRaw(q, &middleware.Raw{Status: bare.Status, ContentType: middleware.JSONUTF8, Header: noCache, Body: []byte(bare.Msg + "\r\n")})
	case errors.As(err, &refused):
		csJSON(q, refused.status, refused.body)
	case errors.As(err, &absent):
		csText(q, http.StatusInternalServerError, html.EscapeString("caused: "+absent.Error()+";"))
	case errors.As(err, &typed):
		csText(q, http.StatusBadRequest, "caused: "+typed.Error()+";caused: "+typed.cause()+";")
	default:
		w, _ := failure(err)
		msg := causes(err)
		if w.status == http.StatusInternalServerError {
			msg = html.EscapeString(msg)
		}
		csText(q, w.status, msg)
	}
}

// causes is the text of an error and of those that it is due to, as far as a
// caller may know them.
func causes(err error) string {
	var b strings.Builder
	for e, ok := errors.AsType[*service.Error](err); ok; e, ok = e.Err.(*service.Error) { //nolint:errorlint // the next one, not any one
		if e.Msg != "" {
			b.WriteString("caused: " + e.Msg + ";")
		}
	}
	if b.Len() == 0 {
		return "caused: internal error;"
	}
	return b.String()
}

// v2cs is v2 where Nacos's configuration centre answers.
func v2cs(q *middleware.Request, v any, err error) {
	var typed *conversion
	_, filtered := errors.AsType[*middleware.BareError](err)
	switch {
	case errors.As(err, &typed):
		writeJSON(q, http.StatusInternalServerError, result{30000, typed.Error(), nil})
	case err != nil && !filtered && wantsHTML(q):
		w, msg := failure(err)
		errorPage(q, w.status, msg)
	case err == nil:
		if raw, ok := v.(*middleware.Raw); ok {
			writeRaw(q, raw)
			return
		}
		v2(q, v, nil)
	default:
		v2(q, v, err)
	}
}

// v2csBare is v2cs without the envelope.
func v2csBare(q *middleware.Request, v any, err error) {
	if err != nil {
		v2cs(q, v, err)
		return
	}
	writeJSON(q, http.StatusOK, v)
}

func csJSON(q *middleware.Request, status int, v any) {
	b, err := encode(v)
	if err != nil {
		csText(q, http.StatusInternalServerError, "internal error")
		return
	}
	writeRaw(q, &middleware.Raw{Status: status, ContentType: middleware.JSONUTF8, Body: b})
}

// csText writes a text under the first type that the client accepts, whatever
// it is: the bytes are the same, but that a browser gets no markup.
func csText(q *middleware.Request, status int, s string) {
	ct := middleware.TextPlain
	first, _, _ := strings.Cut(q.Header("Accept"), ",")
	first, _, _ = strings.Cut(first, ";")
	switch first = strings.TrimSpace(first); {
	case first == "application/json":
		ct = middleware.JSONUTF8
	case first == "text/html", strings.HasSuffix(first, "xml"):
		ct, s = middleware.TextHTML, html.EscapeString(html.UnescapeString(s))
	}
	writeRaw(q, &middleware.Raw{Status: status, ContentType: ct, Body: []byte(s)})
}

// refusedError is an error that is answered as a RestResult with a status.
type refusedError struct {
	status int
	body   restResult
}

// Error returns the text of the result.
func (r *refusedError) Error() string { return *r.body.Message }

// conversion is a parameter that is not of the type that the handler declares.
type conversion struct{ value, kind string }

// Error is Spring's text for it.
func (c *conversion) Error() string {
	return "Failed to convert value of type 'java.lang.String' to required type '" + c.kind +
		"'; nested exception is " + c.exception() + c.cause()
}

func (c *conversion) exception() string {
	if strings.HasSuffix(c.kind, "SameConfigPolicy") {
		return "java.lang.IllegalArgumentException: "
	}
	return "java.lang.NumberFormatException: "
}

func (c *conversion) cause() string {
	if strings.HasSuffix(c.kind, "SameConfigPolicy") {
		return "No enum constant " + c.kind + "." + c.value
	}
	return `For input string: "` + c.value + `"`
}

// noCache are the header lines of answers that must not be kept.
//
//nolint:gochecknoglobals // a table
var noCache = []middleware.Field{
	{Name: "Pragma", Value: []string{"no-cache"}},
	{Name: "Expires", Value: []string{"Thu, 01 Jan 1970 00:00:00 GMT"}},
	{Name: "Cache-Control", Value: []string{"no-cache,no-store"}},
}
