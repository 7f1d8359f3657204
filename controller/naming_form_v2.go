package controller

import (
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

// KeyV2 is the service that a v2 form is about: group and name are apart, and a
// name that carries a group is not refused but cut off before its second part.
func (f *form) KeyV2() naming.Key {
	name := f.Field("serviceName", "String")
	name, _, _ = strings.Cut(name, "@@")
	return naming.Key{
		Namespace: f.Optional("namespaceId", naming.DefaultNamespace),
		Group:     f.Optional("groupName", naming.DefaultGroup),
		Service:   name,
	}
}

// KeyBound is KeyV2 where Spring looks for the name.
func (f *form) KeyBound() naming.Key {
	f.Declared("serviceName", "String")
	if f.err != nil {
		return naming.Key{}
	}
	return f.KeyV2()
}

// GroupedKey is the service of the few v2 routes that want group@@service.
func (f *form) GroupedKey() naming.Key {
	name := f.Declared("serviceName", "String")
	if f.err != nil {
		return naming.Key{}
	}
	k := naming.Key{Namespace: f.Optional("namespaceId", naming.DefaultNamespace)}
	var err error
	if k.Group, k.Service, err = naming.ParseGrouped(strings.TrimSpace(name)); err != nil {
		f.keep(err)
	}
	return k
}

// RegistrationV2 is the instance that a v2 form is about. What does not convert
// is refused before what is missing.
func (f *form) RegistrationV2(ephemeral bool) naming.Registration {
	r := naming.Registration{
		Weight: f.Real("weight", 1), Healthy: f.Flag("healthy", true), Enabled: f.Flag("enabled", true),
		Ephemeral: f.Flag("ephemeral", ephemeral),
		Cluster:   f.Optional("clusterName", naming.DefaultCluster), Metadata: f.Optional("metadata", ""), By: f.q.User,
	}
	r.Key, r.IP = f.KeyV2(), f.Field("ip", "String")
	if p := f.Field("port", "Integer"); f.err == nil {
		r.Port = f.port(p)
	}
	return r
}

func (f *form) specV2() naming.Spec {
	s := naming.Spec{
		Ephemeral: f.Flag("ephemeral", false), Threshold: float32(f.Real("protectThreshold", 0)),
		Metadata: f.Optional("metadata", ""), Selector: f.Optional("selector", ""),
	}
	if s.Threshold != s.Threshold || s.Threshold > 1e9 || s.Threshold < -1e9 { // no JSON has them
		f.fail(service.BadParam, "protectThreshold is not a number")
	}
	s.Key = f.KeyV2()
	return s
}

// Field is a field of a form that must be there and not be blank.
func (f *form) Field(name, kind string) string {
	v := f.Optional(name, "")
	if v == "" {
		f.fail(service.ParamMissing, "Required parameter '%s' type %s is not present", name, kind)
	}
	return v
}

// Num is a number that Spring converts; missing or blank is def.
func (f *form) Num(name string, def int) int {
	s := f.Optional(name, "")
	if s == "" {
		return def
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		f.keep(&conversion{s, "java.lang.Integer"})
	}
	return int(n)
}

// Real is a number with a fraction that Spring converts; missing or blank is def.
func (f *form) Real(name string, def float64) float64 {
	s := f.Optional(name, "")
	if s == "" {
		return def
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		f.keep(&conversion{s, "java.lang.Double"})
	}
	return n
}

// Flag is a boolean that Spring converts; missing or blank is def.
func (f *form) Flag(name string, def bool) bool {
	switch s := f.Optional(name, ""); strings.ToLower(s) {
	case "":
		return def
	case "true", "on", "yes", "1":
		return true
	case "false", "off", "no", "0":
		return false
	default:
		f.keep(&conversion{s, "java.lang.Boolean"})
		return false
	}
}
