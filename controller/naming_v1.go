package controller

import (
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
)

// naming's permissions: an SDK's calls, and an operator's.
//
//nolint:gochecknoglobals // a table
var (
	namingRead  = middleware.Access{Class: middleware.Client, Action: middleware.Read, Resource: "naming"}
	namingWrite = middleware.Access{Class: middleware.Client, Action: middleware.Write, Resource: "naming"}
	namingList  = middleware.Access{Class: middleware.Client, Action: middleware.Read, Resource: "naming", Wide: true}
	namingOpen  = middleware.Access{Class: middleware.Public}

	catalogRead  = middleware.Access{Class: middleware.Management, Action: middleware.Read, Resource: "naming"}
	catalogList  = middleware.Access{Class: middleware.Management, Action: middleware.Read, Resource: "naming", Wide: true}
	catalogWrite = middleware.Access{Class: middleware.Management, Action: middleware.Write, Resource: "naming"}
	statusRead   = middleware.Access{Class: middleware.Management, Action: middleware.Read, Resource: "naming", Each: true}
	switchWrite  = middleware.Access{Class: middleware.Management, Action: middleware.Write, Resource: "naming/switches"}
	adminRead    = middleware.Access{Class: middleware.Management, Action: middleware.Read, Resource: "nacos/admin"}
	adminWrite   = middleware.Access{Class: middleware.Management, Action: middleware.Write, Resource: "nacos/admin"}
)

// namingV1Routes are the rows of /v1/ns. A handler that Nacos declares without a
// verb answers GET alone there.
func (a *API) namingV1Routes() []middleware.Route {
	const get, post, put, del, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch
	rows := []middleware.Route{
		{Method: post, Path: "/v1/ns/instance", Access: namingWrite, Tag: a.instanceTag, Do: a.register},
		{Method: del, Path: "/v1/ns/instance", Access: namingWrite, Tag: a.instanceTag, Do: a.deregister},
		{Method: put, Path: "/v1/ns/instance", Access: namingWrite, Do: a.updateInstance},
		{Method: patch, Path: "/v1/ns/instance", Access: namingWrite, Do: a.patchInstance},
		{Method: get, Path: "/v1/ns/instance", Access: namingRead, Do: a.instance},
		{Method: put, Path: "/v1/ns/instance/beat", Access: namingWrite, Tag: a.instanceTag, Copy: a.beatAnswered((*form).Key), Do: a.beat},
		{Method: get, Path: "/v1/ns/instance/list", Access: namingRead, Do: a.list},
		{Method: get, Path: "/v1/ns/instance/statuses", Access: statusRead, Do: a.statuses},
		{Method: put, Path: "/v1/ns/instance/metadata/batch", Access: namingWrite, Do: a.batchMetadata},
		{Method: del, Path: "/v1/ns/instance/metadata/batch", Access: namingWrite, Do: a.batchMetadata},

		{Method: post, Path: "/v1/ns/service", Access: namingWrite, Do: a.createService},
		{Method: del, Path: "/v1/ns/service", Access: namingWrite, Do: a.deleteService},
		{Method: put, Path: "/v1/ns/service", Access: namingWrite, Do: a.updateService},
		{Method: get, Path: "/v1/ns/service", Access: namingRead, Do: a.service},
		{Method: get, Path: "/v1/ns/service/list", Access: namingList, Do: a.serviceList},
		{Method: get, Path: "/v1/ns/service/names", Access: namingList, Do: a.serviceNames},
		{Method: get, Path: "/v1/ns/service/subscribers", Access: catalogRead, Do: a.subscribers},
		{Method: get, Path: "/v1/ns/service/selector/types", Access: namingOpen, Do: selectorTypes},

		{Method: get, Path: "/v1/ns/catalog/service", Access: catalogRead, Do: a.catalogService},
		{Method: get, Path: "/v1/ns/catalog/instances", Access: catalogRead, Do: a.catalogInstances},
		{Method: get, Path: "/v1/ns/catalog/services", Access: catalogList, Do: a.catalogServices},

		{Method: put, Path: "/v1/ns/cluster", Access: catalogWrite, Do: a.updateCluster},
		{Method: put, Path: "/v1/ns/health", Access: catalogWrite, Do: a.forceHealth},
		{Method: put, Path: "/v1/ns/health/instance", Access: catalogWrite, Do: a.forceHealth},
		{Method: get, Path: "/v1/ns/health/server", Access: namingOpen, Do: a.healthServer},
		{Method: get, Path: "/v1/ns/health/checkers", Access: namingOpen, Do: healthCheckers},
	}
	for _, base := range []string{"/v1/ns/operator", "/v1/ns/ops"} {
		rows = append(rows,
			middleware.Route{Method: get, Path: base + "/push/state", Access: adminRead, Do: a.pushState},
			middleware.Route{Method: get, Path: base + "/switches", Access: namingOpen, Do: a.switches},
			middleware.Route{Method: put, Path: base + "/switches", Access: switchWrite, Do: a.setSwitch},
			middleware.Route{Method: get, Path: base + "/metrics", Access: namingOpen, Do: a.namingMetrics},
			middleware.Route{Method: get, Path: base + "/distro/client", Access: namingOpen, Do: a.ownerOf},
			middleware.Route{Method: put, Path: base + "/log", Access: adminWrite, Do: a.namingLog},
		)
	}
	return namingRows(v1, rows)
}

// namingRows marks rows as a part of service discovery, in a dialect where they
// do not bring their own.
func namingRows(d middleware.Dialect, rows []middleware.Route) []middleware.Route {
	for i := range rows {
		rows[i].Module = middleware.Naming
		if rows[i].Dialect == nil {
			rows[i].Dialect = d
		}
	}
	return rows
}

// okText is the answer to most writes of v1.
//
//nolint:gochecknoglobals // a constant
var okText = any(&middleware.Raw{ContentType: middleware.TextPlain, Body: []byte("ok")})

// done answers a write of v1: ok, as text.
func done(q *middleware.Request, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if wantsHTML(q) {
		return "ok", nil
	}
	return okText, nil
}
