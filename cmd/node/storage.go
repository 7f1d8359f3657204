package node

import (
	"context"
	"path/filepath"

	"github.com/pharos-registry/pharos/persistence"
)

// openRows opens the database of configs, namespaces and users: a MySQL when
// there is one, else that of the data directory.
func (n *Node) openRows(ctx context.Context) error {
	set := n.set.Storage
	n.rows = n.db
	if !set.External() {
		return nil
	}
	o := persistence.MySQLOptions{
		Log: n.log, Copy: filepath.Join(n.set.Data.Dir, "mysql-copy.db"),
		Pool: persistence.Pool{
			Max: set.Pool.Max, Idle: set.Pool.MinIdle, IdleTime: set.Pool.IdleTimeout, Lifetime: set.Pool.MaxLifetime,
			Wait: set.Pool.ConnectionTimeout, Test: set.Pool.ValidationTimeout,
		},
	}
	for _, s := range set.Sources {
		o.Sources = append(o.Sources, persistence.Source{URL: s.URL, User: s.User, Password: s.Password})
	}
	rows, err := persistence.OpenMySQL(ctx, o)
	if err != nil {
		return err
	}
	n.rows = rows
	n.closers = append(n.closers, rows.Close)
	return n.leftBehind(ctx)
}

// leftBehind says when the embedded database has rows that nobody will see.
func (n *Node) leftBehind(ctx context.Context) error {
	left, err := n.db.Contents(ctx)
	if err != nil || left.Empty() {
		return err
	}
	n.log.Warn("the embedded database holds rows that are not used while a MySQL is: stop the server and run \"pharos migrate\" with the same settings to bring them over",
		"configs", left.Configs, "gray", left.Grays, "namespaces", left.Tenants, "users", left.Users, "data", n.set.Data.Dir)
	return nil
}
