package persistence

import (
	"context"
	"database/sql"
	"time"
)

func scanHistoryKey(r *sql.Rows, k *ConfigKey) error {
	return r.Scan(&k.DataID, &k.Group, text{&k.Tenant})
}

// historyCols are the columns that scanHistory reads.
func (l *layout) historyCols(content bool) string {
	body, key, ext := "''", "''", "'formal', NULL, NULL"
	if content {
		body = "h.content"
	}
	if l.historyKey {
		key = "h.encrypted_data_key"
	}
	if l.historyExt {
		ext = "h.publish_type, h.gray_name, h.ext_info"
	}
	return "h.id, h.nid, h.data_id, h.group_id, h.tenant_id, h.app_name, " + body + ", h.md5, " + key +
		", h.src_user, h.src_ip, h.op_type, " + ext + ", h.gmt_create, h.gmt_modified"
}

func (s source) scanHistory(r *sql.Rows, h *History) error {
	err := r.Scan(&h.ID, &h.NID, &h.DataID, &h.Group, text{&h.Tenant}, text{&h.AppName}, &h.Content, text{&h.MD5}, text{&h.EncryptedDataKey},
		&h.SrcUser, &h.SrcIP, text{&h.Op}, text{&h.PublishType}, &h.GrayName, &h.ExtInfo, stamp{&h.Created}, stamp{&h.Modified})
	if err != nil {
		return err
	}
	h.Tenant = s.lay.tenantOf(h.Tenant)
	h.Content, h.Err = s.box.open(h.ConfigKey, h.Content)
	return nil
}

// HistoryOf reads one page of the history of a config and its gray copies,
// newest first, without content.
func (d *DB) HistoryOf(ctx context.Context, k ConfigKey, pageNo, size int) (Page[History], error) {
	s, err := d.source(live)
	if err != nil {
		return Page[History]{}, err
	}
	return page(ctx, s, s.lay.historyCols(false), " FROM his_config_info h WHERE h.data_id = ? AND h.group_id = ? AND h.tenant_id = ?",
		[]any{k.DataID, k.Group, s.lay.tenant(k.Tenant)}, " ORDER BY h.nid DESC", pageNo, size, s.scanHistory)
}

func (d *DB) history(ctx context.Context, content bool, cond string, args ...any) ([]History, error) {
	s, err := d.source(live)
	if err != nil {
		return nil, err
	}
	return list(ctx, s, "SELECT "+s.lay.historyCols(content)+" FROM his_config_info h WHERE "+cond, args, s.scanHistory)
}

func first[T any](found []T, err error) (*T, error) {
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// History reads one row with its content; nil when there is none.
func (d *DB) History(ctx context.Context, nid int64) (*History, error) {
	return first(d.history(ctx, true, "h.nid = ?", nid))
}

// HistoryPrevious reads the newest row of the config with this id; nil when
// there is none. The row of an insert has no id and is never found.
func (d *DB) HistoryPrevious(ctx context.Context, id int64) (*History, error) {
	return first(d.history(ctx, true, "h.nid = (SELECT MAX(n.nid) FROM his_config_info n WHERE n.id = ?)", id))
}

// HistoryNext reads the row after nid of the same config and publish type; nil
// when there is none. The gray name is compared when it is not nil.
func (d *DB) HistoryNext(ctx context.Context, h History) (*History, error) {
	s, err := d.source(live)
	if err != nil {
		return nil, err
	}
	cond, args := "h.data_id = ? AND h.group_id = ? AND h.tenant_id = ? AND h.nid > ?", []any{h.DataID, h.Group, s.lay.tenant(h.Tenant), h.NID}
	if s.lay.historyExt {
		cond, args = cond+" AND h.publish_type = ?", append(args, h.PublishType)
		if h.PublishType == "gray" && h.GrayName != nil {
			cond, args = cond+" AND h.gray_name = ?", append(args, *h.GrayName)
		}
	}
	return first(d.history(ctx, true, cond+" ORDER BY h.nid LIMIT 1", args...))
}

// HistoryFilter chooses rows of history. A zero field chooses all.
type HistoryFilter struct {
	Tenant   *string // nil: of all namespaces
	Before   int64   // rows with a smaller nid
	From, To time.Time
	Removals bool // of formal copies alone
}

// HistoryPage reads the newest rows that f wants, up to limit, newest first and
// without content.
func (d *DB) HistoryPage(ctx context.Context, f HistoryFilter, limit int) ([]History, error) {
	s, err := d.source(live)
	if err != nil {
		return nil, err
	}
	cond, args := "1 = 1", []any{}
	add := func(c string, v any) { cond, args = cond+" AND "+c, append(args, v) }
	if f.Tenant != nil {
		add("h.tenant_id = ?", s.lay.tenant(*f.Tenant))
	}
	if f.Before > 0 {
		add("h.nid < ?", f.Before)
	}
	if !f.From.IsZero() {
		add("h.gmt_modified >= ?", s.lay.at(f.From))
	}
	if !f.To.IsZero() {
		add("h.gmt_modified <= ?", s.lay.at(f.To))
	}
	if f.Removals {
		add("h.op_type = ?", "D")
		if s.lay.historyExt {
			add("h.publish_type = ?", "formal")
		}
	}
	return d.history(ctx, false, cond+" ORDER BY h.nid DESC LIMIT ?", append(args, limit)...)
}

// RemovedSince reads up to limit rows of removals written at or after a time,
// with a nid over after, by nid and without content: how a node learns of what
// others removed. MySQL rounds times to seconds: look back a few.
func (d *DB) RemovedSince(ctx context.Context, since time.Time, after int64, limit int) ([]History, error) {
	s, err := d.source(live)
	if err != nil {
		return nil, err
	}
	return d.history(ctx, false, "h.op_type = 'D' AND h.gmt_modified >= ? AND h.nid > ? ORDER BY h.nid LIMIT ?", s.lay.at(since), after, limit)
}

// HistoryKeys lists the configs of a namespace that have history, with the ids
// of none.
func (d *DB) HistoryKeys(ctx context.Context, tenant string) ([]ConfigKey, error) {
	s, err := d.source(live)
	if err != nil {
		return nil, err
	}
	return list(ctx, s, "SELECT DISTINCT data_id, group_id, tenant_id FROM his_config_info WHERE tenant_id = ? ORDER BY group_id, data_id", []any{s.lay.tenant(tenant)},
		func(r *sql.Rows, k *ConfigKey) error {
			err := scanHistoryKey(r, k)
			k.Tenant = s.lay.tenantOf(k.Tenant)
			return err
		})
}
