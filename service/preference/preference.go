// Package preference keeps what users of the console have set for themselves: each
// value is a JSON text under a name, of which only the page knows the meaning.
package preference

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
)

// The bounds. All users together have at most what a snapshot can carry along
// without being noticed: it is sent whole to a node that is new.
const (
	// MaxValue bounds one value, in bytes.
	MaxValue  = 64 << 10
	maxNames  = 32           // of one user
	maxOfUser = 256 << 10    // bytes of one user's values
	maxRows   = 20_000       // of all users
	maxUser   = 255          // characters of a user's name: the width of the column
	maxStored = 2 * MaxValue // bytes that a value may take as it is stored
)

var named = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Store is what the service asks of the database.
type Store interface {
	Preferences(ctx context.Context, user string) ([]persistence.Preference, error)
}

// Writer commits an op: directly, or through the log of the cluster.
type Writer func(ctx context.Context, op persistence.Op) (persistence.Result, error)

// Service is the preferences of all users.
type Service struct {
	store Store
	write Writer
}

// New returns the service over a database.
func New(store Store, write Writer) *Service { return &Service{store, write} }

// Of returns what a user has stored, by name.
func (s *Service) Of(ctx context.Context, user string) (map[string]json.RawMessage, error) {
	rows, err := s.store.Preferences(ctx, user)
	if err != nil {
		return nil, failed(err)
	}
	out := make(map[string]json.RawMessage, len(rows))
	for _, r := range rows {
		if json.Valid([]byte(r.Value)) { // another hand may have been at the table
			out[r.Name] = json.RawMessage(r.Value)
		}
	}
	return out, nil
}

// Put stores a JSON text of a user under a name. A blank one removes what is there.
func (s *Service) Put(ctx context.Context, user, name, value string) error {
	switch {
	case user == "" || utf8.RuneCountInString(user) > maxUser:
		return service.Errorf(service.BadParam, "there is no place for settings of this user")
	case !named.MatchString(name):
		return service.Errorf(service.BadParam, "key must be up to 64 of a-z, 0-9, dot, dash and underscore")
	case len(value) > MaxValue:
		return service.Errorf(service.TooLarge, "value is longer than %d bytes", MaxValue)
	case value != "" && !json.Valid([]byte(value)):
		return service.Errorf(service.BadParam, "value is no JSON")
	}
	if value = ascii(value); len(value) > maxStored {
		return service.Errorf(service.TooLarge, "value takes more than %d bytes", maxStored)
	}
	op := persistence.PutPreference{User: user, Name: name, Value: value, Bounds: persistence.PreferenceBounds{Names: maxNames, Bytes: maxOfUser, Rows: maxRows}}
	_, err := s.write(ctx, op)
	return failed(err)
}

// ascii writes a JSON text without letters that the columns of a MySQL may not
// have. They are in strings alone, where an escape means the same.
func ascii(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r > '~' }) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r <= '~':
			b.WriteByte(byte(r)) //nolint:gosec // it is one
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// failed gives a database error its code; nil stays nil.
func failed(err error) error {
	if _, ok := errors.AsType[*service.Error](err); err == nil || ok {
		return err
	}
	switch {
	case errors.Is(err, persistence.ErrTooMany):
		return service.Errorf(service.TooLarge, "there is no room for more settings of this user")
	case errors.Is(err, persistence.ErrUnsupported):
		return service.Errorf(service.Unsupported, "settings cannot be kept: the database user may not make the table for them")
	case errors.Is(err, persistence.ErrValue):
		return service.Errorf(service.BadParam, "there is no place for settings of this user")
	case errors.Is(err, persistence.ErrDenied):
		return service.Wrap(service.Unavailable, err, "the server may not write to the database")
	case errors.Is(err, persistence.ErrUnavailable):
		return service.Wrap(service.Unavailable, err, "the database is not available now, try again later")
	}
	return service.Wrap(service.Internal, err, "the database failed")
}
