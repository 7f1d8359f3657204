package controller

import (
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/auth"
)

// configRoutes is the configuration centre, v1 and v2.
func (a *API) configRoutes() []middleware.Route {
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete

		config  = "config" // the permission on what the parameters name
		ops     = "/v1/cs/ops"
		admin   = "nacos/admin"
		metrics = "/v1/cs/metrics"
	)
	client := func(do middleware.Action) middleware.Access {
		return middleware.Access{Class: middleware.Client, Action: do, Resource: config}
	}
	listen := middleware.Access{Class: middleware.Client, Action: middleware.Read, Resource: config, Each: true}
	r, w := middleware.Read, middleware.Write
	all := middleware.Access{Class: middleware.Management, Action: r, Resource: config, Wide: true}
	searched := []middleware.Variant{
		{Param: "show", Value: "all", Access: manage(r, config)},
		{Param: "search", Value: "accurate", Access: manage(r, config)},
		{Param: "search", Value: "blur", Access: manage(r, config)},
		{Param: "beta", Value: "true", Access: manage(r, config)},
		{Param: "export", Value: "true", Access: each(r, config)},
		{Param: "exportV2", Value: "true", Access: each(r, config)},
	}
	posted := []middleware.Variant{
		{Param: "import", Value: "true", Access: each(w, config)},
		{Param: "clone", Value: "true", Access: each(w, config)},
	}
	removed := []middleware.Variant{
		{Param: "delType", Value: "ids", Access: each(w, config)},
		{Param: "beta", Value: "true", Access: manage(w, config)},
	}
	rows := []middleware.Route{
		{Method: get, Path: "/v1/cs/configs", Dialect: v1cs, Access: client(r), Variants: searched, Do: a.getConfigs()},
		{Method: http.MethodHead, Path: "/v1/cs/configs", Dialect: v1cs, Access: client(r), Do: a.getConfig},
		{Method: post, Path: "/v1/cs/configs", Dialect: v1cs, Access: client(w), Variants: posted, Do: a.postConfigs()},
		{Method: del, Path: "/v1/cs/configs", Dialect: v1cs, Access: client(w), Variants: removed, Do: a.deleteConfigs()},
		{Method: post, Path: "/v1/cs/configs/listener", Dialect: v1cs, Access: listen, Do: a.listen},
		{Method: get, Path: "/v1/cs/configs/listener", Dialect: v1cs, Access: manage(r, config), Do: a.configListeners},
		{Method: get, Path: "/v1/cs/configs/catalog", Dialect: v1cs, Access: manage(r, config), Do: a.catalog},
		{Method: get, Path: "/v1/cs/listener", Dialect: v1cs, Access: manage(r, "/v1/cs/listener"), Do: a.ipListeners},
		{Method: get, Path: "/v1/cs/history", Dialect: v1cs, Access: manage(r, config), Do: a.getHistories()},
		{Method: get, Path: "/v1/cs/history/previous", Dialect: v1cs, Access: manage(r, config), Do: a.previousHistory},
		{Method: get, Path: "/v1/cs/history/configs", Dialect: v1cs, Access: all, Do: a.namespaceConfigs("tenant")},
		{Method: get, Path: "/v1/cs/capacity", Dialect: v1cs, Access: manage(r, admin), Do: a.getCapacity},
		{Method: post, Path: "/v1/cs/capacity", Dialect: v1cs, Access: manage(w, admin), Do: a.setCapacity},
		{Method: get, Path: "/v1/cs/communication/configWatchers", Dialect: v1cs, Access: manage(r, admin), Do: a.nodeWatchers},
		{Method: get, Path: "/v1/cs/communication/watcherConfigs", Dialect: v1cs, Access: manage(r, admin), Do: a.nodeWatched},
		{Method: post, Path: "/v1/cs/ops/localCache", Dialect: v1cs, Access: manage(w, ops), Do: a.reloadCache},
		{Method: put, Path: "/v1/cs/ops/log", Dialect: v1cs, Access: manage(w, ops), Do: a.setConfigLog},
		{Method: get, Path: "/v1/cs/ops/derby", Dialect: v1cs, Access: manage(r, admin), Do: a.derby},
		{Method: post, Path: "/v1/cs/ops/data/removal", Dialect: v1cs, Access: manage(w, admin), Do: a.derbyImport},
		{Method: get, Path: "/v1/cs/health", Dialect: v1cs, Access: middleware.Access{Class: middleware.Public}, Do: a.configHealth},
		{Method: get, Path: "/v1/cs/metrics/cluster", Dialect: v1cs, Access: manage(r, metrics), Do: a.clientMetrics},
		{Method: get, Path: "/v1/cs/metrics/current", Dialect: v1cs, Access: manage(r, metrics), Do: a.clientMetrics},

		{Method: get, Path: "/v2/cs/config", Dialect: v2cs, Access: client(r), Do: a.getConfigV2},
		{Method: post, Path: "/v2/cs/config", Dialect: v2cs, Access: client(w), Do: a.publishConfigV2},
		{Method: del, Path: "/v2/cs/config", Dialect: v2cs, Access: client(w), Do: a.removeConfig},
		{Method: get, Path: "/v2/cs/config/searchDetail", Dialect: v2csBare, Access: manage(r, config), Do: a.searchContent},
		{Method: get, Path: "/v2/cs/history", Dialect: v2cs, Access: manage(r, config), Do: a.getHistory},
		{Method: get, Path: "/v2/cs/history/list", Dialect: v2cs, Access: manage(r, config), Do: a.listHistory},
		{Method: get, Path: "/v2/cs/history/detail", Dialect: v2cs, Access: manage(r, config), Do: a.historyDetail},
		{Method: get, Path: "/v2/cs/history/previous", Dialect: v2cs, Access: manage(r, config), Do: a.previousHistory},
		{Method: get, Path: "/v2/cs/history/configs", Dialect: v2cs, Access: all, Do: a.namespaceConfigs("namespaceId")},
	}
	for i := range rows {
		if rows[i].Method == post {
			rows[i].MaxBody = a.o.Config.MaxBody()
		}
		rows[i].Module = middleware.Config
		if !a.o.NoParamCheck {
			rows[i].Do = checked(rows[i].Do)
		}
	}
	return rows
}

// selector is a parameter that chooses a handler by its value.
type selector struct {
	name, value string
	do          middleware.Handler
}

// choose returns the handler whose parameter has its value, else def. Two that
// do is a request that nobody can mean.
func choose(def middleware.Handler, all ...selector) middleware.Handler {
	return func(q *middleware.Request) (any, error) {
		var do middleware.Handler
		for i := range all {
			if q.Params.Get(all[i].name) != all[i].value {
				continue
			}
			if do != nil {
				return nil, &middleware.PageError{Status: http.StatusInternalServerError, Msg: "Ambiguous methods mapped for '" + q.HTTP().URL.Path + "'"}
			}
			do = all[i].do
		}
		if do == nil {
			do = def
		}
		return do(q)
	}
}

func (a *API) getConfigs() middleware.Handler {
	return choose(
		a.getConfig,
		selector{"show", "all", a.showConfig},
		selector{"search", "accurate", a.searchConfigs},
		selector{"search", "blur", a.searchConfigs},
		selector{"beta", "true", a.showBeta},
		selector{"export", "true", a.exportConfigs(false, nil)},
		selector{"exportV2", "true", a.exportConfigs(true, nil)},
	)
}

func (a *API) postConfigs() middleware.Handler {
	return choose(a.publishConfig, selector{"import", "true", a.importConfigs}, selector{"clone", "true", func(q *middleware.Request) (any, error) { return a.cloneConfigs(q, permit(q, auth.Read)) }})
}

func (a *API) deleteConfigs() middleware.Handler {
	return choose(a.removeConfig, selector{"delType", "ids", a.removeConfigs}, selector{"beta", "true", a.stopBeta})
}

func (a *API) getHistories() middleware.Handler {
	return choose(a.getHistory, selector{"search", "accurate", a.listHistory})
}
