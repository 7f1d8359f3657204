package persistence

import "context"

// A database of Nacos 1.x or 2.0 has no column for the key of a config that its
// client encrypted. It goes into a table of ours.

// needs says which of our own tables the op writes to.
func (o PublishConfig) needs(l *layout) string {
	if l.configKey || o.EncryptedDataKey == "" {
		return ""
	}
	return "pharos_data_keys"
}

func (t *txn) setDataKey(k ConfigKey, old, key string) error {
	if t.lay.configKey || old == key {
		return nil
	}
	args := []any{k.DataID, k.Group, k.Tenant}
	if _, err := t.exec("DELETE FROM pharos_data_keys WHERE data_id = ? AND group_id = ? AND tenant_id = ?", args...); err != nil || key == "" {
		return err
	}
	_, err := t.exec("INSERT INTO pharos_data_keys (data_id, group_id, tenant_id, data_key) VALUES (?,?,?,?)", append(args, key)...)
	return err
}

func (t *txn) dataKey(k ConfigKey) (key string, err error) {
	if !t.lay.owns("pharos_data_keys") {
		return "", nil
	}
	_, err = t.one("SELECT data_key FROM pharos_data_keys WHERE data_id = ? AND group_id = ? AND tenant_id = ?", []any{k.DataID, k.Group, k.Tenant}, &key)
	return key, err
}

// addDataKeys fills in the keys that are in a table of ours.
func (s source) addDataKeys(ctx context.Context, rows []ConfigInfo) error {
	if s.lay.configKey || !s.lay.owns("pharos_data_keys") {
		return nil
	}
	for i := range rows {
		k := rows[i].ConfigKey
		if _, err := s.one(ctx, "SELECT data_key FROM pharos_data_keys WHERE data_id = ? AND group_id = ? AND tenant_id = ?",
			[]any{k.DataID, k.Group, k.Tenant}, &rows[i].EncryptedDataKey); err != nil {
			return err
		}
	}
	return nil
}
