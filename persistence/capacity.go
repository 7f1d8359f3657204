package persistence

import (
	"context"
	"database/sql"
	"math"
	"time"
)

// Quotas are the configured numbers of configs that a usage counter is made
// with: a counter that starts at or above its quota gets a wider one.
type Quotas struct {
	Cluster int64 // defaultClusterQuota
	Group   int64 // defaultGroupQuota
	Tenant  int64 // defaultTenantQuota
	Percent int64 // initialExpansionPercent
}

// CapacityOf says whose capacity is meant.
type CapacityOf struct {
	Tenant bool   // a tenant's; else a group's
	Name   string // the group "" is the whole cluster
}

func (c CapacityOf) table() (table, column string) {
	if c.Tenant {
		return "tenant_capacity", "tenant_id"
	}
	return "group_capacity", "group_id"
}

// counter is who counts a config beside the cluster: its tenant, or its group
// when it is public. A database of Nacos 3.x has a tenant for the public ones.
func (l *layout) counter(k ConfigKey) CapacityOf {
	if t := l.tenant(k.Tenant); t != "" {
		return CapacityOf{true, t}
	}
	return CapacityOf{false, k.Group}
}

// add moves the counters of a config's cluster and of its tenant or group.
func (q *Quotas) add(tx *txn, k ConfigKey, d int, now time.Time) error {
	if q == nil {
		return nil
	}
	who := tx.lay.counter(k)
	if err := q.bump(tx, who, d, now); err != nil {
		return err
	}
	// The whole cluster's row last: all writers meet there, and what is locked
	// last is locked for the shortest time.
	return q.bump(tx, CapacityOf{}, d, now)
}

func (q *Quotas) bump(tx *txn, who CapacityOf, d int, now time.Time) error {
	table, column := who.table()
	set := "`usage` + 1"
	if d < 0 {
		set = "CASE WHEN `usage` > 0 THEN `usage` - 1 ELSE 0 END"
	}
	n, err := tx.exec("UPDATE "+table+" SET `usage` = "+set+", gmt_modified = ? WHERE "+column+" = ?", tx.lay.at(tx.lay.second(now)), who.Name)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.makeCapacity(who, *q, now)
	return err
}

// makeCapacity makes the row with what is there counted. Another writer may be
// first.
func (t *txn) makeCapacity(who CapacityOf, q Quotas, now time.Time) (n int64, err error) {
	table, column := who.table()
	usage, err := t.countUsage(who)
	if err != nil {
		return 0, err
	}
	std := q.Group
	switch {
	case who.Tenant:
		std = q.Tenant
	case who.Name == "":
		std = q.Cluster
	}
	var quota int64
	if std > 0 && usage >= std {
		quota = usage + std*q.Percent/100
	}
	at := t.lay.at(t.lay.second(now))
	return t.exec("INSERT INTO "+table+" ("+column+", quota, `usage`, max_size, max_aggr_count, max_aggr_size, gmt_create, gmt_modified) VALUES (?,?,?,0,0,0,?,?)"+t.lay.orSkip(column),
		who.Name, quota, usage, at, at)
}

func (t *txn) countUsage(who CapacityOf) (n int64, err error) {
	q, args := "SELECT COUNT(*) FROM config_info", []any{}
	switch {
	case who.Tenant:
		q, args = q+" WHERE tenant_id = ?", []any{who.Name}
	case who.Name != "":
		q, args = q+" WHERE group_id = ? AND tenant_id = ''", []any{who.Name}
	}
	_, err = t.one(q, args, &n)
	return n, err
}

// EnsureCapacity makes the row of a group or tenant with its usage counted, when
// there is none.
type EnsureCapacity struct {
	Of     CapacityOf
	Quotas Quotas
	Time   time.Time
}

func (EnsureCapacity) code() opCode  { return opEnsureCapacity }
func (EnsureCapacity) refusesFirst() {}

func (o EnsureCapacity) run(tx *txn) (Result, error) {
	if !fit(o.Of.Name, 128) {
		return Result{}, ErrValue
	}
	n, err := tx.makeCapacity(o.Of, o.Quotas, o.Time)
	return Result{N: n}, err
}

// InitCapacity makes the rows of the cluster, and of every group and tenant that
// has configs, with their usage counted. Rows that are there stay as they are.
// The result's N is how many rows the database touched.
type InitCapacity struct {
	Quotas Quotas
	Time   time.Time
}

func (InitCapacity) code() opCode  { return opInitCapacity }
func (InitCapacity) refusesFirst() {}

func (o InitCapacity) run(tx *txn) (Result, error) {
	n, err := tx.makeCapacity(CapacityOf{}, o.Quotas, o.Time)
	if err != nil {
		return Result{}, err
	}
	res := Result{N: n}
	at := tx.lay.at(tx.lay.second(o.Time))
	for _, t := range []struct {
		table, column, of string
		std               int64
	}{
		{"group_capacity", "group_id", "tenant_id = '' AND group_id <> ''", o.Quotas.Group},
		{"tenant_capacity", "tenant_id", "tenant_id <> ''", o.Quotas.Tenant},
	} {
		std := t.std
		if std <= 0 {
			std = math.MaxInt64 // none is reached
		}
		n, err := tx.exec("INSERT INTO "+t.table+" ("+t.column+", quota, `usage`, max_size, max_aggr_count, max_aggr_size, gmt_create, gmt_modified) "+
			"SELECT "+t.column+", CASE WHEN COUNT(*) >= ? THEN COUNT(*) + ? ELSE 0 END, COUNT(*), 0, 0, 0, ?, ? FROM config_info WHERE "+t.of+
			" GROUP BY "+t.column+tx.lay.orSkip(t.table+"."+t.column),
			std, t.std*o.Quotas.Percent/100, at, at)
		if err != nil {
			return Result{}, err
		}
		res.N += n
	}
	return res, nil
}

// UpdateCapacity sets the numbers that are not nil. The row is made when there
// is none.
type UpdateCapacity struct {
	EnsureCapacity

	Quota, MaxSize, MaxAggrCount, MaxAggrSize *int64
}

func (UpdateCapacity) code() opCode { return opUpdateCapacity }

func (o UpdateCapacity) run(tx *txn) (Result, error) {
	if _, err := o.EnsureCapacity.run(tx); err != nil {
		return Result{}, err
	}
	table, column := o.Of.table()
	set, args := "gmt_modified = ?", []any{tx.lay.at(tx.lay.second(o.Time))}
	for _, c := range []struct {
		name  string
		value *int64
	}{{"quota", o.Quota}, {"max_size", o.MaxSize}, {"max_aggr_count", o.MaxAggrCount}, {"max_aggr_size", o.MaxAggrSize}} {
		if c.value != nil {
			set, args = set+", "+c.name+" = ?", append(args, *c.value)
		}
	}
	n, err := tx.exec("UPDATE "+table+" SET "+set+" WHERE "+column+" = ?", append(args, o.Of.Name)...)
	return Result{N: n}, err
}

// CorrectUsage counts again: the usage of every group and tenant that has a row
// is set to the number of its configs. The result's N is how many rows.
type CorrectUsage struct{ Time time.Time }

func (CorrectUsage) code() opCode  { return opCorrectUsage }
func (CorrectUsage) refusesFirst() {}

func (o CorrectUsage) run(tx *txn) (Result, error) {
	at := tx.lay.at(tx.lay.second(o.Time))
	var res Result
	for _, q := range []string{
		"UPDATE group_capacity SET `usage` = (SELECT COUNT(*) FROM config_info), gmt_modified = ? WHERE group_id = ''",
		"UPDATE group_capacity SET `usage` = (SELECT COUNT(*) FROM config_info c WHERE c.group_id = group_capacity.group_id AND c.tenant_id = ''), gmt_modified = ? WHERE group_id <> ''",
		"UPDATE tenant_capacity SET `usage` = (SELECT COUNT(*) FROM config_info c WHERE c.tenant_id = tenant_capacity.tenant_id), gmt_modified = ?",
	} {
		n, err := tx.exec(q, at)
		if err != nil {
			return Result{}, err
		}
		res.N += n
	}
	return res, nil
}

// Capacity reads the row of a group or tenant; nil when there is none.
func (d *DB) Capacity(ctx context.Context, of CapacityOf) (*Capacity, error) {
	s, err := d.source(live)
	if err != nil {
		return nil, err
	}
	table, column := of.table()
	var c Capacity
	ok, err := s.one(ctx, "SELECT id, "+column+", quota, `usage`, max_size, max_aggr_count, max_aggr_size, gmt_create, gmt_modified FROM "+table+" WHERE "+column+" = ?",
		[]any{of.Name}, &c.ID, &c.Name, &c.Quota, &c.Usage, &c.MaxSize, &c.MaxAggrCount, &c.MaxAggrSize, stamp{&c.Created}, stamp{&c.Modified})
	if !ok {
		return nil, err
	}
	return &c, nil
}

// MergeAggregate removes the parts of a config that Nacos 1.x merges from
// parts; the merged config is published by itself.
type MergeAggregate struct{ ConfigKey }

func (MergeAggregate) code() opCode  { return opMergeAggregate }
func (MergeAggregate) refusesFirst() {}

func (o MergeAggregate) run(tx *txn) (Result, error) {
	if !tx.lay.aggr {
		return Result{}, ErrUnsupported
	}
	n, err := tx.exec("DELETE FROM config_info_aggr WHERE data_id = ? AND group_id = ? AND tenant_id = ?", o.DataID, o.Group, tx.lay.tenant(o.Tenant))
	return Result{N: n}, err
}

// Aggregates lists the parts that configs are merged from, by config and part.
// Only databases of Nacos 1.x to 2.4 have any.
func (d *DB) Aggregates(ctx context.Context) ([]Aggregate, error) {
	s, err := d.source(live)
	if err != nil || !s.lay.aggr {
		return nil, err
	}
	return list(ctx, s, "SELECT id, data_id, group_id, tenant_id, datum_id, content, app_name, gmt_modified FROM config_info_aggr ORDER BY tenant_id, group_id, data_id, datum_id", nil,
		func(r *sql.Rows, a *Aggregate) error {
			err := r.Scan(&a.ID, &a.DataID, &a.Group, text{&a.Tenant}, &a.DatumID, &a.Content, text{&a.AppName}, stamp{&a.Modified})
			a.Tenant = s.lay.tenantOf(a.Tenant)
			return err
		})
}
