package persistence

import (
	"context"
	"database/sql"
	"fmt"
)

// resealPage is how many rows one transaction seals anew.
const resealPage = 100

// Resealed is what Reseal did, the copy of a MySQL on this disk apart.
type Resealed struct {
	Rows   int64 // that were written
	Failed int64 // that could not be opened, see the log
}

// Reseal goes over all contents, those of gray copies and history included, and
// stores each as the keyring does now: after a key was added, replaced or taken
// away. It may run beside everything else. Of an SQLite file nothing is left that
// was stored otherwise, in what it has free neither; the copy of a MySQL is one.
func (d *DB) Reseal(ctx context.Context) (done Resealed, err error) {
	if d.ext != nil && d.ext.copy != nil {
		if _, err := d.ext.copy.db.Reseal(ctx); err != nil {
			return done, fmt.Errorf("the copy: %w", err)
		}
	}
	if done, err = d.resealAll(ctx); err == nil && done.Rows > 0 && d.file != nil {
		err = d.file.wipe(ctx)
	}
	return done, err
}

func (d *DB) resealAll(ctx context.Context) (Resealed, error) {
	var done Resealed
	for _, t := range []resealRows{
		{Table: "config_info", ID: "id"},
		{Table: "config_info_gray", ID: "id"},
		{Table: "his_config_info", ID: "nid"},
		{Table: "config_info_beta", ID: "id"},
		{Table: "config_info_tag", ID: "id"},
	} {
		for {
			s, err := d.source(live)
			if err != nil {
				return done, err
			}
			if !t.in(s.lay) {
				break
			}
			last, n, err := t.read(ctx, s, func(err error, k ConfigKey) {
				done.Failed++
				d.log.Error("a content cannot be sealed anew", "table", t.Table, "data_id", k.DataID, "group", k.Group, "namespace", k.Tenant, "err", err)
			})
			if err != nil {
				return done, err
			}
			res, err := d.Apply(ctx, t)
			if err != nil {
				return done, err
			}
			done.Rows += res.N
			if t.Rows, t.After = nil, last; n < resealPage {
				break
			}
		}
	}
	return done, nil
}

// resealRows writes contents as they are stored now. It is not for a log: every
// node seals its own rows.
type resealRows struct {
	Table, ID string
	After     int64
	Rows      []resealRow
}

type resealRow struct {
	id       int64
	was, now string
}

func (resealRows) code() opCode { return 0 }

func (r resealRows) in(l *layout) bool {
	switch r.Table {
	case "config_info_gray":
		return l.gray
	case "config_info_beta":
		return l.beta
	case "config_info_tag":
		return l.tag
	}
	return true
}

// read finds the rows of one page that are not stored as they would be now.
func (r *resealRows) read(ctx context.Context, s source, failed func(error, ConfigKey)) (last int64, n int, err error) {
	q := fmt.Sprintf("SELECT %s, data_id, group_id, tenant_id, content FROM %s WHERE %s > ? ORDER BY %s LIMIT ?", r.ID, r.Table, r.ID, r.ID)
	last = r.After
	err = s.each(ctx, q, []any{r.After, resealPage}, func(rows *sql.Rows) error {
		var row resealRow
		var k ConfigKey
		if err := rows.Scan(&row.id, &k.DataID, text{&k.Group}, text{&k.Tenant}, &row.was); err != nil {
			return err
		}
		n, last = n+1, row.id
		k.Tenant = s.lay.tenantOf(k.Tenant)
		var same bool
		var err error
		if row.now, same, err = s.box.reseal(k, row.was); err != nil {
			failed(err, k)
			return nil
		}
		if !same {
			r.Rows = append(r.Rows, row)
		}
		return nil
	})
	return last, n, err
}

func (r resealRows) run(tx *txn) (Result, error) {
	var res Result
	for _, row := range r.Rows {
		// Not over what was written since.
		n, err := tx.exec("UPDATE "+r.Table+" SET content = ? WHERE "+r.ID+" = ? AND content = ?", row.now, row.id, row.was)
		if err != nil {
			return Result{}, err
		}
		res.N += n
	}
	return res, nil
}
