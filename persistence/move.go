package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Moved is what Move brought over, and what was there already and stays as it
// was there.
type Moved struct {
	Contents

	Roles, Permissions, History int64

	Kept Contents
}

// Move brings the namespaces, users, configs and history of an SQLite file over
// to another database, which keeps what it has of the same name. It may be run
// again after it was interrupted.
func Move(ctx context.Context, from, to *DB, now time.Time) (Moved, error) {
	var m Moved
	for _, step := range []func(context.Context, *DB, *DB) error{m.tenants, m.users, m.configs, m.grays, m.history} {
		if err := step(ctx, from, to); err != nil {
			return m, err
		}
	}
	_, err := from.Apply(ctx, markMoved{now})
	return m, err
}

// put applies an op and counts it as brought over or as kept.
func put(ctx context.Context, to *DB, op Op, moved, kept *int64) error {
	_, err := to.Apply(ctx, op)
	switch {
	case err == nil:
		*moved++
	case errors.Is(err, ErrExists):
		*kept++
	default:
		return fmt.Errorf("%T: %w", op, err)
	}
	return nil
}

func (m *Moved) tenants(ctx context.Context, from, to *DB) error {
	rows, err := from.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range rows {
		if err := put(ctx, to, CreateTenant{ID: t.ID, Name: t.Name, Desc: t.Desc, Time: t.Created}, &m.Tenants, &m.Kept.Tenants); err != nil {
			return fmt.Errorf("namespace %s: %w", t.ID, err)
		}
	}
	return settingsOfTenants(ctx, from, to)
}

// settingsOfTenants brings over the policies of namespaces. What is there already stays.
func settingsOfTenants(ctx context.Context, from, to *DB) error {
	all, err := from.Policies(ctx)
	if err != nil {
		return err
	}
	known, err := to.Policies(ctx)
	if err != nil {
		return err
	}
	for _, p := range all {
		if slices.ContainsFunc(known, func(k Policy) bool { return k.Tenant == p.Tenant }) {
			continue
		}
		if _, err := to.Apply(ctx, PutPolicy{Tenant: p.Tenant, Policy: p.Policy, Rows: maxRows}); err != nil && !errors.Is(err, ErrUnsupported) {
			return err
		}
	}
	return nil
}

func (m *Moved) users(ctx context.Context, from, to *DB) error {
	users, err := from.Users(ctx, Match{}, 1, maxRows)
	if err != nil {
		return err
	}
	for _, u := range users.Items {
		if err := put(ctx, to, CreateUser{Name: u.Name, Password: u.Password}, &m.Users, &m.Kept.Users); err != nil {
			return fmt.Errorf("user %s: %w", u.Name, err)
		}
	}
	var kept int64
	roles, err := from.Roles(ctx, Match{}, Match{}, 1, maxRows)
	if err != nil {
		return err
	}
	for _, r := range roles.Items {
		if err := put(ctx, to, AddRole(r), &m.Roles, &kept); err != nil {
			return err
		}
	}
	perms, err := from.Permissions(ctx, Match{}, 1, maxRows)
	if err != nil {
		return err
	}
	for _, p := range perms.Items {
		if err := put(ctx, to, AddPermission(p), &m.Permissions, &kept); err != nil {
			return err
		}
	}
	revoked, err := from.Revocations(ctx)
	if err != nil {
		return err
	}
	for _, r := range revoked {
		if _, err := to.Apply(ctx, RevokeTokens(r)); err != nil && !errors.Is(err, ErrUnsupported) {
			return err
		}
	}
	return settingsOfUsers(ctx, from, to)
}

// settingsOfUsers brings over which sessions of the console were ended and what
// users have set for themselves. What is there already stays.
func settingsOfUsers(ctx context.Context, from, to *DB) error {
	ended, err := from.EndedSessions(ctx)
	if err != nil {
		return err
	}
	for _, e := range ended {
		op := EndSession{User: e.User, ID: e.ID, Before: e.Before, Kept: e.Kept, Expires: e.Expires, Max: maxRows}
		if _, err := to.Apply(ctx, op); err != nil && !errors.Is(err, ErrUnsupported) {
			return err
		}
	}
	all, err := from.preferences(ctx, "")
	if err != nil {
		return err
	}
	known, err := to.preferences(ctx, "")
	if err != nil {
		return err
	}
	have := make(map[[2]string]bool, len(known))
	for _, p := range known {
		have[[2]string{p.User, p.Name}] = true
	}
	for _, p := range all {
		if have[[2]string{p.User, p.Name}] {
			continue
		}
		op := PutPreference{User: p.User, Name: p.Name, Value: p.Value, Bounds: PreferenceBounds{Names: maxRows, Bytes: maxRows, Rows: maxRows}}
		if _, err := to.Apply(ctx, op); err != nil && !errors.Is(err, ErrUnsupported) {
			return err
		}
	}
	return nil
}

func (m *Moved) configs(ctx context.Context, from, to *DB) error {
	for after := int64(0); ; {
		rows, err := from.configs(ctx, true, true, "c.id > ?", []any{after, resealPage}, " ORDER BY c.id LIMIT ?")
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, c := range rows {
			if c.Err != nil {
				return fmt.Errorf("config %s of %s: %w", c.DataID, c.Group, c.Err)
			}
			after = c.ID
			if err := put(ctx, to, moveConfig{c}, &m.Configs, &m.Kept.Configs); err != nil {
				return fmt.Errorf("config %s of %s: %w", c.DataID, c.Group, err)
			}
		}
	}
}

func (m *Moved) grays(ctx context.Context, from, to *DB) error {
	for after := int64(0); ; {
		rows, err := from.GrayPage(ctx, after, resealPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, g := range rows {
			if g.Err != nil {
				return fmt.Errorf("gray copy %s of %s: %w", g.Name, g.DataID, g.Err)
			}
			after = g.ID
			if err := put(ctx, to, moveGray{g}, &m.Grays, &m.Kept.Grays); err != nil {
				return fmt.Errorf("gray copy %s of %s: %w", g.Name, g.DataID, err)
			}
		}
	}
}

// history brings over the history of each config that has none there.
func (m *Moved) history(ctx context.Context, from, to *DB) error {
	s, err := from.source(live)
	if err != nil {
		return err
	}
	keys, err := list(ctx, s, "SELECT DISTINCT data_id, group_id, tenant_id FROM his_config_info", nil, scanHistoryKey)
	if err != nil {
		return err
	}
	for _, k := range keys {
		there, err := to.HistoryOf(ctx, k, 1, 1)
		if err != nil {
			return err
		}
		if there.Total > 0 {
			continue
		}
		op := moveHistory{ConfigKey: k}
		if op.Rows, err = from.history(ctx, true, "h.data_id = ? AND h.group_id = ? AND h.tenant_id = ? ORDER BY h.nid", k.DataID, k.Group, k.Tenant); err != nil {
			return err
		}
		if c, err := from.LiveConfig(ctx, k); err != nil {
			return err
		} else if c != nil {
			op.ID = c.ID
		}
		if _, err := to.Apply(ctx, op); err != nil {
			return fmt.Errorf("history of %s: %w", k.DataID, err)
		}
		m.History += int64(len(op.Rows))
	}
	return nil
}

// moveConfig inserts a config as it is, but for the id. Like the other ops here
// it is not for a log.
type moveConfig struct{ Row ConfigInfo }

func (moveConfig) code() opCode { return 0 }

func (o moveConfig) run(tx *txn) (Result, error) {
	old, err := tx.stored(o.Row.ConfigKey)
	if err != nil || old != nil {
		return Result{}, firstErr(err, ErrExists)
	}
	op := PublishConfig{
		ConfigKey: o.Row.ConfigKey, Writer: Writer{SrcUser: o.Row.SrcUser, SrcIP: deref(o.Row.SrcIP), Time: o.Row.Modified},
		Content: o.Row.Content, MD5: o.Row.MD5, EncryptedDataKey: o.Row.EncryptedDataKey, AppName: &o.Row.AppName, Tags: o.Row.Tags, Type: o.Row.Type,
		Desc: o.Row.Desc, Use: o.Row.Use, Effect: o.Row.Effect, Schema: o.Row.Schema,
	}
	sealed, err := tx.seal(op.ConfigKey, op.Content)
	if err != nil {
		return Result{}, err
	}
	id, err := op.insertRow(tx, tx.lay.tenant(op.Tenant), sealed)
	if err != nil {
		return Result{}, err
	}
	if _, err := tx.exec("UPDATE config_info SET gmt_create = ? WHERE id = ?", tx.lay.at(tx.lay.second(o.Row.Created)), id); err != nil {
		return Result{}, err
	}
	return Result{ID: id}, tx.twin(op, sealed)
}

type moveGray struct{ Row Gray }

func (moveGray) code() opCode { return 0 }

func (o moveGray) run(tx *txn) (Result, error) {
	g := o.Row
	old, err := tx.storedGray(g.ConfigKey, g.Name)
	if err != nil || old != nil {
		return Result{}, firstErr(err, ErrExists)
	}
	rule, err := ParseGrayRule(g.Rule)
	if err != nil {
		return Result{}, err
	}
	return PublishGray{
		ConfigKey: g.ConfigKey, Writer: Writer{SrcUser: g.SrcUser, SrcIP: deref(g.SrcIP), Time: g.Modified}, Name: g.Name, Rule: rule,
		Content: g.Content, MD5: g.MD5, EncryptedDataKey: g.EncryptedDataKey, AppName: g.AppName,
	}.put(tx, nil)
}

type moveHistory struct {
	ConfigKey

	ID   int64 // of the config where the rows come from
	Rows []History
}

func (moveHistory) code() opCode { return 0 }

func (o moveHistory) run(tx *txn) (Result, error) {
	var here int64
	if old, err := tx.stored(o.ConfigKey); err != nil {
		return Result{}, err
	} else if old != nil {
		here = old.id
	}
	for _, h := range o.Rows {
		if h.Err != nil {
			return Result{}, h.Err
		}
		sealed, err := tx.seal(o.ConfigKey, h.Content)
		if err != nil {
			return Result{}, err
		}
		row := historyRow{
			key: o.ConfigKey, app: h.AppName, sealed: sealed, md5: h.MD5, dataKey: h.EncryptedDataKey,
			by: Writer{SrcUser: h.SrcUser, SrcIP: deref(h.SrcIP), Time: h.Modified}, op: strings.TrimSpace(h.Op), ext: h.ExtInfo,
		}
		if h.ID != 0 && h.ID == o.ID {
			row.id = here
		}
		if h.PublishType == "gray" {
			row.gray = deref(h.GrayName)
		}
		if err := tx.addHistory(row); err != nil {
			return Result{}, err
		}
	}
	return Result{N: int64(len(o.Rows))}, nil
}

// markMoved notes in an SQLite file that its rows were brought over.
type markMoved struct{ Time time.Time }

func (markMoved) code() opCode { return 0 }

func (o markMoved) run(tx *txn) (Result, error) {
	n, err := tx.exec("UPDATE pharos_meta SET moved = ? WHERE id = 1", o.Time.UnixMilli())
	return Result{N: n}, err
}

// MovedAt says when the rows of an SQLite file were brought over; zero is never.
func (d *DB) MovedAt(ctx context.Context) (time.Time, error) {
	s, err := d.source(live)
	if err != nil {
		return time.Time{}, err
	}
	var at sql.NullInt64
	if _, err := s.one(ctx, "SELECT moved FROM pharos_meta WHERE id = 1", nil, &at); err != nil || at.Int64 == 0 {
		return time.Time{}, err
	}
	return time.UnixMilli(at.Int64).UTC(), nil
}
