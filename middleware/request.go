// Package middleware is what happens to a request before and after its handler.
// A middleware wraps a Handler; it sees the one parse of the parameters, and the
// value or the error that comes back.
package middleware

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// Request is one HTTP request on its way to a handler. It belongs to the
// goroutine that serves it and is reused afterwards: a handler keeps nothing of
// it. Strings taken from Params may point into the request's body; clone what
// is stored for long.
type Request struct {
	Gin     *gin.Context
	Route   *Route
	Params  Params
	Arrived time.Time

	// FromPeer is set when another node of the cluster sent the request on; it
	// is never forwarded again. Only the peer listener sets it.
	FromPeer bool

	// User is who calls, "" where nobody was asked.
	User string

	// Before and After are digests of what a write replaced and left, for the
	// audit log. The handler sets them.
	Before, After string

	reply   Raw      // of Reply
	scratch [96]byte // of Scratch
	body    metered  // the request's, while it is under way

	nobody bool    // asked who he is, and is nobody: see Route.WhoAmI
	access *Access // what the request asks for, once Authorize has looked
	guard  *Guard  // of a route that is guarded now
	mode   Mode
}

// Handler answers a request with a value or an error. It writes nothing: the
// dialect of the route does. A handler that has taken the connection over
// returns Answered.
type Handler func(*Request) (any, error)

// Middleware wraps a Handler. It runs once per route, at start.
type Middleware func(*Route, Handler) Handler

// Dialect writes an answer the way one API version does.
type Dialect func(q *Request, v any, err error)

// Answered is the value of a handler that has written its answer itself, or
// will do so when something happens.
type Answered struct{}

// Raw is an answer that is sent as it is.
type Raw struct {
	Status      int      // 0 is 200
	ContentType []string // as a header value, made once: see TextPlain
	Header      []Field  // others
	Body        []byte

	// An answer of which the middle is made in advance has a Head before it and a
	// Tail behind it, and may bring the Content-Length of all three.
	Head, Tail []byte
	Length     []string
}

// Field is a header line whose value was made once. The name is sent as it is
// written here.
type Field struct {
	Name  string
	Value []string
}

// Header values made once, for Raw and the dialects.
//
//nolint:gochecknoglobals // a table
var (
	TextPlain = []string{"text/plain;charset=UTF-8"}
	TextHTML  = []string{"text/html;charset=UTF-8"}
	JSON      = []string{"application/json"}
	JSONUTF8  = []string{"application/json;charset=UTF-8"}
)

// HTTP returns the request as net/http has it.
func (q *Request) HTTP() *http.Request { return q.Gin.Request }

// Context ends when the client leaves or the server stops.
func (q *Request) Context() context.Context { return q.Gin.Request.Context() }

// Header returns the first value of a request header, by its canonical name.
func (q *Request) Header(canonical string) string {
	if v := q.Gin.Request.Header[canonical]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Reply keeps an answer in the request, so that it need not be allocated.
func (q *Request) Reply(r Raw) *Raw {
	q.reply = r
	return &q.reply
}

// Scratch is an empty slice in the request, for a part of its answer.
func (q *Request) Scratch() []byte { return q.scratch[:0] }

// Chain returns h inside all of the middlewares, the first one outermost.
func Chain(r *Route, h Handler, mw ...Middleware) Handler {
	for _, m := range slices.Backward(mw) {
		h = m(r, h)
	}
	return h
}

// begin makes a used Request a new one. The storage of Params is kept.
func (q *Request) begin(c *gin.Context) {
	*q = Request{Gin: c, Route: q.Route, Params: q.Params, Arrived: time.Now()}
}

// Serve returns the Gin handler of a route: h between the making of the Request
// and the writing of the answer. observe, if not nil, is told of every answer
// that was written here.
func Serve(r *Route, h Handler, observe func(status int, since time.Time)) gin.HandlerFunc {
	pool := sync.Pool{New: func() any { return &Request{Route: r} }}
	return func(c *gin.Context) {
		q, _ := pool.Get().(*Request)
		q.begin(c)
		v, err := h(q)
		if _, ok := v.(Answered); !ok || err != nil {
			r.Dialect(q, v, err)
			if observe != nil {
				observe(c.Writer.Status(), q.Arrived)
			}
		}
		q.Gin, q.reply = nil, Raw{}
		q.Params.reset()
		pool.Put(q)
	}
}
