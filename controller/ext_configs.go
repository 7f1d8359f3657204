package controller

import (
	"bytes"
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
		{Method: post, Path: "/config/reveal", Access: manage(middleware.Read, middleware.RevealResource), Audited: true, Do: a.extReveal},
		{Method: post, Path: "/config/publish", Access: w, Do: a.extPublish},
		{Method: post, Path: "/config/restore", Access: w, Do: a.extRestore},
		{Method: post, Path: "/config/gray/promote", Access: w, Do: a.extPromote},
		{Method: del, Path: "/config/gray", Access: w, Do: a.extRemoveGray},
		{Method: get, Path: "/config/versions", Access: r, Do: a.extVersions},
		{Method: get, Path: "/config/version", Access: r, Do: a.extVersion},
		{Method: get, Path: "/releases", Access: each(middleware.Read, config), Do: a.extReleases},
		{Method: get, Path: "/recycle", Access: each(middleware.Read, config), Do: a.extRecycle},
		{Method: get, Path: "/config/export", Access: each(middleware.Read, config), Session: middleware.Alone, Do: a.extExport},
		{Method: post, Path: "/config/import/preview", Access: each(middleware.Write, config), Do: a.extImportPlan},
		{Method: post, Path: "/config/import", Access: each(middleware.Write, config), Do: a.extImport},
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
}

func configRowOf(x config.Found, n listening) configRow {
	k, c, about := x.Key, x.Item.Formal, x.About()
	row := configRow{
		ID: itoa(about.ID), Namespace: shownNamespace(k.Tenant), Group: k.Group, DataID: k.DataID, Type: c.Type, AppName: about.AppName,
		Desc: about.Desc, Tags: emptyNotNull(words(about.Tags)), MD5: c.MD5, Size: len(c.Content), Modified: c.Modified, User: about.User,
		Gray: []string{}, Listeners: n.all[*k], Behind: n.behind[*k], Encrypted: c.EncryptedKey != "",
	}
	for _, g := range x.Item.Grays() {
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

// fits reports whether a config is shown. What is dear to compare comes last.
func (c *configFilter) fits(x config.Found, n listening) bool {
	k, v, about := x.Key, x.Item.Formal, x.About()
	switch {
	case !c.dataID.match(k.DataID), !c.group.match(k.Group), !c.app.match(about.AppName), !c.desc.match(about.Desc), !c.user.match(about.User),
		len(c.types) > 0 && !slices.Contains(c.types, v.Type), c.after > 0 && v.Modified < c.after, !hasAll(about.Tags, c.tags),
		!c.q.none() && !c.q.match(k.DataID) && !c.q.match(k.Group) && !c.q.match(about.AppName) && !c.q.match(about.Desc) && !c.q.match(about.Tags),
		c.state == stateGray && !x.Gray(), c.state == stateListened && n.all[*k] == 0, c.state == stateBehind && n.behind[*k] == 0:
		return false
	}
	return true
}

// holds reports whether a config has the text that is looked for, as far as the
// caller may see it: who may not see a secret does not find it either.
func (a *API) holds(q *middleware.Request, x config.Found, text []byte) bool {
	content := x.Item.Formal.Content
	if len(text) == 0 || !bytes.Contains(content, text) {
		return len(text) == 0
	}
	return a.o.Mask == nil || a.mayReveal(q, *x.Key) || strings.Contains(a.o.Mask.Hide(string(content)).Shown, string(text))
}

// hasAll reports whether a list with commas has all that are wanted.
func hasAll(list string, want []string) bool {
	if len(want) == 0 {
		return true
	}
	has := words(list)
	return !slices.ContainsFunc(want, func(t string) bool { return !slices.Contains(has, t) })
}

// configsPage is a page of configs with the values that the others have.
type configsPage struct {
	rowsPage[configRow]
	Facets map[string][]facet `json:"facets,omitempty"`
	Nodes  []nodeAnswer       `json:"nodes"`
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
	tenant := namespaceOf(q)
	found, err := a.o.Config.Configs(q.Context(), &tenant)
	if err != nil {
		return nil, err
	}
	n, out := a.listeningHereToAll(), configsPage{}
	if o.by == "listeners" || filter.state == stateListened || filter.state == stateBehind {
		out.Nodes = n.gather(q.Context(), a, tenant, nil)
	}
	found = slices.DeleteFunc(found, func(x config.Found) bool {
		return !filter.fits(x, n) || !q.Sees(configResource(*x.Key)) || !a.holds(q, x, filter.content)
	})
	rows := []configRow{}
	from, to := window(len(found), pageNo, size)
	shown := service.Window(found, from, to, compareIn(o, compareConfigs(o.by, n)))
	if out.Nodes == nil {
		out.Nodes = n.gather(q.Context(), a, tenant, keysOf(shown))
	}
	for _, x := range shown {
		row := configRowOf(x, n)
		row.May = may(q, configResource(*x.Key))
		rows = append(rows, row)
	}
	out.rowsPage = pagesV3(len(found), pageNo, size, rows)
	if facets {
		out.Facets = configFacets(found)
	}
	return out, nil
}

func keysOf(found []config.Found) []config.Key {
	keys := make([]config.Key, len(found))
	for i, x := range found {
		keys[i] = *x.Key
	}
	return keys
}

func compareConfigs(by string, n listening) func(a, b config.Found) int {
	names := func(a, b config.Found) int {
		return cmp.Or(cmp.Compare(a.Key.DataID, b.Key.DataID), cmp.Compare(a.Key.Group, b.Key.Group))
	}
	type number = func(config.Found) int64
	type text = func(config.Found) string
	byNumber := func(of number) func(a, b config.Found) int {
		return func(a, b config.Found) int { return cmp.Or(cmp.Compare(of(a), of(b)), names(a, b)) }
	}
	byText := func(of text) func(a, b config.Found) int {
		return func(a, b config.Found) int { return cmp.Or(cmp.Compare(of(a), of(b)), names(a, b)) }
	}
	switch by {
	case "groupName":
		return byText(func(x config.Found) string { return x.Key.Group })
	case "type":
		return byText(func(x config.Found) string { return x.Item.Formal.Type })
	case "appName":
		return byText(func(x config.Found) string { return x.About().AppName })
	case "user":
		return byText(func(x config.Found) string { return x.About().User })
	case "modified":
		return byNumber(func(x config.Found) int64 { return x.Item.Formal.Modified })
	case "size":
		return byNumber(func(x config.Found) int64 { return int64(len(x.Item.Formal.Content)) })
	case "listeners":
		return byNumber(func(x config.Found) int64 { return int64(n.all[*x.Key]) })
	default:
		return names
	}
}

func configFacets(found []config.Found) map[string][]facet {
	groups, types, apps, tags := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, x := range found {
		about := x.About()
		groups[x.Key.Group]++
		types[x.Item.Formal.Type]++
		if about.AppName != "" {
			apps[about.AppName]++
		}
		if about.Tags != "" {
			for t := range strings.SplitSeq(about.Tags, ",") {
				tags[t]++
			}
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

	Masks  []hiddenAt `json:"masks"`  // where secrets are hidden in the content
	Reveal bool       `json:"reveal"` // the caller may see them

	Nodes []nodeAnswer `json:"nodes"`
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
	n := a.listeningHereToAll()
	nodes := n.gather(q.Context(), a, k.Tenant, []config.Key{k})
	one := configOne{
		configFull: fullOf(r), Size: len(r.Content), User: deref(r.SrcUser), Changed: r.Modified.UnixMilli(), May: may(q, configResource(k)), Gray: []grayOne{},
		Listeners: n.all[k], Behind: n.behind[k], Nodes: nodes,
	}
	one.Masks, one.Reveal = []hiddenAt{}, a.mayReveal(q, k)
	if a.hides(q, k) {
		t := a.o.Mask.Hide(r.Content)
		one.Content, one.Masks = t.Shown, hiddenIn(t)
	}
	if one.Version, err = a.newestVersion(q, k); err != nil {
		return nil, err
	}
	for _, g := range a.o.Config.Cache().Get(k).Grays() {
		copied := grayOf(g)
		copied.Content = a.shown(q, k, copied.Content)
		one.Gray = append(one.Gray, copied)
	}
	return one, nil
}
