package persistence

import "context"

// Contents is how many rows of each kind a database has.
type Contents struct{ Configs, Grays, Tenants, Users int64 }

// Empty says whether there are none.
func (c Contents) Empty() bool { return c == Contents{} }

// Contents counts the configs, gray copies, namespaces and users.
func (d *DB) Contents(ctx context.Context) (c Contents, err error) {
	s, err := d.source(live)
	if err != nil {
		return c, err
	}
	from, _ := s.lay.configSource()
	for _, q := range []struct {
		from string
		n    *int64
	}{{from, &c.Configs}, {" FROM " + s.lay.graySource(), &c.Grays}, {" FROM tenant_info", &c.Tenants}, {" FROM users", &c.Users}} {
		if _, err := s.one(ctx, "SELECT COUNT(*)"+q.from, nil, q.n); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Blank says whether a database holds nothing that somebody wrote: no config,
// namespace or user, and nothing durable of service discovery.
func (d *DB) Blank(ctx context.Context) (bool, error) {
	c, err := d.Contents(ctx)
	if err != nil || !c.Empty() {
		return false, err
	}
	n, err := d.Naming(ctx)
	return err == nil && len(n.Services)+len(n.Instances)+len(n.Overlays)+len(n.Switches) == 0, err
}
