package persistence

import (
	"strings"
	"time"
	"unicode/utf8"
)

// The codes of ops on configs. They are only ever added.
const (
	opPublishConfig  opCode = 200
	opRemoveConfig   opCode = 201
	opRemoveConfigs  opCode = 202
	opUpdateMetadata opCode = 203
	opPublishGray    opCode = 210
	opRemoveGray     opCode = 211
	opPurgeHistory   opCode = 220
	opEnsureCapacity opCode = 230
	opUpdateCapacity opCode = 231
	opCorrectUsage   opCode = 232
	opInitCapacity   opCode = 233
	opMergeAggregate opCode = 240
)

// maxNote bounds what a change is said to be for, in letters. No column does.
const maxNote = 1024

// Writer says who writes, from where and when.
type Writer struct {
	SrcUser *string   // nil is NULL
	SrcIP   string    // of the request
	Time    time.Time // of the request
	Note    string    `json:",omitempty"` // what the change is for; it is kept in the history, where that has a place
}

// PublishConfig inserts or replaces a config and adds the history row.
//
// The result is the id, whether the config is new, and the time of the row. It
// is refused with ErrConflict when CAS does not hold, with ErrExists when
// InsertOnly meets a config, and with ErrValue when a value is too long.
type PublishConfig struct {
	ConfigKey
	Writer

	Content          string
	MD5              string  // lower hex of the content's UTF-8
	EncryptedDataKey string  // "" when the content is not encrypted
	AppName          *string // nil keeps what is stored
	Tags             *string // joined by commas; nil keeps what is stored, "" removes all
	Type             *string // nil is NULL, here and below
	Desc             *string
	Use              *string
	Effect           *string
	Schema           *string

	CAS        string  `json:",omitempty"` // the md5 that a stored config must have; "" asks nothing. An absent config is inserted whatever it says
	InsertOnly bool    `json:",omitempty"`
	UpdateOnly bool    `json:",omitempty"` // refused with ErrConflict when there is none
	Count      *Quotas `json:",omitempty"` // keeps the usage counters; nil leaves them alone
}

func (PublishConfig) code() opCode { return opPublishConfig }

// refusesFirst: it is refused before it has written anything.
func (PublishConfig) refusesFirst() {}

func (o PublishConfig) run(tx *txn) (Result, error) {
	if !o.fits() {
		return Result{}, ErrValue
	}
	old, err := tx.stored(o.ConfigKey)
	if err != nil {
		return Result{}, err
	}
	switch {
	case old == nil && o.UpdateOnly:
		return Result{}, ErrConflict
	case old == nil:
		return o.insert(tx)
	case o.InsertOnly:
		return Result{}, ErrExists
	case o.CAS != "" && old.md5 != "" && old.md5 != o.CAS:
		return Result{}, ErrConflict
	}
	return o.update(tx, old)
}

// fits checks the widths of Nacos's columns, in letters, so that the embedded
// database takes what MySQL takes.
func (o PublishConfig) fits() bool {
	return o.ConfigKey.fit() && o.Writer.fit(50) && fit(o.EncryptedDataKey, 1024) && fitp(o.AppName, 128) && fitp(o.Type, 64) &&
		fitp(o.Desc, 256) && fitp(o.Use, 64) && fitp(o.Effect, 64) && tagsFit(o.Tags)
}

func (o PublishConfig) insert(tx *txn) (Result, error) {
	res := Result{Created: true, Time: tx.lay.second(o.Time), AppName: deref(o.AppName), Tags: joinTags(o.Tags)}
	sealed, err := tx.seal(o.ConfigKey, o.Content)
	if err != nil {
		return Result{}, err
	}
	if res.ID, err = o.insertRow(tx, tx.lay.tenant(o.Tenant), sealed); err != nil {
		return Result{}, err
	}
	if err := tx.twin(o, sealed); err != nil {
		return Result{}, err
	}
	if err := tx.addHistory(historyRow{
		key: o.ConfigKey, app: deref(o.AppName), sealed: sealed, md5: o.MD5, dataKey: o.EncryptedDataKey,
		by: o.Writer, op: "I", ext: o.extInfo(),
	}); err != nil {
		return Result{}, err
	}
	return res, o.Count.add(tx, o.ConfigKey, 1, o.Time)
}

func (o PublishConfig) insertRow(tx *txn, tenant, sealed string) (int64, error) {
	q := "INSERT INTO config_info (data_id, group_id, tenant_id, app_name, content, md5, src_ip, src_user, gmt_create, gmt_modified, c_desc, c_use, effect, type, c_schema"
	at := tx.lay.at(tx.lay.second(o.Time))
	args := append(make([]any, 0, 16), o.DataID, o.Group, tenant, deref(o.AppName), sealed, o.MD5, o.SrcIP, o.SrcUser, at, at,
		o.Desc, o.Use, o.Effect, o.Type, o.Schema)
	if tx.lay.configKey {
		q, args = q+", encrypted_data_key) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", append(args, o.EncryptedDataKey)
	} else {
		q += ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
	}
	id, err := tx.insert(q, args...)
	if err != nil {
		return 0, err
	}
	if err := tx.setDataKey(o.ConfigKey, "", o.EncryptedDataKey); err != nil {
		return 0, err
	}
	return id, tx.addTags(id, tenant, o.ConfigKey, o.Tags)
}

func (o PublishConfig) update(tx *txn, old *storedConfig) (Result, error) {
	res := Result{ID: old.id, Time: tx.lay.second(o.Time)}
	if err := tx.copyHistory(old, o.Writer, "U"); err != nil {
		return Result{}, err
	}
	sealed, err := tx.seal(o.ConfigKey, o.Content)
	if err != nil {
		return Result{}, err
	}
	app := old.appName
	if o.AppName != nil {
		app = *o.AppName
	}
	q := "UPDATE config_info SET content = ?, md5 = ?, src_ip = ?, src_user = ?, gmt_modified = ?, app_name = ?, c_desc = ?, c_use = ?, effect = ?, type = ?, c_schema = ?"
	args := append(make([]any, 0, 13), sealed, o.MD5, o.SrcIP, o.SrcUser, tx.lay.at(res.Time), app, o.Desc, o.Use, o.Effect, o.Type, o.Schema)
	if tx.lay.configKey {
		q, args = q+", encrypted_data_key = ?", append(args, o.EncryptedDataKey)
	}
	if _, err := tx.exec(q+" WHERE id = ?", append(args, old.id)...); err != nil {
		return Result{}, err
	}
	if err := tx.setDataKey(o.ConfigKey, old.dataKey, o.EncryptedDataKey); err != nil {
		return Result{}, err
	}
	if o.Tags != nil {
		if old.tags != nil {
			if _, err := tx.exec("DELETE FROM config_tags_relation WHERE id = ?", old.id); err != nil {
				return Result{}, err
			}
		}
		if err := tx.addTags(old.id, tx.lay.tenant(o.Tenant), o.ConfigKey, o.Tags); err != nil {
			return Result{}, err
		}
	} else {
		o.Tags = old.tags
	}
	o.AppName, res.AppName, res.Tags = &app, app, joinTags(o.Tags)
	return res, tx.twin(o, sealed)
}

// RemoveConfig removes a config and adds the history row. It is refused with
// ErrNotFound when there is none.
type RemoveConfig struct {
	ConfigKey
	Writer

	Count *Quotas `json:",omitempty"` // keeps the usage counters; nil leaves them alone
	CAS   string  `json:",omitempty"` // the md5 that the config must have; "" asks nothing
}

func (RemoveConfig) code() opCode  { return opRemoveConfig }
func (RemoveConfig) refusesFirst() {}

func (o RemoveConfig) run(tx *txn) (Result, error) {
	old, err := tx.stored(o.ConfigKey)
	if err != nil {
		return Result{}, err
	}
	switch {
	case old == nil:
		return Result{}, ErrNotFound
	case o.CAS != "" && old.md5 != o.CAS:
		return Result{}, ErrConflict
	}
	return Result{ID: old.id, N: 1, Time: tx.lay.second(o.Time)}, tx.removeConfig(old, o.ConfigKey, o.Writer, o.Count)
}

// RemoveConfigs removes the configs that have these ids; ids that are not there
// are passed over. The result's Keys are the configs that went.
type RemoveConfigs struct {
	IDs []int64
	Writer

	Count *Quotas `json:",omitempty"`
}

func (RemoveConfigs) code() opCode { return opRemoveConfigs }

func (o RemoveConfigs) run(tx *txn) (Result, error) {
	res := Result{Time: tx.lay.second(o.Time)}
	for _, id := range o.IDs {
		k, err := tx.keyOf(id)
		if err != nil {
			return Result{}, err
		}
		if k == nil {
			continue
		}
		old, err := tx.stored(*k)
		if err != nil {
			return Result{}, err
		}
		if old == nil {
			continue
		}
		if err := tx.removeConfig(old, *k, o.Writer, o.Count); err != nil {
			return Result{}, err
		}
		res.Keys = append(res.Keys, *k)
		res.N++
	}
	return res, nil
}

// UpdateMetadata changes what describes a config and leaves its content, its
// digest, its times and its history as they are. It is refused with ErrNotFound
// when there is none.
type UpdateMetadata struct {
	ConfigKey

	Tags *string // joined by commas; nil keeps what is stored
	Desc *string // nil keeps what is stored
}

func (UpdateMetadata) code() opCode  { return opUpdateMetadata }
func (UpdateMetadata) refusesFirst() {}

func (o UpdateMetadata) run(tx *txn) (Result, error) {
	if !fitp(o.Desc, 256) || !tagsFit(o.Tags) {
		return Result{}, ErrValue
	}
	old, err := tx.stored(o.ConfigKey)
	if err != nil {
		return Result{}, err
	}
	if old == nil {
		return Result{}, ErrNotFound
	}
	if o.Desc != nil {
		if _, err := tx.exec("UPDATE config_info SET c_desc = ? WHERE id = ?", *o.Desc, old.id); err != nil {
			return Result{}, err
		}
	}
	if o.Tags != nil {
		if _, err := tx.exec("DELETE FROM config_tags_relation WHERE id = ?", old.id); err != nil {
			return Result{}, err
		}
	}
	return Result{ID: old.id}, tx.addTags(old.id, tx.lay.tenant(o.Tenant), o.ConfigKey, o.Tags)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// fit says whether s has at most n letters.
func fit(s string, n int) bool { return len(s) <= n || utf8.RuneCountInString(s) <= n }

func fitp(s *string, n int) bool { return s == nil || fit(*s, n) }

func (k ConfigKey) fit() bool { return fit(k.DataID, 255) && fit(k.Group, 128) && fit(k.Tenant, 128) }

func (w Writer) fit(ip int) bool { return fit(w.SrcIP, ip) && fit(w.Note, maxNote) }

// tagsFit checks the tags of one request: none twice, as the unique key has it,
// which ignores blanks at the end.
func tagsFit(tags *string) bool {
	items := splitTags(tags)
	seen := make(map[string]bool, len(items))
	for _, t := range items {
		k := strings.TrimRight(t, " ")
		if !fit(t, 128) || seen[k] {
			return false
		}
		seen[k] = true
	}
	return true
}

// splitTags splits at commas and drops what is empty at the end.
func splitTags(tags *string) []string {
	if tags == nil {
		return nil
	}
	s := strings.TrimRight(*tags, ",")
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
