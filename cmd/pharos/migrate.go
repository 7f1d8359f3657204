package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pharos-registry/pharos/cmd/logging"
	"github.com/pharos-registry/pharos/cmd/node"
	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/persistence"
)

// migrate brings the configs, namespaces, users and history of the data
// directory over to the MySQL of the settings. The server that uses the
// directory must be stopped.
func migrate(ctx context.Context, in invocation) (err error) {
	l, err := settings.Load(in.args, in.environment)
	if err != nil {
		return err
	}
	if !l.Settings.Storage.External() {
		return errors.New("there is no MySQL to bring the rows to: give the settings that the server is to start with (spring.sql.init.platform=mysql and db.*)")
	}
	log, err := logging.Open(l.Settings.Log, in.stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	from, release, err := node.OpenEmbedded(l.Settings, log.Logger) //nolint:contextcheck // a file is opened as a whole
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	o, err := node.MySQL(l.Settings)
	if err != nil {
		return err
	}
	o.Log = log.Logger
	to, err := persistence.OpenMySQL(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	m, err := persistence.Move(ctx, from, to, time.Now())
	if err != nil {
		return fmt.Errorf("%w; what was brought over so far stays, run the command again to go on", err)
	}
	_, err = fmt.Fprintf(in.stdout, "brought over: %d configs, %d gray copies, %d rows of history, %d namespaces, %d users, %d roles, %d permissions\n"+
		"were there already and stay as they are there: %d configs, %d gray copies, %d namespaces, %d users\n",
		m.Configs, m.Grays, m.History, m.Tenants, m.Users, m.Roles, m.Permissions, m.Kept.Configs, m.Kept.Grays, m.Kept.Tenants, m.Kept.Users)
	return err
}
