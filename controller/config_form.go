package controller

import (
	"net"
	"strconv"
	"strings"
	"unicode"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/config"
)

// optional is a parameter that may be missing: nil then.
func (f *form) optional(name string) *string {
	if v, ok := f.q.Params.Joined(name); ok {
		return &v
	}
	return nil
}

// text is a parameter that is "" where it is missing.
func (f *form) text(name string) string {
	v, _ := f.q.Params.Joined(name)
	return v
}

func (f *form) convert(v, kind string) int64 {
	bits := 32
	if kind != "int" {
		bits = 64
	}
	n, err := strconv.ParseInt(strings.TrimSpace(v), 10, bits)
	if err != nil && f.err == nil {
		f.err = &conversion{v, kind}
	}
	return n
}

// DeclaredInt is a Declared number of the Java type kind.
func (f *form) DeclaredInt(name, kind string) int64 {
	v := f.Declared(name, kind)
	if f.err != nil {
		return 0
	}
	return f.convert(v, kind)
}

// intOr is a number that has a default; an empty one has it too.
func (f *form) intOr(name string, def int) int {
	v, ok := f.q.Params.Lookup(name)
	if !ok || v == "" {
		return def
	}
	return int(f.convert(v, "int"))
}

// OptionalInt is a number that may be missing.
func (f *form) OptionalInt(name string) *int64 {
	v, ok := f.q.Params.Lookup(name)
	if !ok || v == "" {
		return nil
	}
	n := f.convert(v, "java.lang.Integer")
	return &n
}

// ids is a Declared list of numbers, separated by commas. Empty ones are left
// out.
func (f *form) ids(name string) []int64 {
	v := f.Declared(name, "List")
	var ids []int64
	for part := range strings.SplitSeq(v, ",") {
		if strings.TrimSpace(part) == "" || f.err != nil {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil {
			f.err = &conversion{part, "java.util.List"}
		}
		ids = append(ids, n)
	}
	return ids
}

// namespaceOf is the namespace that a request is about. Authorization asks for the
// same parameters in the same order.
func namespaceOf(q *middleware.Request) string {
	v := q.Params.Get("namespaceId")
	if v == "" {
		v = q.Params.Get("tenant")
	}
	return config.Namespace(v)
}

// key is the config that a request is about; both names are Declared.
func (f *form) key() config.Key {
	return config.Key{Tenant: namespaceOf(f.q), DataID: f.Declared("dataId", "String"), Group: f.Declared("group", "String")}
}

// clientIP is the address that the caller says it has, or the one it calls
// from (contract config.md §1.2). It decides which beta copy a client sees; it
// is no proof of anything.
func clientIP(q *middleware.Request) string {
	if v := q.Header("X-Forwarded-For"); v != "" {
		first, _, _ := strings.Cut(v, ",")
		return strings.TrimSpace(first)
	}
	if v := q.Header("X-Real-Ip"); v != "" {
		return v
	}
	host, _, err := net.SplitHostPort(q.HTTP().RemoteAddr)
	if err != nil {
		return q.HTTP().RemoteAddr
	}
	return host
}

// author is who asks for a write. user is the parameter that may name them.
func author(q *middleware.Request, user string) config.Author {
	a := config.Author{User: q.Params.Get(user), IP: clientIP(q)}
	if strings.TrimSpace(a.User) == "" {
		a.User = q.User
	}
	if a.User == "" {
		a.User = q.Params.Get("username")
	}
	return a
}

// named is a kind of name that the check of parameters knows.
type named struct {
	label string
	max   int
	fits  func(string) bool
}

//nolint:gochecknoglobals // a table
var (
	namespaceName = named{"namespaceId/tenant", 64, func(s string) bool { return only(s, "_-") }}
	dataIDName    = named{"dataId", 256, func(s string) bool { return only(s, "_:.-") }}
	groupName     = named{"group", 128, func(s string) bool { return only(s, "_:.-") }}
	ipName        = named{"ip", 128, func(s string) bool {
		return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r >= '\u4e00' && r <= '\u9fa5' })
	}}
)

// only reports whether s is of ASCII letters, digits and signs.
func only(s, signs string) bool {
	for i := range len(s) {
		c := s[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' {
			continue
		}
		if strings.IndexByte(signs, c) < 0 {
			return false
		}
	}
	return true
}

// check refuses a name; blank ones pass.
func (n *named) check(s string) error {
	switch {
	case s == "":
		return nil
	case len(s) <= n.max && n.fits(s):
		return nil
	case strings.TrimSpace(s) == "":
		return nil
	case len([]rune(s)) > n.max:
		return &middleware.BareError{Status: 400, Msg: "Param '" + n.label + "' is illegal, the param length should not exceed " + strconv.Itoa(n.max) + "."}
	case !n.fits(s):
		return &middleware.BareError{Status: 400, Msg: "Param '" + n.label + "' is illegal, illegal characters should not appear in the param."}
	}
	return nil
}

// checkNames is the check of parameters that every request to the
// configuration centre passes before its handler (contract config.md §1.5).
func checkNames(q *middleware.Request) error {
	p := &q.Params
	ns := p.Get("namespaceId")
	if ns == "" {
		ns = p.Get("tenant")
	}
	if ns == "" {
		ns = p.Get("namespace")
	}
	if err := namespaceName.check(ns); err != nil {
		return err
	}
	if err := dataIDName.check(p.Get("dataId")); err != nil {
		return err
	}
	if err := groupName.check(p.Get("group")); err != nil {
		return err
	}
	return ipName.check(p.Get("ip"))
}

// checked is h behind the check of names. A blurred search has patterns for
// names and is let through.
func checked(h middleware.Handler) middleware.Handler {
	return func(q *middleware.Request) (any, error) {
		if q.Params.Get("search") != "blur" {
			if err := checkNames(q); err != nil {
				return nil, err
			}
		}
		return h(q)
	}
}
