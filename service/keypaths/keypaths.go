// Package keypaths compares two texts of a config by their keys: what a person
// means by a difference, whatever the order of lines, their blanks and comments.
package keypaths

import (
	"errors"
	"slices"
	"strings"
)

// Bounds of what is read as keys: bytes of a text, keys in it, levels that lie in
// one another, and bytes of the path to a key.
const (
	MaxText  = 1 << 20
	MaxKeys  = 20_000
	maxDepth = 100
	maxPath  = 1024
)

// ErrUnread is a text that is not read as keys: of another format, broken, or too
// large.
var ErrUnread = errors.New("the text is not read as keys")

// Changes are the paths of keys that differ, in their order.
type Changes struct {
	Added, Removed, Changed []string
}

// None reports whether no key differs.
func (c *Changes) None() bool { return len(c.Added)+len(c.Removed)+len(c.Changed) == 0 }

// Format is how the text of a config is read, "" where it has no keys: by its type,
// or, where that says nothing, by the end of its name.
func Format(kind, name string) string {
	switch kind = strings.ToLower(kind); kind {
	case "yaml", "properties", "json":
		return kind
	case "", "text":
	default:
		return ""
	}
	_, end, _ := cutLast(strings.ToLower(name), '.')
	switch end {
	case "yml", "yaml":
		return "yaml"
	case "json", "properties":
		return end
	}
	return ""
}

func cutLast(s string, at byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, at); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// Compare says by which keys after differs from before, both of one Format. It
// returns ErrUnread where one of them is not read as keys.
func Compare(format, before, after string) (Changes, error) {
	old, err := flatten(format, before)
	if err != nil {
		return Changes{}, err
	}
	now, err := flatten(format, after)
	if err != nil {
		return Changes{}, err
	}
	var c Changes
	for path, value := range now {
		switch was, ok := old[path]; {
		case !ok:
			c.Added = append(c.Added, path)
		case was != value:
			c.Changed = append(c.Changed, path)
		}
	}
	for path := range old {
		if _, ok := now[path]; !ok {
			c.Removed = append(c.Removed, path)
		}
	}
	slices.Sort(c.Added)
	slices.Sort(c.Removed)
	slices.Sort(c.Changed)
	return c, nil
}

func flatten(format, text string) (map[string]string, error) {
	if len(text) > MaxText {
		return nil, ErrUnread
	}
	k := keys{}
	var ok bool
	switch format {
	case "properties":
		ok = k.properties(text)
	case "json":
		ok = k.json(text)
	case "yaml":
		ok = k.yaml(text)
	}
	if !ok {
		return nil, ErrUnread
	}
	return k, nil
}

// keys are the values of a text by their paths. A value has its kind before it: the
// number 1 and the text "1" differ.
type keys map[string]string

// put notes a value; false where there are too many of them.
func (k keys) put(path, value string) bool {
	k[path] = value
	return len(k) <= MaxKeys && len(path) <= maxPath
}

// below is the path of a member.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
