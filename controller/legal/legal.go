// Package legal is Nacos's check of parameters: the lengths and the characters
// that names and addresses may have, whatever protocol they come by.
package legal

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pharos-registry/pharos/middleware"
)

// The bounds, in UTF-16 characters.
const (
	maxNamespaceID = 64
	maxServiceName = 512
	maxGroup       = 128
	maxClusterName = 64
	maxIP          = 128
)

// Illegal is the refusal of a parameter by the check, which looks the same in
// every dialect.
func Illegal(name, why string) error {
	return &middleware.BareError{Status: http.StatusBadRequest, Msg: "Param '" + name + "' is illegal, " + why}
}

// TooLong is one of the two reasons that the check knows: more than n characters.
func TooLong(n int) string {
	return fmt.Sprintf("the param length should not exceed %d.", n)
}

// BadChars is the other one.
const BadChars = "illegal characters should not appear in the param."

// NamespaceID checks the id of a namespace.
func NamespaceID(id string) error {
	const name = "namespaceId/tenant"
	switch {
	case strings.TrimSpace(id) == "":
		return nil
	case utf8.RuneCountInString(id) > maxNamespaceID:
		return Illegal(name, TooLong(maxNamespaceID))
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return Illegal(name, BadChars)
		}
	}
	return nil
}

// tooManyChars reports whether s is longer than Java would let it be.
func tooManyChars(s string, limit int) bool { return len(s) > limit && Length(s) > limit }

// Length is how many characters Java counts in s: in UTF-16.
func Length(s string) (n int) {
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// Chars allows letters, digits and what is in extra.
func Chars(name, v string, limit int, extra string) error {
	if strings.TrimSpace(v) == "" {
		return nil
	}
	if tooManyChars(v, limit) {
		return Illegal(name, TooLong(limit))
	}
	for i := range len(v) {
		switch c := v[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(extra, c) >= 0:
		default:
			return Illegal(name, BadChars)
		}
	}
	return nil
}

// Group checks the group of a service or a config.
func Group(v string) error { return Chars("group", v, maxGroup, "_:.-") }

// Cluster checks the name of a cluster.
func Cluster(v string) error { return Chars("cluster", v, maxClusterName, "_-") }

// odd reports whether a character is white space or a Chinese one, which names
// may not have. Unlike Nacos, neither may they have control characters, nor
// bytes that are none of a character.
func odd(r rune) bool {
	return r <= ' ' || r == 0x7F || r >= 0x4E00 && r <= 0x9FA5 || r == utf8.RuneError
}

// ordinary reports whether all characters are such as nearly all names have:
// visible ones of ASCII.
func ordinary(v string) bool {
	for i := range len(v) {
		if v[i] <= ' ' || v[i] >= 0x7F {
			return false
		}
	}
	return true
}

// IP checks the address of an instance, which may be a host name.
func IP(v string) error {
	switch {
	case len(v) <= maxIP && ordinary(v), strings.TrimSpace(v) == "":
		return nil
	case tooManyChars(v, maxIP):
		return Illegal("ip", TooLong(maxIP))
	case strings.ContainsFunc(v, odd):
		return Illegal("ip", BadChars)
	}
	return nil
}

// ServiceName allows any first character but @ and a line's end.
func ServiceName(v string) error {
	const name = "serviceName"
	if len(v) <= maxServiceName && ordinary(v) && strings.IndexByte(v, '@') < 0 {
		return nil
	}
	if strings.TrimSpace(v) == "" {
		return nil
	}
	if tooManyChars(v, maxServiceName) {
		return Illegal(name, TooLong(maxServiceName))
	}
	for i, r := range v {
		bad := odd(r) || strings.HasPrefix(v[i:], "@@")
		if i == 0 {
			bad = r == '@' || r < ' ' && r != '\t' || r == 0x7F || r == utf8.RuneError
		}
		if bad {
			return Illegal(name, BadChars)
		}
	}
	return nil
}

// Port checks the port of an instance, given as text.
func Port(v string) error {
	if strings.TrimSpace(v) == "" {
		return nil
	}
	if n, err := strconv.ParseInt(v, 10, 32); err != nil || n < 0 || n > 65535 {
		return ErrPort
	}
	return nil
}

// ErrPort is the refusal of a port.
var ErrPort = Illegal("port", "the value should be between 0 and 65535.")
