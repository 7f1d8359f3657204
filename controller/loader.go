package controller

import (
	"net/http"
	"strconv"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

func (a *API) loaderRoutes() []middleware.Route {
	read := manage(middleware.Read, "/v2/core/loader")
	write := manage(middleware.Write, "/v2/core/loader")
	return []middleware.Route{
		{Method: http.MethodGet, Path: "/v2/core/loader/current", Dialect: v2Bare, Access: read, Do: a.loaderCurrent},
		{Method: http.MethodGet, Path: "/v2/core/loader/cluster", Dialect: v2Bare, Access: read, Do: a.loaderCluster},
		{Method: http.MethodGet, Path: "/v2/core/loader/reloadCurrent", Dialect: v2Bare, Access: write, Do: a.loaderReload},
		{Method: http.MethodGet, Path: "/v2/core/loader/smartReloadCluster", Dialect: v2Bare, Access: write, Do: a.loaderBalance},
		{Method: http.MethodGet, Path: "/v2/core/loader/reloadClient", Dialect: v2Bare, Access: write, Do: a.loaderReloadClient},
	}
}

// loaderCurrent lists the long connections by id. SDKs of the HTTP generation
// hold none.
func (a *API) loaderCurrent(*middleware.Request) (any, error) { return map[string]any{}, nil }

type loaderMetric struct {
	Load string `json:"load"`
	SDK  string `json:"sdkConCount"`
	CPU  string `json:"cpu"`
	All  string `json:"conCount"`
}

type loaderNode struct {
	Address string       `json:"address"`
	Metric  loaderMetric `json:"metric"`
}

type loaderSummary struct {
	Total     int          `json:"total"`
	Min       int          `json:"min"`
	Avg       int          `json:"avg"`
	Max       int          `json:"max"`
	Members   int          `json:"memberCount"`
	Metrics   int          `json:"metricsCount"`
	Threshold double       `json:"threshold"`
	Detail    []loaderNode `json:"detail"`
	Completed bool         `json:"completed"`
}

// thresholdOver is by how much a node may be over the average before it counts
// as loaded.
const thresholdOver = 1.1

func (a *API) loaderCluster(*middleware.Request) (any, error) {
	l := a.o.Ops.Load()
	n := loaderNode{a.o.Ops.Address(), loaderMetric{l.Average, strconv.Itoa(l.SDK), l.CPU, strconv.Itoa(l.Connections)}}
	return loaderSummary{
		Total: l.SDK, Min: l.SDK, Avg: l.SDK, Max: l.SDK, Members: 1, Metrics: 1,
		Threshold: double(float64(l.SDK) * thresholdOver), Detail: []loaderNode{n}, Completed: true,
	}, nil
}

func (a *API) loaderReload(q *middleware.Request) (any, error) {
	f := formOf(q)
	count := f.Declared("count", "Integer")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if _, err := strconv.Atoi(count); err != nil {
		return nil, service.Errorf(service.BadParam, "For input string: \"%s\"", count)
	}
	return "success", nil
}

// loaderBalance has nothing to move on a single node.
func (a *API) loaderBalance(*middleware.Request) (any, error) { return "Ok", nil }

// loaderReloadClient succeeds for a connection that there is not, as in Nacos.
func (a *API) loaderReloadClient(q *middleware.Request) (any, error) {
	f := formOf(q)
	f.Declared("connectionId", "String")
	return "success", f.Err()
}
