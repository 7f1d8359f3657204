package middleware

import (
	"log/slog"
	"runtime/debug"

	"github.com/pharos-registry/pharos/service"
)

// Recover turns a panic of a handler into an error for the caller and a log
// record with the stack.
func Recover(log *slog.Logger) Middleware {
	return func(r *Route, next Handler) Handler {
		return func(q *Request) (v any, err error) {
			defer func() {
				if p := recover(); p != nil {
					log.Error("handler panicked", "route", r.Method+" "+r.Path, "panic", p, "stack", string(debug.Stack()))
					v, err = nil, service.Errorf(service.Internal, "internal error")
				}
			}()
			return next(q)
		}
	}
}
