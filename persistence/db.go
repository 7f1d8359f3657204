package persistence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
)

// ErrClosed is returned for a write to a closed database.
var ErrClosed = errors.New("the database is closed")

// DB is one database: an SQLite file, or a MySQL that Pharos shares with other
// nodes.
type DB struct {
	log       *slog.Logger
	box       *Keyring
	observers []observer
	restored  []func()

	told   atomic.Int64 // unix ns of the last failed write that was logged
	untold atomic.Int64 // failed writes since

	file *file     // nil for MySQL
	ext  *external // nil for SQLite
}

type observer func(Op, Result)

// Options are what a database can be told when it is opened.
type Options struct {
	Log *slog.Logger // nil is silence
	// Replayed leaves the last commits to the system's cache: for a file that a
	// Raft log can bring up to date again.
	Replayed bool
	// Keys seal content at rest; nil stores it as it is.
	Keys *Keyring
}

func (o Options) logger() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

// Open opens the SQLite file at path with every commit on the disk when it is
// answered. See OpenFile.
func Open(path string) (*DB, error) { return OpenFile(path, Options{}) }

// OpenFile opens the SQLite file at path, makes its tables, and starts the
// goroutine that writes.
func OpenFile(path string, o Options) (*DB, error) {
	d := &DB{log: o.logger(), box: o.Keys}
	d.file = newFile(path, d, !o.Replayed)
	if err := d.file.openFile(path, d.file.full); err != nil {
		return nil, d.file.lay.translate(err)
	}
	go d.file.run()
	return d, nil
}

// Observe has fn called after each op that took effect, in the order of the
// commits of an SQLite file. It must not block. Call it before the database is
// written to.
func (d *DB) Observe(fn func(Op, Result)) { d.observers = append(d.observers, fn) }

// ObserveRestore has fn called when all rows may have changed at once: a snapshot
// took their place, or a MySQL came back. Call it before the database is written
// to.
func (d *DB) ObserveRestore(fn func()) { d.restored = append(d.restored, fn) }

func (d *DB) tellRestored() {
	for _, fn := range d.restored {
		fn()
	}
}

func (d *DB) notify(op Op, res Result) {
	for _, fn := range d.observers {
		fn(op, res)
	}
}

// Apply runs op in a transaction and returns when it is durable. A Refusal is
// the op's own answer. When ctx ends first the outcome is not known.
func (d *DB) Apply(ctx context.Context, op Op) (res Result, err error) {
	if d.ext != nil {
		res, err = d.ext.apply(ctx, op)
	} else {
		res, err = d.file.apply(ctx, op)
	}
	if err != nil {
		d.tell(op, err)
	}
	return res, err
}

// tellEvery is how often a write that failed is logged, as an example of all.
const tellEvery = time.Minute

// tell logs a write that failed for a reason that is the operator's to know: a
// disk that is full, a right that is missing. That a MySQL is away is told by who
// watches it.
func (d *DB) tell(op Op, err error) {
	var r Refusal
	switch {
	case errors.As(err, &r), errors.Is(err, ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		d.ext != nil && errors.Is(err, ErrUnavailable):
		return
	}
	n, now, last := d.untold.Add(1), time.Now().UnixNano(), d.told.Load()
	if last != 0 && now-last < int64(tellEvery) || !d.told.CompareAndSwap(last, now) {
		return
	}
	d.untold.Add(-n)
	d.log.Error("a write failed", "op", fmt.Sprintf("%T", op), "failed", n, "err", err)
}

// Close waits for what is being written and closes the database.
func (d *DB) Close() error {
	if d.ext != nil {
		return d.ext.close()
	}
	return d.file.close()
}

// kind is how a query may be answered when the database is away.
type kind int

const (
	live   kind = iota // by the database alone
	copied             // by the copy on disk too
)

// source is where a query of this kind reads.
func (d *DB) source(k kind) (source, error) {
	if d.ext != nil {
		return d.ext.source(k)
	}
	return source{run: d.file.query, lay: d.file.lay, box: d.box}, nil
}

// refusesFirst marks an op that is refused, if at all, before it has written:
// it needs no savepoint to leave nothing behind.
type refusesFirst interface{ refusesFirst() }

// runOp runs an op in a transaction that others may share. After a refusal the
// transaction is as it was before the op; after any other error it is spoiled.
// An op that may be refused late runs in a savepoint, as all do when savepoint
// is set.
func (d *DB) runOp(g *gorm.DB, lay *layout, op Op, savepoint bool) (res Result, refused, err error) {
	if _, ok := op.(refusesFirst); ok && !savepoint {
		res, err = op.run(&txn{g, lay, d.box})
		// The database's own refusals, such as a bound of a column, come wrapped and
		// after the op may have written.
		if _, ok := err.(Refusal); ok { //nolint:errorlint // see above
			return Result{}, err, nil
		}
		return res, nil, err
	}
	err = g.Transaction(func(sp *gorm.DB) error {
		res, err = op.run(&txn{sp, lay, d.box})
		return err
	})
	if r := Refusal(0); errors.As(err, &r) {
		return Result{}, err, nil
	}
	return res, nil, err
}

// once closes something once.
type once struct {
	once sync.Once
	err  error
}

func (o *once) do(fn func() error) error {
	o.once.Do(func() { o.err = fn() })
	return o.err
}
