package persistence

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"
)

// configSource is the rows that are configs of their own: in a database of Nacos
// 3.x the copies under tenant "" are not.
func (l *layout) configSource() (from, and string) {
	if l.public != "" {
		return " FROM config_info c WHERE c.tenant_id <> ''", " AND "
	}
	return " FROM config_info c", " WHERE "
}

// configCols are the columns that scanConfig reads.
func (l *layout) configCols(content, tags bool) string {
	body, tagCol := "''", "NULL"
	if content {
		body = "c.content"
	}
	if tags {
		tagCol = l.tagsOf("c")
	}
	return "c.id, c.data_id, c.group_id, c.tenant_id, " + body + ", c.md5, " + l.dataKeyOf("c") +
		", c.app_name, c.type, c.src_user, c.src_ip, c.c_desc, c.c_use, c.effect, c.c_schema, c.gmt_create, c.gmt_modified, " + tagCol
}

func (s source) scanConfig(r *sql.Rows, c *ConfigInfo) error {
	err := r.Scan(&c.ID, &c.DataID, text{&c.Group}, text{&c.Tenant}, &c.Content, text{&c.MD5}, text{&c.EncryptedDataKey}, text{&c.AppName},
		&c.Type, &c.SrcUser, &c.SrcIP, &c.Desc, &c.Use, &c.Effect, &c.Schema, stamp{&c.Created}, stamp{&c.Modified}, &c.Tags)
	if err != nil {
		return err
	}
	c.Tenant = s.lay.tenantOf(c.Tenant)
	c.Content, c.Err = s.box.open(c.ConfigKey, c.Content)
	return nil
}

// configs lists the configs that meet a condition.
func (d *DB) configs(ctx context.Context, content, tags bool, cond string, args []any, tail string) ([]ConfigInfo, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	return s.configs(ctx, content, tags, cond, args, tail)
}

func (s source) configs(ctx context.Context, content, tags bool, cond string, args []any, tail string) ([]ConfigInfo, error) {
	from, and := s.lay.configSource()
	out, err := list(ctx, s, "SELECT "+s.lay.configCols(content, tags)+from+and+cond+tail, args, s.scanConfig)
	if err != nil {
		return nil, err
	}
	return out, s.addDataKeys(ctx, out)
}

// Config reads a config with its content and tags; nil when there is none.
func (d *DB) Config(ctx context.Context, k ConfigKey) (*ConfigInfo, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	return s.config(ctx, k)
}

// LiveConfig is Config by the database alone, never by the copy of its last state.
func (d *DB) LiveConfig(ctx context.Context, k ConfigKey) (*ConfigInfo, error) {
	s, err := d.source(live)
	if err != nil {
		return nil, err
	}
	return s.config(ctx, k)
}

func (s source) config(ctx context.Context, k ConfigKey) (*ConfigInfo, error) {
	return first(s.configs(ctx, true, true, "c.data_id = ? AND c.group_id = ? AND c.tenant_id = ?", []any{k.DataID, k.Group, s.lay.tenant(k.Tenant)}, ""))
}

// ConfigsByIDs reads the configs that have these ids, with content and tags, by
// id. Ids that are not there are passed over.
func (d *DB) ConfigsByIDs(ctx context.Context, ids []int64) ([]ConfigInfo, error) {
	var out []ConfigInfo
	for len(ids) > 0 {
		n := min(len(ids), 500)
		args := make([]any, n)
		for i, id := range ids[:n] {
			args[i] = id
		}
		part, err := d.configs(ctx, true, true, "c.id IN (?"+strings.Repeat(",?", n-1)+")", args, " ORDER BY c.id")
		if err != nil {
			return nil, err
		}
		out, ids = append(out, part...), ids[n:]
	}
	return out, nil
}

// ConfigPage reads up to limit configs with an id over after, by id: how a start
// loads all. The content is left out unless it is asked for; tags always are, see
// TagsBetween.
func (d *DB) ConfigPage(ctx context.Context, after int64, limit int, content bool) ([]ConfigInfo, error) {
	return d.configs(ctx, content, false, "c.id > ?", []any{after, limit}, " ORDER BY c.id LIMIT ?")
}

// ConfigsSince reads up to limit configs changed at or after a time, without
// their content, by that time. MySQL rounds times to seconds: look back a few.
func (d *DB) ConfigsSince(ctx context.Context, since time.Time, limit int) ([]ConfigInfo, error) {
	s, err := d.source(live)
	if err != nil {
		return nil, err
	}
	return s.configs(ctx, false, false, "c.gmt_modified >= ?", []any{s.lay.at(since), limit}, " ORDER BY c.gmt_modified, c.id LIMIT ?")
}

// ConfigsOf lists the configs of a namespace without content, by id.
func (d *DB) ConfigsOf(ctx context.Context, tenant string) ([]ConfigInfo, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	return s.configs(ctx, false, false, "c.tenant_id = ?", []any{s.lay.tenant(tenant)}, " ORDER BY c.id LIMIT "+strconv.Itoa(maxRows))
}

// TagsBetween reads the tags of the configs with ids from first to last, joined by
// commas in the order they were given: those of a ConfigPage, in one query.
func (d *DB) TagsBetween(ctx context.Context, first, last int64) (map[int64]string, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	out := map[int64]string{}
	err = s.each(ctx, "SELECT id, tag_name FROM config_tags_relation WHERE id BETWEEN ? AND ? ORDER BY id, nid", []any{first, last}, func(r *sql.Rows) error {
		var id int64
		var tag string
		if err := r.Scan(&id, text{&tag}); err != nil {
			return err
		}
		if all, ok := out[id]; ok {
			tag = all + "," + tag
		}
		out[id] = tag
		return nil
	})
	return out, err
}

// ConfigSearch is what a search of configs asks for. Names are compared whole,
// or as patterns when Blur is set: "*" is any text, and "%", "_" and "\" are
// what they are to LIKE. An empty name asks nothing.
type ConfigSearch struct {
	Tenant  string // "" is the public namespace, never "any"
	Group   string
	DataID  string
	Blur    bool
	AppName string   // whole
	Types   []string // any of them
	Tags    []string // any of them
	// TagPatterns compares tags as patterns (3.x). Without it a config with two
	// of the tags is found twice, as in 2.5.
	TagPatterns bool
	Detail      string // a part of the content; "*" stands for any text when Blur is set
	Content     bool   // read the content
	TagColumn   bool   // read the tags
}

// ErrSealed refuses a search by content where content is encrypted at rest.
var ErrSealed = sealedError{}

type sealedError struct{}

// Error says what to do.
func (sealedError) Error() string {
	return "configs are encrypted at rest: they cannot be searched by content"
}

// Sealed reports whether content is encrypted at rest.
func (d *DB) Sealed() bool { return d.box != nil && !d.box.plain }

// SearchConfigs finds configs, one page, by id.
func (d *DB) SearchConfigs(ctx context.Context, q ConfigSearch, pageNo, size int) (Page[ConfigInfo], error) {
	s, err := d.source(copied)
	if err != nil {
		return Page[ConfigInfo]{}, err
	}
	if q.Detail != "" && d.Sealed() {
		return Page[ConfigInfo]{}, ErrSealed
	}
	from, w, args := q.where(s.lay)
	p, err := page(ctx, s, s.lay.configCols(q.Content, q.TagColumn), from+whereOf(w), args, " ORDER BY c.id", pageNo, size, s.scanConfig)
	if err != nil {
		return p, err
	}
	return p, s.addDataKeys(ctx, p.Items)
}

func (q ConfigSearch) where(l *layout) (from string, w []string, args []any) {
	from = " FROM config_info c"
	tenant := l.tenant(q.Tenant)
	for _, f := range []struct{ column, value string }{{"c.tenant_id", tenant}, {"c.data_id", q.DataID}, {"c.group_id", q.Group}} {
		switch {
		case f.value == "" && f.column != "c.tenant_id":
		case q.Blur && f.value != "":
			c, a := l.like(f.column, f.value, true, true)
			w, args = append(w, c), append(args, a)
		default:
			w, args = append(w, f.column+" = ?"), append(args, f.value)
		}
	}
	if q.AppName != "" {
		w, args = append(w, "c.app_name = ?"), append(args, q.AppName)
	}
	if len(q.Types) > 0 {
		w = append(w, "c.type IN (?"+strings.Repeat(",?", len(q.Types)-1)+")")
		for _, t := range q.Types {
			args = append(args, t)
		}
	}
	if q.Detail != "" {
		c, a := l.like("c.content", "%"+q.Detail+"%", q.Blur, true)
		w, args = append(w, c), append(args, a)
	}
	if len(q.Tags) > 0 {
		from, w, args = q.whereTags(l, from, w, args)
	}
	return from, w, args
}

func (q ConfigSearch) whereTags(l *layout, from string, w []string, args []any) (string, []string, []any) {
	if !q.TagPatterns {
		w = append(w, "r.tag_name IN (?"+strings.Repeat(",?", len(q.Tags)-1)+")")
		for _, t := range q.Tags {
			args = append(args, t)
		}
		return from + " JOIN config_tags_relation r ON r.id = c.id", w, args
	}
	or := make([]string, 0, len(q.Tags))
	for _, t := range q.Tags {
		c, a := l.like("r.tag_name", t, true, true)
		or, args = append(or, c), append(args, a)
	}
	return from, append(w, "c.id IN (SELECT r.id FROM config_tags_relation r WHERE "+strings.Join(or, " OR ")+")"), args
}

// ConfigExport is what an export takes: the configs of IDs, or else those that
// meet the rest. An empty field asks nothing.
type ConfigExport struct {
	IDs     []int64
	Tenant  string // "" is the public namespace
	Group   string
	DataID  string // a pattern, as in a blurred search
	AppName string
}

// ExportConfigs reads the configs of an export with content and tags, by id.
func (d *DB) ExportConfigs(ctx context.Context, q ConfigExport) ([]ConfigInfo, error) {
	if len(q.IDs) > 0 {
		return d.ConfigsByIDs(ctx, q.IDs)
	}
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	w, args := []string{"c.tenant_id = ?"}, []any{s.lay.tenant(q.Tenant)}
	if q.DataID != "" {
		c, a := s.lay.like("c.data_id", q.DataID, true, true)
		w, args = append(w, c), append(args, a)
	}
	if q.Group != "" {
		w, args = append(w, "c.group_id = ?"), append(args, q.Group)
	}
	if q.AppName != "" {
		w, args = append(w, "c.app_name = ?"), append(args, q.AppName)
	}
	return s.configs(ctx, true, true, strings.Join(w, " AND "), args, " ORDER BY c.id LIMIT "+strconv.Itoa(maxRows))
}

// CountConfigs counts the configs of all namespaces.
func (d *DB) CountConfigs(ctx context.Context) (n int64, err error) {
	s, err := d.source(copied)
	if err != nil {
		return 0, err
	}
	from, _ := s.lay.configSource()
	_, err = s.one(ctx, "SELECT COUNT(*)"+from, nil, &n)
	return n, err
}

// CountByTenant counts the configs of every namespace that has some.
func (d *DB) CountByTenant(ctx context.Context) (map[string]int64, error) {
	s, err := d.source(copied)
	if err != nil {
		return nil, err
	}
	from, _ := s.lay.configSource()
	out := map[string]int64{}
	err = s.each(ctx, "SELECT c.tenant_id, COUNT(*)"+from+" GROUP BY c.tenant_id", nil, func(r *sql.Rows) error {
		var t string
		var n int64
		if err := r.Scan(text{&t}, &n); err != nil {
			return err
		}
		out[s.lay.tenantOf(t)] += n
		return nil
	})
	return out, err
}
