package persistence

import (
	"context"
	"database/sql"
	"time"
)

func (s source) scanGray(r *sql.Rows, g *Gray) error {
	if err := s.lay.scanGray(r, g); err != nil {
		return err
	}
	g.Content, g.Err = s.box.open(g.ConfigKey, g.Content)
	return nil
}

func (d *DB) grays(ctx context.Context, k kind, cond string, args ...any) ([]Gray, error) {
	s, err := d.source(k)
	if err != nil {
		return nil, err
	}
	where := " WHERE "
	if s.lay.public != "" {
		where = " WHERE g.tenant_id <> '' AND "
	}
	return list(ctx, s, "SELECT "+grayCols+" FROM "+s.lay.graySource()+where+cond, args, s.scanGray)
}

// Gray reads a gray copy of a config; nil when there is none.
func (d *DB) Gray(ctx context.Context, k ConfigKey, name string) (*Gray, error) {
	found, err := d.grays(ctx, copied, "g.data_id = ? AND g.group_id = ? AND g.tenant_id = ? AND g.gray_name = ?", k.DataID, k.Group, d.tenant(k.Tenant), name)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// GraysOf reads all gray copies of a config, by name.
func (d *DB) GraysOf(ctx context.Context, k ConfigKey) ([]Gray, error) {
	return d.grays(ctx, copied, "g.data_id = ? AND g.group_id = ? AND g.tenant_id = ? ORDER BY g.gray_name", k.DataID, k.Group, d.tenant(k.Tenant))
}

// GrayPage reads up to limit gray copies with an id over after, by id: how a
// start loads all.
func (d *DB) GrayPage(ctx context.Context, after int64, limit int) ([]Gray, error) {
	return d.grays(ctx, copied, "g.id > ? ORDER BY g.id LIMIT ?", after, limit)
}

// GraysSince reads up to limit gray copies changed at or after a time, by that
// time.
func (d *DB) GraysSince(ctx context.Context, since time.Time, limit int) ([]Gray, error) {
	return d.grays(ctx, live, "g.gmt_modified >= ? ORDER BY g.gmt_modified, g.id LIMIT ?", d.at(since), limit)
}
