package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"
	"gorm.io/gorm"
)

const (
	// maxGroup bounds how many ops are committed together.
	maxGroup = 256
	// checkpointEvery is how long what was written may stay in the write-ahead
	// log alone.
	checkpointEvery = time.Minute
)

// file is an SQLite file and the goroutine that writes to it, which commits all
// that wait together: one fsync for many writers.
type file struct {
	handle

	db   *DB
	path string
	full bool
	lay  *layout

	queue  chan request
	tasks  chan func() // what must run between two groups
	stop   chan struct{}
	done   chan struct{}
	closed once
}

type request struct {
	op     Op
	answer chan answer
}

type answer struct {
	res Result
	err error
}

func newFile(path string, db *DB, full bool) *file {
	return &file{
		db: db, path: path, full: full, lay: sqliteLayout(),
		queue: make(chan request, maxGroup), tasks: make(chan func()), stop: make(chan struct{}), done: make(chan struct{}),
	}
}

func (f *file) apply(ctx context.Context, op Op) (Result, error) {
	r := request{op: op, answer: make(chan answer, 1)}
	select {
	case f.queue <- r:
	case <-f.stop:
		return Result{}, ErrClosed
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	select {
	case a := <-r.answer:
		return a.res, a.err
	case <-f.done:
		select {
		case a := <-r.answer:
			return a.res, a.err
		default:
			return Result{}, ErrClosed
		}
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// run is the goroutine that writes.
func (f *file) run() {
	defer close(f.done)
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	group := make([]request, 0, maxGroup)
	wrote := false
	for {
		select {
		case r := <-f.queue:
			group = f.commit(f.gather(append(group[:0], r)))
			wrote = true
		case task := <-f.tasks:
			task()
		case <-tick.C:
			if !wrote {
				continue
			}
			wrote = false
			if err := f.checkpoint(); err != nil {
				f.db.log.Warn("the database's log could not be moved into its file", "file", f.path, "err", err)
			}
		case <-f.stop:
			return
		}
	}
}

// gather adds what waits to a group.
func (f *file) gather(group []request) []request {
	for len(group) < maxGroup {
		select {
		case r := <-f.queue:
			group = append(group, r)
		default:
			return group
		}
	}
	return group
}

// commit runs a group in one transaction. A group that fails as a whole is run
// again one by one, so that one bad op does not take its neighbours with it.
func (f *file) commit(group []request) []request {
	answers := make([]answer, len(group))
	err := f.write.Transaction(func(g *gorm.DB) error {
		for i, r := range group {
			res, refused, err := f.db.runOp(g, f.lay, r.op, false)
			if err != nil {
				return err
			}
			answers[i] = answer{res, refused}
		}
		return nil
	})
	switch {
	case err != nil && len(group) > 1:
		for i := range group {
			f.commit(group[i : i+1])
		}
		return group
	case err != nil:
		answers[0] = answer{err: f.explain(err)}
	}
	for i, r := range group {
		if answers[i].err == nil {
			f.db.notify(r.op, answers[i].res)
		}
		r.answer <- answers[i]
	}
	return group
}

// explain says what an error of a write means. The driver does not tell a full
// disk from one that fails.
func (f *file) explain(err error) error {
	if errors.Is(err, sqlite3.IOERR) && diskFull(filepath.Dir(f.path)) {
		return fmt.Errorf("%w: the disk is full: %w", ErrUnavailable, err)
	}
	return f.lay.translate(err)
}

// wipe writes the file anew, without what is free in it: what was deleted or
// replaced stands there until it is written over. Writers wait for it.
func (f *file) wipe(ctx context.Context) error {
	return f.between(func() error {
		for _, q := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
			if err := runQuery(ctx, f.conn, q, nil, func(*sql.Rows) error { return nil }); err != nil {
				return f.explain(err)
			}
		}
		return nil
	})
}

// between runs fn in the goroutine that writes, while nothing is written.
func (f *file) between(fn func() error) error {
	errs := make(chan error, 1)
	select {
	case f.tasks <- func() { errs <- fn() }:
		return <-errs
	case <-f.done:
		return ErrClosed
	}
}

func (f *file) close() error {
	return f.closed.do(func() error {
		close(f.stop)
		<-f.done
		f.mu.Lock()
		defer f.mu.Unlock()
		return errors.Join(f.closeFile())
	})
}
