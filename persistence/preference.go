package persistence

import (
	"context"
	"database/sql"
)

// The codes of ops on what users set for themselves. They are only ever added.
const opPutPreference opCode = 450

const preferences = "pharos_preferences"

// PutPreference stores a value of a user under a name, or removes it where the
// value is blank. What goes beyond the bounds is refused with ErrTooMany.
type PutPreference struct {
	User, Name string
	Value      string `json:",omitempty"`
	Bounds     PreferenceBounds
}

// PreferenceBounds is how much may be stored.
type PreferenceBounds struct {
	Names int64 // of one user
	Bytes int64 // of all values of one user
	Rows  int64 // of all users
}

func (PutPreference) code() opCode { return opPutPreference }

// needs says which of our own tables the op writes to.
func (PutPreference) needs(*layout) string { return preferences }

func (o PutPreference) run(tx *txn) (Result, error) {
	if !fit(o.User, 255) || !fit(o.Name, 64) {
		return Result{}, ErrValue
	}
	n, err := tx.exec("DELETE FROM pharos_preferences WHERE username = ? AND name = ?", o.User, o.Name)
	if err != nil || o.Value == "" {
		return Result{N: n}, err
	}
	var names, bytes, rows int64
	if _, err := tx.one("SELECT COUNT(*), COALESCE(SUM(LENGTH(CAST(value AS "+tx.lay.bytes()+"))), 0) FROM pharos_preferences WHERE username = ?", []any{o.User}, &names, &bytes); err != nil {
		return Result{}, err
	}
	if _, err := tx.one("SELECT COUNT(*) FROM pharos_preferences", nil, &rows); err != nil {
		return Result{}, err
	}
	if names >= o.Bounds.Names || bytes+int64(len(o.Value)) > o.Bounds.Bytes || rows >= o.Bounds.Rows {
		return Result{}, ErrTooMany
	}
	_, err = tx.exec("INSERT INTO pharos_preferences (username, name, value) VALUES (?,?,?)", o.User, o.Name, o.Value)
	return Result{N: 1}, err
}

// bytes is the type of a text's bytes, as CAST has it.
func (l *layout) bytes() string {
	if l.mysql {
		return "BINARY"
	}
	return "BLOB"
}

// Preference is what a user has set for himself.
type Preference struct{ User, Name, Value string }

// Preferences lists what a user has stored.
func (d *DB) Preferences(ctx context.Context, user string) ([]Preference, error) {
	return d.preferences(ctx, " WHERE username = ?", user)
}

func (d *DB) preferences(ctx context.Context, where string, args ...any) ([]Preference, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	if err := s.lay.own.look(ctx, s.run); err != nil { // another node may have been the first to need it
		return nil, err
	}
	if !s.lay.owns(preferences) {
		return nil, nil
	}
	return list(ctx, s, "SELECT username, name, value FROM pharos_preferences"+where+" ORDER BY username, name", args,
		func(r *sql.Rows, v *Preference) error { return r.Scan(&v.User, &v.Name, &v.Value) })
}

// forget removes what a user has stored, which another one of that name is not to
// inherit.
func (t *txn) forget(user string) error {
	if !t.lay.owns(preferences) {
		return nil
	}
	_, err := t.exec("DELETE FROM pharos_preferences WHERE username = ?", user)
	return err
}
