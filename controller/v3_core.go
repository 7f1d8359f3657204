package controller

import (
	"net/http"
	"strings"

	"github.com/pharos-registry/pharos/controller/legal"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/namespace"
)

// consoleRoutes are the parts of the console's API that are there whatever the
// server does.
func (a *API) consoleRoutes() []middleware.Route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	open := middleware.Access{Class: middleware.Public}
	list := manage(middleware.Read, "console/namespaces")
	list.Self = true
	r, w := manage(middleware.Read, "console/namespaces"), manage(middleware.Write, "console/namespaces")
	const spaces = "/v3/console/core/namespace"
	rows := []middleware.Route{
		{Method: get, Path: "/v3/console/health/liveness", Access: open, Do: liveV2},
		{Method: get, Path: "/v3/console/health/readiness", Access: open, Do: a.readyV2},
		{Method: get, Path: "/v3/console/server/state", Dialect: v3Bare, Access: open, Do: a.state},
		{Method: get, Path: "/v3/console/server/announcement", Access: open, Do: a.announcementV3},
		{Method: get, Path: "/v3/console/server/guide", Access: open, Do: unwrapped(a.guide)},

		{Method: get, Path: spaces + "/list", Access: list, Do: a.namespacesV3},
		{Method: get, Path: spaces, Access: r, Do: a.namespaceV3},
		{Method: get, Path: spaces + "/exist", Access: list, Do: a.namespaceExists},
		{Method: post, Path: spaces, Access: w, Do: a.createNamespaceV3},
		{Method: put, Path: spaces, Access: w, Do: a.updateNamespaceV3},
		{Method: del, Path: spaces, Access: w, Do: a.removeNamespace},

		{Method: get, Path: "/v3/console/core/cluster/nodes", Access: manage(middleware.Read, "/v1/core/cluster"), Do: a.clusterNodesV3},
		{Method: post, Path: "/v3/console/core/cluster/server/leave", Access: manage(middleware.Write, "/v1/core/cluster"), Do: notHere("members come and go by the list of members")},
	}
	for _, path := range []string{"/v3/console/ai/*any", "/v3/console/plugin/*any", "/v3/console/copilot/*any"} {
		rows = append(rows, middleware.Route{Method: middleware.Any, Path: path, Access: open, Do: notHere("this server has no registry for AI, and no plugins")})
	}
	return v3Rows(middleware.Core, rows)
}

// notHere answers what this server does not do.
func notHere(why string) middleware.Handler {
	return func(*middleware.Request) (any, error) {
		return nil, service.Errorf(service.Unsupported, "not supported: %s", why)
	}
}

// unwrapped takes off the envelope of v1 that a handler puts around its value.
func unwrapped(do middleware.Handler) middleware.Handler {
	return func(q *middleware.Request) (any, error) {
		v, err := do(q)
		r, ok := v.(restResult)
		switch {
		case !ok:
			return v, err
		case r.Code != http.StatusOK:
			msg, _ := r.Data.(string)
			if r.Message != nil {
				msg = *r.Message
			}
			return result{r.Code, msg, nil}, err
		}
		return r.Data, err
	}
}

func (a *API) announcementV3(q *middleware.Request) (any, error) {
	lang := q.Params.Get("language")
	if lang != "" && announcements()[lang] == "" {
		return result{wires[service.Internal].code, "Unsupported language: " + lang, nil}, nil
	}
	return unwrapped(a.announcement)(q)
}

// publicID is the id of the public namespace where it has one: in v3 alone.
const publicID = "public"

// namespaceIn maps the id of v3 to ours.
func namespaceIn(id string) string {
	if id == publicID {
		return ""
	}
	return strings.TrimSpace(id)
}

// typePrivate is the kind of all namespaces but the public one in v3.
const typePrivate = 1

func viewV3(n namespace.Namespace) namespaceView {
	v := namespaceView(n)
	if v.ID == "" {
		v.ID = publicID
	}
	if v.Type != namespace.TypePublic {
		v.Type = typePrivate
	}
	return v
}

func (a *API) namespacesV3(q *middleware.Request) (any, error) {
	all, err := a.o.Namespaces.List(q.Context())
	views := make([]namespaceView, 0, len(all))
	for _, n := range all {
		views = append(views, viewV3(n))
	}
	return views, err
}

func (a *API) namespaceV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	id := f.Filled("namespaceId")
	if err := firstError(f.Err(), legal.NamespaceID(id)); err != nil {
		return nil, err
	}
	n, err := a.o.Namespaces.Get(q.Context(), namespaceIn(id))
	return viewV3(n), err
}

func (a *API) namespaceExists(q *middleware.Request) (any, error) {
	id := q.Params.Get("customNamespaceId")
	if err := legal.NamespaceID(id); err != nil {
		return nil, err
	}
	if id == publicID {
		return true, nil
	}
	return a.o.Namespaces.Exists(q.Context(), id)
}

// existsV3 is the refusal of a namespace that there is already.
func existsV3(id string) error {
	return &coded{wire{http.StatusBadRequest, 22002, "namespace already exist"}, "namespaceId [" + id + "] already exist."}
}

func (a *API) createNamespaceV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	id, name := strings.TrimSpace(q.Params.Get("customNamespaceId")), f.Filled("namespaceName")
	if err := firstError(f.Err(), legal.NamespaceID(id), checkNamespaceName(name)); err != nil {
		return nil, err
	}
	there, err := a.o.Namespaces.Exists(q.Context(), id)
	switch {
	case err != nil:
		return nil, err
	case there, id == publicID:
		return nil, existsV3(id)
	}
	return true, a.o.Namespaces.Create(q.Context(), id, name, f.Pointer("namespaceDesc"))
}

func (a *API) updateNamespaceV3(q *middleware.Request) (any, error) {
	f := formOf(q)
	id, name := f.Filled("namespaceId"), f.Filled("namespaceName")
	if err := firstError(f.Err(), legal.NamespaceID(id), checkNamespaceName(name)); err != nil {
		return nil, err
	}
	return true, a.o.Namespaces.Update(q.Context(), id, name, f.Pointer("namespaceDesc"))
}

func (a *API) clusterNodesV3(q *middleware.Request) (any, error) {
	return a.o.Ops.Members(q.Params.Get("keyword")), nil
}
