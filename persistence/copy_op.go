package persistence

import "strings"

// copyRows puts rows of another database in the place of those here. It is not
// for a log: its code is known to none.
type copyRows struct {
	IDs      []int64     // configs that go
	Keys     []ConfigKey // configs that go
	Configs  []ConfigInfo
	AllGrays bool        // all gray copies go
	GrayKeys []ConfigKey // the configs whose gray copies go
	Grays    []Gray
}

func (copyRows) code() opCode { return 0 }

func (o copyRows) run(tx *txn) (Result, error) {
	for _, id := range o.IDs {
		if err := tx.drop(id); err != nil {
			return Result{}, err
		}
	}
	for _, k := range o.Keys {
		var id int64
		ok, err := tx.one("SELECT id FROM config_info WHERE data_id = ? AND group_id = ? AND tenant_id = ?", []any{k.DataID, k.Group, k.Tenant}, &id)
		if err != nil {
			return Result{}, err
		}
		if ok {
			if err := tx.drop(id); err != nil {
				return Result{}, err
			}
		}
	}
	for _, c := range o.Configs {
		if err := tx.putConfig(c); err != nil {
			return Result{}, err
		}
	}
	return Result{N: int64(len(o.Configs))}, o.runGrays(tx)
}

func (o copyRows) runGrays(tx *txn) error {
	if o.AllGrays {
		if _, err := tx.exec("DELETE FROM config_info_gray"); err != nil {
			return err
		}
	}
	for _, k := range o.GrayKeys {
		if _, err := tx.exec("DELETE FROM config_info_gray WHERE data_id = ? AND group_id = ? AND tenant_id = ?", k.DataID, k.Group, k.Tenant); err != nil {
			return err
		}
	}
	for _, g := range o.Grays {
		if err := tx.putGray(g); err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) drop(id int64) error {
	if _, err := t.exec("DELETE FROM config_info WHERE id = ?", id); err != nil {
		return err
	}
	_, err := t.exec("DELETE FROM config_tags_relation WHERE id = ?", id)
	return err
}

// putConfig writes a config as it is, id included.
func (t *txn) putConfig(c ConfigInfo) error {
	if c.Err != nil {
		return c.Err
	}
	sealed, err := t.seal(c.ConfigKey, c.Content)
	if err != nil {
		return err
	}
	tenant := t.lay.tenant(c.Tenant)
	_, err = t.exec("INSERT INTO config_info (id, data_id, group_id, tenant_id, app_name, content, md5, src_ip, src_user, gmt_create, gmt_modified, c_desc, c_use, effect, type, c_schema, encrypted_data_key) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		c.ID, c.DataID, c.Group, tenant, c.AppName, sealed, c.MD5, c.SrcIP, c.SrcUser, t.lay.at(c.Created), t.lay.at(c.Modified), c.Desc, c.Use, c.Effect, c.Type, c.Schema, c.EncryptedDataKey)
	if err != nil {
		return err
	}
	return t.addTags(c.ID, tenant, c.ConfigKey, c.Tags)
}

// putGray writes a gray copy as it is, id included.
func (t *txn) putGray(g Gray) error {
	if g.Err != nil {
		return g.Err
	}
	sealed, err := t.seal(g.ConfigKey, g.Content)
	if err != nil {
		return err
	}
	_, err = t.exec("INSERT INTO config_info_gray (id, data_id, group_id, tenant_id, gray_name, gray_rule, app_name, content, md5, encrypted_data_key, src_ip, src_user, gmt_create, gmt_modified) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		g.ID, g.DataID, g.Group, t.lay.tenant(g.Tenant), g.Name, g.Rule, g.AppName, sealed, g.MD5, g.EncryptedDataKey, g.SrcIP, g.SrcUser, t.lay.at(g.Created), t.lay.at(g.Modified))
	return err
}

// copyTable puts rows in the place of all rows of a table. Like copyRows it is
// not for a log.
type copyTable struct {
	Table, Columns string
	Rows           [][]string
}

func (copyTable) code() opCode { return 0 }

func (o copyTable) run(tx *txn) (Result, error) {
	if _, err := tx.exec("DELETE FROM " + o.Table); err != nil {
		return Result{}, err
	}
	marks := "?" + strings.Repeat(",?", strings.Count(o.Columns, ","))
	for _, row := range o.Rows {
		args := make([]any, len(row))
		for i, v := range row {
			if v != null {
				args[i] = v
			}
		}
		if _, err := tx.exec("INSERT INTO "+o.Table+" ("+o.Columns+") VALUES ("+marks+")", args...); err != nil {
			return Result{}, err
		}
	}
	return Result{N: int64(len(o.Rows))}, nil
}
