package persistence

import (
	"encoding/json"
	"errors"
	"strings"
)

// The names and rules of gray copies, as Nacos 2.5 stores them.
const (
	// BetaName is the name of the copy for a list of addresses.
	BetaName = "beta"
	// TagPrefix begins the name of the copy for a tag.
	TagPrefix = "tag_"

	grayVersion  = "1.0.0"
	betaPriority = 2147483647
	tagPriority  = 2147483646
)

// GrayRule is what decides who reads a gray copy.
type GrayRule struct {
	Type     string `json:"type"`
	Version  string `json:"version"`
	Expr     string `json:"expr"`
	Priority int64  `json:"priority"`
}

// BetaRule is the rule of a copy for a comma separated list of addresses.
func BetaRule(ips string) GrayRule { return GrayRule{"beta", grayVersion, ips, betaPriority} }

// TagRule is the rule of a copy for a tag.
func TagRule(tag string) GrayRule { return GrayRule{"tag", grayVersion, tag, tagPriority} }

// ParseGrayRule reads the column gray_rule.
func ParseGrayRule(s string) (GrayRule, error) {
	var r GrayRule
	err := json.Unmarshal([]byte(s), &r)
	return r, err
}

// String is the rule as the column gray_rule holds it: what Nacos's encoder
// escapes is escaped.
func (r GrayRule) String() string {
	b, err := json.Marshal(r) // escapes <, > and &
	if err != nil {
		return "" // a struct of strings and a number always encodes
	}
	return strings.NewReplacer("=", `\u003d`, "'", `\u0027`).Replace(string(b))
}

// extInfo is what a history row says about a gray copy.
func (r GrayRule) extInfo(name string, user *string) *string {
	rule, err := json.Marshal(struct {
		Type     string `json:"type"`
		Expr     string `json:"expr"`
		Version  string `json:"version"`
		Priority int64  `json:"priority,string"`
	}{r.Type, r.Expr, r.Version, r.Priority})
	if err != nil {
		return nil // as above
	}
	return extInfo("gray_name", name, "src_user", deref(user), "gray_rule", string(rule))
}

// PublishGray inserts or replaces a gray copy of a config, which need not exist,
// and adds the history row. It is refused as PublishConfig is, and with
// ErrTooMany when the config has Max copies of other names.
type PublishGray struct {
	ConfigKey
	Writer

	Name             string // BetaName, or TagPrefix and the tag
	Rule             GrayRule
	Content          string
	MD5              string
	EncryptedDataKey string
	AppName          string
	CAS              string `json:",omitempty"` // as in PublishConfig
	Max              int    `json:",omitempty"` // copies of one config; 0 is no bound
}

func (PublishGray) code() opCode  { return opPublishGray }
func (PublishGray) refusesFirst() {}

func (o PublishGray) run(tx *txn) (Result, error) {
	if !o.ConfigKey.fit() || !o.Writer.fit(100) || !fit(o.Name, 50) || !fit(o.EncryptedDataKey, 256) || !fit(o.AppName, 128) {
		return Result{}, ErrValue
	}
	old, err := tx.storedGray(o.ConfigKey, o.Name)
	switch {
	case err != nil:
		return Result{}, err
	case old != nil && o.CAS != "" && old.MD5 != "" && old.MD5 != o.CAS:
		return Result{}, ErrConflict
	case old == nil && o.Max > 0:
		if n, err := tx.countGray(o.ConfigKey); err != nil || n >= o.Max {
			return Result{}, firstErr(err, ErrTooMany)
		}
	}
	res, err := o.put(tx, old)
	if err != nil {
		return Result{}, err
	}
	return res, o.history(tx, old)
}

// put writes the row, in the tables of the versions that the database is of.
func (o PublishGray) put(tx *txn, old *Gray) (res Result, err error) {
	sealed, err := tx.seal(o.ConfigKey, o.Content)
	if err != nil {
		return Result{}, err
	}
	res = Result{Created: old == nil, Time: o.Time}
	if !tx.lay.gray {
		res.ID, res.Time, err = o.writeLegacy(tx, sealed)
		return res, err
	}
	if res.ID, err = o.write(tx, old, sealed); err != nil {
		return Result{}, err
	}
	if _, _, err := o.writeLegacy(tx, sealed); err != nil && !errors.Is(err, ErrUnsupported) {
		return Result{}, err
	}
	return res, nil
}

// putRow writes the row of config_info_gray alone.
func (o PublishGray) putRow(tx *txn, old *Gray) (int64, error) {
	sealed, err := tx.seal(o.ConfigKey, o.Content)
	if err != nil {
		return 0, err
	}
	return o.write(tx, old, sealed)
}

// history adds the row: of an insert what it wrote, of an update what was there.
func (o PublishGray) history(tx *txn, old *Gray) error {
	if old != nil {
		return tx.addHistory(old.history(o.Writer, "U"))
	}
	sealed, err := tx.seal(o.ConfigKey, o.Content)
	if err != nil {
		return err
	}
	return tx.addHistory(historyRow{
		key: o.ConfigKey, app: o.AppName, sealed: sealed, md5: o.MD5, dataKey: o.EncryptedDataKey,
		by: o.Writer, op: "I", gray: o.Name, ext: o.Rule.extInfo(o.Name, o.SrcUser),
	})
}

// history is the row of what the copy was. Its content is as it is stored.
func (g *Gray) history(by Writer, op string) historyRow {
	h := historyRow{
		id: g.ID, key: g.ConfigKey, app: g.AppName, sealed: g.Content, md5: g.MD5, dataKey: g.EncryptedDataKey,
		by: by, op: op, gray: g.Name,
	}
	if r, err := ParseGrayRule(g.Rule); err == nil {
		h.ext = r.extInfo(g.Name, g.SrcUser)
	}
	return h
}

// write inserts or updates the row of config_info_gray and, in a database of
// Nacos 3.x, the one under tenant "".
func (o PublishGray) write(tx *txn, old *Gray, sealed string) (id int64, err error) {
	if id, err = o.writeRow(tx, tx.lay.tenant(o.Tenant), old, sealed); err != nil || tx.lay.public == "" || o.Tenant != "" {
		return id, err
	}
	var twin Gray
	ok, err := tx.one("SELECT id FROM config_info_gray WHERE data_id = ? AND group_id = ? AND tenant_id = '' AND gray_name = ?",
		[]any{o.DataID, o.Group, o.Name}, &twin.ID)
	if err != nil {
		return 0, err
	}
	by := twinUser
	o.SrcUser = &by
	if ok {
		_, err = o.writeRow(tx, "", &twin, sealed)
	} else {
		_, err = o.writeRow(tx, "", nil, sealed)
	}
	return id, err
}

func (o PublishGray) writeRow(tx *txn, tenant string, old *Gray, sealed string) (int64, error) {
	at := tx.lay.at(o.Time)
	if old == nil {
		return tx.insert("INSERT INTO config_info_gray (data_id, group_id, tenant_id, gray_name, gray_rule, app_name, content, md5, encrypted_data_key, src_ip, src_user, gmt_create, gmt_modified) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
			o.DataID, o.Group, tenant, o.Name, o.Rule.String(), o.AppName, sealed, o.MD5, o.EncryptedDataKey, o.SrcIP, o.SrcUser, at, at)
	}
	_, err := tx.exec("UPDATE config_info_gray SET gray_rule = ?, app_name = ?, content = ?, md5 = ?, encrypted_data_key = ?, src_ip = ?, src_user = ?, gmt_modified = ? WHERE id = ?",
		o.Rule.String(), o.AppName, sealed, o.MD5, o.EncryptedDataKey, o.SrcIP, o.SrcUser, at, old.ID)
	return old.ID, err
}

// RemoveGray removes a gray copy and adds the history row. It is refused with
// ErrNotFound when there is none.
type RemoveGray struct {
	ConfigKey
	Writer

	Name string
}

func (RemoveGray) code() opCode  { return opRemoveGray }
func (RemoveGray) refusesFirst() {}

func (o RemoveGray) run(tx *txn) (Result, error) {
	old, err := tx.storedGray(o.ConfigKey, o.Name)
	if err != nil {
		return Result{}, err
	}
	if old == nil {
		return Result{}, ErrNotFound
	}
	if tx.lay.gray {
		if _, err := tx.exec("DELETE FROM config_info_gray WHERE id = ?", old.ID); err != nil {
			return Result{}, err
		}
		if tx.lay.public != "" && o.Tenant == "" {
			if _, err := tx.exec("DELETE FROM config_info_gray WHERE data_id = ? AND group_id = ? AND tenant_id = '' AND gray_name = ?", o.DataID, o.Group, o.Name); err != nil {
				return Result{}, err
			}
		}
	}
	if err := tx.removeLegacyGray(o.ConfigKey, o.Name); err != nil {
		return Result{}, err
	}
	return Result{ID: old.ID, N: 1, Time: o.Time}, tx.addHistory(old.history(o.Writer, "D"))
}

// firstErr is err, or other when err is nil.
func firstErr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
