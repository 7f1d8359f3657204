package mask

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxYAML bounds the texts that are read as YAML, in bytes: what its indentation
// says is known of larger ones as well.
const maxYAML = 1 << 20

// inYAML finds the secrets of a YAML text that its lines alone do not show: those
// behind an alias, beside a key that comes later, or of a key in an unusual form.
func (m *Masker) inYAML(text string, known []span) []span {
	if len(text) > maxYAML {
		return nil
	}
	w := yamlWalk{m: m, text: text, lines: offsets(text), known: joined(text, known), seen: map[*yaml.Node]bool{}}
	in := yaml.NewDecoder(strings.NewReader(text))
	var docs []*yaml.Node
	for {
		var doc yaml.Node
		if err := in.Decode(&doc); err != nil {
			if !errors.Is(err, io.EOF) {
				return nil // no YAML: its lines are all there is
			}
			break
		}
		w.order(&doc)
		docs = append(docs, &doc)
	}
	slices.Sort(w.starts)
	for _, d := range docs {
		w.walk(d, "", false)
	}
	return w.spans
}

// offsets is where the lines of a text begin.
func offsets(text string) []int {
	out := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			out = append(out, i+1)
		}
	}
	return out
}

type yamlWalk struct {
	m      *Masker
	text   string
	lines  []int
	known  []span
	starts []int // of all nodes, as they are written
	seen   map[*yaml.Node]bool
	spans  []span
}

// order notes where nodes begin.
func (w *yamlWalk) order(n *yaml.Node) {
	if n.Kind != yaml.DocumentNode {
		w.starts = append(w.starts, w.offset(n))
	}
	for _, c := range n.Content {
		w.order(c)
	}
}

// offset is where a node begins in the text.
func (w *yamlWalk) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(w.lines) {
		return len(w.text)
	}
	at := w.lines[n.Line-1]
	for c := 1; c < n.Column && at < len(w.text) && w.text[at] != '\n'; c++ {
		_, size := utf8.DecodeRuneInString(w.text[at:])
		at += size
	}
	return at
}

func (w *yamlWalk) walk(n *yaml.Node, path string, hidden bool) {
	switch n.Kind {
	case yaml.ScalarNode:
		if hidden && n.Value != "" && n.Tag != "!!null" {
			w.hide(n, path)
		}
	case yaml.AliasNode:
		if hidden && n.Alias != nil && !w.seen[n.Alias] { // once: it may lead back to itself
			w.seen[n.Alias] = true
			w.walk(n.Alias, path, true)
		}
	case yaml.MappingNode:
		w.mapping(n, path, hidden)
	default:
		for _, c := range n.Content {
			w.walk(c, path, hidden)
		}
	}
}

func (w *yamlWalk) mapping(n *yaml.Node, path string, hidden bool) {
	beside := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		beside = beside || isNaming(k.Value) && v.Kind == yaml.ScalarNode && w.m.word.MatchString(v.Value)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		to := k.Value
		if path != "" {
			to = path + "." + to
		}
		w.walk(v, to, hidden || w.m.word.MatchString(k.Value) || beside && isHolding(k.Value))
	}
}

// hide hides a value whose lines did not say that it is secret: all that stands
// before the next one.
func (w *yamlWalk) hide(n *yaml.Node, path string) {
	from := w.offset(n)
	i, _ := slices.BinarySearchFunc(w.known, from+1, func(s span, at int) int { return cmp.Compare(s.from, at) })
	if i > 0 && from < w.known[i-1].to {
		return
	}
	to := len(w.text)
	if i, _ := slices.BinarySearch(w.starts, from+1); i < len(w.starts) {
		to = w.starts[i]
	}
	if cut := strings.LastIndexByte(w.text[from:to], '\n'); cut >= 0 { // the next one is on a line of its own
		to = from + cut
	}
	w.spans = append(w.spans, span{from: from, to: to, path: path})
}
