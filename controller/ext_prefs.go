package controller

import (
	"net/http"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

func (a *API) extPrefsRoutes() []middleware.Route {
	own := func(action middleware.Action) middleware.Access {
		return middleware.Access{Class: middleware.Management, Action: action, Resource: "console/user/prefs", Self: true}
	}
	return extRows(middleware.Core, []middleware.Route{
		{Method: http.MethodGet, Path: "/prefs", Access: own(middleware.Read), Do: a.extPrefs},
		{Method: http.MethodPut, Path: "/prefs", Access: own(middleware.Write), Do: a.extPutPref},
	})
}

// nobody refuses who is not logged in, also where nobody has to be.
func nobody(q *middleware.Request) error {
	if q.User != "" {
		return nil
	}
	return refusal(http.StatusUnauthorized, service.Unauthorized, "login", "nobody is logged in")
}

// extPrefs is all that the caller has set for himself, by key.
func (a *API) extPrefs(q *middleware.Request) (any, error) {
	if err := nobody(q); err != nil {
		return nil, err
	}
	return a.o.Preferences.Of(q.Context(), q.User)
}

// extPutPref stores a value of the caller's under a key, or removes it.
func (a *API) extPutPref(q *middleware.Request) (any, error) {
	if err := nobody(q); err != nil {
		return nil, err
	}
	f := formOf(q)
	key, value := f.notBlank("key"), f.text("value")
	if f.err != nil {
		return nil, f.err
	}
	err := a.o.Preferences.Put(q.Context(), q.User, key, value)
	return err == nil, err
}
