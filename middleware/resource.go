package middleware

import (
	"strings"

	"github.com/pharos-registry/pharos/service/auth"
)

// defaultGroup is that of a service or a config whose group is not said.
const defaultGroup = "DEFAULT_GROUP"

// eachResource calls fn for every resource that the parameters name. Where two
// spellings of one parameter disagree, or it is given twice, all of the readings
// must be allowed: whichever the handler takes, it was asked for.
func eachResource(q *Request, a *Access, fn func(auth.Resource) error) error {
	switch a.Resource {
	case NamingResource:
		return eachNaming(q, a, fn)
	case ConfigResource:
		return eachConfig(q, a, fn)
	case RevealResource:
		if err := eachConfig(q, a, fn); err != nil {
			return err
		}
		return eachConfig(q, a, func(r auth.Resource) error {
			r.Kind = RevealResource
			return fn(r)
		})
	default:
		return fn(auth.Resource{Fixed: a.Resource})
	}
}

func eachNaming(q *Request, a *Access, fn func(auth.Resource) error) error {
	name, all := both(q, "serviceName")
	if a.Wide {
		name, all = "", ""
	}
	return eachOf(name, all, func(name string) error { return eachService(q, a, name, fn) })
}

// eachService calls fn for the services that a name may mean.
func eachService(q *Request, a *Access, name string, fn func(auth.Resource) error) error {
	ns, group, inName := trimmed(q, "namespaceId"), trimmed(q, "groupName"), ""
	switch g, s, ok := strings.Cut(name, "@@"); {
	case ok && a.Bare:
		name = g
	case ok:
		inName, name = g, s
	}
	if group == "" && inName == "" && name != "" {
		group = defaultGroup
	}
	if a.NoGroup && inName == "" && name != "" && group != defaultGroup {
		inName = defaultGroup
	}
	return eachOf(group, inName, func(g string) error {
		return fn(auth.Resource{Namespace: ns, Group: g, Kind: NamingResource, Name: name})
	})
}

// eachConfig does not trim names: the handlers do not either.
func eachConfig(q *Request, a *Access, fn func(auth.Resource) error) error {
	return eachOf(configNamespace(q, "namespaceId"), configNamespace(q, "tenant"), func(ns string) error {
		if a.Wide {
			return fn(auth.Resource{Namespace: ns, Kind: ConfigResource})
		}
		name, names := q.Params.Both("dataId")
		return eachOf(name, names, func(name string) error {
			return eachGroup(q, func(g string) error {
				return fn(auth.Resource{Namespace: ns, Group: g, Kind: ConfigResource, Name: name})
			})
		})
	})
}

func eachGroup(q *Request, fn func(string) error) error {
	group, groups := q.Params.Both("group")
	other := q.Params.Get("groupName")
	if other == group {
		other = ""
	}
	return eachOf(group, groups, func(g string) error { return eachOf(g, other, fn) })
}

// eachOf calls fn with a and b, once where they are the same or one is blank.
func eachOf(a, b string, fn func(string) error) error {
	if a == "" || a == b {
		return fn(b)
	}
	if b != "" {
		if err := fn(b); err != nil {
			return err
		}
	}
	return fn(a)
}

// configNamespace is a namespace's id as the configuration centre reads it: the
// public one's spellings count in any case.
func configNamespace(q *Request, name string) string {
	ns := trimmed(q, name)
	if strings.EqualFold(ns, "public") || strings.EqualFold(ns, "null") {
		return "public"
	}
	return ns
}

func trimmed(q *Request, name string) string { return strings.TrimSpace(q.Params.Get(name)) }

// both is Params.Both without white space around.
func both(q *Request, name string) (first, all string) {
	first, all = q.Params.Both(name)
	return strings.TrimSpace(first), strings.TrimSpace(all)
}
