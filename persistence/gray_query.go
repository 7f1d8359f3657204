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

func (d *DB) grays(ctx context.Context, k kind, cond func(l *layout) (string, []any)) ([]Gray, error) {
	s, err := d.source(k)
	if err != nil {
		return nil, err
	}
	where := " WHERE "
	if s.lay.public != "" {
		where = " WHERE g.tenant_id <> '' AND "
	}
	text, args := cond(s.lay)
	return list(ctx, s, "SELECT "+grayCols+" FROM "+s.lay.graySource()+where+text, args, s.scanGray)
}

// ofConfig is the condition for the gray copies of a config, by name.
func (k ConfigKey) ofConfig(l *layout) (string, []any) {
	return "g.data_id = ? AND g.group_id = ? AND g.tenant_id = ? ORDER BY g.gray_name", []any{k.DataID, k.Group, l.tenant(k.Tenant)}
}

// Gray reads a gray copy of a config; nil when there is none.
func (d *DB) Gray(ctx context.Context, k ConfigKey, name string) (*Gray, error) {
	return first(d.grays(ctx, copied, func(l *layout) (string, []any) {
		return "g.data_id = ? AND g.group_id = ? AND g.tenant_id = ? AND g.gray_name = ?", []any{k.DataID, k.Group, l.tenant(k.Tenant), name}
	}))
}

// GraysOf reads all gray copies of a config, by name.
func (d *DB) GraysOf(ctx context.Context, k ConfigKey) ([]Gray, error) {
	return d.grays(ctx, copied, k.ofConfig)
}

// LiveGrays is GraysOf by the database alone, never by the copy of its last
// state.
func (d *DB) LiveGrays(ctx context.Context, k ConfigKey) ([]Gray, error) {
	return d.grays(ctx, live, k.ofConfig)
}

// GrayPage reads up to limit gray copies with an id over after, by id: how a
// start loads all.
func (d *DB) GrayPage(ctx context.Context, after int64, limit int) ([]Gray, error) {
	return d.grays(ctx, copied, func(*layout) (string, []any) { return "g.id > ? ORDER BY g.id LIMIT ?", []any{after, limit} })
}

// GraysSince reads up to limit gray copies changed at or after a time, by that
// time.
func (d *DB) GraysSince(ctx context.Context, since time.Time, limit int) ([]Gray, error) {
	return d.grays(ctx, live, func(l *layout) (string, []any) {
		return "g.gmt_modified >= ? ORDER BY g.gmt_modified, g.id LIMIT ?", []any{l.at(since), limit}
	})
}
