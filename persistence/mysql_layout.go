package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"
)

// nacosTables are the tables and columns that every version since 1.2 has, and
// without which a database is not one of Nacos.
//
//nolint:gochecknoglobals // a table
var nacosTables = map[string]string{
	"config_info":          "id data_id group_id content md5 gmt_create gmt_modified src_user src_ip app_name tenant_id c_desc c_use effect type c_schema",
	"config_tags_relation": "id tag_name tag_type data_id group_id tenant_id nid",
	"his_config_info":      "id nid data_id group_id app_name content md5 gmt_create gmt_modified src_user src_ip op_type tenant_id",
	"group_capacity":       "id group_id quota usage max_size max_aggr_count max_aggr_size gmt_create gmt_modified",
	"tenant_capacity":      "id tenant_id quota usage max_size max_aggr_count max_aggr_size gmt_create gmt_modified",
	"tenant_info":          "kp tenant_id tenant_name tenant_desc create_source gmt_create gmt_modified",
	"users":                "username password enabled",
	"roles":                "username role",
	"permissions":          "role resource action",
}

// ownTables is how many tables of ours a MySQL can have.
const ownTables = 5

// own says which of our tables a MySQL has.
type own struct {
	mu     sync.Mutex // guards the following
	tables map[string]bool
	denied map[string]bool // may not be made; said once
}

func (o *own) has(table string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tables[table]
}

// look finds the tables that another node has made since the start. It asks
// nothing where all are there.
func (o *own) look(ctx context.Context, run func(ctx context.Context, query string, args []any, fn func(*sql.Rows) error) error) error {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	complete := len(o.tables) >= ownTables
	o.mu.Unlock()
	if complete {
		return nil
	}
	var found []string
	err := run(ctx, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'pharos\\_%'", nil, func(r *sql.Rows) error {
		var t string
		err := r.Scan(&t)
		found = append(found, strings.ToLower(t))
		return err
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, t := range found {
		o.tables[t] = true
	}
	return err
}

// columns lists the columns of every table of the database, in lower case.
func columns(ctx context.Context, g *gorm.DB) (map[string][]string, error) {
	out := map[string][]string{}
	err := runQuery(ctx, g.Statement.ConnPool, "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()", nil,
		func(r *sql.Rows) error {
			var t, c string
			if err := r.Scan(&t, &c); err != nil {
				return err
			}
			t = strings.ToLower(t)
			out[t] = append(out[t], strings.ToLower(c))
			return nil
		})
	return out, err
}

// mysqlLayout finds out what a database of Nacos has. made is false when it has
// none of Nacos's tables.
func mysqlLayout(ctx context.Context, g *gorm.DB, loc *time.Location) (lay *layout, made bool, err error) {
	cols, err := columns(ctx, g)
	if err != nil {
		return nil, false, err
	}
	var lacks []string
	for t, need := range nacosTables {
		if cols[t] == nil {
			lacks = append(lacks, t)
			continue
		}
		made = true
		for c := range strings.FieldsSeq(need) {
			if !slices.Contains(cols[t], c) {
				lacks = append(lacks, t+"."+c)
			}
		}
	}
	if !made {
		return nil, false, nil
	}
	if len(lacks) > 0 {
		slices.Sort(lacks)
		return nil, true, fmt.Errorf("this is not a database of Nacos 1.2 or later, as its schema lacks %s: run Nacos's own upgrade script for 1.x, or name an empty database",
			strings.Join(lacks, ", "))
	}
	has := func(table, column string) bool { return slices.Contains(cols[table], column) }
	lay = &layout{
		mysql: true, loc: loc,
		configKey:  has("config_info", "encrypted_data_key"),
		historyKey: has("his_config_info", "encrypted_data_key"),
		historyExt: has("his_config_info", "publish_type") && has("his_config_info", "gray_name") && has("his_config_info", "ext_info"),
		gray:       cols["config_info_gray"] != nil,
		beta:       cols["config_info_beta"] != nil,
		betaKey:    has("config_info_beta", "encrypted_data_key"),
		tag:        cols["config_info_tag"] != nil,
		aggr:       cols["config_info_aggr"] != nil,
		own:        &own{tables: map[string]bool{}, denied: map[string]bool{}},
	}
	for t := range cols {
		if strings.HasPrefix(t, "pharos_") {
			lay.own.tables[t] = true
		}
	}
	// Nacos 3.x keeps public configs under "public", and copies of them under "".
	var n int
	err = runQuery(ctx, g.Statement.ConnPool, "SELECT 1 FROM config_info WHERE tenant_id = 'public' LIMIT 1", nil, func(r *sql.Rows) error { return r.Scan(&n) })
	if n == 1 {
		lay.public = "public"
	}
	return lay, true, err
}

// lockWait is how long a node waits for another one that makes the tables.
const lockWait = 20 // s

// locked runs fn on a connection that holds the lock of the schema: nodes that
// start together wait for each other.
func locked(ctx context.Context, g *gorm.DB, fn func(g *gorm.DB) error) error {
	return g.WithContext(ctx).Connection(func(g *gorm.DB) error {
		const name = "LEFT(CONCAT('pharos schema ', DATABASE()), 64)" // a name has 64 letters at most
		var held sql.NullInt64
		err := runQuery(ctx, g.Statement.ConnPool, "SELECT GET_LOCK("+name+", "+strconv.Itoa(lockWait)+")", nil, func(r *sql.Rows) error { return r.Scan(&held) })
		if err != nil {
			return err
		}
		if held.Int64 != 1 {
			return fmt.Errorf("%w: another node has been making its tables for %d s", ErrUnavailable, lockWait)
		}
		err = fn(g)
		return errors.Join(err, runQuery(ctx, g.Statement.ConnPool, "SELECT RELEASE_LOCK("+name+")", nil, func(r *sql.Rows) error { return r.Scan(&held) }))
	})
}

// createSchema makes the tables in an empty database.
func createSchema(ctx context.Context, g *gorm.DB) error {
	err := runSchema(ctx, g, "schema/mysql-001-nacos.sql")
	if denied(err) {
		return fmt.Errorf("the database is empty and its user may not create tables: grant CREATE, or load Nacos's mysql-schema.sql by hand: %w", err)
	}
	return err
}

func runSchema(ctx context.Context, g *gorm.DB, name string) error {
	text, err := schemas.ReadFile(name)
	if err != nil {
		return err
	}
	for stmt := range strings.SplitSeq(string(text), ";\n") {
		if strings.TrimSpace(stmt) == "" {
			continue
		}
		if _, err := g.Statement.ConnPool.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	return nil
}

// makeOwn makes one of our tables when it is first needed. ErrUnsupported says
// that the database user may not.
func (e *external) makeOwn(ctx context.Context, c *connected, table string) error {
	o := c.lay.own
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tables[table] {
		return nil
	}
	if o.denied[table] {
		return ErrUnsupported
	}
	err := runSchema(ctx, c.g, "schema/mysql-own-"+table+".sql")
	switch {
	case denied(err):
		o.denied[table] = true
		e.db.log.Warn("the database user may not create a table of ours: what needs it is refused", "table", table,
			"grant", "CREATE", "err", err)
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	case err != nil:
		return c.lay.translate(err)
	}
	o.tables[table] = true
	return nil
}

// migrateTwins does what Nacos 3.x does at its start: a public config that an
// older server left under "" alone gets its copy under "public".
func migrateTwins(ctx context.Context, g *gorm.DB, lay *layout) error {
	key, val := "", ""
	if lay.configKey {
		key, val = ", encrypted_data_key", ", c.encrypted_data_key"
	}
	const cols = "data_id, group_id, content, md5, src_ip, app_name, c_desc, c_use, effect, type, c_schema, gmt_create, gmt_modified"
	_, err := g.Statement.ConnPool.ExecContext(ctx, "INSERT INTO config_info ("+cols+", tenant_id, src_user"+key+") SELECT c."+strings.ReplaceAll(cols, ", ", ", c.")+
		", 'public', '"+twinUser+"'"+val+" FROM config_info c LEFT JOIN config_info p ON p.data_id = c.data_id AND p.group_id = c.group_id AND p.tenant_id = 'public' WHERE c.tenant_id = '' AND p.id IS NULL")
	return err
}

// migrateLegacy does what Nacos 2.5 does at its start: a copy in the tables for
// beta and tag that is newer than the one in config_info_gray takes its place
// there, without history.
func (e *external) migrateLegacy(ctx context.Context, s *dataSource, lay *layout) error {
	old := *lay
	old.gray = false
	src := source{
		run: func(ctx context.Context, query string, args []any, fn func(*sql.Rows) error) error {
			return runQuery(ctx, s.g.Statement.ConnPool, query, args, fn)
		},
		lay: &old, box: e.db.box,
	}
	rows, err := list(ctx, src, "SELECT "+grayCols+" FROM "+old.graySource(), nil, src.scanGray)
	if err != nil {
		return err
	}
	for _, g := range rows {
		if g.Err != nil {
			return fmt.Errorf("gray copy %s of %s: %w", g.Name, g.DataID, g.Err)
		}
		err := s.g.WithContext(ctx).Transaction(func(t *gorm.DB) error {
			tx := &txn{t, lay, e.db.box}
			have, err := tx.storedGray(g.ConfigKey, g.Name)
			if err != nil || have != nil && !have.Modified.Before(g.Modified) {
				return err
			}
			rule, err := ParseGrayRule(g.Rule)
			if err != nil {
				return err
			}
			_, err = PublishGray{
				ConfigKey: g.ConfigKey, Writer: Writer{SrcUser: new("nacos_auto_migrate"), SrcIP: deref(g.SrcIP), Time: g.Modified}, Name: g.Name, Rule: rule,
				Content: g.Content, MD5: g.MD5, EncryptedDataKey: g.EncryptedDataKey, AppName: g.AppName,
			}.putRow(tx, have)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

var errNoDatabase = errors.New("no database was named: db.num and db.url.0 are needed")
