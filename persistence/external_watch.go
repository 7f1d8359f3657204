package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
)

// watch looks for the master: now and then while there is one, more often while
// there is none.
func (e *external) watch(ctx context.Context) {
	timer := time.NewTimer(probeEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-e.kick:
		}
		was := e.now.Load()
		err := e.probe(ctx)
		if ctx.Err() != nil {
			return
		}
		is := e.now.Load()
		switch {
		case was != nil && is == nil:
			e.db.log.Warn("the database is away: reads go on from memory and the copy of its last state, writes are refused until it is back", "err", err)
		case was == nil && is != nil:
			e.db.log.Info("the database is back", "database", is.name)
			e.db.tellRestored()
		case was != nil && is.dataSource != was.dataSource:
			e.db.log.Warn("another database is the master now", "database", is.name, "was", was.name)
			e.db.tellRestored()
		}
		if is == nil {
			timer.Reset(retryEvery)
		} else {
			timer.Reset(probeEvery)
		}
	}
}

// probe looks for the first source that can be written to.
func (e *external) probe(ctx context.Context) error {
	var errs []error
	for _, s := range e.sources {
		if err := e.test(ctx, s); err != nil {
			s.down.Store(&err)
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
			continue
		}
		s.down.Store(nil)
		if c := e.now.Load(); c != nil && c.dataSource == s {
			return c.lay.own.look(ctx, func(ctx context.Context, query string, args []any, fn func(*sql.Rows) error) error {
				return translateMySQL(runQuery(ctx, s.g.Statement.ConnPool, query, args, fn))
			})
		}
		c, err := e.connect(ctx, s)
		if err == nil {
			e.now.Store(c)
			return nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
	}
	err := errors.Join(errs...)
	e.why.Store(&err)
	e.now.Store(nil)
	return err
}

// test says why a source cannot be the master.
func (e *external) test(ctx context.Context, s *dataSource) error {
	limit := e.pool.Test
	if limit <= 0 || limit > 3*time.Second {
		limit = 3 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var readOnly bool
	err := runQuery(ctx, s.g.Statement.ConnPool, "SELECT @@global.read_only", nil, func(r *sql.Rows) error {
		var v any
		if err := r.Scan(&v); err != nil {
			return err
		}
		on := fmt.Sprint(v)
		if b, ok := v.([]byte); ok {
			on = string(b)
		}
		readOnly = on == "1" || strings.EqualFold(on, "ON")
		return nil
	})
	if err != nil {
		return translateMySQL(err)
	}
	if readOnly && len(e.sources) > 1 {
		return fmt.Errorf("%w: it is read-only", ErrUnavailable)
	}
	return nil
}

// connect reads the schema of a source, and makes it where there is none.
func (e *external) connect(ctx context.Context, s *dataSource) (*connected, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	lay, made, err := mysqlLayout(ctx, s.g, s.loc)
	if !made || err != nil { // it is empty, or not whole: another node may be at it
		err = locked(ctx, s.g, func(g *gorm.DB) error {
			if lay, made, err = mysqlLayout(ctx, g, s.loc); made || err != nil {
				return err
			}
			if err := createSchema(ctx, g); err != nil {
				return err
			}
			e.db.log.Info("made Nacos's tables in an empty database", "database", s.name)
			lay, _, err = mysqlLayout(ctx, g, s.loc)
			return err
		})
	}
	if err != nil {
		return nil, translateMySQL(err)
	}
	if lay.public != "" {
		if err := migrateTwins(ctx, s.g, lay); err != nil {
			return nil, translateMySQL(err)
		}
	}
	if lay.gray && e.oneGray {
		lay.beta, lay.tag = false, false
	}
	if lay.gray && (lay.beta || lay.tag) {
		if err := e.migrateLegacy(ctx, s, lay); err != nil {
			return nil, translateMySQL(err)
		}
	}
	e.describe(s, lay)
	return &connected{s, lay}, nil
}

// describe says once what the database does without.
func (e *external) describe(s *dataSource, lay *layout) {
	var without []string
	if !lay.gray {
		without = append(without, "gray copies other than beta and tag")
	}
	if !lay.historyExt {
		without = append(without, "history of gray copies", "details in history")
	}
	e.db.log.Info("uses the MySQL database", "database", s.name, "public_namespace", lay.public, "without", strings.Join(without, ", "))
}
