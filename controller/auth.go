package controller

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/auth"
)

func (a *API) authRoutes() []middleware.Route {
	open := middleware.Access{Class: middleware.Public}
	self := middleware.Access{Class: middleware.Management, Action: middleware.Write, Resource: "console/user/password", Self: true}
	var rows []middleware.Route
	add := func(method, path string, acc middleware.Access, do middleware.Handler) {
		rows = append(rows, middleware.Route{Method: method, Path: path, Dialect: v1Core, Access: acc, Do: do})
	}
	// Nacos maps the user routes twice, with and without "users".
	for _, base := range []string{"/v1/auth/users", "/v1/auth"} {
		add(http.MethodPost, base+"/login", open, a.login)
		rows[len(rows)-1].Login = true
		add(http.MethodPost, base+"/logout", self, a.logout)
		add(http.MethodPost, base+"/admin", open, a.firstAdmin)
		rows[len(rows)-1].Audited = true
		add(http.MethodPost, base, manage(middleware.Write, "console/users"), a.createUser)
		add(http.MethodDelete, base, manage(middleware.Write, "console/users"), a.removeUser)
		add(http.MethodPut, base, self, a.changePassword)
		add(http.MethodPut, base+"/password", self, a.changeOwnPassword)
		add(http.MethodGet, base, manage(middleware.Read, "console/users"), a.users)
		add(http.MethodGet, base+"/search", manage(middleware.Write, "console/users"), a.searchUsers)
	}
	const roles, perms = "/v1/auth/roles", "/v1/auth/permissions"
	add(http.MethodGet, roles, manage(middleware.Read, "console/roles"), a.roles)
	add(http.MethodGet, roles+"/search", manage(middleware.Read, "console/roles"), a.searchRoles)
	add(http.MethodPost, roles, manage(middleware.Write, "console/roles"), a.addRole)
	add(http.MethodDelete, roles, manage(middleware.Write, "console/roles"), a.removeRole)
	add(http.MethodGet, perms, manage(middleware.Read, "console/permissions"), a.permissions)
	add(http.MethodPost, perms, manage(middleware.Write, "console/permissions"), a.addPermission)
	add(http.MethodDelete, perms, manage(middleware.Write, "console/permissions"), a.removePermission)
	add(http.MethodGet, "/v1/auth/rights/explain", manage(middleware.Read, "console/permissions"), a.explain)
	return rows
}

// login answers flat, without an envelope, and carries the token in a header
// too.
func (a *API) login(q *middleware.Request) (any, error) {
	f := formOf(q)
	user, password := f.Declared("username", "String"), f.Declared("password", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	var s auth.Session
	var err error
	if t := middleware.BearerToken(q); t != "" {
		s, err = a.o.Auth.Resume(t)
	} else if t = q.Params.Get("accessToken"); t != "" {
		s, err = a.o.Auth.Resume(t)
	} else {
		s, err = a.o.Auth.Login(q.Context(), user, password, q.Address())
	}
	if err != nil {
		return nil, err
	}
	q.Gin.Writer.Header().Set("Authorization", "Bearer "+s.Token)
	return struct {
		Token string `json:"accessToken"`
		TTL   int64  `json:"tokenTtl"` // seconds
		Admin bool   `json:"globalAdmin"`
		User  string `json:"username"`
	}{s.Token, int64(s.TTL.Seconds()), s.Admin, s.User}, nil
}

func (a *API) logout(q *middleware.Request) (any, error) {
	if q.User == "" {
		return nil, &middleware.PageError{Status: http.StatusUnauthorized, Msg: "session expired!"}
	}
	return restOK("logout ok!"), a.o.Auth.Logout(q.Context(), q.User)
}

// firstAdmin is free from the machine itself; from anywhere else it wants the
// code that the log has shown.
func (a *API) firstAdmin(q *middleware.Request) (any, error) {
	if a.o.Auth.HasAdmin() {
		return haveAdmin(), nil
	}
	if !a.o.SetUp(q) {
		return nil, &middleware.PageError{
			Status: http.StatusForbidden,
			Msg:    "setting the first administrator from another machine needs the parameter code: the one-time code in the log of the server",
		}
	}
	password, err := a.o.Auth.CreateAdmin(q.Context(), q.Params.Get("password"))
	if errors.Is(err, auth.ErrAdminExists) {
		return haveAdmin(), nil
	}
	return struct {
		User     string `json:"username"`
		Password string `json:"password"`
	}{auth.AdminName, password}, err
}

func haveAdmin() restResult {
	return restResult{Code: http.StatusConflict, Data: "have admin user cannot use it"}
}

func (a *API) createUser(q *middleware.Request) (any, error) {
	f := formOf(q)
	name, password := f.Declared("username", "String"), f.Declared("password", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if name == auth.AdminName {
		return restResult{Code: http.StatusConflict, Data: "User `nacos` is default admin user. Please use `" + a.o.ContextPath +
			"/v1/auth/users/admin` API to init `nacos` users. Detail see `https://nacos.io/docs/latest/manual/admin/auth/#31-%E8%AE%BE%E7%BD%AE%E7%AE%A1%E7%90%86%E5%91%98%E5%AF%86%E7%A0%81`"}, nil
	}
	return restOK("create user ok!"), a.o.Auth.CreateUser(q.Context(), name, password)
}

func (a *API) removeUser(q *middleware.Request) (any, error) {
	f := formOf(q)
	name := f.Declared("username", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	return restOK("delete user ok!"), a.o.Auth.RemoveUser(q.Context(), name)
}

// changePassword is for administrators, and for everybody on himself.
func (a *API) changePassword(q *middleware.Request) (any, error) {
	f := formOf(q)
	name, password := f.Declared("username", "String"), f.Declared("newPassword", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := a.selfOrAdmin(q, name); err != nil {
		return nil, err
	}
	return restOK("update user ok!"), a.o.Auth.ChangePassword(q.Context(), name, password)
}

func (a *API) selfOrAdmin(q *middleware.Request, name string) error {
	switch {
	case !q.Guarded(): // auth is off, or there is no administrator yet
		return nil
	case q.User == name || a.o.Auth.IsAdmin(q.User):
		return nil
	default:
		return &middleware.PageError{Status: http.StatusForbidden, Msg: "authorization failed!"}
	}
}

// changeOwnPassword wants the old password too.
func (a *API) changeOwnPassword(q *middleware.Request) (any, error) {
	f := formOf(q)
	old, password := f.Declared("oldPassword", "String"), f.Declared("newPassword", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if q.User == "" {
		return nil, &middleware.PageError{Status: http.StatusUnauthorized, Msg: "session expired!"}
	}
	if _, err := a.o.Auth.Password(q.Context(), q.User, old, q.Address()); err != nil {
		if service.CodeOf(err) == service.Unauthorized {
			return restResult{Code: http.StatusUnauthorized, Data: "Old password is invalid"}, nil
		}
		return nil, err
	}
	return restOK("Update password success"), a.o.Auth.ChangePassword(q.Context(), q.User, password)
}

// maskedHash stands in for the password hash of a user: nobody needs it.
const maskedHash = "******"

type userView struct {
	Name     string `json:"username"`
	Password string `json:"password"`
}

func (a *API) users(q *middleware.Request) (any, error) {
	blur, err := search(q)
	if err != nil {
		return nil, err
	}
	return paged(q, a.o.Auth.Users(q.Params.Get("username"), blur), func(n string) any { return userView{n, maskedHash} })
}

// search is how a list is searched: exactly or by a pattern. Without it no
// handler of the reference matches.
func search(q *middleware.Request) (blur bool, err error) {
	switch q.Params.Get("search") {
	case "accurate":
		return false, nil
	case "blur":
		return true, nil
	default:
		return false, service.Errorf(service.Internal, "Parameter conditions \"search=accurate\" OR \"search=blur\" not met for actual request parameters: %s", echoed(q))
	}
}

// echoed lists the parameters of a request as Spring does in its errors.
// Secrets are left out.
func echoed(q *middleware.Request) string {
	s := ""
	q.Params.Each(func(name, value string) {
		if middleware.Secret(name) {
			return
		}
		if s != "" {
			s += ", "
		}
		s += name + "={" + value + "}"
	})
	return s
}

func (a *API) searchUsers(q *middleware.Request) (any, error) {
	f := formOf(q)
	text := f.Declared("username", "String")
	return emptyNotNull(a.o.Auth.UsersContaining(text)), f.Err()
}

func (a *API) searchRoles(q *middleware.Request) (any, error) {
	f := formOf(q)
	text := f.Declared("role", "String")
	return emptyNotNull(a.o.Auth.RolesContaining(text)), f.Err()
}

func emptyNotNull(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

type roleView struct {
	Role string `json:"role"`
	User string `json:"username"`
}

func (a *API) roles(q *middleware.Request) (any, error) {
	blur, err := search(q)
	if err != nil {
		return nil, err
	}
	return paged(q, a.o.Auth.Roles(q.Params.Get("username"), q.Params.Get("role"), blur), func(b auth.RoleBinding) any { return roleView(b) })
}

func (a *API) addRole(q *middleware.Request) (any, error) {
	f := formOf(q)
	role, user := f.Declared("role", "String"), f.Declared("username", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	return restOK("add role ok!"), a.o.Auth.AddRole(q.Context(), role, user)
}

func (a *API) removeRole(q *middleware.Request) (any, error) {
	f := formOf(q)
	role, user := f.Declared("role", "String"), q.Params.Get("username")
	if err := f.Err(); err != nil {
		return nil, err
	}
	return restOK("delete role of user " + user + " ok!"), a.o.Auth.RemoveRole(q.Context(), role, user)
}

type grantView struct {
	Role     string `json:"role"`
	Resource string `json:"resource"`
	Action   string `json:"action"`
}

// permissions lists, or without search tells whether a permission is there.
func (a *API) permissions(q *middleware.Request) (any, error) {
	if q.Params.Get("search") == "" {
		f := formOf(q)
		role, resource, action := f.Declared("role", "String"), f.Declared("resource", "String"), f.Declared("action", "String")
		if err := f.Err(); err != nil {
			return nil, err
		}
		return result{0, "success", a.o.Auth.HasPermission(role, resource, action)}, nil
	}
	blur, err := search(q)
	if err != nil {
		return nil, err
	}
	return paged(q, a.o.Auth.Permissions(q.Params.Get("role"), blur), func(g auth.Grant) any { return grantView(g) })
}

func (a *API) addPermission(q *middleware.Request) (any, error) {
	f := formOf(q)
	role, resource, action := f.Declared("role", "String"), f.Declared("resource", "String"), f.Declared("action", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	return restOK("add permission ok!"), a.o.Auth.AddPermission(q.Context(), role, resource, action)
}

func (a *API) removePermission(q *middleware.Request) (any, error) {
	f := formOf(q)
	role, resource, action := f.Declared("role", "String"), f.Declared("resource", "String"), f.Declared("action", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	return restOK("delete permission ok!"), a.o.Auth.RemovePermission(q.Context(), role, resource, action)
}

// explain says whether a user may do a thing, and why.
func (a *API) explain(q *middleware.Request) (any, error) {
	f := formOf(q)
	user, action := f.Declared("username", "String"), f.Declared("action", "String")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if action != "r" && action != "w" {
		return nil, service.Errorf(service.BadParam, "action must be r or w")
	}
	r := auth.Resource{Fixed: q.Params.Get("resource")}
	if r.Fixed == "" {
		r = auth.Resource{Namespace: q.Params.Get("namespaceId"), Group: q.Params.Get("groupName"), Kind: f.Optional("type", "config"), Name: q.Params.Get("name")}
	}
	d := a.o.Auth.Explain(user, r, auth.Action(action[0]))
	return result{0, "success", struct {
		Allowed  bool   `json:"allowed"`
		Reason   string `json:"reason"`
		Resource string `json:"resource"`
		Role     string `json:"role"`
		Pattern  string `json:"pattern"`
		Action   string `json:"action"`
	}{d.Allowed, d.Reason, r.String(), d.Role, d.Pattern, d.Action}}, nil
}

// pageView is one page of a list.
type pageView struct {
	Total     int   `json:"totalCount"`
	Number    int   `json:"pageNumber"`
	Available int   `json:"pagesAvailable"`
	Items     []any `json:"pageItems"`
}

// paged cuts the page out of all that the parameters ask for.
func paged[T any](q *middleware.Request, all []T, view func(T) any) (any, error) {
	f := formOf(q)
	no, size := f.Declared("pageNo", "int"), f.Declared("pageSize", "int")
	if err := f.Err(); err != nil {
		return nil, err
	}
	n64, err1 := strconv.ParseInt(no, 10, 32)
	per64, err2 := strconv.ParseInt(size, 10, 32)
	if err1 != nil || err2 != nil || n64 <= 0 || per64 <= 0 {
		return nil, service.Errorf(service.BadParam, "pageNo and pageSize must be greater than zero")
	}
	n, per := int(n64), int(per64)
	p := pageView{Total: len(all), Number: n, Available: (len(all) + per - 1) / per, Items: []any{}}
	if n > p.Available { // beyond the end, however far
		return p, nil
	}
	from := (n - 1) * per
	for _, x := range all[from:min(from+per, len(all))] {
		p.Items = append(p.Items, view(x))
	}
	return p, nil
}
