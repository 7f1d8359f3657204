package persistence

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// copyPage is how many rows of a MySQL are compared at a time.
	copyPage = 1000
	// followEvery is how often what other nodes changed is copied.
	followEvery = 30 * time.Second
	// compareEvery is how often the whole copy is compared, which mends what was
	// missed.
	compareEvery = 10 * time.Minute
)

// copier keeps a copy of what a MySQL holds, history and capacity apart, in an
// SQLite file: what reads and a start go on from while the MySQL is away.
type copier struct {
	db  *DB // the copy
	src *DB // the MySQL

	kick chan struct{}

	mu    sync.Mutex // guards the following
	dirty map[ConfigKey]bool
	small bool // namespaces or users changed
	all   bool // compare all
}

func openCopy(path string, src *DB) (*copier, error) {
	db, err := OpenFile(path, Options{Log: src.log, Replayed: true, Keys: src.box}) // a lost tail is copied again
	if err != nil {
		return nil, err
	}
	c := &copier{db: db, src: src, kick: make(chan struct{}, 1), dirty: map[ConfigKey]bool{}, all: true}
	src.ObserveRestore(c.compareAll)
	return c, nil
}

// empty says whether there is nothing to go on from: no copy was ever complete.
func (c *copier) empty(ctx context.Context) bool {
	at, err := c.db.MovedAt(ctx)
	return err != nil || at.IsZero()
}

// complete notes that the copy is, as of now.
func (c *copier) complete(ctx context.Context) error {
	first := c.empty(ctx)
	if _, err := c.db.Apply(ctx, markMoved{time.Now()}); err != nil {
		return err
	}
	if first {
		c.src.log.Info("the state of the database is copied to this disk: reads and a start can go on from it", "file", c.db.file.path)
	}
	return nil
}

func (c *copier) close() error { return c.db.Close() }

// changed notes what an op of this node changed.
func (c *copier) changed(op Op, res Result) {
	c.mu.Lock()
	switch op := op.(type) {
	case PublishConfig:
		c.dirty[op.ConfigKey] = true
	case RemoveConfig:
		c.dirty[op.ConfigKey] = true
	case UpdateMetadata:
		c.dirty[op.ConfigKey] = true
	case PublishGray:
		c.dirty[op.ConfigKey] = true
	case RemoveGray:
		c.dirty[op.ConfigKey] = true
	case RemoveConfigs:
		for _, k := range res.Keys {
			c.dirty[k] = true
		}
	case PurgeHistory, EnsureCapacity, UpdateCapacity, CorrectUsage, MergeAggregate:
	default:
		c.small = true
	}
	c.mu.Unlock()
	c.wake()
}

func (c *copier) compareAll() {
	c.mu.Lock()
	c.all = true
	c.mu.Unlock()
	c.wake()
}

func (c *copier) wake() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// run copies until ctx ends.
func (c *copier) run(ctx context.Context) {
	follow, compare := time.NewTicker(followEvery), time.NewTicker(compareEvery)
	defer follow.Stop()
	defer compare.Stop()
	since := time.Now()
	c.wake()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-c.kick:
			err = c.catchUp(ctx)
		case <-compare.C:
			c.compareAll()
		case now := <-follow.C:
			// Times are those of whole seconds and of several clocks.
			if err = c.follow(ctx, since.Add(-10*time.Second)); err == nil {
				since = now
			}
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrUnavailable) {
			c.src.log.Warn("the copy of the database could not be brought up to date", "err", err)
		}
	}
}

// catchUp copies what was noted. What fails is noted again.
func (c *copier) catchUp(ctx context.Context) error {
	c.mu.Lock()
	dirty, small, all := c.dirty, c.small, c.all
	c.dirty, c.small, c.all = map[ConfigKey]bool{}, false, false
	c.mu.Unlock()
	var err error
	switch {
	case all:
		err = errors.Join(c.compareConfigs(ctx), c.compareGrays(ctx), c.copySmall(ctx))
		if err == nil {
			err = c.complete(ctx)
		}
	default:
		if small {
			err = c.copySmall(ctx)
		}
		for k := range dirty {
			if err == nil {
				err = c.copyOne(ctx, k)
			}
		}
	}
	if err != nil {
		c.mu.Lock()
		c.all = true // the database is likely to be away: when it is back, all is compared
		c.mu.Unlock()
	}
	return err
}

// follow copies what others changed since a time.
func (c *copier) follow(ctx context.Context, since time.Time) error {
	changed, err := c.src.ConfigsSince(ctx, since, maxRows)
	if err != nil {
		return err
	}
	grays, err := c.src.GraysSince(ctx, since, maxRows)
	if err != nil {
		return err
	}
	gone, err := c.src.RemovedSince(ctx, since, 0, maxRows)
	if err != nil {
		return err
	}
	keys := map[ConfigKey]bool{}
	for _, r := range changed {
		keys[r.ConfigKey] = true
	}
	for _, r := range grays {
		keys[r.ConfigKey] = true
	}
	for _, r := range gone {
		keys[r.ConfigKey] = true
	}
	for k := range keys {
		if err := c.copyOne(ctx, k); err != nil {
			return err
		}
	}
	return c.copySmall(ctx)
}

// copyOne copies a config and its gray copies.
func (c *copier) copyOne(ctx context.Context, k ConfigKey) error {
	row, err := c.src.LiveConfig(ctx, k)
	if err != nil {
		return err
	}
	grays, err := c.src.LiveGrays(ctx, k)
	if err != nil {
		return err
	}
	op := copyRows{Keys: []ConfigKey{k}, GrayKeys: []ConfigKey{k}, Grays: grays}
	if row != nil {
		op.Configs = []ConfigInfo{*row}
	}
	_, err = c.db.Apply(ctx, op)
	return err
}

// compareConfigs copies what differs, without reading the content of the rest.
func (c *copier) compareConfigs(ctx context.Context) error {
	have := map[int64]ConfigInfo{}
	if err := eachConfig(ctx, c.db, func(r ConfigInfo) { have[r.ID] = r }); err != nil {
		return err
	}
	var stale []int64
	err := eachConfig(ctx, c.src, func(r ConfigInfo) {
		if h, ok := have[r.ID]; !ok || h.MD5 != r.MD5 || !h.Modified.Equal(r.Modified) || h.ConfigKey != r.ConfigKey {
			stale = append(stale, r.ID)
		}
		delete(have, r.ID)
	})
	if err != nil {
		return err
	}
	gone := make([]int64, 0, len(have))
	for id := range have {
		gone = append(gone, id)
	}
	if _, err := c.db.Apply(ctx, copyRows{IDs: gone}); err != nil {
		return err
	}
	for ids := range slices.Chunk(stale, 100) {
		rows, err := c.src.ConfigsByIDs(ctx, ids)
		if err != nil {
			return err
		}
		op := copyRows{IDs: ids, Configs: rows}
		for _, r := range rows {
			op.Keys = append(op.Keys, r.ConfigKey)
		}
		if _, err := c.db.Apply(ctx, op); err != nil {
			return err
		}
	}
	return nil
}

func eachConfig(ctx context.Context, db *DB, fn func(ConfigInfo)) error {
	for after := int64(-1); ; {
		rows, err := db.ConfigPage(ctx, after, copyPage, false)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			fn(r)
		}
		after = rows[len(rows)-1].ID
	}
}

// compareGrays copies all gray copies: they are few.
func (c *copier) compareGrays(ctx context.Context) error {
	op := copyRows{AllGrays: true}
	for after := int64(-1); ; {
		rows, err := c.src.GrayPage(ctx, after, copyPage)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		op.Grays = append(op.Grays, rows...)
		after = rows[len(rows)-1].ID
	}
	_, err := c.db.Apply(ctx, op)
	return err
}

// smallTables are copied as a whole, and only when they differ.
//
//nolint:gochecknoglobals // a table
var smallTables = []struct{ table, cols string }{
	{"tenant_info", "id, kp, tenant_id, tenant_name, tenant_desc, create_source, gmt_create, gmt_modified"},
	{"users", "username, password, enabled"},
	{"roles", "username, role"},
	{"permissions", "role, resource, action"},
	{"pharos_revocations", "username, issued_before"},
	{endedSessions, "id, username, kept, issued_before, expires"},
	{preferences, "username, name, value"},
	{policies, "tenant_id, policy"},
}

func (c *copier) copySmall(ctx context.Context) error {
	src, err := c.src.source(live)
	if err != nil {
		return err
	}
	dst, err := c.db.source(live)
	if err != nil {
		return err
	}
	for _, t := range smallTables {
		if strings.HasPrefix(t.table, "pharos_") && !src.lay.owns(t.table) {
			continue
		}
		op := copyTable{Table: t.table, Columns: t.cols}
		if op.Rows, err = rawRows(ctx, src, t.table, t.cols); err != nil {
			return err
		}
		have, err := rawRows(ctx, dst, t.table, t.cols)
		if err != nil {
			return err
		}
		if slices.EqualFunc(op.Rows, have, slices.Equal) {
			continue
		}
		if _, err := c.db.Apply(ctx, op); err != nil {
			return err
		}
	}
	return nil
}

// rawRows reads a table as text; a NULL is one byte of zero.
func rawRows(ctx context.Context, s source, table, cols string) ([][]string, error) {
	n := strings.Count(cols, ",") + 1
	order := cols
	if strings.HasPrefix(cols, "id,") {
		order = "id"
	}
	return list(ctx, s, "SELECT "+cols+" FROM "+table+" ORDER BY "+order, nil, func(r *sql.Rows, row *[]string) error {
		vals, dest := make([]sql.NullString, n), make([]any, n)
		for i := range vals {
			dest[i] = &vals[i]
		}
		if err := r.Scan(dest...); err != nil {
			return err
		}
		for _, v := range vals {
			if !v.Valid {
				v.String = null
			}
			*row = append(*row, v.String)
		}
		return nil
	})
}

// null stands for a NULL in the rows of rawRows.
const null = "\x00"
