package middleware

import "github.com/pharos-registry/pharos/service"

// PageError is an error that every dialect writes as the error page of a servlet
// container: what a filter refused, before a handler was asked.
type PageError struct {
	Status int
	Msg    string
	Code   service.Code // why, where it is known; Internal where not
}

// Error returns the text of the page.
func (e *PageError) Error() string { return e.Msg }

// BareError is an error that every dialect writes as a status and a text, with no
// Content-Type: what the check of parameters refused.
type BareError struct {
	Status int
	Msg    string
}

// Error returns the text.
func (e *BareError) Error() string { return e.Msg }
