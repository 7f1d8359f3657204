package controller

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/ops"
)

func (a *API) clusterRoutes() []middleware.Route {
	read := manage(middleware.Read, "/v1/core/cluster")
	write := manage(middleware.Write, "/v1/core/cluster")
	read2 := manage(middleware.Read, "nacos/admin")
	write2 := manage(middleware.Write, "nacos/admin")
	return []middleware.Route{
		{Method: http.MethodGet, Path: "/v1/core/cluster/self", Dialect: v1Core, Access: read, Do: a.clusterSelf},
		{Method: http.MethodGet, Path: "/v1/core/cluster/nodes", Dialect: v1Core, Access: read, Do: a.clusterNodes},
		{Method: http.MethodGet, Path: "/v1/core/cluster/simple/nodes", Dialect: v1Core, Access: read, Do: a.clusterAddresses},
		{Method: http.MethodGet, Path: "/v1/core/cluster/health", Dialect: v1Core, Access: read, Do: a.clusterHealth},
		{Method: http.MethodPost, Path: "/v1/core/cluster/report", Dialect: v1Core, Access: write, Do: a.clusterReport},
		{Method: http.MethodPost, Path: "/v1/core/cluster/switch/lookup", Dialect: v1Core, Access: write, Do: a.clusterLookup},
		{Method: http.MethodPost, Path: "/v1/core/cluster/server/leave", Dialect: v1Core, Access: write, Do: clusterLeave("/v1/core/cluster/server/leave")},

		{Method: http.MethodGet, Path: "/v2/core/cluster/node/self", Dialect: v2, Access: read2, Do: a.clusterSelfV2},
		{Method: http.MethodGet, Path: "/v2/core/cluster/node/list", Dialect: v2, Access: read2, Do: a.clusterListV2},
		{Method: http.MethodPut, Path: "/v2/core/cluster/node/list", Dialect: v2, Access: write2, Do: a.clusterUpdateV2},
		{Method: http.MethodGet, Path: "/v2/core/cluster/node/self/health", Dialect: v2, Access: read2, Do: a.clusterHealthV2},
		{Method: http.MethodPut, Path: "/v2/core/cluster/lookup", Dialect: v2, Access: write2, Do: a.clusterLookupV2},
		{Method: http.MethodDelete, Path: "/v2/core/cluster/nodes", Dialect: v2Bare, Access: write2, Do: clusterLeave("DELETE /v2/core/cluster/nodes")},
	}
}

func (a *API) clusterSelf(*middleware.Request) (any, error) { return restOK(a.o.Ops.Self()), nil }

func (a *API) clusterSelfV2(*middleware.Request) (any, error) { return a.o.Ops.Self(), nil }

func (a *API) clusterNodes(q *middleware.Request) (any, error) {
	return restOK(a.o.Ops.Members(q.Params.Get("keyword"))), nil
}

func (a *API) clusterListV2(q *middleware.Request) (any, error) {
	return a.o.Ops.InState(q.Params.Get("address"), q.Params.Get("state"))
}

func (a *API) clusterAddresses(*middleware.Request) (any, error) {
	var all []string
	for _, m := range a.o.Ops.Members("") {
		if m.State == ops.Up || m.State == ops.Suspicious {
			all = append(all, m.Address)
		}
	}
	return restOK(all), nil
}

func (a *API) clusterHealth(*middleware.Request) (any, error) { return restOK(a.o.Ops.State()), nil }

func (a *API) clusterHealthV2(*middleware.Request) (any, error) { return a.o.Ops.State(), nil }

// clusterReport hears what another node says of itself. Its answer carries this
// node as a text that holds JSON.
func (a *API) clusterReport(q *middleware.Request) (any, error) {
	var m ops.Member
	if err := readJSON(q, &m); err != nil {
		return nil, err
	}
	if !a.o.Ops.CheckReport(m) {
		return restFail(http.StatusBadRequest, "Node information is illegal"), nil
	}
	b, err := encode(a.o.Ops.Self())
	return restOK(string(b)), err
}

func (a *API) clusterUpdateV2(q *middleware.Request) (any, error) {
	var all []ops.Member
	if err := readJSON(q, &all); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, service.Errorf(service.ParamMissing, "required parameter 'nodes' is missing")
	}
	return true, nil
}

func (a *API) clusterLookup(q *middleware.Request) (any, error) {
	f := formOf(q)
	kind := f.Declared("type", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := a.o.Ops.SwitchLookup(kind); err != nil {
		_, msg := failure(err)
		return restFail(http.StatusInternalServerError, msg), nil
	}
	return restOK(nil), nil
}

func (a *API) clusterLookupV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	kind := f.Filled("type")
	if err := f.Err(); err != nil {
		return nil, err
	}
	return true, a.o.Ops.SwitchLookup(kind)
}

// clusterLeave answers what Nacos has shut: members come and go by the list.
func clusterLeave(name string) middleware.Handler {
	return func(*middleware.Request) (any, error) {
		return restFail(http.StatusMethodNotAllowed, name+" API not allow to use temporarily."), nil
	}
}

// maxJSON bounds a JSON body in bytes; the routes that take one need little.
const maxJSON = 1 << 20

// readJSON decodes a JSON body. Fields that are not known are ignored, as other
// versions send more.
func readJSON(q *middleware.Request, v any) error {
	b, err := io.ReadAll(http.MaxBytesReader(q.Gin.Writer, q.HTTP().Body, maxJSON))
	if err != nil {
		return service.Wrap(service.TooLarge, err, "the request body cannot be read")
	}
	if len(b) == 0 {
		return service.Errorf(service.ParamMissing, "Required request body is missing")
	}
	if err := json.Unmarshal(b, v); err != nil {
		return service.Wrap(service.BadParam, err, "the request body is not the JSON that is expected")
	}
	return nil
}
