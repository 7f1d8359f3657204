//go:build !linux

package park

import "errors"

// hangups notices nothing on this system: a client that leaves is found out
// when its answer is written, and answered connections go back to the server at
// once.
type hangups struct{}

type watch struct{}

var errUnwatched = errors.New("connections are not watched on this system")

func newHangups(func(*Spot, bool)) (*hangups, error) { return &hangups{}, nil }

func (*hangups) park(*Spot) error { return nil }

func (*hangups) idle(*Spot) error { return errUnwatched }

func (*hangups) forget(*Spot) {}

func (*hangups) close() error { return nil }
