package persistence

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver" // the database/sql driver that gormlite opens
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// ErrClosed is returned for a write to a closed database.
var ErrClosed = errors.New("the database is closed")

// DB is one database. Writes of SQLite go through one goroutine, which commits
// all that wait together: one fsync for many writers.
type DB struct {
	path string
	lay  *layout
	box  *keyring

	write *gorm.DB // one connection
	read  *gorm.DB // a few

	observers []observer

	queue chan request
	stop  chan struct{}
	done  chan struct{}
	close sync.Once
}

type observer func(Op, Result)

type request struct {
	op     Op
	answer chan answer
}

type answer struct {
	res Result
	err error
}

// maxGroup bounds how many ops are committed together.
const maxGroup = 256

// readers is the number of connections that read an SQLite file.
const readers = 4

// Open opens the SQLite file at path, makes its tables, and starts the
// goroutine that writes. Every commit is on the disk when it is answered.
func Open(path string) (*DB, error) {
	d := &DB{path: path, lay: sqliteLayout(), queue: make(chan request, maxGroup), stop: make(chan struct{}), done: make(chan struct{})}
	var err error
	if d.write, err = open(path, 1); err != nil {
		return nil, err
	}
	if err = migrate(d.write); err == nil {
		d.read, err = open(path, readers)
	}
	if err != nil {
		return nil, errors.Join(err, closeDB(d.write))
	}
	go d.run()
	return d, nil
}

func open(path string, conns int) (*gorm.DB, error) {
	dsn := "file:" + path + "?_txlock=immediate" +
		"&_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)" +
		"&_pragma=journal_size_limit(67108864)&_pragma=wal_autocheckpoint(4000)"
	g, err := gorm.Open(gormlite.Open(dsn), &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		PrepareStmt:            true,
		TranslateError:         true,
		// An op brings its own time. A column that GORM stamps by itself gets the
		// zero time: wrong for all to see, but the same on every node.
		NowFunc: func() time.Time { return time.Time{} },
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s, err := g.DB()
	if err != nil {
		return nil, err
	}
	s.SetMaxOpenConns(conns)
	s.SetMaxIdleConns(conns)
	return g, nil
}

// Observe has fn called after each op that took effect, in the order of the
// commits. It must not block. Call it before the database is written to.
func (d *DB) Observe(fn func(Op, Result)) { d.observers = append(d.observers, fn) }

// Apply runs op in a transaction and returns when it is durable. A Refusal is
// the op's own answer. When ctx ends first the outcome is not known.
func (d *DB) Apply(ctx context.Context, op Op) (Result, error) {
	r := request{op: op, answer: make(chan answer, 1)}
	select {
	case d.queue <- r:
	case <-d.stop:
		return Result{}, ErrClosed
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	select {
	case a := <-r.answer:
		return a.res, a.err
	case <-d.done:
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
func (d *DB) run() {
	defer close(d.done)
	group := make([]request, 0, maxGroup)
	for {
		group = group[:0]
		select {
		case r := <-d.queue:
			group = append(group, r)
		case <-d.stop:
			return
		}
	more:
		for len(group) < maxGroup {
			select {
			case r := <-d.queue:
				group = append(group, r)
			default:
				break more
			}
		}
		d.commit(group)
	}
}

// refusesFirst marks an op that is refused, if at all, before it has written:
// it needs no savepoint to leave nothing behind.
type refusesFirst interface{ refusesFirst() }

// commit runs a group in one transaction. A group that fails as a whole is run
// again one by one, so that one bad op does not take its neighbours with it.
func (d *DB) commit(group []request) {
	answers := make([]answer, len(group))
	err := d.write.Transaction(func(g *gorm.DB) error {
		for i, r := range group {
			res, refused, err := d.runOp(g, r.op)
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
			d.commit(group[i : i+1])
		}
		return
	case err != nil:
		answers[0] = answer{err: d.lay.translate(err)}
	}
	for i, r := range group {
		if answers[i].err == nil {
			for _, fn := range d.observers {
				fn(r.op, answers[i].res)
			}
		}
		r.answer <- answers[i]
	}
}

// runOp runs an op in a transaction that others may share. After a refusal the
// transaction is as it was before the op; after any other error it is spoiled.
func (d *DB) runOp(g *gorm.DB, op Op) (res Result, refused, err error) {
	if _, ok := op.(refusesFirst); ok {
		res, err = op.run(&txn{g, d.lay, d.box})
		// The database's own refusals, such as a bound of a column, come wrapped and
		// after the op may have written.
		if _, ok := err.(Refusal); ok { //nolint:errorlint // see above
			return Result{}, err, nil
		}
		return res, nil, err
	}
	err = g.Transaction(func(sp *gorm.DB) error { // a savepoint
		res, err = op.run(&txn{sp, d.lay, d.box})
		return err
	})
	if r := Refusal(0); errors.As(err, &r) {
		return Result{}, err, nil
	}
	return res, nil, err
}

// kind is how a query may be answered when the database is away.
type kind int

const (
	live   kind = iota // by the database alone
	copied             // by the copy on disk too
)

// source is where a query of this kind reads.
func (d *DB) source(kind) (source, error) { return source{d.read, d.lay, d.box}, nil }

func (d *DB) tenant(id string) string { return d.lay.tenant(id) }

func (d *DB) at(t time.Time) any { return d.lay.at(t) }

// Close waits for the group that is being written and closes the database.
func (d *DB) Close() error {
	var err error
	d.close.Do(func() {
		close(d.stop)
		<-d.done
		err = errors.Join(closeDB(d.read), closeDB(d.write))
	})
	return err
}

func closeDB(g *gorm.DB) error {
	s, err := g.DB()
	if err != nil {
		return err
	}
	return s.Close()
}
