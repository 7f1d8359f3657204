package persistence

import (
	"context"
	"database/sql"
)

// The codes of ops on what the console asks for before it writes to a namespace. They
// are only ever added.
const opPutPolicy opCode = 460

const policies = "pharos_namespace_policies"

// PutPolicy stores the policy of a namespace, "" is the public one, or removes it where
// it is blank. More than Rows of them are refused with ErrTooMany.
type PutPolicy struct {
	Tenant string
	Policy string `json:",omitempty"` // JSON, of which only the service knows the meaning
	Rows   int64
}

func (PutPolicy) code() opCode { return opPutPolicy }

// needs says which of our own tables the op writes to.
func (PutPolicy) needs(*layout) string { return policies }

func (o PutPolicy) run(tx *txn) (Result, error) {
	if !fit(o.Tenant, 128) || !fit(o.Policy, 1024) {
		return Result{}, ErrValue
	}
	n, err := tx.exec("DELETE FROM pharos_namespace_policies WHERE tenant_id = ?", o.Tenant)
	if err != nil || o.Policy == "" {
		return Result{N: n}, err
	}
	var rows int64
	if _, err := tx.one("SELECT COUNT(*) FROM pharos_namespace_policies", nil, &rows); err != nil {
		return Result{}, err
	}
	if rows >= o.Rows {
		return Result{}, ErrTooMany
	}
	_, err = tx.exec("INSERT INTO pharos_namespace_policies (tenant_id, policy) VALUES (?,?)", o.Tenant, o.Policy)
	return Result{N: 1}, err
}

// Policy is what the console asks for before it writes to a namespace.
type Policy struct{ Tenant, Policy string }

// Policies lists the policies of all namespaces that have one.
func (d *DB) Policies(ctx context.Context) ([]Policy, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	if err := s.lay.own.look(ctx, s.run); err != nil { // another node may have been the first to need it
		return nil, err
	}
	if !s.lay.owns(policies) {
		return nil, nil
	}
	return list(ctx, s, "SELECT tenant_id, policy FROM pharos_namespace_policies ORDER BY tenant_id", nil,
		func(r *sql.Rows, v *Policy) error { return r.Scan(&v.Tenant, &v.Policy) })
}

// lift removes the policy of a namespace, which another one of that id is not to
// inherit.
func (t *txn) lift(tenant string) error {
	if !t.lay.owns(policies) {
		return nil
	}
	_, err := t.exec("DELETE FROM pharos_namespace_policies WHERE tenant_id = ?", tenant)
	return err
}
