package mask

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// armour is how a key begins that stands in a text by itself.
const armour = "-----BEGIN"

// liner goes through a text line by line.
type liner struct {
	m     *Masker
	text  string
	lines []line
	depth int // of brackets that are open before the line
	spans []span
}

// line is one of a text, without its end.
type line struct {
	from, to int
	column   int  // where its first name begins, behind the dashes of a list
	dashed   bool // it has such a dash
	blank    bool // nothing is in it
	comment  bool // it is no more than that, in most formats
}

// inLines finds the secrets of a text in any format that has lines: properties,
// YAML, TOML, INI, what looks like JSON and is none, scripts, and prose.
func (m *Masker) inLines(text string) []span {
	l := liner{m: m, text: text}
	for at := 0; at < len(text); {
		to := strings.IndexByte(text[at:], '\n')
		if to < 0 {
			to = len(text)
		} else {
			to += at
		}
		l.lines = append(l.lines, newLine(text, at, to))
		at = to + 1
	}
	for i := 0; i < len(l.lines); i++ {
		last := l.line(i)
		for ; ; i++ { // what is hidden says nothing of what follows but by its brackets
			if n := &l.lines[i]; !n.comment {
				l.depth = max(0, l.depth+nesting(text[n.from:n.to]))
			}
			if i >= last {
				break
			}
		}
	}
	return l.spans
}

// nesting is how many brackets a text opens that it does not close.
func nesting(t string) int {
	return strings.Count(t, "{") + strings.Count(t, "[") - strings.Count(t, "}") - strings.Count(t, "]")
}

func newLine(text string, from, to int) line {
	n := line{from: from, to: to}
	at := from
	for at < to && isSpace(text[at]) {
		at++
	}
	n.blank = at == to
	n.comment = !n.blank && text[at] == '#'
	for at < to && text[at] == '-' && (at+1 == to || isSpace(text[at+1])) {
		n.dashed = true
		at++
		for at < to && isSpace(text[at]) {
			at++
		}
	}
	n.column = at - from
	return n
}

// line looks for a secret that begins in a line, and returns the last line that
// is hidden with it.
func (l *liner) line(i int) int {
	n := &l.lines[i]
	t := l.text[n.from:n.to]
	if at := strings.Index(t, armour); at >= 0 && strings.Contains(t, "PRIVATE KEY") {
		return l.armoured(i, at)
	}
	if l.m.section.MatchString(t) {
		return l.hide(i, n.to, l.sectionEnd(i), strings.Trim(strings.TrimSpace(t), "[]"))
	}
	if l.m.asked.MatchString(t) {
		return l.hide(i, n.to, l.block(i, n.column-1, true), l.m.word.FindString(t))
	}
	if at := l.m.named.FindStringIndex(t); at != nil {
		l.beside(i, at[1], l.path(i, l.m.word.FindString(t)))
	}
	if from, path := l.value(t); from >= 0 {
		return l.hide(i, n.from+from, l.end(i, n.from+from), l.path(i, path))
	}
	return i
}

// holding is an entry that another one beside it tells of.
var holding = regexp.MustCompile(`(?i)(?:^|[\s{,"'<-])(?:value|val|values|default|content|data|text)["']?[ \t]*[:=]`)

// beside hides what stands beside an entry that says the name of a secret, in its
// line behind at, or in those that belong to the same block.
func (l *liner) beside(i, at int, path string) {
	n := &l.lines[i]
	if rest := l.text[n.from+at : n.to]; holding.MatchString(rest) {
		l.hide(i, n.from+at, i, path)
	}
	last := l.block(i, n.column-1, false)
	for j := i + 1; j <= last; j++ {
		if at := holding.FindStringIndex(l.text[l.lines[j].from:l.lines[j].to]); at != nil {
			from := l.lines[j].from + at[1]
			j = l.hide(j, from, l.end(j, from), path)
		}
	}
}

// escaped is a name with letters that are written as numbers, or with a backslash
// that means nothing, and what separates it from its value.
var escaped = regexp.MustCompile(`^[^:=\n]*\\[A-Za-z][^:=\n]*[:=]`)

// escape is such a letter.
var escape = regexp.MustCompile(`\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|.)`)

func unescaped(name string) string {
	return escape.ReplaceAllStringFunc(name, func(e string) string {
		if n, err := strconv.ParseUint(e[2:], 16, 32); err == nil && n <= unicode.MaxRune {
			return string(rune(n))
		}
		return e[1:]
	})
}

// value is where the first secret value of a line begins, -1 where there is none.
func (l *liner) value(t string) (from int, path string) {
	from = -1
	if at := l.m.key.FindStringIndex(t); at != nil {
		from, path = at[1], nameAt(t, at[0])
	}
	if at := l.m.first.FindStringIndex(t); at != nil && (from < 0 || at[1] < from) && at[1] < len(t) && t[at[1]] != ':' && t[at[1]] != '=' {
		from, path = at[1], nameAt(t, l.m.word.FindStringIndex(t)[0])
	}
	if at := escaped.FindStringIndex(t); at != nil && (from < 0 || at[1] < from) {
		if name := unescaped(t[:at[1]-1]); l.m.word.MatchString(name) {
			from, path = at[1], strings.Trim(name, ` "'`)
		}
	}
	return from, path
}

// nameAt is the name of which a word at i is a part.
func nameAt(t string, i int) string {
	part := func(r rune) bool { return !strings.ContainsRune(" \t\"'`,;{}()<>=:?&|#!\\", r) }
	from := strings.LastIndexFunc(t[:i], func(r rune) bool { return !part(r) }) + 1
	to := strings.IndexFunc(t[i:], func(r rune) bool { return !part(r) })
	if to < 0 {
		return t[from:]
	}
	return t[from : i+to]
}

// hide adds a span from an offset to the end of a line.
func (l *liner) hide(i, from, last int, path string) int {
	s := span{from: from, to: l.lines[last].to, path: path}
	v := strings.TrimLeft(l.text[s.from:s.to], " \t")
	if v != "" && (v[0] == '"' || v[0] == '\'') {
		s.quote = v[:1]
	}
	if strings.TrimSpace(l.text[s.from:s.to]) != "" {
		l.spans = append(l.spans, s)
	}
	return max(i, last)
}

// armoured hides a key in its armour, to the end that is written, or of the text.
func (l *liner) armoured(i, at int) int {
	last := i
	for last < len(l.lines)-1 && !strings.Contains(l.text[l.lines[last].from:l.lines[last].to], "-----END") {
		last++
	}
	return l.hide(i, l.lines[i].from+at, last, "private key")
}

// head is what begins another section.
var head = regexp.MustCompile(`^[ \t]*\[+[\w.\-"' :/@$]*[A-Za-z_][\w.\-"' :/@$]*\]+[ \t]*(?:[#;].*)?$`)

// sectionEnd is the last line of the section that begins in a line.
func (l *liner) sectionEnd(i int) int {
	last := i
	for last+1 < len(l.lines) && !head.MatchString(l.text[l.lines[last+1].from:l.lines[last+1].to]) {
		last++
	}
	return last
}

// block is the last of the lines after i that are indented by more than column,
// blank ones and comments among them. With dashes the items of a list that begin
// in the column belong to it as well.
func (l *liner) block(i, column int, dashes bool) int {
	last := i
	for j := i + 1; j < len(l.lines); j++ {
		n := &l.lines[j]
		if n.blank {
			continue
		}
		at := n.column
		if n.dashed {
			at = n.column - len(strings.TrimLeft(l.text[n.from:n.from+n.column], " \t"))
		}
		if at <= column && (!dashes || !n.dashed || at < column) {
			if n.comment { // which may stand in a block, or behind it
				continue
			}
			break
		}
		last = j
	}
	return last
}

// heredoc is how a value begins that ends with a line of its own.
var heredoc = regexp.MustCompile(`^<<[-~]?[ \t]*["']?(\w+)["']?`)

// end is the last line of a value that begins at from in line i.
func (l *liner) end(i, from int) int {
	n := &l.lines[i]
	v := strings.TrimSpace(l.text[from:n.to])
	if mark := heredoc.FindStringSubmatch(v); mark != nil {
		last := i + 1
		for last < len(l.lines) && strings.TrimSpace(l.text[l.lines[last].from:l.lines[last].to]) != mark[1] {
			last++
		}
		return min(last, len(l.lines)-1)
	}
	bare := v == "" || strings.IndexByte("#!&|>", v[0]) >= 0 // what there is comes in the next lines
	last := max(l.block(i, n.column, bare), l.closed(i, from))
	for last+1 < len(l.lines) && continued(l.text[l.lines[last].from:l.lines[last].to]) {
		last++
	}
	return last
}

// continued reports whether a line ends with a backslash that is not itself
// behind one.
func continued(t string) bool {
	t = strings.TrimRight(t, "\r")
	return (len(t)-len(strings.TrimRight(t, `\`)))%2 == 1
}

// entry is a line that begins with a name of its own.
var entry = regexp.MustCompile(`^[ \t]*["']?[\w.-]+["']?(?:[ \t]*[:=][ \t]|[ \t]+[:=]|:$)`)

// closed is the line in which quotes and brackets are closed that a value opens
// at from in line i, the last one where they are not. A value without any that
// stands in brackets itself goes on to what may end it.
func (l *liner) closed(i, from int) int {
	inner := l.depth+nesting(l.text[l.lines[i].from:from]) > 0
	v := strings.TrimLeft(l.text[from:l.lines[i].to], " \t")
	in := reader{brackets: v != "" && strings.IndexByte("{[!&", v[0]) >= 0}
	for j := i; j < len(l.lines); j++ {
		t := l.text[max(from, l.lines[j].from):l.lines[j].to]
		in.read(t)
		switch {
		case in.quote != "" || in.depth > 0:
			continue
		case !inner:
			return j
		case strings.TrimSpace(l.text[from:l.lines[j].to]) == "": // it begins in a later line
			continue
		case strings.ContainsAny(t, ",}]\"'"), j+1 < len(l.lines) && entry.MatchString(l.text[l.lines[j+1].from:l.lines[j+1].to]):
			return j
		}
	}
	return len(l.lines) - 1
}

// reader follows quotes and brackets through a value.
type reader struct {
	quote    string // that is open
	brackets bool   // they count: the value begins with one
	depth    int
}

func (r *reader) read(t string) {
	open := true // a quote here opens a text
	for k := 0; k < len(t); k++ {
		if r.quote != "" {
			k += r.quoted(t[k:])
			continue
		}
		switch c := t[k]; c {
		case '"', '\'', '`':
			if open {
				r.quote = t[k : k+1]
				if strings.HasPrefix(t[k:], strings.Repeat(r.quote, 3)) {
					r.quote = t[k : k+3]
					k += 2
				}
			}
			open = false
		case '{', '[':
			if open = true; r.brackets {
				r.depth++
			}
		case '}', ']':
			r.depth = max(0, r.depth-1)
			open = false
		default:
			open = strings.IndexByte(" \t,:=!&|>(", c) >= 0
		}
	}
}

// quoted reads a letter of a quoted text, and returns how many more it has taken.
func (r *reader) quoted(t string) int {
	switch {
	case t[0] == '\\' && r.quote[0] != '\'':
		return 1
	case strings.HasPrefix(t, r.quote):
		n := len(r.quote) - 1
		r.quote = ""
		return n
	}
	return 0
}

// parent is a line that has a name and nothing that it could be the value of.
var parent = regexp.MustCompile(`^[ \t]*(?:-[ \t]+)*["']?([^\s"':#][^:#]*?)["']?[ \t]*:[ \t]*(?:[|>&!#].*)?$`)

// path is the names that lead to a value in line i, as far as they can be told by
// how lines are indented.
func (l *liner) path(i int, name string) string {
	const deep, far = 20, 10_000 // names, and lines that are looked at for them
	column := l.lines[i].column
	for j := i - 1; j >= 0 && i-j < far && column > 0 && strings.Count(name, ".") < deep; j-- {
		n := &l.lines[j]
		if n.blank || n.comment || n.column >= column {
			continue
		}
		column = n.column
		if p := parent.FindStringSubmatch(l.text[n.from:n.to]); p != nil {
			name = p[1] + "." + name
		}
	}
	return name
}
