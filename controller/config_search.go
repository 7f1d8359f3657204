package controller

import (
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/config"
)

// showConfig is a config with all that describes it, nothing where there is none.
func (a *API) showConfig(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.key()
	if f.err != nil {
		return nil, f.err
	}
	if err := config.CheckKey(k); err != nil {
		return nil, err
	}
	r, err := a.o.Config.Detail(q.Context(), k)
	if err != nil || r == nil {
		return nil, err
	}
	return detailOf(r), nil
}

// catalog is what describes a config.
func (a *API) catalog(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.key()
	if f.err != nil {
		return nil, f.err
	}
	r, err := a.o.Config.Detail(q.Context(), k)
	if err != nil {
		return nil, err
	}
	return restOK(catalogOf(r)), nil
}

// showBeta is the copy for beta addresses.
func (a *API) showBeta(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.key()
	if f.err != nil {
		return nil, f.err
	}
	g, err := a.o.Config.Gray(q.Context(), k, "beta")
	if err != nil {
		return nil, err
	}
	msg := "query beta ok"
	if g == nil {
		return restResult{200, &msg, nil}, nil
	}
	item := configItem{
		ID: itoa(g.ID), DataID: g.DataID, Group: g.Group, Content: &g.Content, MD5: &g.MD5,
		EncryptedKey: &g.EncryptedDataKey, Tenant: g.Tenant, AppName: g.AppName,
	}
	return restResult{200, &msg, betaDetail{item, config.BetaIPs(g)}}, nil
}

// stopBeta removes the copy for beta addresses.
func (a *API) stopBeta(q *middleware.Request) (any, error) {
	f := formOf(q)
	k := f.key()
	if f.err != nil {
		return nil, f.err
	}
	q.Before = a.o.Config.MD5(k, config.GrayName("", "beta"))
	if err := a.o.Config.RemoveBeta(q.Context(), k, author(q, "srcUser")); err != nil {
		return nil, err
	}
	msg := "stop beta ok"
	return restResult{200, &msg, true}, nil
}

// searchConfigs finds configs by their names.
func (a *API) searchConfigs(q *middleware.Request) (any, error) {
	f := formOf(q)
	s := config.Search{DataID: f.Declared("dataId", "String"), Group: f.Declared("group", "String")}
	pageNo, size := int(f.DeclaredInt("pageNo", "int")), int(f.DeclaredInt("pageSize", "int"))
	if f.err != nil {
		return nil, f.err
	}
	s.Blur = f.text("search") == "blur"
	if s.Blur {
		s.Types = words(f.text("types"))
	}
	s.Tenant, s.AppName, s.Tags = namespaceOf(q), f.text("appName"), words(f.text("config_tags"))
	p, err := a.o.Config.Search(q.Context(), s, pageNo, size)
	if err != nil {
		return nil, err
	}
	return pageOfRows(p.Total, pageNo, size, p.Items, foundBy(s)), nil
}

// searchContent finds configs by their names and their content.
func (a *API) searchContent(q *middleware.Request) (any, error) {
	f := formOf(q)
	s := config.Search{DataID: f.Declared("dataId", "String"), Group: f.Declared("group", "String"), Detail: f.Declared("config_detail", "String")}
	pageNo, size := int(f.DeclaredInt("pageNo", "int")), int(f.DeclaredInt("pageSize", "int"))
	if f.err != nil {
		return nil, f.err
	}
	s.Blur = f.text("search") != "accurate"
	s.Tenant, s.AppName, s.Tags = namespaceOf(q), f.text("appName"), words(f.text("config_tags"))
	p, err := a.o.Config.SearchContent(q.Context(), s, pageNo, size)
	if err != nil {
		return nil, err
	}
	return pageOfRows(p.Total, pageNo, size, p.Items, foundBy(s)), nil
}

// foundBy leaves out what the reference's search by tags does not read.
func foundBy(s config.Search) func(*config.Row) configItem {
	return func(r *config.Row) configItem {
		it := itemOf(r)
		if len(s.Tags) > 0 {
			it.EncryptedKey = nil
			if !s.Blur {
				it.Type = nil
			}
		}
		return it
	}
}

// words are the items of a list that is separated by commas.
func words(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return strings.Split(strings.TrimRight(s, ","), ",")
}

// namespaceConfigs lists the configs of a namespace.
func (a *API) namespaceConfigs(param string) middleware.Handler {
	return func(q *middleware.Request) (any, error) {
		f := formOf(q)
		tenant := config.Namespace(f.Declared(param, "String"))
		if f.err != nil {
			return nil, f.err
		}
		rows, err := a.o.Config.OfNamespace(q.Context(), tenant)
		if err != nil {
			return nil, err
		}
		items := make([]namespaceItem, 0, len(rows))
		for i := range rows {
			r := &rows[i]
			items = append(items, namespaceItem{
				configItem:   configItem{ID: "0", DataID: r.DataID, Group: r.Group, Tenant: r.Tenant, AppName: r.AppName, Type: r.Type},
				LastModified: r.Modified.UnixMilli(),
			})
		}
		return items, nil
	}
}
