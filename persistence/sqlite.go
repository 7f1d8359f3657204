package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/driver" // the database/sql driver
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// readers is the number of connections that read an SQLite file.
const readers = 4

// handle is an open SQLite file.
type handle struct {
	mu    sync.RWMutex // guards the following, which Restore replaces
	conn  *writeConn
	write *gorm.DB // by the goroutine that writes alone
	read  *gorm.DB
}

// openFile opens the SQLite file at path and brings it to the newest schema.
// Full makes every commit durable; without it a power failure may take the last
// ones, which a Raft log then brings back.
func (h *handle) openFile(path string, full bool) (err error) {
	sync := "normal"
	if full {
		sync = "full"
	}
	dsn := "file:" + path + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(" + sync + ")" +
		"&_pragma=journal_size_limit(67108864)&_pragma=wal_autocheckpoint(4000)&_pragma=cache_size(-16384)"
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open %s: %w", path, cure(err)), h.closeFile())
		}
	}()
	pool, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return err
	}
	if h.conn, err = newWriteConn(pool); err != nil {
		return errors.Join(err, pool.Close())
	}
	if h.write, err = gorm.Open(gormlite.OpenDB(h.conn), gormConfig()); err != nil {
		return err
	}
	if err = migrate(h.write); err != nil {
		return err
	}
	r, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return err
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	if h.read, err = gorm.Open(gormlite.OpenDB(newReadPool(r)), gormConfig()); err != nil {
		return errors.Join(err, r.Close())
	}
	return nil
}

// cure says what to do about a file that cannot be read any more.
func cure(err error) error {
	if errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.CORRUPT) {
		return fmt.Errorf("the file is damaged, or no database: put a copy of it back, or move it away to begin with an empty one; "+
			"a member of a cluster gets all data from the others when its whole data directory was moved away: %w", err)
	}
	return err
}

func gormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		TranslateError:         true,
		// An op brings its own time. A column that GORM stamps by itself gets the
		// zero time: wrong for all to see, but the same on every node.
		NowFunc: func() time.Time { return time.Time{} },
	}
}

func (h *handle) closeFile() error {
	var err error
	if h.read != nil {
		err = closeDB(h.read)
	}
	if h.conn != nil {
		err = errors.Join(err, h.conn.Close())
	}
	h.read, h.write, h.conn = nil, nil, nil
	return err
}

func closeDB(g *gorm.DB) error {
	s, err := g.DB()
	if err != nil {
		return err
	}
	return s.Close()
}

// query runs a query on one of the connections that read.
func (h *handle) query(ctx context.Context, query string, args []any, fn func(*sql.Rows) error) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.read == nil {
		return ErrClosed
	}
	return runQuery(ctx, h.read.Statement.ConnPool, query, args, fn)
}

// checkpoint moves what is in the write-ahead log into the file, as far as no
// reader is in the way.
func (h *handle) checkpoint() error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.conn == nil {
		return nil
	}
	return runQuery(context.Background(), h.conn, "PRAGMA wal_checkpoint(PASSIVE)", nil, func(*sql.Rows) error { return nil })
}

func runQuery(ctx context.Context, pool gorm.ConnPool, query string, args []any, fn func(*sql.Rows) error) (err error) {
	rows, err := pool.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
