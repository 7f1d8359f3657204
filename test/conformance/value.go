package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// alwaysVary are the members whose values differ between any two runs, at any
// depth: times and tokens.
//
//nolint:gochecknoglobals // a table
var alwaysVary = []string{
	"**.lastRefTime", "**.timestamp", "**.requestId", "**.lastModified", "**.createTime", "**.modifyTime",
	"**.createdTime", "**.lastModifiedTime", "**.accessToken", "**.lastBeat", "**.gmtCreate", "**.gmtModified", "**.lastRefreshTime",
}

// decode reads one JSON value with its numbers as they are written: 1 and 1.0
// are different answers to a typed client.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("decode JSON: more than one value")
	}
	return v, nil
}

// isComposite says whether the text is a JSON object or array; anything else
// is compared as text.
func isComposite(text []byte) bool {
	v, err := decode(text)
	if err != nil {
		return false
	}
	switch v.(type) {
	case map[string]any, []any:
		return true
	default:
		return false
	}
}

// kind names the JSON type of a value.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "bool"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "list"
	default:
		return "object"
	}
}

// normalize decodes a body and puts "~" and the JSON type in the place of what
// may vary, and lists without an order into one.
func normalize(body []byte, s *Step) (any, error) {
	v, err := decode(body)
	if err != nil {
		return nil, err
	}
	for _, path := range slices.Concat(alwaysVary, s.Vary) {
		if path != "$" {
			v = walk(v, strings.Split(path, "."), func(x any) any { return "~" + kind(x) })
		}
	}
	for _, path := range s.Unordered {
		var parts []string
		if path != "$" {
			parts = strings.Split(path, ".")
		}
		v = walk(v, parts, sorted)
	}
	return v, nil
}

// walk replaces what lies at a path by what fn makes of it. "*" is every
// member of a list or object, "**" any depth, a number a place in a list; a
// path that leads nowhere changes nothing.
func walk(v any, path []string, fn func(any) any) any {
	if len(path) == 0 {
		return fn(v)
	}
	if path[0] == "**" {
		if len(path) > 1 {
			walkAny(v, path[1:], fn)
		}
		return v
	}
	switch x := v.(type) {
	case map[string]any:
		for k := range x {
			if path[0] == "*" || path[0] == k {
				x[k] = walk(x[k], path[1:], fn)
			}
		}
	case []any:
		for i := range x {
			if path[0] == "*" || path[0] == strconv.Itoa(i) {
				x[i] = walk(x[i], path[1:], fn)
			}
		}
	}
	return v
}

func walkAny(v any, path []string, fn func(any) any) {
	walk(v, path, fn)
	switch x := v.(type) {
	case map[string]any:
		for _, m := range x {
			walkAny(m, path, fn)
		}
	case []any:
		for _, m := range x {
			walkAny(m, path, fn)
		}
	}
}

func sorted(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	return slices.SortedFunc(slices.Values(list), func(a, b any) int { return strings.Compare(show(a), show(b)) })
}

// diff lists how got differs from want; at is where they are in the body.
func diff(want, got any, at string) []string {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			return diffObjects(w, g, at)
		}
	case []any:
		if g, ok := got.([]any); ok {
			return diffLists(w, g, at)
		}
	default:
		if same(want, got) {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: %.120s, reference has %.120s", at, show(got), show(want))}
}

func diffObjects(want, got map[string]any, at string) []string {
	var out []string
	for _, k := range keys(want) {
		if g, ok := got[k]; ok {
			out = append(out, diff(want[k], g, at+"."+k)...)
		} else {
			out = append(out, fmt.Sprintf("%s.%s: missing (reference has %.80s)", at, k, show(want[k])))
		}
	}
	for _, k := range keys(got) {
		if _, ok := want[k]; !ok {
			out = append(out, fmt.Sprintf("%s.%s: extra (%.80s)", at, k, show(got[k])))
		}
	}
	return out
}

func diffLists(want, got []any, at string) []string {
	var out []string
	if len(want) != len(got) {
		out = append(out, fmt.Sprintf("%s: %d members, reference has %d", at, len(got), len(want)))
	}
	for i := range min(len(want), len(got)) {
		out = append(out, diff(want[i], got[i], fmt.Sprintf("%s[%d]", at, i))...)
	}
	return out
}

// same compares two values that are not both objects or both lists. Numbers
// are equal by value, but a whole number is not a decimal fraction: 1.0 is not 1.
func same(a, b any) bool {
	x, ok := a.(json.Number)
	if !ok {
		return kind(a) == kind(b) && a == b
	}
	y, ok := b.(json.Number)
	if !ok || isFraction(x) != isFraction(y) {
		return false
	}
	if !isFraction(x) {
		return x == y
	}
	f, errX := x.Float64()
	g, errY := y.Float64()
	return errX == nil && errY == nil && f == g
}

func isFraction(n json.Number) bool { return strings.ContainsAny(n.String(), ".eE") }

func keys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// show is a value as JSON with sorted members, for messages and for sorting.
func show(v any) string {
	if n, ok := v.(json.Number); ok && isFraction(n) {
		if f, err := n.Float64(); err == nil {
			return strconv.FormatFloat(f, 'e', -1, 64) // 1.50 and 1.5 sort alike, and never like a whole number
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// pick gives the value at a path as text, "" when there is none.
func pick(body []byte, path string) string {
	v, err := decode(body)
	if err != nil {
		return ""
	}
	if path != "$" {
		for p := range strings.SplitSeq(path, ".") {
			switch x := v.(type) {
			case map[string]any:
				v = x[p]
			case []any:
				i, err := strconv.Atoi(p)
				if err != nil || i < 0 || i >= len(x) {
					return ""
				}
				v = x[i]
			default:
				return ""
			}
		}
	}
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	default:
		return show(x)
	}
}
