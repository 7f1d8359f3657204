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
		if r.Access.Class == Public && !r.Audited {
			return next
		}
		return func(q *Request) (any, error) {
			v, err := next(q)
			a := q.access
			if a == nil {
				a = &r.Access
			}
			writes := r.Audited || a.Action == Write && (a.Class == Management || r.Module == Config)
			page, _ := errors.AsType[*PageError](err)
			refused := page != nil && page.Status == http.StatusForbidden
			if !writes && !refused {
				return v, err
			}
			rec := record(q)
			switch {
			case refused:
				rec.Outcome, rec.Error = audit.Denied, page.Msg
			case err != nil:
				rec.Outcome, rec.Error = audit.Failed, told(err)
			}
			if e := l.Append(rec); e != nil {
				log.Error("the audit log cannot be written", "error", e)
			}
			return v, err
		}
	}
}

// told is what the caller is told of an error.
func told(err error) string {
	if e, ok := errors.AsType[*service.Error](err); ok {
		return e.Msg
	}
	return "internal error"
}

func record(q *Request) audit.Record {
	r := audit.Record{
		Time: q.Arrived, User: strings.Clone(q.User), Address: q.Address(), Outcome: audit.Done,
		Method: q.Gin.Request.Method, Path: q.Gin.Request.URL.Path, Resource: resourceOf(q),
		Params: map[string]string{}, Before: q.Before, After: q.After,
	}
	q.Params.Each(func(name, value string) {
		switch {
		case secret(name):
			value = "***"
		case name == "content":
			sum := md5.Sum([]byte(value)) //nolint:gosec // as above
			value = "md5 " + hex.EncodeToString(sum[:]) + ", " + strconv.Itoa(len(value)) + " bytes"
		case len(value) > maxAudited:
			value = value[:maxAudited] + "…"
		}
		if len(r.Params) < maxAuditedParams {
			r.Params[name] = value
		}
	})
	return r
}

// maxAuditedParams bounds how many parameters are kept.
const maxAuditedParams = 50

// secret reports whether a parameter may not be written down.
func secret(name string) bool {
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
