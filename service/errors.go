// Package service holds the vocabulary that all adapters share: what can go
// wrong with an operation, said without a word of HTTP or gRPC.
package service

import (
	"errors"
	"fmt"
)

// Code says what kind of failure an Error is. Adapters map it to statuses and
// to the numbers of their API version, in one table each.
type Code int

// The codes. Their numbers are internal: only names are used.
const (
	// Internal is a failure of the server; its Msg is safe to show.
	Internal Code = iota
	// ParamMissing is a required parameter that is not there.
	ParamMissing
	// BadParam is a parameter that is there but not valid.
	BadParam
	// NotFound is a resource that does not exist.
	NotFound
	// Conflict is a write whose precondition does not hold.
	Conflict
	// Unauthorized is a caller who is not known.
	Unauthorized
	// Forbidden is a caller who is known but may not.
	Forbidden
	// Unavailable is a dependency that does not answer now; trying again may help.
	Unavailable
	// Unsupported is a feature that this server refuses by design.
	Unsupported
	// TooLarge is a request over a limit.
	TooLarge
	// TooMany is a caller over a rate or a quota.
	TooMany

	// BadWeight is an instance weight out of range.
	BadWeight
	// BadMetadata is metadata that does not parse.
	BadMetadata
	// BadInstance is an instance whose fields contradict each other.
	BadInstance
	// BadSelector is a selector that does not parse.
	BadSelector
	// ServiceExists is a service that is created twice.
	ServiceExists
	// ServiceMissing is an operation on a service that does not exist.
	ServiceMissing
	// ServiceNotEmpty is a service that still has instances.
	ServiceNotEmpty
	// WrongKind is an ephemeral write to a persistent service or client, or the reverse.
	WrongKind
	// HealthChecked is a manual health update where a checker is at work.
	HealthChecked
	// NamespaceMissing is an operation on a namespace that does not exist.
	NamespaceMissing
	// NamespaceInvalid is a namespace that cannot be created as asked.
	NamespaceInvalid
	// BadState is a name of a node state that there is not.
	BadState

	// Stale is a compare-and-set whose digest is not that of what is there.
	Stale
	// GrayFull is one gray copy too many of one config.
	GrayFull
	// BadValue is a value that the database cannot hold.
	BadValue
	// OverCluster, OverGroup, OverTenant and OverSize are the quotas that a
	// config can exceed.
	OverCluster
	OverGroup
	OverTenant
	OverSize
)

// Error is a failure with a text for the caller and, apart from it, a cause for
// the log. The cause is never sent to a client.
type Error struct {
	Code Code
	Msg  string
	Err  error
}

// Error returns the text for the caller, followed by the cause if there is one.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error of the code with a formatted text for the caller.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Wrap returns an Error that shows msg to the caller and keeps err for the log.
func Wrap(code Code, err error, msg string) *Error {
	return &Error{Code: code, Msg: msg, Err: err}
}

// CodeOf returns the Code of err, Internal where it carries none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// Is reports whether err is a failure of the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
