package persistence

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// historyRow is a row of his_config_info that an op adds.
type historyRow struct {
	id      int64
	key     ConfigKey
	app     string
	sealed  string
	md5     string
	dataKey string
	by      Writer
	op      string
	gray    string // "" for the formal config
	ext     *string
}

// addHistory adds a row whose content the op has at hand.
func (t *txn) addHistory(h historyRow) error {
	if h.gray != "" && !t.lay.historyExt {
		return nil // a row that cannot say that it is of a gray copy would pass for the config's
	}
	q := "INSERT INTO his_config_info (id, data_id, group_id, tenant_id, app_name, content, md5, src_ip, src_user, gmt_create, gmt_modified, op_type"
	at := t.lay.at(t.lay.second(h.by.Time))
	args := append(make([]any, 0, 16), h.id, h.key.DataID, h.key.Group, t.lay.tenant(h.key.Tenant), h.app, h.sealed, h.md5, h.by.SrcIP, h.by.SrcUser, at, at, h.op)
	marks := ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?"
	if t.lay.historyKey {
		q, marks, args = q+", encrypted_data_key", marks+",?", append(args, h.dataKey)
	}
	if t.lay.historyExt {
		kind := "formal"
		if h.gray != "" {
			kind = "gray"
		}
		q, marks, args = q+", publish_type, gray_name, ext_info", marks+",?,?,?", append(args, kind, h.gray, noted(h.ext, h.by.Note))
	}
	_, err := t.exec(q+marks+")", args...)
	return err
}

// copyHistory adds a row with what the config was until now. The content does
// not leave the database.
func (t *txn) copyHistory(old *storedConfig, by Writer, op string) error {
	at := t.lay.at(t.lay.second(by.Time))
	q := "INSERT INTO his_config_info (id, data_id, group_id, tenant_id, app_name, content, md5, src_ip, src_user, gmt_create, gmt_modified, op_type"
	sel := ") SELECT id, data_id, group_id, tenant_id, app_name, content, md5, ?, ?, ?, ?, ?"
	args := append(make([]any, 0, 10), by.SrcIP, by.SrcUser, at, at, op)
	if t.lay.historyKey {
		q += ", encrypted_data_key"
		if t.lay.configKey {
			sel += ", encrypted_data_key"
		} else {
			sel, args = sel+", ?", append(args, old.dataKey)
		}
	}
	if t.lay.historyExt {
		q += ", publish_type, gray_name, ext_info"
		sel, args = sel+", 'formal', '', ?", append(args, noted(old.extInfo(), by.Note))
	}
	_, err := t.exec(q+sel+" FROM config_info WHERE id = ?", append(args, old.id)...)
	return err
}

// PurgeHistory removes history rows: those older than Before, and of each
// config those beyond the Keep newest. The result's N is how many went; a
// result of Limit means that there may be more.
type PurgeHistory struct {
	Before time.Time `json:",omitzero"` // zero: by age none
	Keep   int       `json:",omitempty"`
	Limit  int       // rows of one run; 1000 in Nacos
}

func (PurgeHistory) code() opCode  { return opPurgeHistory }
func (PurgeHistory) refusesFirst() {}

func (o PurgeHistory) run(tx *txn) (Result, error) {
	var res Result
	if !o.Before.IsZero() {
		q := "DELETE FROM his_config_info WHERE gmt_modified < ? LIMIT ?"
		if !tx.lay.mysql {
			q = "DELETE FROM his_config_info WHERE nid IN (SELECT nid FROM his_config_info WHERE gmt_modified < ? ORDER BY gmt_modified, nid LIMIT ?)"
		}
		n, err := tx.exec(q, tx.lay.at(o.Before), o.Limit)
		if err != nil {
			return Result{}, err
		}
		res.N = n
	}
	if o.Keep > 0 && res.N < int64(o.Limit) {
		n, err := o.trim(tx, o.Limit-int(res.N))
		if err != nil {
			return Result{}, err
		}
		res.N += n
	}
	return res, nil
}

// trim removes what is beyond the newest rows of each config.
func (o PurgeHistory) trim(tx *txn, limit int) (n int64, err error) {
	keys, err := list(tx.Statement.Context, tx.source(),
		"SELECT data_id, group_id, tenant_id FROM his_config_info GROUP BY data_id, group_id, tenant_id HAVING COUNT(*) > ? ORDER BY data_id, group_id, tenant_id LIMIT ?",
		[]any{o.Keep, limit}, scanHistoryKey)
	if err != nil {
		return 0, err
	}
	for _, k := range keys {
		if n >= int64(limit) {
			break
		}
		args := []any{k.DataID, k.Group, k.Tenant}
		const where = " WHERE data_id = ? AND group_id = ? AND tenant_id = ?"
		var last int64
		ok, err := tx.one("SELECT nid FROM his_config_info"+where+" ORDER BY nid DESC LIMIT 1 OFFSET ?", append(args, o.Keep), &last)
		if err != nil || !ok {
			return n, err
		}
		q := "DELETE FROM his_config_info" + where + " AND nid <= ? ORDER BY nid LIMIT ?"
		if !tx.lay.mysql {
			q = "DELETE FROM his_config_info WHERE nid IN (SELECT nid FROM his_config_info" + where + " AND nid <= ? ORDER BY nid LIMIT ?)"
		}
		m, err := tx.exec(q, append(args, last, limit-int(n))...)
		if err != nil {
			return n, err
		}
		n += m
	}
	return n, nil
}

// extInfo is what a new config's history row says about the request.
func (o PublishConfig) extInfo() *string {
	return extInfo("src_user", deref(o.SrcUser), "c_schema", deref(o.Schema), "c_use", deref(o.Use), "effect", deref(o.Effect),
		"type", deref(o.Type), "config_tags", deref(o.Tags), "c_desc", deref(o.Desc))
}

// extInfo is what a history row says about the config that was.
func (c *storedConfig) extInfo() *string {
	return extInfo("type", deref(c.typ), "config_tags", deref(c.tags), "effect", deref(c.effect), "src_user", deref(c.srcUser),
		"c_desc", deref(c.desc), "c_use", deref(c.use), "c_schema", deref(c.schema))
}

// extInfo writes names and values as JSON, in their order and without those that
// are blank; nil when all are.
func extInfo(pairs ...string) *string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		v := strings.TrimSpace(pairs[i+1]) //nolint:gosec // pairs has an even length
		if v == "" {
			continue
		}
		if b.Len() == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		b.WriteString(quote(pairs[i]))
		b.WriteByte(':')
		b.WriteString(quote(v))
	}
	if b.Len() == 0 {
		return nil
	}
	b.WriteByte('}')
	s := b.String()
	return &s
}

// noted is what a history row says, with the note of who made it: in what it says of the
// request, so that a table of Nacos needs no other column.
func noted(ext *string, note string) *string {
	own := extInfo("note", note)
	if own == nil || ext == nil {
		return cmp.Or(own, ext)
	}
	s := strings.TrimSuffix(*ext, "}") + "," + (*own)[1:]
	return &s
}

// quote is s as a JSON string that keeps "<", ">" and "&".
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""` // a string always encodes
	}
	return escapeAstral(strings.TrimSuffix(b.String(), "\n"))
}

// escapeAstral writes a JSON text without the letters for which the columns of a MySQL
// may have no place. They are in strings alone, where an escape means the same.
func escapeAstral(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r > 0xffff }) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if r <= 0xffff {
			b.WriteRune(r)
			continue
		}
		high, low := utf16.EncodeRune(r)
		fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
	}
	return b.String()
}
