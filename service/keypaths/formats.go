package keypaths

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// properties reads a text as java.util.Properties does, but for its escapes, which
// stay as they are.
func (k keys) properties(text string) bool {
	var line strings.Builder
	for raw := range strings.SplitSeq(text, "\n") {
		raw = strings.TrimRight(raw, "\r")
		part := strings.TrimLeft(raw, " \t\f")
		if line.Len() == 0 && (part == "" || part[0] == '#' || part[0] == '!') {
			continue
		}
		if whole, goesOn := continued(part); goesOn {
			line.WriteString(whole)
			continue
		}
		line.WriteString(part)
		if !k.property(line.String()) {
			return false
		}
		line.Reset()
	}
	return line.Len() == 0 || k.property(line.String())
}

// continued reports whether a line goes on in the next one: an odd number of
// backslashes is at its end. It returns the line without the last.
func continued(line string) (string, bool) {
	n := len(line) - len(strings.TrimRight(line, `\`))
	if n%2 == 0 {
		return line, false
	}
	return line[:len(line)-1], true
}

func (k keys) property(line string) bool {
	end := 0
	for end < len(line) && !strings.ContainsRune("=: \t\f", rune(line[end])) {
		if line[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(line))
	value := strings.TrimLeft(line[end:], " \t\f")
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], " \t\f")
	}
	return k.put(line[:end], value)
}

func (k keys) json(text string) bool {
	in := json.NewDecoder(strings.NewReader(text))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return false
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return false
	}
	return k.value("", v, 0)
}

func (k keys) value(path string, v any, depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) { // in one order: two names may be one path
			if !k.value(below(path, name), v[name], depth+1) {
				return false
			}
		}
		return len(v) > 0 || k.put(path, "{}")
	case []any:
		for i, member := range v {
			if !k.value(path+"["+strconv.Itoa(i)+"]", member, depth+1) {
				return false
			}
		}
		return len(v) > 0 || k.put(path, "[]")
	case string:
		return k.put(path, "s"+v)
	case json.Number:
		return k.put(path, "n"+v.String())
	case bool:
		return k.put(path, "b"+strconv.FormatBool(v))
	default:
		return k.put(path, "null")
	}
}

func (k keys) yaml(text string) bool {
	in := yaml.NewDecoder(strings.NewReader(text))
	for i := 0; ; i++ {
		var doc yaml.Node
		err := in.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return true
		}
		path := ""
		if i > 0 {
			path = "#" + strconv.Itoa(i+1)
		}
		if err != nil || !k.node(path, &doc, 0) {
			return false
		}
	}
}

// node reads a node of YAML. An alias is a value, and not what it stands for: that
// has keys of its own, and may be a great many times as large.
func (k keys) node(path string, n *yaml.Node, depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return len(n.Content) == 0 || k.node(path, n.Content[0], depth)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !k.node(below(path, n.Content[i].Value), n.Content[i+1], depth+1) {
				return false
			}
		}
		return len(n.Content) > 0 || k.put(path, "{}")
	case yaml.SequenceNode:
		for i, c := range n.Content {
			if !k.node(path+"["+strconv.Itoa(i)+"]", c, depth+1) {
				return false
			}
		}
		return len(n.Content) > 0 || k.put(path, "[]")
	case yaml.AliasNode:
		return k.put(path, "*"+n.Value)
	default:
		return k.scalar(path, n)
	}
}

// scalar reads a value. A document that is a text without any key is no YAML in the
// sense of a config, and one that is nothing has no keys.
func (k keys) scalar(path string, n *yaml.Node) bool {
	if path == "" {
		return n.ShortTag() == "!!null"
	}
	return k.put(path, n.ShortTag()+" "+n.Value)
}
