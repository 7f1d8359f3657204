package controller

import (
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

func (a *API) healthRoutes() []middleware.Route {
	open := middleware.Access{Class: middleware.Public}
	return []middleware.Route{
		{Method: http.MethodGet, Path: "/v1/console/health/liveness", Dialect: v1, Access: open, Do: live},
		{Method: http.MethodGet, Path: "/v1/console/health/readiness", Dialect: v1, Access: open, Do: a.ready},
		{Method: http.MethodGet, Path: "/v2/console/health/liveness", Dialect: v2, Access: open, Do: liveV2},
		{Method: http.MethodGet, Path: "/v2/console/health/readiness", Dialect: v2, Access: open, Do: a.readyV2},
	}
}

func live(*middleware.Request) (any, error) { return "OK", nil }

func liveV2(*middleware.Request) (any, error) { return "ok", nil }

func (a *API) ready(*middleware.Request) (any, error) {
	if err := firstError(a.o.Ready(), a.agrees()); err != nil {
		return nil, service.Wrap(service.Internal, err, "server is not ready: "+err.Error())
	}
	return "OK", nil
}

func (a *API) readyV2(*middleware.Request) (any, error) {
	if err := firstError(a.o.Ready(), a.agrees()); err != nil {
		return nil, service.Wrap(service.Internal, err, "server is not ready: "+err.Error())
	}
	return "ok", nil
}
