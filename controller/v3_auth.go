package controller

import (
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
)

// authV3Routes are users, roles and permissions as Nacos 3 has them.
func (a *API) authV3Routes() []middleware.Route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	open := middleware.Access{Class: middleware.Public}
	self := middleware.Access{Class: middleware.Management, Action: middleware.Write, Resource: "console/user/password", Self: true}
	r, w := middleware.Read, middleware.Write
	const user, role, perm = "/v3/auth/user", "/v3/auth/role", "/v3/auth/permission"
	const users, roles, permissions = "console/users", "console/roles", "console/permissions"
	rows := []middleware.Route{
		{Method: post, Path: user + "/login", Dialect: v3Login, Access: open, Login: true, Do: a.login},
		{Method: post, Path: user + "/logout", Access: self, Do: unwrapped(a.logout)},
		{Method: post, Path: user + "/admin", Access: open, Audited: true, Do: a.firstAdminV3},
		{Method: post, Path: user, Access: manage(w, users), Do: a.createUserV3},
		{Method: del, Path: user, Access: manage(w, users), Do: unwrapped(a.removeUser)},
		{Method: put, Path: user, Access: self, Do: unwrapped(a.changePassword)},
		{Method: get, Path: user + "/list", Access: manage(r, users), Do: searched(a.users)},
		{Method: get, Path: user + "/search", Access: manage(w, users), Do: a.searchUsers},

		{Method: post, Path: role, Access: manage(w, roles), Do: unwrapped(a.addRole)},
		{Method: del, Path: role, Access: manage(w, roles), Do: unwrapped(a.removeRole)},
		{Method: get, Path: role + "/list", Access: manage(r, roles), Do: searched(a.roles)},
		{Method: get, Path: role + "/search", Access: manage(r, roles), Do: a.searchRoles},

		{Method: post, Path: perm, Access: manage(w, permissions), Do: unwrapped(a.addPermission)},
		{Method: del, Path: perm, Access: manage(w, permissions), Do: unwrapped(a.removePermission)},
		{Method: get, Path: perm, Access: manage(r, permissions), Do: a.hasPermission},
		{Method: get, Path: perm + "/list", Access: manage(r, permissions), Do: searched(a.permissions)},
	}
	for i := range rows {
		if rows[i].Dialect == nil {
			rows[i].Dialect = v3Auth
		}
	}
	return v3Rows(middleware.Core, rows)
}

// v3Login answers a login, flat as it always was.
func v3Login(q *middleware.Request, v any, err error) {
	if err != nil {
		v3Auth(q, v, err)
		return
	}
	noStore(q)
	plain(q, v)
}

// searched is a handler of v1 that wants to be told how to search: v3 does it
// exactly where nothing is said.
func searched(do middleware.Handler) middleware.Handler {
	return func(q *middleware.Request) (any, error) {
		if q.Params.Get("search") != "blur" {
			q.Params.Set("search", "accurate")
		}
		return do(q)
	}
}

func (a *API) firstAdminV3(q *middleware.Request) (any, error) {
	v, err := a.firstAdmin(q)
	if r, ok := v.(restResult); ok { // there is one already
		return result{r.Code, "have admin user cannot use it.", nil}, err
	}
	return v, err
}

// createUserV3 refuses the name of the first administrator, as v1 does.
func (a *API) createUserV3(q *middleware.Request) (any, error) {
	if q.Params.Get("username") == auth.AdminName {
		return nil, service.Errorf(service.BadParam, "user '%s' is made by setting the first administrator", auth.AdminName)
	}
	return unwrapped(a.createUser)(q)
}

func (a *API) hasPermission(q *middleware.Request) (any, error) {
	f := formOf(q)
	role, resource, action := f.Declared("role", "String"), f.Declared("resource", "String"), f.Declared("action", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	return a.o.Auth.HasPermission(role, resource, action), nil
}
