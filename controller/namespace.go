package controller

import (
	"net/http"

	"github.com/pharos-registry/pharos/controller/legal"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

func (a *API) namespaceRoutes() []middleware.Route {
	const path, path2 = "/v1/console/namespaces", "/v2/console/namespace"
	// Everybody who is logged in may know the namespaces, as consoles let him choose.
	list := middleware.Access{Class: middleware.Management, Action: middleware.Read, Resource: "console/namespaces", Self: true}
	read := manage(middleware.Read, "console/namespaces")
	write := manage(middleware.Write, "console/namespaces")
	return []middleware.Route{
		{Method: http.MethodGet, Path: path, Dialect: v1Core, Access: list, Do: a.namespaces},
		{Method: http.MethodPost, Path: path, Dialect: v1Core, Access: write, Do: a.createNamespace},
		{Method: http.MethodPut, Path: path, Dialect: v1Core, Access: write, Do: a.updateNamespace},
		{Method: http.MethodDelete, Path: path, Dialect: v1Core, Access: write, Do: a.removeNamespace},

		{Method: http.MethodGet, Path: path2 + "/list", Dialect: v2, Access: list, Do: a.namespacesV2},
		{Method: http.MethodGet, Path: path2, Dialect: v2, Access: read, Do: a.namespaceV2},
		{Method: http.MethodPost, Path: path2, Dialect: v2, Access: write, Do: a.createNamespaceV2},
		{Method: http.MethodPut, Path: path2, Dialect: v2, Access: write, Do: a.updateNamespaceV2},
		{Method: http.MethodDelete, Path: path2, Dialect: v2, Access: write, Do: a.removeNamespace},
	}
}

// namespaceView is a namespace on the wire of v1 and v2.
type namespaceView struct {
	ID      string  `json:"namespace"`
	Name    string  `json:"namespaceShowName"`
	Desc    *string `json:"namespaceDesc"`
	Quota   int     `json:"quota"`
	Configs int64   `json:"configCount"`
	Type    int     `json:"type"`
}

// namespaces has three readings, told apart by a parameter: the list, one
// namespace, and whether one exists.
func (a *API) namespaces(q *middleware.Request) (any, error) {
	f := formOf(q)
	all, exist := q.Params.Get("show") == "all", q.Params.Get("checkNamespaceIdExist") == "true"
	switch {
	case all && exist:
		return nil, service.Errorf(service.Internal, "Ambiguous handler methods mapped for '%s'", q.HTTP().URL.Path)
	case all:
		id := f.Declared("namespaceId", "String")
		if err := firstError(f.Err(), legal.NamespaceID(id)); err != nil {
			return nil, err
		}
		n, err := a.o.Namespaces.Get(q.Context(), id)
		if service.Is(err, service.NamespaceMissing) {
			return nil, service.Errorf(service.Internal, "namespaceId [ %s ] not exist", id)
		}
		return namespaceView(n), err
	case exist:
		id := f.Declared("customNamespaceId", "String")
		if err := firstError(f.Err(), legal.NamespaceID(id)); err != nil {
			return nil, err
		}
		return a.o.Namespaces.Exists(q.Context(), id)
	default:
		v, err := a.namespacesV2(q)
		return restOK(v), err
	}
}

func (a *API) namespacesV2(q *middleware.Request) (any, error) {
	all, err := a.o.Namespaces.List(q.Context())
	views := make([]namespaceView, 0, len(all))
	for _, n := range all {
		views = append(views, namespaceView(n))
	}
	return views, err
}

func (a *API) namespaceV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	id := f.Declared("namespaceId", "String")
	if err := firstError(f.Err(), legal.NamespaceID(id)); err != nil {
		return nil, err
	}
	n, err := a.o.Namespaces.Get(q.Context(), id)
	return namespaceView(n), err
}

// createNamespace answers false, not an error, for what cannot be made.
func (a *API) createNamespace(q *middleware.Request) (any, error) {
	f := formOf(q)
	id, name := f.Declared("customNamespaceId", "String"), f.Declared("namespaceName", "String")
	if err := firstError(f.Err(), legal.NamespaceID(id), checkNamespaceName(name)); err != nil {
		return nil, err
	}
	return orFalse(a.o.Namespaces.Create(q.Context(), id, name, f.Pointer("namespaceDesc")))
}

func (a *API) updateNamespace(q *middleware.Request) (any, error) {
	f := formOf(q)
	id, name := f.Declared("namespace", "String"), f.Declared("namespaceShowName", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	return orFalse(a.o.Namespaces.Update(q.Context(), id, name, f.Pointer("namespaceDesc")))
}

// orFalse turns a refusal of the name or the id into false.
func orFalse(err error) (any, error) {
	if service.Is(err, service.NamespaceInvalid) {
		return false, nil
	}
	return true, err
}

func (a *API) createNamespaceV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	id, name := f.Filled("namespaceId"), f.Filled("namespaceName")
	if err := firstError(f.Err(), legal.NamespaceID(id), checkNamespaceName(name)); err != nil {
		return nil, err
	}
	return true, a.o.Namespaces.Create(q.Context(), id, name, f.Pointer("namespaceDesc"))
}

func (a *API) updateNamespaceV2(q *middleware.Request) (any, error) {
	f := formOf(q)
	id, name := f.Filled("namespaceId"), f.Filled("namespaceName")
	if err := firstError(f.Err(), legal.NamespaceID(id), checkNamespaceName(name)); err != nil {
		return nil, err
	}
	return true, a.o.Namespaces.Update(q.Context(), id, name, f.Pointer("namespaceDesc"))
}

func (a *API) removeNamespace(q *middleware.Request) (any, error) {
	f := formOf(q)
	id := f.Declared("namespaceId", "String")
	if err := firstError(f.Err(), legal.NamespaceID(id)); err != nil {
		return nil, err
	}
	return true, a.o.Namespaces.Remove(q.Context(), id)
}
