package persistence

import "strings"

// storedConfig is what an op needs to know of the row that is there.
type storedConfig struct {
	id      int64
	md5     string
	appName string
	dataKey string
	srcUser *string
	typ     *string
	desc    *string
	use     *string
	effect  *string
	schema  *string
	tags    *string
}

// tagsOf selects the tags of the config c, in the order they were given.
func (l *layout) tagsOf(c string) string {
	if l.mysql {
		return "(SELECT GROUP_CONCAT(t.tag_name ORDER BY t.nid) FROM config_tags_relation t WHERE t.id = " + c + ".id)"
	}
	return "(SELECT group_concat(tag_name, ',') FROM (SELECT t.tag_name FROM config_tags_relation t WHERE t.id = " + c + ".id ORDER BY t.nid))"
}

// dataKeyOf selects the encrypted data key of the config c.
func (l *layout) dataKeyOf(c string) string {
	if l.configKey {
		return c + ".encrypted_data_key"
	}
	return "''"
}

// stored reads the row of a config, without its content, and keeps others from
// changing it until the transaction ends. It is nil when there is none.
func (t *txn) stored(k ConfigKey) (*storedConfig, error) {
	lock := ""
	where, args := " FROM config_info c WHERE c.data_id = ? AND c.group_id = ? AND c.tenant_id = ?", []any{k.DataID, k.Group, t.lay.tenant(k.Tenant)}
	if t.lay.mysql {
		// Found first and locked by its id: a lock on a row that is not there would
		// be one on the gap around it, in which no other config could be inserted.
		var id int64
		if ok, err := t.one("SELECT c.id"+where, args, &id); !ok {
			return nil, err
		}
		where, args, lock = " FROM config_info c WHERE c.id = ?", []any{id}, " FOR UPDATE"
	}
	var c storedConfig
	q := "SELECT c.id, c.md5, c.app_name, c.src_user, c.type, c.c_desc, c.c_use, c.effect, c.c_schema, " + t.lay.dataKeyOf("c") + ", " + t.lay.tagsOf("c")
	ok, err := t.one(q+where+lock, args, &c.id, text{&c.md5}, text{&c.appName}, &c.srcUser, &c.typ, &c.desc, &c.use, &c.effect, &c.schema, text{&c.dataKey}, &c.tags)
	if !ok {
		return nil, err
	}
	if !t.lay.configKey {
		c.dataKey, err = t.dataKey(k)
	}
	return &c, err
}

// keyOf finds the key of a config by its id; nil when there is none.
func (t *txn) keyOf(id int64) (*ConfigKey, error) {
	var k ConfigKey
	ok, err := t.one("SELECT data_id, group_id, tenant_id FROM config_info WHERE id = ?", []any{id}, &k.DataID, text{&k.Group}, text{&k.Tenant})
	if !ok || t.lay.public != "" && k.Tenant == "" {
		return nil, err // the copy of a public config is not one of its own
	}
	k.Tenant = t.lay.tenantOf(k.Tenant)
	return &k, nil
}

func (t *txn) addTags(id int64, tenant string, k ConfigKey, tags *string) error {
	items := splitTags(tags)
	if len(items) == 0 {
		return nil
	}
	args := make([]any, 0, 6*len(items))
	for _, tag := range items {
		args = append(args, id, tag, "", k.DataID, k.Group, tenant)
	}
	_, err := t.exec("INSERT INTO config_tags_relation (id, tag_name, tag_type, data_id, group_id, tenant_id) VALUES (?,?,?,?,?,?)"+
		strings.Repeat(",(?,?,?,?,?,?)", len(items)-1), args...)
	return err
}

func (t *txn) removeConfig(old *storedConfig, k ConfigKey, by Writer, count *Quotas) error {
	if err := t.copyHistory(old, by, "D"); err != nil {
		return err
	}
	if _, err := t.exec("DELETE FROM config_info WHERE id = ?", old.id); err != nil {
		return err
	}
	if old.tags != nil {
		if _, err := t.exec("DELETE FROM config_tags_relation WHERE id = ?", old.id); err != nil {
			return err
		}
	}
	if err := t.setDataKey(k, old.dataKey, ""); err != nil {
		return err
	}
	if err := t.removeTwin(k); err != nil {
		return err
	}
	return count.add(t, k, -1, by.Time)
}

// twin keeps the copy under tenant "" that a database of Nacos 3.x has of every
// public config.
func (t *txn) twin(o PublishConfig, sealed string) error {
	if t.lay.public == "" || o.Tenant != "" {
		return nil
	}
	if err := t.removeTwin(o.ConfigKey); err != nil {
		return err
	}
	by := twinUser
	o.SrcUser = &by
	_, err := o.insertRow(t, "", sealed)
	return err
}

// twinUser is who writes the copies, as Nacos 3.x names it.
const twinUser = "nacos_namespace_migrate"

func (t *txn) removeTwin(k ConfigKey) error {
	if t.lay.public == "" || k.Tenant != "" {
		return nil
	}
	var id int64
	ok, err := t.one("SELECT id FROM config_info WHERE data_id = ? AND group_id = ? AND tenant_id = ''", []any{k.DataID, k.Group}, &id)
	if !ok {
		return err
	}
	if _, err := t.exec("DELETE FROM config_info WHERE id = ?", id); err != nil {
		return err
	}
	_, err = t.exec("DELETE FROM config_tags_relation WHERE id = ?", id)
	return err
}
