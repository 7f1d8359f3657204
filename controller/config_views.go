package controller

import (
	"strconv"
	"time"

	"github.com/pharos-registry/pharos/service/config"
)

// The objects of the configuration centre as v1 and v2 show them: members in the
// order of the reference, null where it has null.

// configDetail is a config with all that describes it.
type configDetail struct {
	configItem
	CreateTime int64   `json:"createTime"`
	ModifyTime int64   `json:"modifyTime"`
	CreateUser *string `json:"createUser"`
	CreateIP   *string `json:"createIp"`
	Desc       *string `json:"desc"`
	Use        *string `json:"use"`
	Effect     *string `json:"effect"`
	Schema     *string `json:"schema"`
	ConfigTags *string `json:"configTags"`
}

// configItem is a config in a list.
type configItem struct {
	ID           string  `json:"id"`
	DataID       string  `json:"dataId"`
	Group        string  `json:"group"`
	Content      *string `json:"content"`
	MD5          *string `json:"md5"`
	EncryptedKey *string `json:"encryptedDataKey"`
	Tenant       string  `json:"tenant"`
	AppName      string  `json:"appName"`
	Type         *string `json:"type"`
}

func itemOf(r *config.Row) configItem {
	return configItem{
		ID: strconv.FormatInt(r.ID, 10), DataID: r.DataID, Group: r.Group, Content: &r.Content,
		EncryptedKey: &r.EncryptedDataKey, Tenant: r.Tenant, AppName: r.AppName, Type: r.Type,
	}
}

// detailOf shows the time of the last change as that of the creation too, as
// the reference does.
func detailOf(r *config.Row) configDetail {
	d := configDetail{
		configItem: itemOf(r), CreateTime: r.Modified.UnixMilli(), ModifyTime: r.Modified.UnixMilli(),
		CreateUser: r.SrcUser, CreateIP: r.SrcIP, Desc: r.Desc, Use: r.Use, Effect: r.Effect, Schema: r.Schema, ConfigTags: r.Tags,
	}
	d.MD5 = &r.MD5
	return d
}

// configCatalog is what describes a config, without the config.
type configCatalog struct {
	CreateTime int64   `json:"createTime"`
	ModifyTime int64   `json:"modifyTime"`
	CreateUser *string `json:"createUser"`
	CreateIP   *string `json:"createIp"`
	Desc       *string `json:"desc"`
	Use        *string `json:"use"`
	Effect     *string `json:"effect"`
	Type       *string `json:"type"`
	Schema     *string `json:"schema"`
	ConfigTags *string `json:"configTags"`
}

func catalogOf(r *config.Row) *configCatalog {
	if r == nil {
		return nil
	}
	at := r.Modified.UnixMilli()
	return &configCatalog{at, at, r.SrcUser, r.SrcIP, r.Desc, r.Use, r.Effect, r.Type, r.Schema, r.Tags}
}

// betaDetail is the copy for beta addresses.
type betaDetail struct {
	configItem
	BetaIPs string `json:"betaIps"`
}

// namespaceItem is a config in the list of a namespace.
type namespaceItem struct {
	configItem
	LastModified int64 `json:"lastModified"`
}

// rowsPage is one page of a list.
type rowsPage[T any] struct {
	TotalCount     int64 `json:"totalCount"`
	PageNumber     int   `json:"pageNumber"`
	PagesAvailable int64 `json:"pagesAvailable"`
	PageItems      []T   `json:"pageItems"`
}

func pageOfRows[R, T any](total int64, pageNo, size int, rows []R, view func(*R) T) rowsPage[T] {
	p := rowsPage[T]{TotalCount: total, PageNumber: pageNo, PageItems: make([]T, 0, len(rows))}
	p.PagesAvailable = (total + int64(size) - 1) / int64(size)
	for i := range rows {
		p.PageItems = append(p.PageItems, view(&rows[i]))
	}
	return p
}

// stamp is a time as Java's date format of the reference writes it.
type stamp time.Time

// MarshalJSON implements json.Marshaler.
func (s stamp) MarshalJSON() ([]byte, error) {
	return time.Time(s).Local().AppendFormat(nil, `"2006-01-02T15:04:05.000-07:00"`), nil
}

// historyItem is a version that was.
type historyItem struct {
	ID               string  `json:"id"`
	LastID           int     `json:"lastId"`
	DataID           string  `json:"dataId"`
	Group            string  `json:"group"`
	Tenant           string  `json:"tenant"`
	AppName          string  `json:"appName"`
	MD5              *string `json:"md5"`
	Content          *string `json:"content"`
	SrcIP            *string `json:"srcIp"`
	SrcUser          *string `json:"srcUser"`
	OpType           string  `json:"opType"`
	PublishType      string  `json:"publishType"`
	GrayName         *string `json:"grayName"`
	ExtInfo          *string `json:"extInfo"`
	CreatedTime      stamp   `json:"createdTime"`
	LastModifiedTime stamp   `json:"lastModifiedTime"`
	EncryptedDataKey *string `json:"encryptedDataKey"`
}

// historyOf is a version in a list, without its content.
func historyOf(h *config.HistoryRow) historyItem {
	return historyItem{
		ID: strconv.FormatInt(h.NID, 10), LastID: -1, DataID: h.DataID, Group: h.Group, Tenant: h.Tenant, AppName: h.AppName,
		SrcIP: h.SrcIP, SrcUser: h.SrcUser, OpType: h.Op, PublishType: h.PublishType, GrayName: h.GrayName, ExtInfo: h.ExtInfo,
		CreatedTime: stamp(h.Created), LastModifiedTime: stamp(h.Modified),
	}
}

// versionOf is a version with its content.
func versionOf(h *config.HistoryRow) historyItem {
	v := historyOf(h)
	v.MD5, v.Content, v.EncryptedDataKey = &h.MD5, &h.Content, &h.EncryptedDataKey
	return v
}

// historyDetail is a version and what it was replaced by.
type historyDetail struct {
	ID                       int64   `json:"id"`
	LastID                   int     `json:"lastId"`
	DataID                   string  `json:"dataId"`
	Group                    string  `json:"group"`
	Tenant                   string  `json:"tenant"`
	OpType                   string  `json:"opType"`
	PublishType              string  `json:"publishType"`
	GrayName                 *string `json:"grayName"`
	AppName                  string  `json:"appName"`
	SrcIP                    *string `json:"srcIp"`
	SrcUser                  *string `json:"srcUser"`
	OriginalMD5              *string `json:"originalMd5"`
	OriginalContent          *string `json:"originalContent"`
	OriginalEncryptedDataKey *string `json:"originalEncryptedDataKey"`
	OriginalExtInfo          *string `json:"originalExtInfo"`
	UpdatedMD5               *string `json:"updatedMd5"`
	UpdatedContent           *string `json:"updatedContent"`
	UpdatedEncryptedDataKey  *string `json:"updatedEncryptedDataKey"`
	UpdateExtInfo            *string `json:"updateExtInfo"`
	CreatedTime              stamp   `json:"createdTime"`
	LastModifiedTime         stamp   `json:"lastModifiedTime"`
}

func historyDetailOf(h *config.HistoryRow, after *config.After) historyDetail {
	d := historyDetail{
		ID: h.NID, LastID: -1, DataID: h.DataID, Group: h.Group, Tenant: h.Tenant, OpType: h.Op, PublishType: h.PublishType,
		GrayName: h.GrayName, AppName: h.AppName, SrcIP: h.SrcIP, SrcUser: h.SrcUser,
		CreatedTime: stamp(h.Created), LastModifiedTime: stamp(h.Modified),
	}
	var none string
	if h.Op == "I" {
		d.OriginalMD5, d.OriginalContent, d.OriginalEncryptedDataKey, d.OriginalExtInfo = &none, &none, &none, &none
		d.UpdatedMD5, d.UpdatedContent, d.UpdatedEncryptedDataKey, d.UpdateExtInfo = &h.MD5, &h.Content, &h.EncryptedDataKey, h.ExtInfo
		return d
	}
	d.OriginalMD5, d.OriginalContent, d.OriginalEncryptedDataKey, d.OriginalExtInfo = &h.MD5, &h.Content, &h.EncryptedDataKey, h.ExtInfo
	if after != nil {
		d.UpdatedMD5, d.UpdatedContent, d.UpdatedEncryptedDataKey, d.UpdateExtInfo = &after.MD5, &after.Content, &after.EncryptedKey, after.ExtInfo
	}
	return d
}
