package persistence

import (
	"context"
	"database/sql"
	"time"
)

// The codes of ops on namespaces. They are only ever added.
const (
	opCreateTenant opCode = 300
	opUpdateTenant opCode = 301
	opRemoveTenant opCode = 302
)

// kp is the value of tenant_info.kp in the rows of namespaces.
const kp = "1"

// CreateTenant adds a namespace. It is refused with ErrExists when its id is
// taken, and with ErrValue when a value is too long.
type CreateTenant struct {
	ID, Name string
	Desc     *string
	Time     time.Time
}

func (CreateTenant) code() opCode  { return opCreateTenant }
func (CreateTenant) refusesFirst() {}

func (o CreateTenant) run(tx *txn) (Result, error) {
	if !fit(o.ID, 128) || !fit(o.Name, 128) || !fitp(o.Desc, 256) {
		return Result{}, ErrValue
	}
	if n, err := tx.countTenant(o.ID); err != nil || n > 0 {
		return Result{}, firstErr(err, ErrExists)
	}
	at := o.Time.UnixMilli()
	id, err := tx.insert("INSERT INTO tenant_info (kp, tenant_id, tenant_name, tenant_desc, create_source, gmt_create, gmt_modified) VALUES (?,?,?,?,?,?,?)",
		kp, o.ID, o.Name, o.Desc, "nacos", at, at)
	return Result{ID: id, N: 1, Time: o.Time}, err
}

func (t *txn) countTenant(id string) (n int64, err error) {
	_, err = t.one("SELECT COUNT(*) FROM tenant_info WHERE tenant_id = ?", []any{id}, &n)
	return n, err
}

// UpdateTenant changes a namespace's name and description. The result's N is 0
// when there is no such namespace.
type UpdateTenant struct {
	ID, Name string
	Desc     *string
	Time     time.Time
}

func (UpdateTenant) code() opCode  { return opUpdateTenant }
func (UpdateTenant) refusesFirst() {}

func (o UpdateTenant) run(tx *txn) (Result, error) {
	if !fit(o.Name, 128) || !fitp(o.Desc, 256) {
		return Result{}, ErrValue
	}
	n, err := tx.exec("UPDATE tenant_info SET tenant_name = ?, tenant_desc = ?, gmt_modified = ? WHERE tenant_id = ? AND kp = ?",
		o.Name, o.Desc, o.Time.UnixMilli(), o.ID, kp)
	return Result{N: n, Time: o.Time}, err
}

// RemoveTenant removes a namespace; what is in it stays. The result's N is 0
// when there is no such namespace.
type RemoveTenant struct{ ID string }

func (RemoveTenant) code() opCode  { return opRemoveTenant }
func (RemoveTenant) refusesFirst() {}

func (o RemoveTenant) run(tx *txn) (Result, error) {
	n, err := tx.exec("DELETE FROM tenant_info WHERE tenant_id = ? AND kp = ?", o.ID, kp)
	if err != nil {
		return Result{}, err
	}
	return Result{N: n}, tx.lift(o.ID)
}

// Tenants lists the namespaces in the order they were made, without the public
// one.
func (d *DB) Tenants(ctx context.Context) ([]Tenant, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	return list(ctx, s, "SELECT tenant_id, tenant_name, tenant_desc, gmt_create, gmt_modified FROM tenant_info WHERE kp = ? ORDER BY id", []any{kp}, scanTenant)
}

// Tenant reads one namespace; nil when there is none.
func (d *DB) Tenant(ctx context.Context, id string) (*Tenant, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	found, err := list(ctx, s, "SELECT tenant_id, tenant_name, tenant_desc, gmt_create, gmt_modified FROM tenant_info WHERE tenant_id = ? ORDER BY kp", []any{id}, scanTenant)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func scanTenant(r *sql.Rows, t *Tenant) error {
	var created, modified int64
	err := r.Scan(text{&t.ID}, text{&t.Name}, &t.Desc, &created, &modified)
	t.Created, t.Modified = time.UnixMilli(created).UTC(), time.UnixMilli(modified).UTC()
	return err
}
