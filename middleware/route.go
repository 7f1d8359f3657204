package middleware

import (
	"errors"
	"fmt"

	"github.com/pharos-registry/pharos/service/auth"
)

// Class says who a route is for, which decides what auth asks of the caller.
type Class uint8

// The classes. The zero value is refused at start, so that no route can be
// added without a decision.
const (
	_ Class = iota
	// Public needs no identity, whatever auth says.
	Public
	// Client is what an SDK of any generation calls.
	Client
	// Management is what a console or an operator calls.
	Management
)

// Action is what a route does to its resource.
type Action uint8

// The actions.
const (
	_ Action = iota
	// Read changes nothing.
	Read
	// Write changes something.
	Write
)

// Access is the permission that a route asks for.
type Access struct {
	Class  Class
	Action Action
	// Resource is what the permission is on: NamingResource or ConfigResource for
	// one that the request's parameters name, else a fixed resource such as
	// "console/users". It is empty where Class is Public.
	Resource string
	// Each is set where only the handler can tell what a request touches: it asks
	// Request.May for each.
	Each bool
	// Self is set where everybody who is logged in may, for himself: the handler
	// tells.
	Self bool
	// Basic is set where callers may say who they are by HTTP Basic, as Prometheus
	// does.
	Basic bool

	// How a route with NamingResource or ConfigResource reads the parameters.
	Wide    bool // all services of the group, all configs of the namespace: no name is read
	Bare    bool // of a serviceName with a group the first part is the name
	NoGroup bool // groupName is not read: the group is in the name, or the default one
}

// lasting reports whether a write outlives the time without an administrator:
// who may do what.
func (a *Access) lasting() bool {
	return a.Action == Write && (a.Resource == "console/users" || a.Resource == "console/roles" || a.Resource == "console/permissions" ||
		a.Resource == "console/user/password")
}

// Variant is the access of a route where a parameter has a value: Nacos tells
// handlers of one path apart in that way.
type Variant struct {
	Param, Value string
	Access       Access
}

// access is what a request of the route asks for. Where several variants fit,
// which no handler answers, the first one counts.
func (r *Route) access(p *Params) *Access {
	for i := range r.Variants {
		if p.Get(r.Variants[i].Param) == r.Variants[i].Value {
			return &r.Variants[i].Access
		}
	}
	return &r.Access
}

// The resources that parameters name.
const (
	NamingResource = "naming"
	ConfigResource = "config"
	// RevealResource is a config that parameters name, and its secrets.
	RevealResource = auth.Reveal
)

// Module is the part of the server that a route belongs to; a function mode
// switches modules off.
type Module uint8

// The modules.
const (
	// Core is always there.
	Core Module = iota
	// Naming is service discovery.
	Naming
	// Config is the configuration centre.
	Config
)

// Tag names what a write belongs to; the Distro middleware asks the tag's owner.
type Tag func(*Request) string

// Route is a row of the route table.
type Route struct {
	Method   string // or Any
	Path     string // below the context path, in Gin's form
	Dialect  Dialect
	Module   Module
	Access   Access
	Variants []Variant
	Tag      Tag                 // nil: answered where it lands
	Copy     func(*Request) bool // may this node answer for the owner, from its copy? nil: never
	MaxBody  int64               // bytes of a form body, where it may be larger than others
	Audited  bool                // written to the audit log, though anybody may call it
	Login    bool                // what is refused is written to the audit log
	WhoAmI   bool                // it tells a caller who he is: one who is nobody is told so, and has tried nothing
	Session  Use                 // whether the cookie of a console session says who calls
	Ours     bool                // only our console calls it: what writes has to carry its header
	Do       Handler
}

// Use says what the cookie of a console session counts for on a route.
type Use uint8

// The uses. A browser adds the cookie to whatever any page makes it send, so
// that it counts nowhere by itself but where a page could not read the answer
// and nothing changes.
const (
	// Ignored is a route on which the cookie says nothing.
	Ignored Use = iota
	// WithHeader is one on which the header of our console has to come with it,
	// which no page of another origin can send.
	WithHeader
	// Alone is one that a browser calls without a way to send a header.
	Alone
)

// Any is the Method of a route that answers every verb.
const Any = "ANY"

// ErrNoAccess is returned for a route that does not say who may call it.
var ErrNoAccess = errors.New("no access declared")

// Check reports what is wrong with a row.
func (r *Route) Check() error {
	if !r.Access.declared() {
		return fmt.Errorf("%s %s: %w", r.Method, r.Path, ErrNoAccess)
	}
	for _, v := range r.Variants {
		if !v.Access.declared() || r.Access.Class == Public {
			return fmt.Errorf("%s %s with %s=%s: %w", r.Method, r.Path, v.Param, v.Value, ErrNoAccess)
		}
	}
	switch {
	case r.Do == nil, r.Dialect == nil:
		return fmt.Errorf("%s %s: no handler or no dialect", r.Method, r.Path)
	}
	return nil
}

func (a Access) declared() bool {
	return a.Class == Public || a.Class != 0 && a.Action != 0 && a.Resource != ""
}
