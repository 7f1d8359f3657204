package persistence

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"time"
)

// The codes of ops on sessions of the console. They are only ever added.
const opEndSession opCode = 440

// EndSession ends a session of the console before its time, or, without an ID, all
// that a user has. Rows of sessions that would be over by now go with it. One that is
// ended by itself is refused with ErrTooMany beyond Max rows of the user.
type EndSession struct {
	User    string
	ID      string    `json:",omitempty"` // "": all that were issued up to Before
	Before  time.Time `json:",omitzero"`  // to the second
	Kept    string    `json:",omitempty"` // of all: the one that goes on, if it is not over already
	Since   time.Time `json:",omitzero"`  // when that was issued
	Expires time.Time // when the last of them would have ended by itself
	Now     time.Time
	Max     int64
}

func (EndSession) code() opCode { return opEndSession }

// needs says which of our own tables the op writes to.
func (EndSession) needs(*layout) string { return endedSessions }

const endedSessions = "pharos_ended_sessions"

// rowID is the key of the op's row. That of all of a user's sessions is no id of
// a session, and has one length whatever the name has.
func (o EndSession) rowID() string {
	if o.ID != "" {
		return o.ID
	}
	sum := sha256.Sum256([]byte(o.User))
	return "all of " + hex.EncodeToString(sum[:])
}

func (o EndSession) run(tx *txn) (Result, error) {
	if !fit(o.User, 255) || !fit(o.ID, 128) || !fit(o.Kept, 128) {
		return Result{}, ErrValue
	}
	kept, err := o.goesOn(tx)
	if err != nil {
		return Result{}, err
	}
	if _, err := tx.exec("DELETE FROM pharos_ended_sessions WHERE expires < ? OR id = ?", o.Now.UnixMilli(), o.rowID()); err != nil {
		return Result{}, err
	}
	var n int64
	if _, err := tx.one("SELECT COUNT(*) FROM pharos_ended_sessions WHERE username = ?", []any{o.User}, &n); err != nil {
		return Result{}, err
	}
	before := int64(0)
	switch {
	case o.ID == "": // one row, however many sessions there are
		before = max(o.Before.UnixMilli(), 1)
	case n >= o.Max:
		return Result{}, ErrTooMany
	}
	_, err = tx.exec("INSERT INTO pharos_ended_sessions (id, username, kept, issued_before, expires) VALUES (?,?,?,?,?)",
		o.rowID(), o.User, kept, before, o.Expires.UnixMilli())
	return Result{N: 1}, err
}

// goesOn is the session that is to be kept, "" where an earlier op ended it: of
// two that end all but themselves at once one is left.
func (o EndSession) goesOn(tx *txn) (string, error) {
	if o.ID != "" || o.Kept == "" {
		return "", nil
	}
	var kept string
	var before int64
	found, err := tx.one("SELECT kept, issued_before FROM pharos_ended_sessions WHERE id = ?", []any{o.rowID()}, &kept, &before)
	if err != nil || found && kept != o.Kept && o.Since.Unix() <= before/1000 {
		return "", err
	}
	return o.Kept, nil
}

// EndedSession is a row of pharos_ended_sessions.
type EndedSession struct {
	ID      string // "": all of the user that were issued up to Before, without Kept
	User    string
	Kept    string
	Before  time.Time
	Expires time.Time // then the row has nothing to say any more
}

// EndedSessions lists the sessions of the console that were ended.
func (d *DB) EndedSessions(ctx context.Context) ([]EndedSession, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	if err := s.lay.own.look(ctx, s.run); err != nil { // another node may have been the first to need it
		return nil, err
	}
	if !s.lay.owns(endedSessions) {
		return nil, nil
	}
	return list(ctx, s, "SELECT id, username, kept, issued_before, expires FROM pharos_ended_sessions ORDER BY id", nil, func(r *sql.Rows, v *EndedSession) error {
		var before, expires int64
		err := r.Scan(&v.ID, &v.User, &v.Kept, &before, &expires)
		if before != 0 {
			v.ID, v.Before = "", time.UnixMilli(before).UTC()
		}
		v.Expires = time.UnixMilli(expires).UTC()
		return err
	})
}
