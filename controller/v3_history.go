package controller

import (
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

// versionBasic is a version that was, in a list.
type versionBasic struct {
	configBasic
	SrcIP   *string `json:"srcIp"`
	SrcUser *string `json:"srcUser"`
	Op      string  `json:"opType"`
	Kind    string  `json:"publishType"`
}

// versionFull is a version with its content.
type versionFull struct {
	versionBasic
	Content      string  `json:"content"`
	EncryptedKey string  `json:"encryptedDataKey"`
	Gray         *string `json:"grayName"`
	Ext          *string `json:"extInfo"`
}

func versionBasicOf(h *config.HistoryRow) versionBasic {
	return versionBasic{
		configBasic{
			ID: strconv.FormatInt(h.NID, 10), Namespace: shownNamespace(h.Tenant), Group: h.Group, DataID: h.DataID, AppName: h.AppName,
			Created: h.Created.UnixMilli(), Modified: h.Modified.UnixMilli(),
		},
		h.SrcIP, h.SrcUser, h.Op, h.PublishType,
	}
}

func versionFullOf(h *config.HistoryRow) versionFull {
	v := versionFull{versionBasicOf(h), h.Content, h.EncryptedDataKey, h.GrayName, h.ExtInfo}
	v.MD5 = &h.MD5
	return v
}

func (a *API) listHistoryV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.keyV3()
	pageNo, size := f.pageV3()
	if f.err != nil {
		return nil, f.err
	}
	p, err := a.o.Config.History(q.Context(), k, pageNo, size)
	if err != nil {
		return nil, err
	}
	return pageOfRows(p.Total, pageNo, size, p.Items, versionBasicOf), nil
}

// number64 is a number that a form of v3 must have.
func (f *form) number64(name string) int64 {
	v := f.notBlank(name)
	n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
	if err != nil && f.err == nil {
		f.err = &conversion{v, "java.lang.Long"}
	}
	return n
}

func (a *API) historyV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, nid := f.keyV3(), f.number64("nid")
	if f.err != nil {
		return nil, f.err
	}
	h, err := a.o.Config.Version(q.Context(), k, nid)
	return a.shownVersion(q, h, err)
}

func (a *API) previousV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, id := f.keyV3(), f.number64("id")
	if f.err != nil {
		return nil, f.err
	}
	h, err := a.o.Config.Previous(q.Context(), k, id)
	return a.shownVersion(q, h, err)
}

func (a *API) shownVersion(q *middleware.Request, h *config.HistoryRow, err error) (any, error) {
	switch {
	case err != nil:
		return nil, err
	case h == nil:
		return nil, service.Errorf(service.BadParam, "there is no such version")
	}
	full := versionFullOf(h)
	full.Content = a.shown(q, h.ConfigKey, full.Content)
	return full, nil
}

func (a *API) namespaceConfigsV3(q *middleware.Request) (any, error) {
	rows, err := a.o.Config.OfNamespace(q.Context(), namespaceOf(q))
	if err != nil {
		return nil, err
	}
	items := make([]configBasic, 0, len(rows))
	for i := range rows {
		b := basicOf(&rows[i])
		b.ID, b.MD5 = "0", nil
		items = append(items, b)
	}
	return items, nil
}
