package rpc

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

// The codes of answers: contract §4.3.
const (
	codeOK            = 200
	codeFail          = 500
	codeStarting      = 300
	codeUnregistered  = 301
	codeNoHandler     = 302
	codeParam         = 400
	codeForbidden     = 403
	codeNotFound      = 404
	codeConflict      = 409
	codeInternal      = 500
	codeUnimplemented = 501
	codeBad           = 502
	codeOver          = 503
	codeDisconnected  = -401
)

// typeError is the type of an answer that is not of the request's own kind.
const typeError = "ErrorResponse"

// Done is an answer with a message: SDKs read it nowhere, but Nacos sends it.
type Done struct {
	Message string
	Fields  any // as a handler returns them
}

// Raw is JSON of an answer's own members: without braces, and beginning with a
// comma unless it is empty.
type Raw []byte

// RefusalError is a failure that is answered in the request's own type, which SDKs
// do not try again: they tell their user. Fields are what the type has beside.
type RefusalError struct {
	Code   int // the errorCode; 0 is allowed
	Msg    string
	Fields any
}

// Error implements error.
func (r *RefusalError) Error() string { return r.Msg }

// ThrownError is a failure that is answered as an ErrorResponse, as what a handler of
// Nacos throws: SDKs try it again, up to three times.
type ThrownError struct {
	Result, Code int
	Msg          string
}

// Error implements error.
func (t *ThrownError) Error() string { return t.Msg }

func fault(code int, msg string) *ThrownError { return &ThrownError{codeFail, code, msg} }

// Answers that say nothing else.
var (
	errStarting     = fault(codeStarting, "Server is starting,please try later.")
	errNoHandler    = fault(codeNoHandler, "RequestHandler Not Found")
	errUnregistered = fault(codeUnregistered, "Connection is unregistered.")
	errBody         = fault(codeBad, "errCode: 101, errMsg: Nacos deserialize failed.  ")
	errNull         = fault(codeBad, "Invalid request")
)

// reply is the answer of a handler of t, as a payload.
func (t *Type) reply(v any, err error) *Payload {
	if err != nil {
		return t.failure(err)
	}
	d, ok := v.(Done)
	if !ok {
		d.Fields = v
	}
	return envelope(t.Answer, codeOK, 0, d.Message, d.Fields)
}

// failure is the answer that says err. What is not meant for callers is told as
// a failure of the server.
func (t *Type) failure(err error) *Payload {
	if r, ok := errors.AsType[*RefusalError](err); ok {
		return envelope(t.Answer, codeFail, r.Code, r.Msg, r.Fields)
	}
	if x, ok := errors.AsType[*ThrownError](err); ok {
		return envelope(typeError, x.Result, x.Code, x.Msg, nil)
	}
	if p, ok := errors.AsType[*middleware.PageError](err); ok {
		return envelope(t.Answer, codeFail, p.Status, p.Msg, t.Failed)
	}
	e, ok := errors.AsType[*service.Error](err)
	if !ok {
		return envelope(typeError, codeFail, codeInternal, "internal error", nil)
	}
	code := numberOf(e.Code)
	return envelope(typeError, code, code, e.Msg, nil)
}

// numberOf is the number that gRPC has for a failure.
func numberOf(c service.Code) int {
	switch c {
	case service.NotFound, service.ServiceMissing, service.NamespaceMissing:
		return codeNotFound
	case service.Forbidden, service.Unauthorized:
		return codeForbidden
	case service.Conflict, service.Stale, service.ServiceExists:
		return codeConflict
	case service.Unsupported:
		return codeUnimplemented
	case service.TooMany:
		return codeOver
	case service.Internal, service.Unavailable:
		return codeInternal
	default:
		return codeParam
	}
}

// statusOf is what HTTP has for the numbers of an answer, for the metrics.
func statusOf(err error) int {
	r, refusal := errors.AsType[*RefusalError](err)
	x, thrown := errors.AsType[*ThrownError](err)
	p, page := errors.AsType[*middleware.PageError](err)
	code := codeOK
	switch {
	case err == nil:
	case refusal:
		code = r.Code
	case thrown:
		code = x.Code
	case page:
		return p.Status
	default:
		code = numberOf(service.CodeOf(err))
	}
	switch code {
	case codeOK:
		return http.StatusOK
	case codeParam, codeBad, codeNoHandler:
		return http.StatusBadRequest
	case codeForbidden:
		return http.StatusForbidden
	case codeNotFound, codeStarting: // of a config, 300 says that there is none
		return http.StatusNotFound
	case codeConflict, codeUnregistered, codeDisconnected:
		return http.StatusConflict
	case codeOver:
		return http.StatusTooManyRequests
	case codeUnimplemented:
		return http.StatusNotImplemented
	default:
		return http.StatusInternalServerError
	}
}

// envelope packs an answer.
func envelope(kind string, result, code int, msg string, fields any) *Payload {
	more, err := members(fields)
	if err != nil {
		kind, result, code, msg, more = typeError, codeFail, codeInternal, "internal error", nil
	}
	b := make([]byte, 0, len(more)+len(msg)+80)
	b = append(b, `{"resultCode":`...)
	b = strconv.AppendInt(b, int64(result), 10)
	b = append(b, `,"errorCode":`...)
	b = strconv.AppendInt(b, int64(code), 10)
	if msg != "" {
		b = append(b, `,"message":`...)
		b = appendString(b, msg)
	}
	b = append(b, more...)
	b = append(b, `,"success":`...)
	b = strconv.AppendBool(b, result == codeOK)
	return &Payload{Type: kind, Body: append(b, '}')}
}

// members are the fields of an answer as JSON, beginning with a comma.
func members(fields any) ([]byte, error) {
	switch f := fields.(type) {
	case nil:
		return nil, nil
	case Raw:
		return f, nil
	}
	b, err := json.Marshal(fields)
	if err != nil || len(b) <= len("{}") {
		return nil, err
	}
	b[0] = ','
	return b[:len(b)-1], nil
}

// appendString appends s as JSON. The characters that only HTML minds stay as
// they are.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7F || c == '"' || c == '\\' {
			q, err := json.Marshal(s)
			if err != nil { // a string always is JSON
				return append(b, `""`...)
			}
			return append(b, q...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
