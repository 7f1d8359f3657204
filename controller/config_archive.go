package controller

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
)

// permit asks for each config that a request names by its id, or in a file.
func permit(q *middleware.Request, action auth.Action) config.Permit {
	return func(k config.Key) error {
		return q.May(auth.Resource{Namespace: k.Tenant, Group: k.Group, Kind: middleware.ConfigResource, Name: k.DataID}, action)
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// exportConfigs sends an archive, of contents as shown has them; nil: as they are.
func (a *API) exportConfigs(v2 bool, shown config.Shown) middleware.Handler {
	return func(q *middleware.Request) (any, error) {
		f := formOf(q)
		if _, ok := q.Params.Lookup("ids"); !ok {
			return nil, service.Errorf(service.Internal, `Cannot invoke "java.util.List.removeAll(java.util.Collection)" because "ids" is null`)
		}
		e := config.Export{
			IDs: f.ids("ids"), Tenant: namespaceOf(q), Group: f.text("group"), DataID: f.text("dataId"), AppName: f.text("appName"),
		}
		if f.err != nil {
			return nil, f.err
		}
		return a.archiveOf(q, e, v2, shown)
	}
}

// archiveOf is an archive to be saved.
func (a *API) archiveOf(q *middleware.Request, e config.Export, v2 bool, shown config.Shown) (any, error) {
	var b bytes.Buffer
	if err := a.o.Config.ExportTo(q.Context(), &b, e, v2, permit(q, auth.Read), shown); err != nil {
		return nil, err
	}
	name := "nacos_config_export_" + time.Now().Format("20060102150405") + ".zip"
	return &middleware.Raw{
		ContentType: []string{"application/octet-stream;charset=UTF-8"},
		Header:      []middleware.Field{{Name: "Content-Disposition", Value: []string{"attachment;filename=" + name}}},
		Body:        b.Bytes(),
	}, nil
}

// extExport is exportV3, and with query an archive of all that GET configs would find.
func (a *API) extExport(q *middleware.Request) (any, error) {
	f := formOf(q)
	if !f.Bool("query", false) {
		return a.exportV3(q)
	}
	found, err := a.foundConfigs(q, &f, namespaceOf(q))
	if err != nil {
		return nil, err
	}
	e := config.Export{}
	for _, x := range found {
		e.IDs = append(e.IDs, x.About().ID)
	}
	if len(e.IDs) == 0 { // none named would be all
		return nil, service.Errorf(service.NotFound, "no config is found")
	}
	return a.archiveOf(q, e, true, func(k config.Key, content string) string { return a.shown(q, k, content) })
}

// importConfigs publishes the configs of an uploaded archive.
func (a *API) importConfigs(q *middleware.Request) (any, error) {
	f := formOf(q)
	policy := f.policy()
	if f.err != nil {
		return nil, f.err
	}
	file, ok := q.Params.File("file")
	if !ok {
		return importFailed(100005, noData, struct{}{}), nil
	}
	tenant := q.Params.Get("namespace")
	t := touched{a: a}
	out, err := a.o.Config.Import(q.Context(), config.Namespace(tenant), file, policy, author(q, "src_user"), t.watch(permit(q, auth.Write)))
	q.Before, q.After = t.before(), t.after()
	return importResult(out, err, "import success")
}

// cloneConfigs copies configs into another namespace. mayRead is asked for each.
func (a *API) cloneConfigs(q *middleware.Request, mayRead config.Permit) (any, error) {
	f := formOf(q)
	tenant, policy := f.Declared("tenant", "String"), f.policy()
	if f.err != nil {
		return nil, f.err
	}
	chosen, err := chosenConfigs(q.HTTP().Body)
	if err != nil {
		return nil, err
	}
	by := author(q, "src_user")
	if middleware.FromConsole(q) { // our own: a compared namespace is copied into another one
		by.Note, err = noteOf(q), a.agreed(q, config.Namespace(tenant))
	}
	if err != nil {
		return nil, err
	}
	t := touched{a: a}
	out, err := a.o.Config.Clone(q.Context(), config.Namespace(tenant), chosen, policy, by, mayRead, t.watch(permit(q, auth.Write)))
	q.Before, q.After = t.before(), t.after()
	return importResult(out, err, "Clone Completed Successfully")
}

// Bounds of what one clone may name.
const (
	maxCloneBody = 4 << 20
	maxCloned    = 10_000
)

// chosenConfigs reads the body of a clone. An id may be a number or a text.
func chosenConfigs(body io.Reader) ([]config.Chosen, error) {
	var in []struct {
		ID     json.Number `json:"cfgId"`
		DataID *string     `json:"dataId"`
		Group  *string     `json:"group"`
	}
	b, err := io.ReadAll(io.LimitReader(body, maxCloneBody+1))
	if err == nil && len(b) > maxCloneBody {
		return nil, service.Errorf(service.TooLarge, "the request body is larger than %d bytes", maxCloneBody)
	}
	if err == nil {
		err = json.Unmarshal(b, &in)
	}
	if err != nil {
		return nil, service.Wrap(service.Internal, err, "JSON parse error")
	}
	if len(in) > maxCloned {
		return nil, service.Errorf(service.TooLarge, "more than %d configs to clone", maxCloned)
	}
	out := make([]config.Chosen, 0, len(in))
	for _, c := range in {
		id, err := c.ID.Int64()
		if err != nil {
			return nil, service.Wrap(service.Internal, err, "JSON parse error")
		}
		ch := config.Chosen{ID: id}
		if c.DataID != nil {
			ch.DataID = *c.DataID
		}
		if c.Group != nil {
			ch.Group = *c.Group
		}
		out = append(out, ch)
	}
	return out, nil
}

// policy is what to do with configs that exist.
func (f *form) policy() config.Policy {
	v, ok := f.q.Params.Lookup("policy")
	if !ok || v == "" {
		return config.Abort
	}
	switch p := config.Policy(strings.TrimSpace(v)); p {
	case config.Abort, config.Skip, config.Overwrite:
		return p
	}
	if f.err == nil {
		f.err = &conversion{v, "com.alibaba.nacos.config.server.model.SameConfigPolicy"}
	}
	return ""
}

// What an import says that did not come to publishing. Consoles show the texts
// as they are.
const (
	noNamespace = "目标 namespace 不存在"
	badMetadata = "导入的元数据非法"
	noData      = "导入的文件数据为空"
	noneChosen  = "没有选择任何配置"
)

// none is the data of an import that published nothing.
type none struct {
	Succeeded int `json:"succCount"`
}

func importResult(out *config.Imported, err error, done string) (any, error) {
	switch {
	case err == nil:
		return restResult{http.StatusOK, &done, out}, nil
	case errors.Is(err, config.ErrNoNamespace):
		return importFailed(100001, noNamespace, none{}), nil
	case errors.Is(err, config.ErrMetadata):
		return importFailed(100002, badMetadata, none{}), nil
	case errors.Is(err, config.ErrNoConfigs):
		return importFailed(100005, noData, none{}), nil
	case errors.Is(err, config.ErrNoneChosen):
		return importFailed(100006, noneChosen, none{}), nil
	}
	return nil, err
}

func importFailed(code int, msg string, data any) restResult { return restResult{code, &msg, data} }
