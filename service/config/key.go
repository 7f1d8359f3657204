// Package config is the configuration centre: publish, read and watch. What is
// durable is in persistence; here is a copy in memory that answers every read,
// and whoever waits for it to change.
package config

import (
	"strings"

	"github.com/pharos-registry/pharos/persistence"
)

// Key names a config. The public namespace is "".
type Key = persistence.ConfigKey

// GroupKey is the name of a config as Nacos writes it in one text: data id,
// group and, where there is one, the namespace, each escaped, joined by '+'.
func GroupKey(k Key) string {
	s := escapeKey(k.DataID) + "+" + escapeKey(k.Group)
	if k.Tenant != "" {
		s += "+" + escapeKey(k.Tenant)
	}
	return s
}

// ParseGroupKey is the config that GroupKey wrote; it reports false for another
// text.
func ParseGroupKey(s string) (k Key, ok bool) {
	dataID, rest, ok := strings.Cut(s, "+")
	if !ok {
		return Key{}, false
	}
	group, tenant, _ := strings.Cut(rest, "+")
	if strings.Contains(tenant, "+") {
		return Key{}, false
	}
	return Key{Tenant: unescapeKey(tenant), Group: unescapeKey(group), DataID: unescapeKey(dataID)}, true
}

func unescapeKey(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "%2B", "+"), "%25", "%")
}

func escapeKey(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	s = strings.ReplaceAll(s, "%", "%25")
	return strings.ReplaceAll(s, "+", "%2B")
}

// Namespace maps what clients call the public namespace to "": blank, "public"
// and "null" in any case (contract config.md §1.7). Unlike the reference, which
// forgets it on half of its endpoints, every adapter here does it.
func Namespace(s string) string {
	s = strings.TrimSpace(s)
	if strings.EqualFold(s, "public") || strings.EqualFold(s, "null") {
		return ""
	}
	return s
}
