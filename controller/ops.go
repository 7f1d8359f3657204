package controller

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/ops"
)

func (a *API) opsRoutes() []middleware.Route {
	open := middleware.Access{Class: middleware.Public}
	read := manage(middleware.Read, "nacos/admin")
	write := manage(middleware.Write, "nacos/admin")
	return []middleware.Route{
		{Method: http.MethodGet, Path: "/v1/core/ops/divergence", Dialect: v1Core, Access: read, Do: a.divergence},
		{Method: http.MethodGet, Path: "/v1/core/ops/idInfo", Dialect: v1Core, Access: open, Do: a.ids},
		{Method: http.MethodGet, Path: "/v2/core/ops/ids", Dialect: v2Bare, Access: open, Do: a.idList},
		{Method: http.MethodPost, Path: "/v1/core/ops/raft", Dialect: v1Core, Access: write, Do: a.raft},
		{Method: http.MethodPost, Path: "/v2/core/ops/raft", Dialect: v2Bare, Access: write, Do: a.raft},
		{Method: http.MethodPut, Path: "/v1/core/ops/log", Dialect: v1Core, Access: write, Do: a.logLevel},
		{Method: http.MethodPut, Path: "/v2/core/ops/log", Dialect: v2Bare, Access: write, Do: a.logLevelV2},
	}
}

func (a *API) ids(*middleware.Request) (any, error) { return restOK(a.o.Ops.IDs()), nil }

func (a *API) idList(*middleware.Request) (any, error) {
	type item struct {
		Resource string `json:"resource"`
		Info     ops.ID `json:"info"`
	}
	all := []item{}
	for name, id := range a.o.Ops.IDs() {
		all = append(all, item{name, id})
	}
	return restOK(all), nil
}

// raft answers failures inside the envelope, with HTTP none the wiser.
func (a *API) raft(q *middleware.Request) (any, error) {
	var c ops.RaftCommand
	if err := readJSON(q, &c); err != nil {
		return nil, err
	}
	if e, ok := errors.AsType[*service.Error](a.o.Ops.Raft(q.Context(), c)); ok {
		return restFail(http.StatusInternalServerError, e.Msg), nil
	}
	return restOK(nil), nil
}

func (a *API) logLevel(q *middleware.Request) (any, error) {
	f := formOf(q)
	name, level := f.Declared("logName", "String"), f.Declared("logLevel", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	a.o.Ops.SetLogLevel(name, level)
	return strconv.Itoa(http.StatusOK), nil
}

func (a *API) logLevelV2(q *middleware.Request) (any, error) {
	var r struct {
		Name  string `json:"logName"`
		Level string `json:"logLevel"`
	}
	if err := readJSON(q, &r); err != nil {
		return nil, err
	}
	a.o.Ops.SetLogLevel(r.Name, r.Level)
	return restOK(nil), nil
}
