package persistence

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
)

// txn is the transaction an op runs in. Ops of few rows go through GORM's
// methods; those on the hot path send prepared statements of their own.
type txn struct {
	*gorm.DB

	lay *layout
	box *Keyring // seals content at rest; nil when it is stored as it is
}

func (t *txn) exec(query string, args ...any) (n int64, err error) {
	res, err := t.Statement.ConnPool.ExecContext(t.Statement.Context, query, args...)
	if err != nil {
		return 0, t.lay.translate(err)
	}
	return res.RowsAffected()
}

// insert runs an INSERT and returns the id that the database gave the row.
func (t *txn) insert(query string, args ...any) (id int64, err error) {
	res, err := t.Statement.ConnPool.ExecContext(t.Statement.Context, query, args...)
	if err != nil {
		return 0, t.lay.translate(err)
	}
	return res.LastInsertId()
}

// one scans the first row of a query; found is false when there is none.
func (t *txn) one(query string, args []any, dest ...any) (found bool, err error) {
	return t.source().one(t.Statement.Context, query, args, dest...)
}

// source has queries read in the transaction.
func (t *txn) source() source {
	return source{
		run: func(ctx context.Context, query string, args []any, fn func(*sql.Rows) error) error {
			return runQuery(ctx, t.Statement.ConnPool, query, args, fn)
		},
		lay: t.lay, box: t.box,
	}
}

// source is where queries read, and what is known of the layout there.
type source struct {
	run func(ctx context.Context, query string, args []any, fn func(*sql.Rows) error) error
	lay *layout
	box *Keyring
}

func (s source) one(ctx context.Context, query string, args []any, dest ...any) (found bool, err error) {
	err = s.each(ctx, query, args, func(r *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return r.Scan(dest...)
	})
	return found && err == nil, err
}

func (s source) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	return s.lay.translate(s.run(ctx, query, args, scan))
}

// list collects what scan makes of each row.
func list[T any](ctx context.Context, s source, query string, args []any, scan func(*sql.Rows, *T) error) ([]T, error) {
	out := []T{}
	err := s.each(ctx, query, args, func(r *sql.Rows) error {
		var v T
		if err := scan(r, &v); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	})
	return out, err
}

// page counts and then reads one page. pageNo counts from 1.
func page[T any](ctx context.Context, s source, cols, rest string, args []any, order string, pageNo, size int, scan func(*sql.Rows, *T) error) (Page[T], error) {
	var p Page[T]
	if _, err := s.one(ctx, "SELECT COUNT(*)"+rest, args, &p.Total); err != nil {
		return p, err
	}
	offset := int64(pageNo-1) * int64(size)
	if pageNo < 1 || size < 1 || offset >= p.Total {
		p.Items = []T{}
		return p, nil
	}
	var err error
	args = append(slices.Clip(args), min(size, maxRows), offset)
	p.Items, err = list(ctx, s, "SELECT "+cols+rest+order+" LIMIT ? OFFSET ?", args, scan)
	return p, err
}

// maxRows bounds the rows of one answer, as Nacos does.
const maxRows = 50000

// stamp scans a time: milliseconds in SQLite, a DATETIME in MySQL.
type stamp struct{ t *time.Time }

// Scan takes what the driver has read.
func (s stamp) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*s.t = time.Time{}
	case int64:
		*s.t = time.UnixMilli(v).UTC()
	case time.Time:
		*s.t = v.UTC()
	default:
		return fmt.Errorf("a time cannot be read from %T", v)
	}
	return nil
}

// text scans a string; a NULL is "".
type text struct{ s *string }

// Scan takes what the driver has read.
func (t text) Scan(v any) error {
	var n sql.NullString
	err := n.Scan(v)
	*t.s = n.String
	return err
}
