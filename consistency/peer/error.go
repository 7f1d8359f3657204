package peer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Code says what became of a call. It crosses the wire, so codes are only ever
// added and a retired one keeps its line.
type Code uint16

// The codes of this package. What a service wants to say goes by codes of its
// own, from FirstFree on.
const (
	// Unreachable: the request was not sent. It is safe to try elsewhere.
	Unreachable Code = 1
	// Interrupted: the request was sent and the connection broke. Whether the
	// peer acted on it is not known.
	Interrupted Code = 2
	// Timeout: the deadline passed or the caller gave up. Whether the peer acted
	// on it is not known.
	Timeout Code = 3
	// NoHandler: the peer does not serve this kind of call; it may be older.
	NoHandler Code = 4
	// TooLarge: the request or the answer is above the frame limit.
	TooLarge Code = 5
	// Busy: the peer refused the request before acting on it.
	Busy Code = 6
	// BadRequest: the body did not decode.
	BadRequest Code = 7
	// Internal: the handler failed without a code.
	Internal Code = 8
	// Unauthenticated: the two nodes do not share a secret.
	Unauthenticated Code = 9
	// Incompatible: the two nodes have no protocol version in common.
	Incompatible Code = 10
	// FirstFree is the first code that services may define.
	FirstFree Code = 1000
)

// Errors of this package, to be tested for with errors.Is: two Errors are the
// same when their codes are.
var (
	ErrUnreachable     = &Error{Code: Unreachable, Msg: "peer unreachable"}
	ErrInterrupted     = &Error{Code: Interrupted, Msg: "connection to peer broke"}
	ErrTimeout         = &Error{Code: Timeout, Msg: "peer did not answer in time"}
	ErrNoHandler       = &Error{Code: NoHandler, Msg: "peer does not know this call"}
	ErrTooLarge        = &Error{Code: TooLarge, Msg: "message above the frame limit"}
	ErrBusy            = &Error{Code: Busy, Msg: "peer is busy"}
	ErrUnauthenticated = &Error{Code: Unauthenticated, Msg: "peer does not share our secret"}
	ErrIncompatible    = &Error{Code: Incompatible, Msg: "no protocol version in common"}
)

// maxErrorText bounds the text of an error on the wire, in bytes.
const maxErrorText = 1024

// Error is the failure of a call, here or on the peer.
type Error struct {
	Code Code
	Msg  string // for people; never compared
	Err  error  // what happened on this side; does not cross the wire
}

// Errorf returns an Error with a code that the caller will see as it is.
func Errorf(c Code, format string, args ...any) *Error {
	return &Error{Code: c, Msg: fmt.Sprintf(format, args...)}
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the local cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an Error of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// CodeOf returns the code in err, or Internal when it has none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// NotSent reports whether err says for certain that the peer did not act.
func NotSent(err error) bool {
	switch CodeOf(err) {
	case Unreachable, NoHandler, Busy, BadRequest, Unauthenticated, Incompatible:
		return true
	default:
		return false
	}
}

func wrap(sentinel *Error, cause error) *Error {
	return &Error{Code: sentinel.Code, Msg: sentinel.Msg, Err: cause}
}

// encodeError writes err as [code:2][text].
func encodeError(err error) []byte {
	msg := err.Error()
	if len(msg) > maxErrorText {
		msg = msg[:maxErrorText]
		for !utf8.ValidString(msg) && len(msg) > maxErrorText-utf8.UTFMax {
			msg = msg[:len(msg)-1]
		}
	}
	b := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(msg)), uint16(CodeOf(err)))
	return append(b, msg...)
}

// decodeError reads what encodeError wrote.
func decodeError(b []byte) error {
	if len(b) < 2 {
		return Errorf(Internal, "peer sent an ill-formed error")
	}
	e := &Error{Code: Code(binary.BigEndian.Uint16(b)), Msg: string(b[2:])}
	if e.Code == Timeout { // the peer keeps the caller's deadline, and may see it pass first
		e.Err = context.DeadlineExceeded
	}
	return e
}
