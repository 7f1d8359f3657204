package persistence

import (
	"database/sql"
	"strings"
	"time"
)

// graySource selects gray copies of all names as one set of columns, from the
// table of 2.5 or from those for beta and tag that it took the place of.
func (l *layout) graySource() string {
	if l.gray {
		return "(SELECT id, data_id, group_id, tenant_id, gray_name, gray_rule, app_name, content, md5, encrypted_data_key, src_user, src_ip, gmt_create, gmt_modified FROM config_info_gray) g"
	}
	var parts []string
	if l.beta {
		key := "''"
		if l.betaKey {
			key = "encrypted_data_key"
		}
		parts = append(parts, "SELECT id * 2 AS id, data_id, group_id, tenant_id, 'beta' AS gray_name, beta_ips AS gray_rule, app_name, content, md5, "+key+" AS encrypted_data_key, src_user, src_ip, gmt_create, gmt_modified FROM config_info_beta")
	}
	if l.tag {
		parts = append(parts, "SELECT id * 2 + 1 AS id, data_id, group_id, tenant_id, CONCAT('tag_', tag_id) AS gray_name, tag_id AS gray_rule, app_name, content, md5, '' AS encrypted_data_key, src_user, src_ip, gmt_create, gmt_modified FROM config_info_tag")
	}
	if len(parts) == 0 {
		return "(SELECT 0 AS id, '' AS data_id, '' AS group_id, '' AS tenant_id, '' AS gray_name, '' AS gray_rule, '' AS app_name, '' AS content, '' AS md5, '' AS encrypted_data_key, '' AS src_user, '' AS src_ip, 0 AS gmt_create, 0 AS gmt_modified FROM config_info WHERE 1 = 0) g"
	}
	return "(" + strings.Join(parts, " UNION ALL ") + ") g"
}

const grayCols = "g.id, g.data_id, g.group_id, g.tenant_id, g.gray_name, g.gray_rule, g.app_name, g.content, g.md5, g.encrypted_data_key, g.src_user, g.src_ip, g.gmt_create, g.gmt_modified"

// scanGray reads grayCols. The content stays as it is stored.
func (l *layout) scanGray(r *sql.Rows, g *Gray) error {
	err := r.Scan(&g.ID, &g.DataID, &g.Group, text{&g.Tenant}, &g.Name, text{&g.Rule}, text{&g.AppName}, &g.Content, text{&g.MD5},
		text{&g.EncryptedDataKey}, &g.SrcUser, &g.SrcIP, stamp{&g.Created}, stamp{&g.Modified})
	g.Tenant = l.tenantOf(g.Tenant)
	if err != nil || l.gray {
		return err
	}
	if g.Name == BetaName {
		g.Rule = BetaRule(g.Rule).String()
	} else {
		g.Rule = TagRule(g.Rule).String()
	}
	return nil
}

// storedGray reads a gray copy, its content as it is stored; nil when there is
// none. In MySQL others cannot change it until the transaction ends.
func (t *txn) storedGray(k ConfigKey, name string) (*Gray, error) {
	from, lock := t.lay.graySource(), ""
	if t.lay.gray && t.lay.mysql {
		from, lock = "config_info_gray g", " FOR UPDATE"
	}
	args := []any{k.DataID, k.Group, t.lay.tenant(k.Tenant), name}
	const where = " WHERE g.data_id = ? AND g.group_id = ? AND g.tenant_id = ? AND g.gray_name = ?"
	if lock != "" { // see stored: no lock on a row that is not there
		var id int64
		if ok, err := t.one("SELECT g.id FROM "+from+where, args, &id); !ok {
			return nil, err
		}
	}
	found, err := list(t.Statement.Context, t.source(), "SELECT "+grayCols+" FROM "+from+where+lock, args, t.lay.scanGray)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func (t *txn) countGray(k ConfigKey) (n int, err error) {
	_, err = t.one("SELECT COUNT(*) FROM "+t.lay.graySource()+" WHERE g.data_id = ? AND g.group_id = ? AND g.tenant_id = ?",
		[]any{k.DataID, k.Group, t.lay.tenant(k.Tenant)}, &n)
	return n, err
}

// writeLegacy writes the copy to the tables for beta and tag. ErrUnsupported
// says that there is none for a copy of this name.
func (o PublishGray) writeLegacy(tx *txn, sealed string) (int64, time.Time, error) {
	at := tx.lay.second(o.Time)
	tag, isTag := strings.CutPrefix(o.Name, TagPrefix)
	var cols string
	var args []any
	switch {
	case o.Name == BetaName && tx.lay.beta:
		cols, args = "beta_ips", []any{o.Rule.Expr}
		if tx.lay.betaKey {
			cols, args = cols+", encrypted_data_key", append(args, o.EncryptedDataKey)
		}
		id, err := o.upsertLegacy(tx, "config_info_beta", "", nil, cols, args, sealed, at)
		return id * 2, at, err
	case isTag && tx.lay.tag:
		id, err := o.upsertLegacy(tx, "config_info_tag", " AND tag_id = ?", []any{tag}, "tag_id", []any{tag}, sealed, at)
		return id*2 + 1, at, err
	}
	return 0, at, ErrUnsupported
}

func (o PublishGray) upsertLegacy(tx *txn, table, more string, moreArgs []any, cols string, args []any, sealed string, at time.Time) (int64, error) {
	tenant := tx.lay.tenant(o.Tenant)
	var id int64
	ok, err := tx.one("SELECT id FROM "+table+" WHERE data_id = ? AND group_id = ? AND tenant_id = ?"+more,
		append([]any{o.DataID, o.Group, tenant}, moreArgs...), &id)
	if err != nil {
		return 0, err
	}
	when := tx.lay.at(at)
	if ok {
		set := strings.ReplaceAll(cols, ",", " = ?,") + " = ?"
		_, err := tx.exec("UPDATE "+table+" SET "+set+", app_name = ?, content = ?, md5 = ?, src_ip = ?, src_user = ?, gmt_modified = ? WHERE id = ?",
			append(args, o.AppName, sealed, o.MD5, o.SrcIP, o.SrcUser, when, id)...)
		return id, err
	}
	return tx.insert("INSERT INTO "+table+" ("+cols+", data_id, group_id, tenant_id, app_name, content, md5, src_ip, src_user, gmt_create, gmt_modified) VALUES (?"+
		strings.Repeat(",?", len(args)+9)+")",
		append(args, o.DataID, o.Group, tenant, o.AppName, sealed, o.MD5, o.SrcIP, o.SrcUser, when, when)...)
}

func (t *txn) removeLegacyGray(k ConfigKey, name string) error {
	args := []any{k.DataID, k.Group, t.lay.tenant(k.Tenant)}
	const where = " WHERE data_id = ? AND group_id = ? AND tenant_id = ?"
	var err error
	if tag, ok := strings.CutPrefix(name, TagPrefix); ok && t.lay.tag {
		_, err = t.exec("DELETE FROM config_info_tag"+where+" AND tag_id = ?", append(args, tag)...)
	} else if name == BetaName && t.lay.beta {
		_, err = t.exec("DELETE FROM config_info_beta"+where, args...)
	}
	return err
}
