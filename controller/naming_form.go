package controller

import (
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

// Key is the service that a v1 request is about: a serviceName that carries a
// group, or one beside groupName. It has to be there.
func (f *form) Key() naming.Key {
	return f.keyOf(f.Required("serviceName"))
}

func (f *form) keyOf(name string) naming.Key {
	k := naming.Key{Namespace: f.Optional("namespaceId", naming.DefaultNamespace)}
	if name == "" {
		f.fail(service.BadParam, "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'")
		return k
	}
	if !strings.Contains(name, "@@") {
		k.Group, k.Service = f.Optional("groupName", naming.DefaultGroup), name
		return k
	}
	var err error
	if k.Group, k.Service, err = naming.ParseGrouped(name); err != nil {
		f.keep(err)
	}
	return k
}

// keep takes over an error, if it is the first.
func (f *form) keep(err error) {
	if f.err == nil {
		f.err = err
	}
}

// Port is a required port.
func (f *form) Port() uint16 {
	s := f.Required("port")
	if f.err != nil {
		return 0
	}
	return f.port(s)
}

// port reads a port.
func (f *form) port(s string) uint16 {
	n, err := strconv.ParseInt(s, 10, 32)
	switch {
	case err != nil:
		f.fail(service.BadParam, "For input string: \"%s\"", s)
	case n < 0 || n > 65535:
		f.fail(service.BadParam, "Param 'port' is illegal, the value should be between 0 and 65535.")
	}
	return uint16(n) //nolint:gosec // in range, or the form has failed
}

// Int is a number; missing or blank is def.
func (f *form) Int(name string, def int) int {
	s := f.Optional(name, "")
	if s == "" {
		return def
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		f.fail(service.BadParam, "For input string: \"%s\"", s)
	}
	return int(n)
}

// Double is a number with a fraction; missing or blank is def.
func (f *form) Double(name string, def float64) float64 {
	s := f.Optional(name, "")
	if s == "" {
		return def
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		f.fail(service.BadParam, "For input string: \"%s\"", s)
	}
	return n
}

// Either is the first of two names that is given and not blank.
func (f *form) Either(name, other, def string) string {
	if v := f.Optional(name, ""); v != "" {
		return v
	}
	return f.Optional(other, def)
}

// Registration is the instance that a v1 request is about.
func (f *form) Registration(ephemeral bool) naming.Registration {
	r := naming.Registration{ShowID: true, By: f.q.User}
	r.Key = f.Key()
	r.IP = f.Required("ip")
	r.Port = f.Port()
	r.Weight = f.Double("weight", 1)
	r.Healthy = f.Bool("healthy", true)
	r.Enabled = yes(f.Either("enabled", "enable", "true"))
	r.Ephemeral = f.Bool("ephemeral", ephemeral)
	r.Cluster = f.Either("clusterName", "cluster", naming.DefaultCluster)
	r.Metadata = f.Optional("metadata", "")
	return r
}

// True is Java's parseBoolean: only true, in any case, is true.
func (f *form) True(name string, def bool) bool {
	return strings.EqualFold(f.Optional(name, strconv.FormatBool(def)), "true")
}

// agent is what the client says it is.
func agent(q *middleware.Request) string {
	if a := q.Header("User-Agent"); a != "" {
		return a
	}
	return q.Header("Client-Version")
}
