package config

import (
	"strings"
	"unicode"

	"github.com/pharos-registry/pharos/service"
)

// Limits of what one publish may carry, in letters as Java counts them, of
// Nacos's ParamUtils.
const (
	maxTag        = 16
	maxTags       = 5
	maxConfigTag  = 64
	maxDesc       = 128
	maxUse        = 32
	maxEffect     = 32
	maxSchema     = 32_768
	maxTenant     = 128
	defaultedType = "text"
)

// types are the types a config can have; anything else is text.
//
//nolint:gochecknoglobals // a table
var types = map[string]bool{
	"properties": true, "xml": true, "json": true, "text": true, "html": true, "yaml": true, "toml": true, "unset": true,
}

// KnownType reports whether t is a type that a publish stores as it is given.
func KnownType(t string) bool { return types[t] }

// validType is the type that a publish stores.
func validType(t string) string {
	if types[t] {
		return t
	}
	return defaultedType
}

// valid is ParamUtils.isValid: letters and digits of any script, and a few signs.
func valid(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.:", r) {
			return false
		}
	}
	return true
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// length is how long Java says that s is: in UTF-16.
func length(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

func bad(format string, args ...any) error { return service.Errorf(service.BadParam, format, args...) }

// CheckKey refuses a key that no config can have.
func CheckKey(k Key) error {
	switch {
	case !valid(k.Tenant):
		return bad("invalid tenant")
	case len(k.Tenant) > maxTenant && length(k.Tenant) > maxTenant:
		return bad("too long tenant, over %d", maxTenant)
	case blank(k.DataID) || !valid(strings.TrimSpace(k.DataID)):
		return bad("invalid dataId : %s", k.DataID)
	case blank(k.Group) || !valid(k.Group):
		return bad("invalid group : %s", k.Group)
	}
	return nil
}

// CheckTag refuses a tag that no gray copy can have. "" is no tag.
func CheckTag(tag string) error {
	switch {
	case blank(tag):
		return nil
	case !valid(strings.TrimSpace(tag)):
		return bad("invalid tag : %s", tag)
	case length(tag) > maxTag:
		return bad("too long tag, over %d", maxTag)
	}
	return nil
}

func checkContent(s string, limit int64) error {
	switch {
	case blank(s):
		return bad("content is blank : %s", s)
	case int64(len(s)) > limit && int64(length(s)) > limit:
		return bad("invalid content, over %d", limit)
	}
	return nil
}

// check refuses what does not fit, in the order of the reference.
func (p *Publish) check(maxContent int64) error {
	if err := CheckKey(p.Key); err != nil {
		return err
	}
	if err := checkContent(p.Content, maxContent); err != nil {
		return err
	}
	if err := CheckTag(p.Tag); err != nil {
		return err
	}
	return p.CheckAbout()
}

// CheckAbout refuses what is said of a config beside its content and does not fit:
// Publish does so as well.
func (p *Publish) CheckAbout() error {
	if p.Tags != nil {
		tags := strings.Split(strings.TrimRight(*p.Tags, ","), ",")
		if len(tags) > maxTags {
			return bad("too much config_tags, over %d", maxTags)
		}
		for _, t := range tags {
			if length(t) > maxConfigTag {
				return bad("too long tag, over %d", maxConfigTag)
			}
		}
	}
	for _, f := range []struct {
		name  string
		value *string
		limit int
	}{{"desc", p.Desc, maxDesc}, {"use", p.Use, maxUse}, {"effect", p.Effect, maxEffect}, {"schema", p.Schema, maxSchema}} {
		if f.value != nil && len(*f.value) > f.limit && length(*f.value) > f.limit {
			return bad("too long %s, over %d", f.name, f.limit)
		}
	}
	return nil
}
