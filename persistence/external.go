package persistence

import "context"

// external is a MySQL database.
type external struct{}

func (e *external) apply(context.Context, Op) (Result, error) { return Result{}, ErrUnavailable }
func (e *external) close() error                              { return nil }
func (e *external) source(kind) (source, error)               { return source{}, ErrUnavailable }
func (e *external) layout() *layout                           { return nil }
