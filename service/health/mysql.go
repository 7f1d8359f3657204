package health

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Times of the MySQL check.
const (
	mysqlLimit = time.Second // login and statement together
	mysqlIdle  = time.Minute // after which an unused connection is closed
)

// readOnly is the statement whose answer tells a replica from a master.
const readOnly = "show global variables where variable_name='read_only'"

// errReplica is a server that takes no writes.
var errReplica = errors.New("the server is a replica")

// mysqlProbe keeps one connection per target.
type mysqlProbe struct {
	mu    sync.Mutex // guards the following fields
	dbs   map[mysqlLogin]*mysqlDB
	swept time.Time
}

type mysqlLogin struct{ address, user, pwd string }

type mysqlDB struct {
	db   *sql.DB
	used time.Time
	busy int
}

// newMySQLProbe returns the check that passes when a statement runs. What the
// server refuses, a login included, is hard, as JDBC's exceptions are in the
// reference; a replica is soft.
func newMySQLProbe() Probe {
	p := &mysqlProbe{dbs: map[mysqlLogin]*mysqlDB{}, swept: time.Now()}
	return p.probe
}

func (p *mysqlProbe) probe(ctx context.Context, t *Target) Result {
	login := mysqlLogin{t.Address, t.User, t.Pwd}
	db, err := p.acquire(login)
	if err != nil {
		return hard(err)
	}
	defer p.release(login)
	ctx, cancel := context.WithTimeout(ctx, mysqlLimit)
	defer cancel()
	rows, err := db.QueryContext(ctx, t.Cmd)
	if err != nil {
		return hard(err)
	}
	defer func() { _ = rows.Close() }()
	if strings.TrimSpace(t.Cmd) == readOnly && rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return hard(err)
		}
		if value == "ON" {
			return soft(errReplica)
		}
	}
	if err := rows.Err(); err != nil {
		return hard(err)
	}
	return pass()
}

// acquire returns the pool of one connection for a login.
func (p *mysqlProbe) acquire(login mysqlLogin) (*sql.DB, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.sweep(now)
	d := p.dbs[login]
	if d == nil {
		cfg := mysql.NewConfig()
		cfg.Net, cfg.Addr, cfg.User, cfg.Passwd = "tcp", login.address, login.user, login.pwd
		cfg.Timeout, cfg.ReadTimeout, cfg.WriteTimeout = timeout, timeout, timeout
		cfg.TLSConfig = "preferred"
		cfg.Logger = &mysql.NopLogger{}
		connector, err := mysql.NewConnector(cfg)
		if err != nil {
			return nil, err
		}
		d = &mysqlDB{db: sql.OpenDB(connector)}
		d.db.SetMaxOpenConns(1)
		p.dbs[login] = d
	}
	d.busy++
	d.used = now
	return d.db, nil
}

func (p *mysqlProbe) release(login mysqlLogin) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dbs[login].busy--
}

// sweep closes the connections of targets that are not checked any more. Call it
// with the lock held.
func (p *mysqlProbe) sweep(now time.Time) {
	if now.Sub(p.swept) < mysqlIdle {
		return
	}
	p.swept = now
	for login, d := range p.dbs {
		if d.busy == 0 && now.Sub(d.used) >= mysqlIdle {
			delete(p.dbs, login)
			go func() { _ = d.db.Close() }() // says goodbye to the server, which may be slow
		}
	}
}
