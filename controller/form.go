package controller

import (
	"strings"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
)

// form decodes the parameters of one request. The first error sticks: read all
// that is needed, then ask Err once.
type form struct {
	q   *middleware.Request
	err error
}

func formOf(q *middleware.Request) form { return form{q: q} }

// Err returns the first thing that was wrong.
func (f *form) Err() error { return f.err }

func (f *form) fail(code service.Code, format string, args ...any) {
	if f.err == nil {
		f.err = service.Errorf(code, format, args...)
	}
}

// Required is v1's required(): missing or empty is an error.
func (f *form) Required(name string) string {
	v := f.q.Params.Get(name)
	if v == "" {
		f.fail(service.ParamMissing, "Param '%s' is required.", name)
	}
	return strings.TrimSpace(v)
}

// Optional is v1's optional(): missing or blank is def.
func (f *form) Optional(name, def string) string {
	if v := strings.TrimSpace(f.q.Params.Get(name)); v != "" {
		return v
	}
	return def
}

// Bool is ConvertUtils.toBoolean: y, yes, on, true and t, in any case, are true.
func (f *form) Bool(name string, def bool) bool {
	v := f.Optional(name, "")
	if v == "" {
		return def
	}
	return yes(v)
}

// yes is what ConvertUtils takes for true.
func yes(s string) bool {
	switch len(s) {
	case 1:
		return s == "y" || s == "Y" || s == "t" || s == "T"
	case 2:
		return strings.EqualFold(s, "on")
	case 3:
		return strings.EqualFold(s, "yes")
	default:
		return strings.EqualFold(s, "true")
	}
}

// missing is a parameter that a handler declares and the request has not. Each
// dialect has a text of its own for it.
type missing struct{ name, kind string }

// Error is the text of the v2 dialect.
func (m *missing) Error() string {
	return "Required request parameter '" + m.name + "' for method parameter type " + m.kind + " is not present"
}

// Declared is a parameter that Spring binds and wants to be there; it may be
// empty. kind is the Java type that the error names.
func (f *form) Declared(name, kind string) string {
	v, ok := f.q.Params.Joined(name)
	if !ok && f.err == nil {
		m := &missing{name, kind}
		f.err = service.Wrap(service.ParamMissing, m, m.Error())
	}
	return v
}

// Filled is a field of a v2 form that must be there.
func (f *form) Filled(name string) string {
	v, ok := f.q.Params.Lookup(name)
	if !ok {
		f.fail(service.ParamMissing, "required parameter '%s' is missing", name)
	}
	return v
}

// Pointer is a field that may be absent, which is not the same as empty.
func (f *form) Pointer(name string) *string {
	if v, ok := f.q.Params.Lookup(name); ok {
		return &v
	}
	return nil
}
