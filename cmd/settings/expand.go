package settings

import (
	"errors"
	"fmt"
	"strings"
)

// Bounds of an expansion: deeper or longer is somebody's attack or mistake.
const (
	maxExpandDepth = 32
	maxExpanded    = 64 << 10 // bytes
)

// Reasons why a placeholder has no value.
var (
	errUnresolved = errors.New("placeholder without a value")
	errTooDeep    = errors.New("placeholders refer to each other without end")
)

// expand replaces Spring's placeholders, ${name} and ${name:default}, either of
// which may hold further ones. lookup answers the raw value of a name.
func expand(s string, lookup func(name string) (string, bool)) (string, error) {
	e := expander{lookup: lookup, budget: maxExpanded}
	return e.expand(s, 0)
}

type expander struct {
	lookup func(string) (string, bool)
	budget int // bytes that may still be written, at all depths together
}

func (e *expander) expand(s string, depth int) (string, error) {
	if depth > maxExpandDepth {
		return "", errTooDeep
	}
	var b strings.Builder
	for {
		open := strings.Index(s, "${")
		end := -1
		if open >= 0 {
			end = closing(s[open:])
		}
		if end < 0 { // none, or an open one that nothing closes, which is plain text
			return b.String() + s, e.spend(len(s))
		}
		value, err := e.resolve(s[open+2:open+end], depth+1)
		if err != nil {
			return "", err
		}
		if err := e.spend(open + len(value)); err != nil {
			return "", err
		}
		b.WriteString(s[:open])
		b.WriteString(value)
		s = s[open+end+1:]
	}
}

// resolve answers what is between the braces. A name may hold a colon, so the
// whole is tried first, as Spring does.
func (e *expander) resolve(body string, depth int) (string, error) {
	if err := e.spend(1); err != nil { // so that even empty ones come to an end
		return "", err
	}
	body, fallback, hasFallback := cutDefault(body)
	name, err := e.expand(body, depth)
	if err != nil {
		return "", err
	}
	if raw, found := e.lookup(name); found {
		return e.expand(raw, depth)
	}
	if hasFallback {
		return e.expand(fallback, depth)
	}
	return "", fmt.Errorf("%w: ${%s}", errUnresolved, name)
}

func (e *expander) spend(n int) error {
	if e.budget -= n; e.budget < 0 {
		return errTooDeep
	}
	return nil
}

// closing finds the brace that ends the placeholder at the start of s.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "${"):
			depth++
			i++
		case s[i] == '{' && depth > 0: // a plain brace inside, as Spring counts them
			depth++
		case s[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// cutDefault splits at the first colon that is not inside a further placeholder.
func cutDefault(body string) (name, fallback string, found bool) {
	depth := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ':':
			if depth == 0 {
				return body[:i], body[i+1:], true
			}
		}
	}
	return body, "", false
}
