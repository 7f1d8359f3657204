package persistence

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/go-sql-driver/mysql"
	"github.com/ncruces/go-sqlite3"
)

// ErrUnavailable is a database that does not answer, or a disk that takes no
// more: the caller may try again later. What was asked for did not happen, or,
// where the connection was lost during a commit, may have.
var ErrUnavailable = errors.New("the database is not available")

// ErrDenied is a write that the database's user may not do.
var ErrDenied = errors.New("the database user may not do this")

// translate says what a driver's error means to us.
func (l *layout) translate(err error) error {
	if l.mysql {
		return translateMySQL(err)
	}
	return translateSQLite(err)
}

func translateSQLite(err error) error {
	switch {
	case err == nil, known(err):
		return err
	case errors.Is(err, sqlite3.CONSTRAINT_UNIQUE), errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY):
		return fmt.Errorf("%w: %w", ErrExists, err)
	case errors.Is(err, sqlite3.CONSTRAINT), errors.Is(err, sqlite3.TOOBIG):
		return fmt.Errorf("%w: %w", ErrValue, err)
	case errors.Is(err, sqlite3.FULL):
		return fmt.Errorf("%w: the disk is full: %w", ErrUnavailable, err)
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.PERM), errors.Is(err, sqlite3.CANTOPEN):
		return fmt.Errorf("%w: its file cannot be written: %w", ErrUnavailable, err)
	case errors.Is(err, sqlite3.IOERR), errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED), errors.Is(err, sqlite3.NOMEM):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// known says whether an error has its meaning already.
func known(err error) bool {
	r := Refusal(0)
	return errors.As(err, &r) || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrClosed)
}

// translateMySQL does not repeat the settings of a connection: the driver's
// errors name the user and the host at most.
func translateMySQL(err error) error {
	if err == nil || known(err) {
		return err
	}
	if m, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return translateServer(m, err)
	}
	var n net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &n), errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// translateServer reads the numbers of errors that MySQL and MariaDB share.
func translateServer(m *mysql.MySQLError, err error) error {
	switch m.Number {
	case 1062: // duplicate entry
		return fmt.Errorf("%w: %w", ErrExists, err)
	case 1048, 1264, 1265, 1267, 1292, 1364, 1366, 1406, 3988: // null, out of range, cut, mixed collations, wrong value, no default, wrong letters, too long
		return fmt.Errorf("%w: %w", ErrValue, err)
	case 1044, 1142, 1143, 1227: // of the database, the table, the column; a privilege of the server
		return fmt.Errorf("%w: %w", ErrDenied, err)
	case 3, 28, 1021, 1026, 1030, 1114: // writing a file, no space, disk full, storage engine, table full
		return fmt.Errorf("%w: its disk takes no more: %w", ErrUnavailable, err)
	case 1040, 1053, 1129, 1130, 1152, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226, 1290, 1317, 1792, 1836, 1927, 3024, 4031:
		// too many connections, shutdown, blocked, not allowed from here, aborted, network, limits, lock waits,
		// deadlocks, read-only, interrupted, killed, timeouts
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// denied says whether the database user may not do what was tried.
func denied(err error) bool {
	var m *mysql.MySQLError
	return errors.As(err, &m) && (m.Number == 1142 || m.Number == 1044 || m.Number == 1227)
}
