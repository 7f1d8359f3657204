package node

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/persistence"
)

// OpenEmbedded takes the data directory for this process alone and opens the
// database in it. release closes it and gives the directory back.
func OpenEmbedded(set settings.Settings, log *slog.Logger) (db *persistence.DB, release func() error, err error) {
	held, err := openDataDir(set.Data.Dir)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, held.Close())
		}
	}()
	path := filepath.Join(set.Data.Dir, "pharos.db")
	if err = private(path); err != nil {
		return nil, nil, err
	}
	keys, err := Keys(set.Config)
	if err != nil {
		return nil, nil, err
	}
	if db, err = persistence.OpenFile(path, persistence.Options{Log: log, Keys: keys, Replayed: !set.Cluster.Standalone}); err != nil {
		return nil, nil, err
	}
	if err = withdraw(path); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, func() error { return errors.Join(db.Close(), held.Close()) }, nil
}

// openRows opens the database of configs, namespaces and users: a MySQL when
// there is one, else that of the data directory.
func (n *Node) openRows(ctx context.Context) error {
	set := n.set.Storage
	n.rows = n.db
	if !set.External() {
		return nil
	}
	o, err := MySQL(n.set)
	if err != nil {
		return err
	}
	o.Log, o.Copy = n.log, filepath.Join(n.set.Data.Dir, "mysql-copy.db")
	if err := private(o.Copy); err != nil {
		return err
	}
	rows, err := persistence.OpenMySQL(ctx, o)
	if err != nil {
		return err
	}
	n.rows = rows
	n.closers = append(n.closers, rows.Close)
	if err := withdraw(o.Copy); err != nil {
		return err
	}
	return n.leftBehind(ctx)
}

// MySQL is how the settings have a MySQL opened, without a log and a copy.
func MySQL(all settings.Settings) (persistence.MySQLOptions, error) {
	set := all.Storage
	keys, err := Keys(all.Config)
	o := persistence.MySQLOptions{
		Keys: keys, OneGrayModel: !all.Config.GrayCompatible,
		Pool: persistence.Pool{
			Max: set.Pool.Max, Idle: set.Pool.MinIdle, IdleTime: set.Pool.IdleTimeout, Lifetime: set.Pool.MaxLifetime,
			Wait: set.Pool.ConnectionTimeout, Test: set.Pool.ValidationTimeout,
		},
	}
	for _, s := range set.Sources {
		o.Sources = append(o.Sources, persistence.Source{URL: s.URL, User: s.User, Password: s.Password})
	}
	return o, err
}

// Keys are the keys that content is sealed with at rest. When only old ones are
// given, nothing new is sealed.
func Keys(set settings.Config) (*persistence.Keyring, error) {
	var keys []persistence.Key
	for _, text := range append([]string{set.EncryptionKey}, set.EncryptionOldKeys...) {
		if text == "" {
			continue
		}
		secret, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, errors.New("pharos.config.encryption.old-keys: the Base64 of 32 bytes is needed for each")
		}
		keys = append(keys, persistence.KeyOf(secret))
	}
	ring, err := persistence.NewKeyring(keys, set.EncryptionKey == "")
	if err != nil {
		return nil, fmt.Errorf("pharos.config.encryption: %w", err)
	}
	return ring, nil
}

// reseal is the loop that, once after a start, stores contents as the keys now
// have it.
func (n *Node) reseal(ctx context.Context) error {
	done, err := n.rows.Reseal(ctx)
	if err != nil && ctx.Err() == nil {
		n.log.Warn("contents could not be sealed anew: the next start tries again", "err", err)
	}
	if done.Failed > 0 {
		n.log.Error("some contents cannot be opened: give the key that sealed them in pharos.config.encryption.old-keys", "failed", done.Failed)
	} else if done.Rows > 0 && err == nil {
		n.log.Info("sealed contents anew: old keys are not needed any more", "rows", done.Rows)
	}
	return nil
}

// leftBehind says when the embedded database has rows that nobody will see.
func (n *Node) leftBehind(ctx context.Context) error {
	left, err := n.db.Contents(ctx)
	if err != nil || left.Empty() {
		return err
	}
	if moved, err := n.db.MovedAt(ctx); err != nil || !moved.IsZero() {
		return err
	}
	n.log.Warn("the embedded database holds rows that are not used while a MySQL is: stop the server and run \"pharos migrate\" with the same settings to bring them over",
		"configs", left.Configs, "gray", left.Grays, "namespaces", left.Tenants, "users", left.Users, "data", n.set.Data.Dir)
	return nil
}
