package middleware

import (
	"crypto/md5" //nolint:gosec // the digest that configs have on the wire
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/audit"
)

// maxAudited bounds what is kept of one parameter, in bytes.
const maxAudited = 256

// Audit records the writes of consoles and operators, the writes of configs,
// and calls that were denied. It goes around Authorize. A record that cannot be
// written is logged: the disk is full, and the server should go on.
func Audit(l *audit.Log, log *slog.Logger) Middleware {
	return func(r *Route, next Handler) Handler {
		if r.Access.Class == Public && !r.Audited && !r.Login {
			return next
		}
		return func(q *Request) (any, error) {
			v, err := next(q)
			a := q.access
			if a == nil {
				a = &r.Access
			}
			writes := r.Audited || a.Action == Write && (a.Class == Management || r.Module == Config)
			cause := saidNo(v, err)
			refused := denial(cause)
			if !writes && !refused || r.Login && !refused || q.nobody {
				return v, err
			}
			if e := l.Append(record(q, cause, refused)); e != nil {
				log.Error("the audit log cannot be written", "error", e)
			}
			return v, err
		}
	}
}

// Verdict is an answer that is a value and says no all the same, in an envelope
// of which HTTP knows nothing.
type Verdict interface {
	// Verdict is the status that HTTP has for what the envelope says, and its text.
	Verdict() (status int, msg string)
}

// saidNo is the error that an answer comes with, or the refusal that it is; nil
// where it is none.
func saidNo(v any, err error) error {
	w, ok := v.(Verdict)
	if err != nil || !ok {
		return err
	}
	if status, msg := w.Verdict(); status/100 != 2 {
		return &PageError{Status: status, Msg: msg}
	}
	return nil
}

// told is what the caller is told of an error.
func told(err error) string {
	if p, ok := errors.AsType[*PageError](err); ok {
		return p.Msg
	}
	if e, ok := errors.AsType[*service.Error](err); ok {
		return e.Msg
	}
	return "internal error"
}

// denial reports whether an error says that the caller may not.
func denial(err error) bool {
	if p, ok := errors.AsType[*PageError](err); ok {
		return p.Status == http.StatusForbidden || p.Status == http.StatusUnauthorized
	}
	return service.Is(err, service.Unauthorized) || service.Is(err, service.Forbidden)
}

// bounded is a text of a caller, as much of it as is kept.
func bounded(s string) string {
	if len(s) > maxAudited {
		return s[:maxAudited] + "…"
	}
	return strings.Clone(s)
}

func record(q *Request, err error, refused bool) audit.Record {
	r := audit.Record{
		Time: q.Arrived, User: bounded(q.User), Address: q.Address(), Outcome: audit.Done,
		Method: bounded(q.Gin.Request.Method), Path: bounded(q.Gin.Request.URL.Path), Resource: resourceOf(q),
		Params: map[string]string{}, Before: q.Before, After: q.After,
	}
	switch {
	case refused:
		r.Outcome, r.Error = audit.Denied, bounded(told(err))
	case err != nil:
		r.Outcome, r.Error = audit.Failed, bounded(told(err))
	}
	q.Params.Each(func(name, value string) {
		switch {
		case Secret(name):
			value = "***"
		case name == "content":
			sum := md5.Sum([]byte(value)) //nolint:gosec // as above
			value = "md5 " + hex.EncodeToString(sum[:]) + ", " + strconv.Itoa(len(value)) + " bytes"
		default:
			value = bounded(value)
		}
		if len(r.Params) < maxAuditedParams {
			r.Params[bounded(name)] = value
		}
	})
	return r
}

// maxAuditedParams bounds how many parameters are kept.
const maxAuditedParams = 50

// Secret reports whether a parameter may not be written down.
func Secret(name string) bool {
	name = strings.ToLower(name)
	for _, s := range []string{"password", "token", "secret", "signature", "authorization", "code", "datakey"} {
		if strings.Contains(name, s) {
			return true
		}
	}
	return false
}

func resourceOf(q *Request) string {
	if q.access != nil {
		return q.access.Resource
	}
	return q.Route.Access.Resource
}
