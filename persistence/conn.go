package persistence

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"gorm.io/gorm"
)

// maxStatements bounds the prepared statements that a connection keeps.
const maxStatements = 512

// writeConn is the one connection that writes to an SQLite file, as GORM's
// connection pool. It keeps its statements prepared from one transaction to the
// next, which a transaction of database/sql does not. One goroutine uses it.
type writeConn struct {
	pool  *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

var (
	_ gorm.ConnPool         = (*writeConn)(nil)
	_ gorm.ConnPoolBeginner = (*writeConn)(nil)
	_ gorm.TxCommitter      = (*writeTx)(nil)
)

func newWriteConn(pool *sql.DB) (*writeConn, error) {
	conn, err := pool.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	return &writeConn{pool: pool, conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

// PrepareContext gives the prepared statement of a query. It is kept: closing it
// would only have it prepared again.
func (w *writeConn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := w.stmts[query]; ok {
		return s, nil
	}
	if len(w.stmts) >= maxStatements {
		w.forget()
	}
	s, err := w.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = s
	return s, nil
}

// ExecContext runs a statement that gives no rows.
func (w *writeConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if isSavepoint(query) {
		return w.conn.ExecContext(ctx, query, args...)
	}
	s, err := w.PrepareContext(ctx, query) //nolint:sqlclosecheck // kept
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// isSavepoint says whether a statement is one of those for savepoints, whose
// names GORM makes anew each time.
func isSavepoint(query string) bool {
	return strings.HasPrefix(query, "SAVEPOINT ") || strings.HasPrefix(query, "ROLLBACK TO ") || strings.HasPrefix(query, "RELEASE ")
}

// QueryContext runs a query.
func (w *writeConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := w.PrepareContext(ctx, query) //nolint:sqlclosecheck // kept
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext runs a query of one row.
func (w *writeConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := w.PrepareContext(ctx, query) //nolint:sqlclosecheck // kept
	if err != nil {
		return w.conn.QueryRowContext(ctx, query, args...) // a Row carries its error, and only database/sql makes one
	}
	return s.QueryRowContext(ctx, args...)
}

// BeginTx begins a transaction that may write.
func (w *writeConn) BeginTx(ctx context.Context, _ *sql.TxOptions) (gorm.ConnPool, error) {
	_, err := w.ExecContext(ctx, "BEGIN IMMEDIATE")
	return &writeTx{w}, err
}

// writeTx is the connection while a transaction is open.
type writeTx struct{ *writeConn }

// Commit ends the transaction; what it wrote is then on the disk.
func (w *writeTx) Commit() error {
	_, err := w.ExecContext(context.Background(), "COMMIT")
	if err != nil {
		err = errors.Join(err, w.Rollback())
	}
	return err
}

// Rollback ends the transaction. SQLite may have ended it by itself, as it does
// when the disk is full.
func (w *writeTx) Rollback() error {
	_, err := w.ExecContext(context.Background(), "ROLLBACK")
	if err != nil && strings.Contains(err.Error(), "no transaction is active") {
		return nil
	}
	return err
}

func (w *writeConn) forget() {
	for q, s := range w.stmts {
		_ = s.Close() // a statement that is not needed any more
		delete(w.stmts, q)
	}
}

// Close closes the connection and the pool it came from.
func (w *writeConn) Close() error {
	w.forget()
	return errors.Join(w.conn.Close(), w.pool.Close())
}
