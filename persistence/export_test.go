package persistence

import "context"

// CopyHas says whether the copy of a MySQL has all of these.
func CopyHas(db *DB, k ConfigKey, gray, user, tenant string) bool {
	c := db.ext.copy.db
	ctx := context.Background()
	if db.ext.copy.empty(ctx) {
		return false
	}
	config, err := c.Config(ctx, k)
	if err != nil || config == nil {
		return false
	}
	g, err := c.Gray(ctx, k, gray)
	if err != nil || g == nil {
		return false
	}
	u, err := c.User(ctx, user)
	if err != nil || u == nil {
		return false
	}
	t, err := c.Tenant(ctx, tenant)
	return err == nil && t != nil
}
