package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"
)

const (
	// probeEvery is how often a database that answers is asked again, and the
	// master looked for among several, as in Nacos.
	probeEvery = 10 * time.Second
	// retryEvery is how often one that is away is asked again.
	retryEvery = time.Second
	// writeLimit bounds one transaction, a wait for other writers included.
	writeLimit = 10 * time.Second
	// attempts bounds how often a transaction that lost against another one is
	// tried.
	attempts = 8
)

// MySQLOptions are what a MySQL database is opened with.
type MySQLOptions struct {
	Sources []Source // in the order of preference; the first that can be written to is the master
	Pool    Pool
	Log     *slog.Logger
	// Copy is the file that keeps a copy of the state, from which reads go on while
	// the database is away; "" keeps none.
	Copy string
	// OneGrayModel leaves the tables for beta and tag of older versions alone where
	// config_info_gray has taken their place; else they are kept in step with it.
	OneGrayModel bool
	// Keys seal content at rest, in the copy too; nil stores it as it is.
	Keys *Keyring
}

// Pool bounds the connections to one database. A zero is the driver's default.
type Pool struct {
	Max      int
	Idle     int
	IdleTime time.Duration // before an idle one is closed
	Lifetime time.Duration // before any is closed
	Wait     time.Duration // for a connection
	Test     time.Duration // for the test of a connection
}

// external is a MySQL database: several data sources, one of them the master.
type external struct {
	db      *DB
	pool    Pool
	sources []*dataSource
	copy    *copier // nil keeps none
	order   order   // of notifications
	oneGray bool    // see MySQLOptions.OneGrayModel

	now atomic.Pointer[connected] // nil while the database is away
	why atomic.Pointer[error]     // why it is away

	slots chan struct{} // one for each connection that may be in use; nil is no bound

	kick   chan struct{} // asks for a probe now
	stop   context.CancelFunc
	done   sync.WaitGroup
	closed once
}

// dataSource is one host of one db.url.N.
type dataSource struct {
	name string // for logs
	g    *gorm.DB
	loc  *time.Location
	down atomic.Pointer[error] // of the last probe; nil is none
}

// connected is the master, and what is known of its schema.
type connected struct {
	*dataSource

	lay *layout
}

// OpenMySQL opens a MySQL database that has Nacos's schema, or makes it in an
// empty one. When the database is away and there is a copy of its state, that
// is what the start goes on from.
func OpenMySQL(ctx context.Context, o MySQLOptions) (*DB, error) {
	d := &DB{log: Options{Log: o.Log}.logger(), box: o.Keys}
	e := &external{db: d, pool: o.Pool, oneGray: o.OneGrayModel, order: order{seed: maphash.MakeSeed()}, kick: make(chan struct{}, 1)}
	d.ext = e
	if o.Pool.Max > 0 {
		e.slots = make(chan struct{}, o.Pool.Max)
	}
	if err := e.dial(o.Sources); err != nil {
		return nil, errors.Join(err, e.closeSources())
	}
	if o.Copy != "" {
		var err error
		if e.copy, err = openCopy(o.Copy, d); err != nil { //nolint:contextcheck // a file is opened as a whole
			return nil, errors.Join(err, e.closeSources())
		}
	}
	err := e.probe(ctx)
	if err != nil && (e.copy == nil || e.copy.empty(ctx) || !errors.Is(err, ErrUnavailable)) {
		if e.copy != nil {
			err = errors.Join(err, e.copy.close())
		}
		return nil, errors.Join(err, e.closeSources())
	}
	if err != nil {
		d.log.Warn("the database is away: reads go on from the copy of its last state, writes are refused until it is back", "err", err)
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	e.done.Go(func() { e.watch(run) })
	if e.copy != nil {
		e.done.Go(func() { e.copy.run(run) })
	}
	return d, nil
}

// dial makes the pools of all sources. It does not connect.
func (e *external) dial(sources []Source) error {
	if len(sources) == 0 {
		return errNoDatabase
	}
	for i, s := range sources {
		cfgs, err := s.Configs()
		if err != nil {
			return fmt.Errorf("db.url.%d: %w", i, err)
		}
		for _, c := range cfgs {
			if err := e.add(c); err != nil {
				return fmt.Errorf("db.url.%d: %w", i, err)
			}
		}
	}
	return nil
}

func (e *external) add(c *mysql.Config) error {
	c.Logger = quiet{}
	conn, err := mysql.NewConnector(c)
	if err != nil {
		return err
	}
	pool := sql.OpenDB(conn)
	pool.SetMaxOpenConns(e.pool.Max)
	if e.pool.Idle > 0 {
		pool.SetMaxIdleConns(max(e.pool.Idle, e.pool.Max))
	}
	pool.SetConnMaxIdleTime(e.pool.IdleTime)
	pool.SetConnMaxLifetime(e.pool.Lifetime)
	cfg := gormConfig()
	cfg.DisableAutomaticPing = true
	g, err := gorm.Open(gormmysql.New(gormmysql.Config{Conn: pool, SkipInitializeWithVersion: true, DisableWithReturning: true}), cfg)
	if err != nil {
		return errors.Join(err, pool.Close())
	}
	e.sources = append(e.sources, &dataSource{name: c.Addr + "/" + c.DBName, g: g, loc: c.Loc})
	return nil
}

// quiet drops what the driver would write to a log of its own.
type quiet struct{}

// Print does nothing: what matters comes back as an error.
func (quiet) Print(...any) {}

func (e *external) closeSources() error {
	var err error
	for _, s := range e.sources {
		err = errors.Join(err, closeDB(s.g))
	}
	return err
}

func (e *external) close() error {
	return e.closed.do(func() error {
		e.stop()
		e.done.Wait()
		err := e.closeSources()
		if e.copy != nil {
			err = errors.Join(err, e.copy.close())
		}
		return err
	})
}

// unavailable is why the database is away.
func (e *external) unavailable() error {
	if why := e.why.Load(); why != nil && *why != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, *why)
	}
	return ErrUnavailable
}

// failed has the master looked for at once when err says that it may be gone.
func (e *external) failed(err error) {
	if errors.Is(err, ErrUnavailable) {
		select {
		case e.kick <- struct{}{}:
		default:
		}
	}
}

// source is where a query of this kind reads.
func (e *external) source(k kind) (source, error) {
	c := e.now.Load()
	if c == nil {
		if k == copied && e.copy != nil {
			return e.copy.db.source(copied)
		}
		return source{}, e.unavailable()
	}
	return source{
		run: func(ctx context.Context, query string, args []any, fn func(*sql.Rows) error) error {
			free, err := e.slot(ctx)
			if err != nil {
				return err
			}
			defer free()
			err = translateMySQL(runQuery(ctx, c.g.Statement.ConnPool, query, args, fn))
			e.failed(err)
			return err
		},
		lay: c.lay, box: e.db.box,
	}, nil
}

// slot waits for a connection to be free, no longer than the settings say.
func (e *external) slot(ctx context.Context) (free func(), err error) {
	if e.slots == nil {
		return func() {}, nil
	}
	if e.pool.Wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.pool.Wait)
		defer cancel()
	}
	select {
	case e.slots <- struct{}{}:
		return func() { <-e.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: all %d connections are in use", ErrUnavailable, cap(e.slots))
	}
}

// needs is an op that writes to a table of ours, which a MySQL may lack.
type needs interface{ needs(l *layout) string }

// apply runs an op in a transaction of its own.
func (e *external) apply(ctx context.Context, op Op) (Result, error) {
	c := e.now.Load()
	if c == nil {
		return Result{}, e.unavailable()
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	if n, ok := op.(needs); ok {
		if t := n.needs(c.lay); t != "" {
			if err := e.makeOwn(ctx, c, t); err != nil {
				return Result{}, err
			}
		}
	}
	defer e.order.hold(op)()
	free, err := e.slot(ctx)
	if err != nil {
		return Result{}, err
	}
	defer free()
	for try := 1; ; try++ {
		var res Result
		err := c.g.WithContext(ctx).Transaction(func(g *gorm.DB) (err error) {
			res, err = op.run(&txn{g, c.lay, e.db.box})
			return err
		})
		if err == nil {
			e.db.notify(op, res)
			if e.copy != nil {
				e.copy.changed(op, res)
			}
			return res, nil
		}
		err = translateMySQL(err)
		if try < attempts && lost(err) {
			continue
		}
		e.failed(err)
		return Result{}, err
	}
}

// lost says whether a transaction failed because another one was faster: it
// inserted the row that this one found missing, or holds what this one needs.
// Run again, it finds things as they are now.
func lost(err error) bool {
	var m *mysql.MySQLError
	return errors.As(err, &m) && (m.Number == 1062 || m.Number == 1213)
}
