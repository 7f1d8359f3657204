package persistence

import "errors"

// ErrUnavailable is a database that does not answer, or a disk that takes no
// more: the caller may try again later. What was asked for did not happen, or,
// where the connection was lost during a commit, may have.
var ErrUnavailable = errors.New("the database is not available")
