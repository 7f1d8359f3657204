package persistence

import (
	"context"
	"database/sql"
	"sync"

	"gorm.io/gorm"
)

// readPool is the connections that read, as GORM's connection pool. It keeps
// queries prepared. GORM can do so as well, but begins a goroutine for it that
// never ends, which a program that opens and closes databases, such as a test
// under fake time, cannot have.
type readPool struct {
	*sql.DB // what is not a query goes there directly

	mu    sync.RWMutex // guards stmts
	stmts map[string]*sql.Stmt
}

var (
	_ gorm.ConnPool       = (*readPool)(nil)
	_ gorm.GetDBConnector = (*readPool)(nil)
)

func newReadPool(db *sql.DB) *readPool { return &readPool{DB: db, stmts: map[string]*sql.Stmt{}} }

// QueryContext runs a query.
func (p *readPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.statement(ctx, query) //nolint:sqlclosecheck // kept
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return p.DB.QueryContext(ctx, query, args...)
	}
	return s.QueryContext(ctx, args...)
}

// statement is the prepared statement of a query, nil when there are too many.
func (p *readPool) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	s, full := p.stmts[query], len(p.stmts) >= maxStatements
	p.mu.RUnlock()
	if s != nil || full {
		return s, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.stmts[query]; s != nil {
		return s, nil
	}
	s, err := p.PrepareContext(ctx, query) //nolint:sqlclosecheck // kept
	if err != nil {
		return nil, err
	}
	p.stmts[query] = s
	return s, nil
}

// GetDBConn implements gorm.GetDBConnector.
func (p *readPool) GetDBConn() (*sql.DB, error) { return p.DB, nil }
