package persistence

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// Still keeps the writers of this node away from a config until release is
// called: what is read meanwhile cannot be older than what those were told who
// watch commits. Other nodes' writers go on.
func (d *DB) Still(k ConfigKey) (release func()) {
	if d.ext == nil {
		return func() {} // an SQLite file tells of its commits in their order
	}
	return d.ext.order.hold(k)
}

// Shared reports whether other programs may write to the database.
func (d *DB) Shared() bool { return d.ext != nil }

// Change is a row of history: that a config changed, in whatever way.
type Change struct {
	ConfigKey

	NID int64
}

// LastHistory is the nid of the newest row of history, 0 where there is none.
func (d *DB) LastHistory(ctx context.Context) (nid int64, err error) {
	s, err := d.source(live)
	if err != nil {
		return 0, err
	}
	_, err = s.one(ctx, "SELECT COALESCE(MAX(nid), 0) FROM his_config_info", nil, &nid)
	return nid, err
}

// HistorySince lists up to limit rows of history with a nid over after, by nid.
// It is a look at the end of the primary key, whereas what changed since a time
// takes a walk over all configs. Transactions end in another order than they
// began: rows may still come in below the last one.
func (d *DB) HistorySince(ctx context.Context, after int64, limit int) ([]Change, error) {
	s, err := d.source(live)
	if err != nil {
		return nil, err
	}
	return list(ctx, s, "SELECT nid, data_id, group_id, tenant_id FROM his_config_info WHERE nid > ? ORDER BY nid LIMIT ?", []any{after, limit},
		func(r *sql.Rows, c *Change) error {
			err := r.Scan(&c.NID, &c.DataID, &c.Group, text{&c.Tenant})
			c.Tenant = s.lay.tenantOf(c.Tenant)
			return err
		})
}

// Digest is what tells one state of a config from another, without its content.
type Digest struct {
	Formal bool   // there is a formal copy
	MD5    string // of it; "" is also a row without one
	Grays  map[string]GrayDigest
}

// GrayDigest is Digest of a gray copy.
type GrayDigest struct {
	MD5  string
	Rule string // as stored
}

// digestBatch is how many configs one query of Digests is about.
const digestBatch = 100

// Digests reads the digests of configs by the database alone; of those that are
// not there it gives none.
func (d *DB) Digests(ctx context.Context, keys []ConfigKey) (map[ConfigKey]Digest, error) {
	s, err := d.source(live)
	if err != nil {
		return nil, err
	}
	out := make(map[ConfigKey]Digest, len(keys))
	for part := range slices.Chunk(keys, digestBatch) {
		args := make([]any, 0, 3*len(part))
		for _, k := range part {
			args = append(args, k.DataID, k.Group, s.lay.tenant(k.Tenant))
		}
		of := func(t string) string {
			one := "(" + t + ".data_id = ? AND " + t + ".group_id = ? AND " + t + ".tenant_id = ?)"
			return "(" + one + strings.Repeat(" OR "+one, len(part)-1) + ")"
		}
		rows, err := s.configs(ctx, false, false, of("c"), args, "")
		if err != nil {
			return nil, err
		}
		for i := range rows {
			out[rows[i].ConfigKey] = Digest{Formal: true, MD5: rows[i].MD5}
		}
		grays, err := d.grays(ctx, live, func(*layout) (string, []any) { return of("g"), args })
		if err != nil {
			return nil, err
		}
		for i := range grays {
			g, dig := &grays[i], out[grays[i].ConfigKey]
			if dig.Grays == nil {
				dig.Grays = map[string]GrayDigest{}
			}
			dig.Grays[g.Name] = GrayDigest{g.MD5, g.Rule}
			out[g.ConfigKey] = dig
		}
	}
	return out, nil
}
