package mask

import (
	"encoding/json"
	"strings"
)

// inJSON finds the secrets of a text that is one JSON document; false of any
// other text.
func (m *Masker) inJSON(text string) ([]span, bool) {
	if t := strings.TrimLeft(text, " \t\r\n"); t == "" || t[0] != '{' && t[0] != '[' || !json.Valid([]byte(text)) {
		return nil, false
	}
	w := jsonWalk{m: m, text: text, in: json.NewDecoder(strings.NewReader(text))}
	w.in.UseNumber()
	for w.next() {
	}
	return w.spans, true
}

// level is an object or an array that is open.
type level struct {
	from   int
	path   string
	object bool
	key    string // of the value that comes next
	keyed  bool   // a value comes next, not a key
	hidden bool   // all of it is secret
	names  bool   // a member says that the others are secret
	values []span // of its members, in case one says so
}

// jsonWalk goes through a document token by token.
type jsonWalk struct {
	m     *Masker
	text  string
	in    *json.Decoder
	open  []level
	spans []span
	at    int // the end of the last token
}

// next reads a token; false at the end.
func (w *jsonWalk) next() bool {
	t, err := w.in.Token()
	if err != nil { // the end: the document is valid
		return false
	}
	from := w.at
	for isSpace(w.text[from]) || w.text[from] == ',' || w.text[from] == ':' {
		from++
	}
	w.at = int(w.in.InputOffset())
	switch t := t.(type) {
	case json.Delim:
		if t == '{' || t == '[' {
			w.begin(t == '{', from)
		} else {
			w.end()
		}
	case string:
		if top := w.top(); top != nil && top.object && !top.keyed {
			top.key, top.keyed = t, true
			return true
		}
		w.value(t, from)
	default: // a number, a boolean or null
		w.value("", from)
	}
	return true
}

func (w *jsonWalk) top() *level {
	if len(w.open) == 0 {
		return nil
	}
	return &w.open[len(w.open)-1]
}

// place is the path of the value that comes next, and whether it is secret.
func (w *jsonWalk) place() (path string, hidden bool) {
	top := w.top()
	if top == nil {
		return "", false
	}
	path, hidden = top.path, top.hidden
	if top.object {
		if path != "" {
			path += "."
		}
		path += top.key
		hidden = hidden || w.m.word.MatchString(top.key)
	}
	return path, hidden
}

func (w *jsonWalk) begin(object bool, from int) {
	path, hidden := w.place()
	if top := w.top(); top != nil {
		if top.object && hidden && !top.hidden { // all of it is one secret: its end is not known yet
			w.spans = append(w.spans, span{from: from, to: -1, path: path, quote: `"`})
		}
		top.keyed = false
	}
	w.open = append(w.open, level{from: from, path: path, object: object, hidden: hidden})
}

func (w *jsonWalk) end() {
	top := *w.top()
	w.open = w.open[:len(w.open)-1]
	if top.names {
		w.spans = append(w.spans, top.values...)
	}
	outer := w.top()
	if outer != nil && outer.object && !top.hidden && isHolding(outer.key) {
		outer.values = append(outer.values, span{top.from, w.at, top.path, `"`})
	}
	if top.hidden && (outer == nil || !outer.hidden) {
		for i := len(w.spans) - 1; i >= 0; i-- {
			if w.spans[i].to < 0 {
				w.spans[i].to = w.at
				break
			}
		}
	}
}

// value looks at a value that is no object and no array.
func (w *jsonWalk) value(t string, from int) {
	path, hidden := w.place()
	raw := w.text[from:w.at]
	s := span{from, w.at, path, `"`}
	top := w.top()
	if top != nil {
		defer func() { top.keyed = false }()
	}
	switch {
	case raw == "null" || raw == `""` || top != nil && top.hidden: // nothing, or hidden with what it is in
	case hidden, t != "" && w.m.within(t):
		w.spans = append(w.spans, s)
	case top != nil && top.object && isNaming(top.key) && w.m.word.MatchString(t):
		top.names = true
	case top != nil && top.object && isHolding(top.key):
		top.values = append(top.values, s)
	}
}

// within reports whether a text that is a value has secrets of its own.
func (m *Masker) within(value string) bool {
	return m.suspicious(value) && len(joined(value, append(m.inLines(value), m.inMarkup(value)...))) > 0
}

// isNaming reports whether a member of that name tells what another one holds, as
// in {"name": "DB_PASSWORD", "value": "…"}.
func isNaming(key string) bool {
	switch strings.ToLower(key) {
	case "name", "key", "id", "property":
		return true
	}
	return false
}

// isHolding reports whether a member of that name is what another one tells of.
func isHolding(key string) bool {
	switch strings.ToLower(key) {
	case "value", "val", "values", "default", "content", "data", "text":
		return true
	}
	return false
}
