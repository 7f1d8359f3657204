package controller

import "github.com/pharos-registry/pharos/middleware"

// manage is the access of a route of the console, or of an operator: the
// permission to do something with a resource.
func manage(do middleware.Action, resource string) middleware.Access {
	return middleware.Access{Class: middleware.Management, Action: do, Resource: resource}
}

// each is manage for a handler that asks for everything it touches: by their
// ids, or in a list, they may be anybody's.
func each(do middleware.Action, resource string) middleware.Access {
	a := manage(do, resource)
	a.Each = true
	return a
}
