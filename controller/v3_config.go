package controller

import (
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
)

// configV3Routes are configs as the console of Nacos 3 asks for them.
func (a *API) configV3Routes() []middleware.Route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	const config = middleware.ConfigResource
	r, w := manage(middleware.Read, config), manage(middleware.Write, config)
	all := r
	all.Wide = true
	byIP := manage(middleware.Read, "/v1/cs/listener")
	const cs, hist = "/v3/console/cs/config", "/v3/console/cs/history"
	rows := []middleware.Route{
		{Method: get, Path: cs, Access: r, Do: a.configV3},
		{Method: post, Path: cs, Access: w, Do: a.publishConfigV3},
		{Method: del, Path: cs, Access: w, Do: a.removeConfigV3},
		{Method: del, Path: cs + "/batchDelete", Access: each(middleware.Write, config), Do: a.removeConfigsV3},
		{Method: get, Path: cs + "/list", Access: r, Do: a.listConfigsV3},
		{Method: get, Path: cs + "/searchDetail", Access: r, Do: a.searchContentV3},
		{Method: get, Path: cs + "/beta", Access: r, Do: a.betaV3},
		{Method: del, Path: cs + "/beta", Access: w, Do: a.stopBetaV3},
		{Method: get, Path: cs + "/listener", Access: r, Do: a.configListenersV3},
		{Method: get, Path: cs + "/listener/ip", Access: byIP, Do: a.ipListenersV3},
		{Method: get, Path: cs + "/export2", Access: each(middleware.Read, config), Do: a.exportV3},
		{Method: post, Path: cs + "/import", Access: each(middleware.Write, config), Do: a.importV3},
		{Method: post, Path: cs + "/clone", Access: each(middleware.Write, config), Do: a.cloneV3},

		{Method: get, Path: hist, Access: r, Do: a.historyV3},
		{Method: get, Path: hist + "/list", Access: r, Do: a.listHistoryV3},
		{Method: get, Path: hist + "/previous", Access: r, Do: a.previousV3},
		{Method: get, Path: hist + "/configs", Access: all, Do: a.namespaceConfigsV3},
	}
	for i := range rows {
		if rows[i].Method == post {
			rows[i].MaxBody = a.o.Config.MaxBody()
		}
		if !a.o.NoParamCheck {
			rows[i].Do = checkedV3(rows[i].Do)
		}
	}
	return v3Rows(middleware.Config, rows)
}

// checkedV3 is checked, with the name of the group as v3 has it. The pages send
// the old name beside it.
func checkedV3(h middleware.Handler) middleware.Handler {
	return func(q *middleware.Request) (any, error) {
		if q.Params.Get("search") != "blur" {
			if err := firstError(checkNames(q), groupName.check(q.Params.Get("groupName"))); err != nil {
				return nil, err
			}
		}
		return h(q)
	}
}

// keyV3 is the config that a form of v3 is about.
func (f *form) keyV3() config.Key {
	return config.Key{Tenant: namespaceOf(f.q), Group: f.notBlank("groupName"), DataID: f.notBlank("dataId")}
}

// checkedKey is keyV3, refused where no config can have it.
func (f *form) checkedKey() (config.Key, error) {
	k := f.keyV3()
	if f.err != nil {
		return k, f.err
	}
	return k, config.CheckKey(k)
}

// shownNamespace is the id of a namespace in answers of v3.
func shownNamespace(tenant string) string {
	if tenant == "" {
		return publicID
	}
	return tenant
}

// configBasic is a config in a list of v3.
type configBasic struct {
	ID        string  `json:"id"`
	Namespace string  `json:"namespaceId"`
	Group     string  `json:"groupName"`
	DataID    string  `json:"dataId"`
	MD5       *string `json:"md5"`
	Type      *string `json:"type"`
	AppName   string  `json:"appName"`
	Created   int64   `json:"createTime"`
	Modified  int64   `json:"modifyTime"`
}

func basicOf(r *config.Row) configBasic {
	b := configBasic{ID: itoa(r.ID), Namespace: shownNamespace(r.Tenant), Group: r.Group, DataID: r.DataID, Type: r.Type, AppName: r.AppName}
	if r.MD5 != "" {
		b.MD5 = &r.MD5
	}
	return b
}

// configFull is a config with all that describes it.
type configFull struct {
	configBasic
	Content      string  `json:"content"`
	Desc         *string `json:"desc"`
	EncryptedKey *string `json:"encryptedDataKey"`
	CreateUser   *string `json:"createUser"`
	CreateIP     *string `json:"createIp"`
	Tags         *string `json:"configTags"`
}

func fullOf(r *config.Row) configFull {
	b := basicOf(r)
	b.Created, b.Modified = r.Modified.UnixMilli(), r.Modified.UnixMilli()
	return configFull{b, r.Content, r.Desc, &r.EncryptedDataKey, r.SrcUser, r.SrcIP, r.Tags}
}

func (a *API) configV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	r, err := a.o.Config.Detail(q.Context(), k)
	if err != nil || r == nil {
		return nil, err
	}
	full := fullOf(r)
	full.Content = a.shown(q, k, full.Content)
	return full, nil
}

func (a *API) publishConfigV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	p := config.Publish{Key: f.keyV3(), Content: f.notBlank("content")}
	if f.err != nil {
		return nil, f.err
	}
	if err := whole(p.Content); err != nil {
		return nil, err
	}
	p.Tags, p.By = f.tagsV3(), author(q, "srcUser")
	return a.publish(q, &f, p)
}

// tagsV3 are the tags of a publish, which some pages send as a list as well.
func (f *form) tagsV3() *string {
	if v := f.optional("configTags"); v != nil {
		return v
	}
	return f.optional("config_tags")
}

func (a *API) removeConfigV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	q.Params.Set("dataId", k.DataID) // the names that the handler of v1 reads
	q.Params.Set("group", k.Group)
	q.Params.Set("namespaceId", shownNamespace(k.Tenant))
	return a.removeConfig(q)
}

func (a *API) removeConfigsV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	ids := f.ids("ids")
	if f.err != nil {
		return nil, f.err
	}
	return true, a.o.Config.RemoveAll(q.Context(), ids, author(q, "srcUser"), permit(q, auth.Write))
}

// pageV3 are the bounds of a page: from 1 on, and not more rows than maxRows.
func (f *form) pageV3() (pageNo, size int) {
	pageNo, size = f.Num("pageNo", 1), f.Num("pageSize", defaultRows)
	if pageNo < 1 {
		f.fail(service.BadParam, "Required parameter 'pageNo' should be positive integer, current is %d", pageNo)
	}
	if size < 1 {
		f.fail(service.BadParam, "Required parameter 'pageSize' should be positive integer, current is %d", size)
	}
	return pageNo, min(size, maxRows)
}

// The rows of a page in v3: where nothing is said, and at most.
const (
	defaultRows = 100
	maxRows     = 500
)

func (f *form) searchV3() config.Search {
	return config.Search{
		Tenant: namespaceOf(f.q), DataID: f.text("dataId"), Group: f.text("groupName"), AppName: f.text("appName"),
		Blur: f.text("search") != "accurate", Types: words(f.text("type")), Tags: words(f.text("configTags")), TagPatterns: true,
	}
}

func (a *API) listConfigsV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	s := f.searchV3()
	pageNo, size := f.pageV3()
	if f.err != nil {
		return nil, f.err
	}
	p, err := a.o.Config.Search(q.Context(), s, pageNo, size)
	if err != nil {
		return nil, err
	}
	return pageOfRows(p.Total, pageNo, size, p.Items, basicOf), nil
}

func (a *API) searchContentV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	s := f.searchV3()
	s.Detail = f.text("configDetail")
	if s.Detail != "" && a.o.Mask != nil && !a.mayReveal(q, config.Key{Tenant: s.Tenant}) { // a search tells what is in a text
		return nil, q.May(revealResource(config.Key{Tenant: s.Tenant}), auth.Read)
	}
	pageNo, size := f.pageV3()
	if f.err != nil {
		return nil, f.err
	}
	p, err := a.o.Config.SearchContent(q.Context(), s, pageNo, size)
	if err != nil {
		return nil, err
	}
	return pageOfRows(p.Total, pageNo, size, p.Items, basicOf), nil
}

// configGray is a gray copy.
type configGray struct {
	configFull
	Name string `json:"grayName"`
	Rule string `json:"grayRule"`
}

func (a *API) betaV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	g, err := a.o.Config.Gray(q.Context(), k, "beta")
	if err != nil || g == nil {
		return nil, err
	}
	out := configGray{Name: g.Name, Rule: g.Rule}
	out.configBasic = configBasic{
		ID: itoa(g.ID), Namespace: shownNamespace(k.Tenant), Group: k.Group, DataID: k.DataID, MD5: &g.MD5, AppName: g.AppName, Modified: g.Modified.UnixMilli(),
	}
	out.Content = a.shown(q, k, g.Content)
	if c := a.o.Config.Cache().Get(k); c != nil && c.Formal != nil { // a gray copy has no type of its own
		out.Type = &c.Formal.Type
	}
	return out, nil
}

func (a *API) stopBetaV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	q.Before = a.o.Config.MD5(k, config.GrayName("", "beta"))
	return true, a.o.Config.RemoveBeta(q.Context(), k, author(q, "srcUser"))
}

// listenersV3 says who listens, or what is listened to.
type listenersV3 struct {
	Query string            `json:"queryType"`
	State map[string]string `json:"listenersStatus"`
}

func (a *API) configListenersV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	k, err := f.checkedKey()
	if err != nil {
		return nil, err
	}
	return listenersV3{"config", a.allWatchersOf(q.Context(), k)}, nil
}

// ipListenersV3 shows the configs of the namespace alone, where one is given.
func (a *API) ipListenersV3(q *middleware.Request) (any, error) {
	if q.Params.Get("ip") == "" {
		return nil, service.Errorf(service.ParamMissing, "Required parameter 'ip' type String is not present")
	}
	v, err := a.listenedBy(q, func(k config.Key, tenant string, all bool) bool {
		return k.Tenant == tenant || tenant == "" && all
	})
	if s, ok := v.(listenerStatus); ok {
		return listenersV3{"ip", s.Listeners}, err
	}
	return v, err
}

// exportV3 takes a missing list of ids for an empty one.
func (a *API) exportV3(q *middleware.Request) (any, error) {
	if _, ok := q.Params.Lookup("ids"); !ok {
		q.Params.Set("ids", "")
	}
	if g := q.Params.Get("groupName"); g != "" {
		q.Params.Set("group", g)
	}
	return a.exportConfigs(true, func(k config.Key, content string) string { return a.shown(q, k, content) })(q)
}

func (a *API) importV3(q *middleware.Request) (any, error) {
	if ns, ok := q.Params.Lookup("namespaceId"); ok {
		q.Params.Set("namespace", ns)
	}
	if file, ok := q.Params.File("file"); ok {
		if err := a.wholeArchive(q, file); err != nil {
			return nil, err
		}
	}
	return importedV3(a.importConfigs(q))
}

func (a *API) cloneV3(q *middleware.Request) (any, error) {
	target, ok := q.Params.Lookup("targetNamespaceId")
	if !ok {
		return nil, service.Errorf(service.ParamMissing, "required parameter 'targetNamespaceId' is missing")
	}
	q.Params.Set("tenant", target)
	return importedV3(a.cloneConfigs(q, a.mayTake(q)))
}

// importedV3 turns what v1 says of an import into what v3 does.
func importedV3(v any, err error) (any, error) {
	r, ok := v.(restResult)
	if !ok {
		return v, err
	}
	if out, ok := r.Data.(*config.Imported); ok {
		return out, err
	}
	const noSpace = 100001
	if r.Code == noSpace {
		return result{22001, "namespace not exist", r.Data}, err
	}
	return result{r.Code, *r.Message, r.Data}, err
}
