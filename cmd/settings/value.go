package settings

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// value is a field as text.
type value interface {
	Set(raw string) error // leaves the field alone when it fails
	String() string
	Allowed() string // completes "allowed is …"
	TakesEmpty() bool
}

// errIll is all that a field says about a value that it does not take: what it
// does take is in Allowed.
var errIll = errors.New("ill-formed value")

// field is a value kept in a variable of type T.
type field[T any] struct {
	at      *T
	parse   func(string) (T, error)
	show    func(T) string
	allowed string
	empty   bool // the empty text is a value, not an absence
}

func (f field[T]) Set(raw string) error {
	v, err := f.parse(strings.TrimSpace(raw))
	if err != nil {
		return err
	}
	*f.at = v
	return nil
}

func (f field[T]) String() string   { return f.show(*f.at) }
func (f field[T]) Allowed() string  { return f.allowed }
func (f field[T]) TakesEmpty() bool { return f.empty }

func same(s string) string { return s }

func text(at *string) value {
	return field[string]{at: at, show: same, allowed: "any text", empty: true, parse: func(s string) (string, error) {
		return s, nil
	}}
}

// filled is text that may not be empty: an empty one is no value at all.
func filled(at *string) value {
	return field[string]{at: at, show: same, allowed: "any text but none", parse: func(s string) (string, error) {
		if s == "" { // of a flag: elsewhere it would have been passed over
			return "", errIll
		}
		return s, nil
	}}
}

func oneOf(at *string, choices ...string) value {
	named := slices.DeleteFunc(slices.Clone(choices), func(s string) bool { return s == "" })
	return field[string]{at: at, show: same, allowed: strings.Join(named, ", "), parse: func(s string) (string, error) {
		if s = strings.ToLower(s); !slices.Contains(named, s) {
			return "", errIll
		}
		return s, nil
	}}
}

// truths are Spring's words for a boolean.
func truth(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "on", "yes", "1":
		return true, true
	case "false", "off", "no", "0":
		return false, true
	default:
		return false, false
	}
}

func boolean(at *bool) value {
	return field[bool]{at: at, show: strconv.FormatBool, allowed: "true or false", parse: func(s string) (bool, error) {
		v, ok := truth(s)
		if !ok {
			return false, errIll
		}
		return v, nil
	}}
}

// word is a boolean that the container image sets by a word of its own.
func word(at *bool, yes string, no ...string) value {
	return field[bool]{at: at, show: strconv.FormatBool, allowed: "true, false or " + yes, parse: func(s string) (bool, error) {
		if strings.EqualFold(s, yes) {
			return true, nil
		}
		v, ok := truth(s)
		if !ok && !slices.Contains(no, strings.ToLower(s)) {
			return false, errIll
		}
		return v, nil
	}}
}

func preferHost(at *bool) value { return word(at, "hostname", "ip") }
func embedded(at *bool) value   { return word(at, "embedded") }

// Choice is a boolean that may also not have been said.
type Choice uint8

// The states of a Choice.
const (
	Unsaid Choice = iota
	Yes
	No
)

// mode is what a said choice makes of authorization.
func (c Choice) mode() AuthMode {
	if c == Yes {
		return AuthEnforce
	}
	return AuthOff
}

// String is the choice as it stands in a file.
func (c Choice) String() string {
	switch c {
	case Yes:
		return "true"
	case No:
		return "false"
	default:
		return ""
	}
}

func choice(at *Choice) value {
	return field[Choice]{at: at, show: Choice.String, allowed: "true or false", parse: func(s string) (Choice, error) {
		v, ok := truth(s)
		switch {
		case !ok:
			return Unsaid, errIll
		case v:
			return Yes, nil
		default:
			return No, nil
		}
	}}
}

func list(at *[]string) value {
	return field[[]string]{
		at: at, allowed: "a list separated by commas or spaces", empty: true,
		show: func(all []string) string { return strings.Join(all, ",") },
		parse: func(s string) ([]string, error) {
			return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' }), nil
		},
	}
}
