package controller

import (
	"errors"
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

// coded is an error with the number and the text of an envelope that no
// service.Code has.
type coded struct {
	wire
	msg string
}

// Error returns the sentence for the caller.
func (c *coded) Error() string { return c.msg }

// notFoundV3 is what v3 says of a service or a cluster that is not there.
func notFoundV3(msg string) error {
	return &coded{wire{http.StatusNotFound, wires[service.Internal].code, wires[service.Internal].text}, msg}
}

// noStore keeps browsers and proxies from keeping an answer, and from reading
// it as something else.
func noStore(q *middleware.Request) {
	h := q.Gin.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

// v3 writes the envelope of the console's API. A call of our own console is told
// of errors by a key, too.
func v3(q *middleware.Request, v any, err error) {
	noStore(q)
	switch {
	case err != nil && middleware.FromConsole(q):
		extError(q, err)
	case err != nil:
		v3Error(q, err)
	default:
		v3Value(q, v)
	}
}

func v3Value(q *middleware.Request, v any) {
	switch v := v.(type) {
	case middleware.Raw:
		writeRaw(q, &v)
	case *middleware.Raw:
		writeRaw(q, v)
	case result: // one that says more than success
		writeJSON(q, http.StatusOK, v)
	default:
		writeJSON(q, http.StatusOK, result{0, "success", v})
	}
}

func v3Error(q *middleware.Request, err error) {
	if c, ok := errors.AsType[*coded](err); ok {
		writeJSON(q, c.status, result{c.code, c.text, c.msg})
		return
	}
	v2(q, nil, err)
}

// v3Auth is v3 where Nacos's controllers of users answer, whose errors are
// texts.
func v3Auth(q *middleware.Request, v any, err error) {
	noStore(q)
	switch {
	case err == nil:
		v3Value(q, v)
	case middleware.FromConsole(q):
		extError(q, err)
	default:
		v1Core(q, nil, err)
	}
}

// v3Bare is v3 without the envelope, where all is well.
func v3Bare(q *middleware.Request, v any, err error) {
	if err != nil {
		v3(q, v, err)
		return
	}
	noStore(q)
	plain(q, v)
}

// v3Rows gives rows the dialect where they bring none, and their module. A
// console session counts on all of them.
func v3Rows(m middleware.Module, rows []middleware.Route) []middleware.Route {
	for i := range rows {
		rows[i].Module = m
		if rows[i].Session == middleware.Ignored {
			rows[i].Session = middleware.WithHeader
		}
		if rows[i].Dialect == nil {
			rows[i].Dialect = v3
		}
	}
	return rows
}
