package controller

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
)

func (a *API) extConfigRoutes() []middleware.Route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	const config = middleware.ConfigResource
	r, w := manage(middleware.Read, config), manage(middleware.Write, config)
	rows := []middleware.Route{
		{Method: get, Path: "/configs", Access: each(middleware.Read, config), Do: a.extConfigs},
		{Method: get, Path: "/config", Access: r, Do: a.extConfig},
		{Method: del, Path: "/config", Access: w, Do: a.extRemove},
		{Method: post, Path: "/config/publish", Access: w, Do: a.extPublish},
		{Method: post, Path: "/config/restore", Access: w, Do: a.extRestore},
		{Method: post, Path: "/config/gray/promote", Access: w, Do: a.extPromote},
		{Method: del, Path: "/config/gray", Access: w, Do: a.extRemoveGray},
		{Method: get, Path: "/config/versions", Access: r, Do: a.extVersions},
		{Method: get, Path: "/config/version", Access: r, Do: a.extVersion},
		{Method: get, Path: "/releases", Access: each(middleware.Read, config), Do: a.extReleases},
		{Method: get, Path: "/recycle", Access: each(middleware.Read, config), Do: a.extRecycle},
		{Method: get, Path: "/config/export", Access: each(middleware.Read, config), Session: middleware.Alone, Do: a.exportV3},
		{Method: post, Path: "/config/import/preview", Access: each(middleware.Write, config), Do: a.extImportPlan},
	}
	for i := range rows {
		if rows[i].Method == post {
			rows[i].MaxBody = a.o.Config.MaxBody()
		}
	}
	return extRows(middleware.Config, rows)
}

// configResource is a config as permissions know it.
func configResource(k config.Key) auth.Resource {
	return auth.Resource{Namespace: k.Tenant, Group: k.Group, Kind: middleware.ConfigResource, Name: k.DataID}
}

// configRow is a config in the console's table.
type configRow struct {
	ID        string   `json:"id"`
	Namespace string   `json:"namespaceId"`
	Group     string   `json:"groupName"`
	DataID    string   `json:"dataId"`
	Type      string   `json:"type"`
	AppName   string   `json:"appName"`
	Desc      string   `json:"desc"`
	Tags      []string `json:"tags"`
	MD5       string   `json:"md5"`
	Size      int      `json:"size"`
	Modified  int64    `json:"modified"`
	User      string   `json:"user"`
	Gray      []string `json:"gray"`
	Listeners int      `json:"listeners"`
	Behind    int      `json:"behind"`
	Encrypted bool     `json:"encrypted"`
	May       string   `json:"may"`

	key config.Key
}

func (a *API) configRowOf(r *config.Row, listeners, behind map[config.Key]int) configRow {
	row := configRow{
		ID: itoa(r.ID), Namespace: shownNamespace(r.Tenant), Group: r.Group, DataID: r.DataID, Type: deref(r.Type), AppName: r.AppName,
		Desc: deref(r.Desc), Tags: emptyNotNull(words(deref(r.Tags))), MD5: r.MD5, Modified: r.Modified.UnixMilli(), User: deref(r.SrcUser),
		Gray: []string{}, Listeners: listeners[r.ConfigKey], Behind: behind[r.ConfigKey], Encrypted: r.EncryptedDataKey != "", key: r.ConfigKey,
	}
	it := a.o.Config.Cache().Get(r.ConfigKey)
	if it != nil && it.Formal != nil {
		row.Size = len(it.Formal.Content)
	}
	for _, g := range it.Grays() {
		row.Gray = append(row.Gray, g.Name)
	}
	return row
}

// configFilter is what the table of configs shows.
type configFilter struct {
	q, dataID, group, app, desc, user wanted
	types, tags                       []string
	content                           []byte
	after                             int64
	state                             string
}

// The states by which the table of configs is filtered.
const (
	stateGray     = "gray"
	stateListened = "listened"
	stateBehind   = "behind"
)

func configFilterOf(f *form) configFilter {
	c := configFilter{
		q: f.wanted("q"), dataID: f.wanted("dataId"), group: f.wanted("groupName"), app: f.wanted("appName"), desc: f.wanted("desc"), user: f.wanted("user"),
		types: words(f.text("type")), tags: words(f.text("tags")), content: []byte(f.text("content")), after: f.millis("changedAfter"), state: f.text("state"),
	}
	if len(c.content) > maxWords {
		f.fail(service.BadParam, "content is longer than %d bytes", maxWords)
	}
	if !slices.Contains([]string{"", stateGray, stateListened, stateBehind}, c.state) {
		f.fail(service.BadParam, "state must be gray, listened or behind")
	}
	return c
}

// millis is a time in milliseconds since 1970, 0 where none is given.
func (f *form) millis(name string) int64 {
	if f.Optional(name, "") == "" {
		return 0
	}
	return f.number64(name)
}

// stored compares what is in the database's row.
func (c *configFilter) stored(r *config.Row) bool {
	if !c.dataID.match(r.DataID) || !c.group.match(r.Group) || !c.app.match(r.AppName) || !c.desc.match(deref(r.Desc)) || !c.user.match(deref(r.SrcUser)) {
		return false
	}
	if len(c.types) > 0 && !slices.Contains(c.types, deref(r.Type)) || c.after > 0 && r.Modified.UnixMilli() < c.after {
		return false
	}
	if len(c.tags) > 0 {
		has := words(deref(r.Tags))
		for _, t := range c.tags {
			if !slices.Contains(has, t) {
				return false
			}
		}
	}
	return c.q.none() || c.q.match(r.DataID) || c.q.match(r.Group) || c.q.match(r.AppName) || c.q.match(deref(r.Desc)) || c.q.match(deref(r.Tags))
}

// live compares what is only in memory.
func (c *configFilter) live(cache *config.Cache, row *configRow) bool {
	switch {
	case c.state == stateGray && len(row.Gray) == 0, c.state == stateListened && row.Listeners == 0, c.state == stateBehind && row.Behind == 0:
		return false
	}
	return len(c.content) == 0 || cache.Get(row.key).Contains(c.content)
}

// configsPage is a page of configs with the values that the others have.
type configsPage struct {
	rowsPage[configRow]
	Facets map[string][]facet `json:"facets,omitempty"`
}

func (a *API) extConfigs(q *middleware.Request) (any, error) {
	f := formOf(q)
	filter := configFilterOf(&f)
	pageNo, size := f.pageV3()
	o := f.sorted("dataId", "groupName", "type", "appName", "modified", "size", "listeners", "user")
	facets := f.Bool("facets", false)
	if f.err != nil {
		return nil, f.err
	}
	stored, err := a.o.Config.Rows(q.Context(), namespaceOf(q))
	if err != nil {
		return nil, err
	}
	listeners, behind := a.o.Config.Cache().Watching(), a.o.Config.Lags().Count()
	var rows []configRow
	for i := range stored {
		r := &stored[i]
		if !filter.stored(r) || !q.Sees(configResource(r.ConfigKey)) {
			continue
		}
		if row := a.configRowOf(r, listeners, behind); filter.live(a.o.Config.Cache(), &row) {
			rows = append(rows, row)
		}
	}
	sortBy(rows, o, compareConfigs(o.by))
	shown, page := pages(rows, pageNo, size)
	for i := range shown {
		shown[i].May = may(q, configResource(shown[i].key))
	}
	out := configsPage{rowsPage: page}
	if facets {
		out.Facets = configFacets(rows)
	}
	return out, nil
}

func compareConfigs(by string) func(a, b *configRow) int {
	names := func(a, b *configRow) int {
		return cmp.Or(cmp.Compare(a.DataID, b.DataID), cmp.Compare(a.Group, b.Group))
	}
	switch by {
	case "groupName":
		return func(a, b *configRow) int {
			return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.DataID, b.DataID))
		}
	case "type":
		return func(a, b *configRow) int { return cmp.Or(cmp.Compare(a.Type, b.Type), names(a, b)) }
	case "appName":
		return func(a, b *configRow) int { return cmp.Or(cmp.Compare(a.AppName, b.AppName), names(a, b)) }
	case "user":
		return func(a, b *configRow) int { return cmp.Or(cmp.Compare(a.User, b.User), names(a, b)) }
	case "modified":
		return func(a, b *configRow) int { return cmp.Or(cmp.Compare(a.Modified, b.Modified), names(a, b)) }
	case "size":
		return func(a, b *configRow) int { return cmp.Or(cmp.Compare(a.Size, b.Size), names(a, b)) }
	case "listeners":
		return func(a, b *configRow) int { return cmp.Or(cmp.Compare(a.Listeners, b.Listeners), names(a, b)) }
	default:
		return names
	}
}

func configFacets(rows []configRow) map[string][]facet {
	groups, types, apps, tags := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for i := range rows {
		r := &rows[i]
		groups[r.Group]++
		types[r.Type]++
		if r.AppName != "" {
			apps[r.AppName]++
		}
		for _, t := range r.Tags {
			tags[t]++
		}
	}
	return map[string][]facet{"groupName": facetsOf(groups), "type": facetsOf(types), "appName": facetsOf(apps), "tags": facetsOf(tags)}
}

// configOne is all of one config.
type configOne struct {
	configFull
	Size      int       `json:"size"`
	User      string    `json:"user"`
	Changed   int64     `json:"modified"`
	Version   string    `json:"version"`
	May       string    `json:"may"`
	Gray      []grayOne `json:"gray"`
	Listeners int       `json:"listeners"`
	Behind    int       `json:"behind"`
}

type grayOne struct {
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Rule      string   `json:"rule"`
	Addresses []string `json:"addresses,omitempty"`
	Tag       string   `json:"tag,omitempty"`
	MD5       string   `json:"md5"`
	Modified  int64    `json:"modified"`
	Content   string   `json:"content"`
}

func grayOf(g config.GrayCopy) grayOne {
	kind, _, _ := strings.Cut(g.Name, "_")
	return grayOne{g.Name, kind, g.Rule, g.IPs, g.Tag, g.MD5, g.Modified, string(g.Content)}
}

func (a *API) extConfig(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	r, err := a.o.Config.Detail(q.Context(), k)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, service.Errorf(service.NotFound, "there is no such config")
	}
	one := configOne{
		configFull: fullOf(r), Size: len(r.Content), User: deref(r.SrcUser), Changed: r.Modified.UnixMilli(), May: may(q, configResource(k)), Gray: []grayOne{},
		Listeners: len(a.o.Config.Cache().WatchersOf(k)), Behind: a.o.Config.Lags().Count()[k],
	}
	if one.Version, err = a.newestVersion(q, k); err != nil {
		return nil, err
	}
	for _, g := range a.o.Config.Cache().Get(k).Grays() {
		one.Gray = append(one.Gray, grayOf(g))
	}
	return one, nil
}
