// Package naming is the service registry: who offers which service at which
// address, who wants to know, and what an operator has decided about it.
package naming

import (
	"strconv"
	"strings"
	"unique"

	"github.com/pharos-registry/pharos/service"
)

// Defaults of names that a request leaves out.
const (
	DefaultNamespace = "public"
	DefaultGroup     = "DEFAULT_GROUP"
	DefaultCluster   = "DEFAULT"
)

// separator stands between the group and the service of a grouped name.
const separator = "@@"

// Key names a service.
type Key struct{ Namespace, Group, Service string }

// Grouped returns the name clients know: group@@service.
func (k Key) Grouped() string { return k.Group + separator + k.Service }

// clone returns a Key that shares no memory with the request it came from, and
// one copy of names that many services have in common.
func (k Key) clone() Key {
	return Key{
		Namespace: unique.Make(k.Namespace).Value(),
		Group:     unique.Make(k.Group).Value(),
		Service:   strings.Clone(k.Service),
	}
}

// Texts of names that are not grouped names.
const (
	msgNotGrouped = "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'"
	msgNoGroup    = "Param 'serviceName' is illegal, groupName can't be empty"
)

// ParseGrouped splits group@@service. Of three pieces the third is dropped, as
// in the reference.
func ParseGrouped(name string) (group, svc string, err error) {
	group, svc, ok := strings.Cut(name, separator)
	if !ok || svc == "" {
		return "", "", service.Errorf(service.BadParam, msgNotGrouped)
	}
	svc, _, _ = strings.Cut(svc, separator)
	if group == "" {
		return "", "", service.Errorf(service.BadParam, msgNoGroup)
	}
	return group, svc, nil
}

// ParseKey reads namespace##group@@service; the namespace may be left out.
func ParseKey(text string) (k Key, err error) {
	k.Namespace = DefaultNamespace
	if ns, rest, ok := strings.Cut(text, "##"); ok {
		k.Namespace, text = ns, rest
	}
	k.Group, k.Service, err = ParseGrouped(text)
	return k, err
}

// Address returns ip:port.
func Address(ip string, port uint16) string { return ip + ":" + strconv.Itoa(int(port)) }
