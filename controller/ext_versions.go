package controller

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

// version is something that was done to a config.
type version struct {
	NID       string `json:"nid"`
	Version   string `json:"version"`
	Kind      string `json:"kind"`
	Gray      string `json:"grayName"`
	Namespace string `json:"namespaceId"`
	Group     string `json:"groupName"`
	DataID    string `json:"dataId"`
	MD5       string `json:"md5"`
	Previous  string `json:"previousMd5"`
	User      string `json:"user"`
	Address   string `json:"address"`
	AppName   string `json:"appName"`
	At        int64  `json:"at"`
	Type      string `json:"type"`
	Note      string `json:"note"` // what whoever made it says it is for
	Current   bool   `json:"current"`
}

// The kinds of versions.
const (
	kindCreate     = "create"
	kindPublish    = "publish"
	kindRemove     = "remove"
	kindGray       = "gray"
	kindGrayRemove = "gray_remove"
)

// ext is what a row of history says of itself beside its columns.
type ext struct {
	Type string `json:"type"`
	Gray string `json:"gray_name"`
	Note string `json:"note"`
}

func extOf(h *config.HistoryRow) (e ext) {
	if h.ExtInfo != nil {
		_ = json.Unmarshal([]byte(*h.ExtInfo), &e) // what is no JSON says nothing
	}
	return e
}

// versionViewOf is a row of history without what its successor says.
func versionViewOf(h *config.HistoryRow) version {
	e := extOf(h)
	v := version{
		NID: strconv.FormatInt(h.NID, 10), Version: versionName(h.NID), Namespace: shownNamespace(h.Tenant), Group: h.Group, DataID: h.DataID,
		User: deref(h.SrcUser), Address: deref(h.SrcIP), AppName: h.AppName, At: h.Modified.UnixMilli(), Type: e.Type, Gray: cmp.Or(deref(h.GrayName), e.Gray), Note: e.Note,
	}
	gray := h.PublishType == "gray"
	switch op := strings.TrimSpace(h.Op); { // a CHAR(10) where Nacos made the table
	case op == "D" && gray:
		v.Kind, v.Previous = kindGrayRemove, h.MD5
	case op == "D":
		v.Kind, v.Previous = kindRemove, h.MD5
	case op == "I" && gray:
		v.Kind, v.MD5 = kindGray, h.MD5
	case op == "I":
		v.Kind, v.MD5 = kindCreate, h.MD5
	case gray:
		v.Kind, v.Previous = kindGray, h.MD5
	default:
		v.Kind, v.Previous = kindPublish, h.MD5
	}
	return v
}

// link tells updates what they have published: what the next row of the same
// copy replaced, or what is there now. rows are of one config, newest first, and
// newer is what follows the first, by copy.
func (a *API) link(k config.Key, rows []version, newer map[string]string) {
	for i := range rows {
		v := &rows[i]
		after, known := newer[v.Gray]
		if !known {
			after = a.o.Config.MD5(k, v.Gray)
			v.Current = v.Kind != kindRemove && v.Kind != kindGrayRemove && after != "" && (v.MD5 == "" || v.MD5 == after)
		}
		if v.MD5 == "" && v.Kind != kindRemove && v.Kind != kindGrayRemove {
			v.MD5 = after
		}
		newer[v.Gray] = v.Previous
	}
}

func (a *API) extVersions(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	pageNo, size := f.pageV3()
	if f.err != nil {
		return nil, f.err
	}
	newer := map[string]string{}
	if pageNo > 1 { // the last row of the page before says what the first one here has published
		before, err := a.o.Config.History(q.Context(), k, (pageNo-1)*size, 1)
		if err != nil {
			return nil, err
		}
		for i := range before.Items {
			v := versionViewOf(&before.Items[i])
			newer[v.Gray] = v.Previous
		}
	}
	p, err := a.o.Config.History(q.Context(), k, pageNo, size)
	if err != nil {
		return nil, err
	}
	out := pageOfRows(p.Total, pageNo, size, p.Items, versionViewOf)
	a.link(k, out.PageItems, newer)
	return out, nil
}

// newestVersion is the name of what was last done to the formal copy.
func (a *API) newestVersion(q *middleware.Request, k config.Key) (string, error) {
	const look = 20 // rows of gray copies that may lie above
	p, err := a.o.Config.History(q.Context(), k, 1, look)
	if err != nil {
		return "", err
	}
	for i := range p.Items {
		if p.Items[i].PublishType != "gray" {
			return versionName(p.Items[i].NID), nil
		}
	}
	return "", nil
}

// versionOne is a version with its content and the one that it replaced.
type versionOne struct {
	version
	Content  string  `json:"content"`
	Replaced *string `json:"previous"`
}

func (a *API) extVersion(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	nid := f.number64("nid")
	if f.err != nil {
		return nil, f.err
	}
	h, err := a.o.Config.Version(q.Context(), k, nid)
	switch {
	case err != nil:
		return nil, err
	case h == nil:
		return nil, service.Errorf(service.NotFound, "there is no such version")
	}
	one, err := a.versionOne(q, k, h)
	one.Content, one.Replaced = a.shown(q, k, one.Content), a.shownPart(q, k, one.Replaced)
	return one, err
}

// versionOne is a version with all of its content.
func (a *API) versionOne(q *middleware.Request, k config.Key, h *config.HistoryRow) (versionOne, error) {
	one := versionOne{version: versionViewOf(h)}
	switch one.Kind {
	case kindRemove, kindGrayRemove:
		one.Replaced = &h.Content
		return one, nil
	case kindCreate:
		one.Content = h.Content
		return one, nil
	}
	if strings.TrimSpace(h.Op) == "U" {
		one.Replaced = &h.Content
	}
	after, err := a.o.Config.ReplacedBy(q.Context(), h)
	if err != nil {
		return one, err
	}
	if strings.TrimSpace(h.Op) == "I" {
		one.Content = h.Content
	} else if after != nil {
		one.Content, one.MD5 = after.Content, after.MD5
	}
	one.Current = one.MD5 != "" && one.MD5 == a.o.Config.MD5(k, one.Gray)
	return one, nil
}

// cursor is the number from which a list goes on, 0 from its beginning.
func (f *form) cursor() int64 {
	if f.Optional("cursor", "") == "" {
		return 0
	}
	return f.number64("cursor")
}

// limit is how many rows are wanted.
func (f *form) limit(most int) int {
	n := f.Num("limit", min(most, defaultRows))
	if n < 1 {
		f.fail(service.BadParam, "limit must be greater than zero")
	}
	return min(n, most)
}

// timeline is a part of a list that goes on at Next.
type timeline struct {
	Items []version `json:"items"`
	Next  string    `json:"next"`
}

// Bounds of a timeline: rows of one answer, and rows that are read for one.
const (
	maxTimeline = 200
	maxWalked   = 5000
)

// namespaceFilter is the namespace that a list is about, nil for all.
func (f *form) namespaceFilter() *string {
	if f.text("namespaceId") == "" {
		return nil
	}
	ns := namespaceOf(f.q)
	return &ns
}

func (a *API) extReleases(q *middleware.Request) (any, error) {
	f := formOf(q)
	filter := config.HistoryFilter{Tenant: f.namespaceFilter(), Before: f.cursor(), From: f.moment("from"), To: f.moment("to")}
	search, user, limit := f.wanted("q"), f.wanted("user"), f.limit(maxTimeline)
	if f.err != nil {
		return nil, f.err
	}
	return a.walk(q, filter, limit, func(h *config.HistoryRow) bool {
		return (search.match(h.DataID) || search.match(h.Group) || search.match(h.AppName)) && user.match(deref(h.SrcUser))
	})
}

// moment is a time in milliseconds since 1970.
func (f *form) moment(name string) time.Time {
	if n := f.millis(name); n > 0 {
		return time.UnixMilli(n)
	}
	return time.Time{}
}

// walk lists what is wanted of the history and may be seen.
func (a *API) walk(q *middleware.Request, filter config.HistoryFilter, limit int, want func(*config.HistoryRow) bool) (any, error) {
	out := timeline{Items: []version{}}
	walked := 0
	for len(out.Items) < limit && walked < maxWalked {
		rows, err := a.o.Config.Timeline(q.Context(), filter, config.MaxHistoryPage)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			h := &rows[i]
			filter.Before, walked = h.NID, walked+1
			if want(h) && q.Sees(configResource(h.ConfigKey)) {
				out.Items = append(out.Items, versionViewOf(h))
			}
			if len(out.Items) == limit {
				break
			}
		}
		if len(rows) < config.MaxHistoryPage {
			break
		}
	}
	if len(out.Items) == limit || walked >= maxWalked {
		out.Next = strconv.FormatInt(filter.Before, 10)
	}
	return out, nil
}

// extRecycle lists what was removed and is not there now, each once.
func (a *API) extRecycle(q *middleware.Request) (any, error) {
	f := formOf(q)
	filter := config.HistoryFilter{Tenant: f.namespaceFilter(), Before: f.cursor(), Removals: true}
	search, limit := f.wanted("q"), f.limit(maxTimeline)
	if f.err != nil {
		return nil, f.err
	}
	var seen []config.Key
	return a.walk(q, filter, limit, func(h *config.HistoryRow) bool {
		if !search.match(h.DataID) && !search.match(h.Group) || a.o.Config.MD5(h.ConfigKey, "") != "" || slices.Contains(seen, h.ConfigKey) {
			return false
		}
		seen = append(seen, h.ConfigKey)
		return true
	})
}
