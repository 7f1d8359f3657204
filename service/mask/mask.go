// Package mask finds what is secret in the text of a config, by the names of its
// keys, and puts a token in its place. It would rather hide too much than show a
// part of a secret: a text of whose format nothing is known for certain is read
// in all ways at once.
package mask

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Token stands where a secret was. It is one word in all formats, and nothing
// that anybody writes by chance.
const Token = "___MASKED___"

// Holds reports whether a text has a token in it: it was read with secrets hidden.
func Holds(text string) bool { return strings.Contains(text, Token) }

// Bounds of the keys: how many there are, and of how many letters and digits.
const (
	MaxKeys   = 64
	MinLetter = 3
	MaxLetter = 64
)

// DefaultKeys are parts of names that say that a value is secret.
func DefaultKeys() []string {
	return []string{"password", "passwd", "pwd", "passphrase", "secret", "token", "credential", "apiKey", "accessKey", "privateKey"}
}

// ErrKeys is a list of keys that is too long, or has one in it that is no word.
var ErrKeys = errors.New("keys are words of 3 to 64 letters and digits, at most 64 of them")

// Masker hides the values of keys whose names have one of its words in them.
// Case, and "-", "_", "." and spaces between letters, make no difference.
type Masker struct {
	word    *regexp.Regexp // one of the words
	key     *regexp.Regexp // a name with one in it, and what separates it from its value
	first   *regexp.Regexp // such a name that only white space separates from it
	named   *regexp.Regexp // an entry that names what the entries beside it hold
	asked   *regexp.Regexp // a key that YAML marks as one
	section *regexp.Regexp // the head of a section of that name
	element *regexp.Regexp // a tag of that name
	tagged  *regexp.Regexp // a tag with an attribute that says that name
}

// New returns a Masker for these words.
func New(keys []string) (*Masker, error) {
	if len(keys) == 0 || len(keys) > MaxKeys {
		return nil, ErrKeys
	}
	words := make([]string, 0, len(keys))
	for _, k := range keys {
		letters := []string{}
		for _, r := range k {
			switch {
			case strings.ContainsRune("-_. ", r):
			case unicode.IsLetter(r) || unicode.IsDigit(r):
				letters = append(letters, regexp.QuoteMeta(string(r)))
			default:
				return nil, ErrKeys
			}
		}
		if len(letters) < MinLetter || len(letters) > MaxLetter {
			return nil, ErrKeys
		}
		words = append(words, strings.Join(letters, `[-_. ]?`))
	}
	word := `(?i:` + strings.Join(words, "|") + `)`
	const rest = `[\pL\pN_.$@/*\[\]-]*` // of a name
	return &Masker{
		word:    regexp.MustCompile(word),
		key:     regexp.MustCompile(word + rest + `(?:[ \t]*\([^()\n]*\))?[\\"'\x60]*[ \t]*(?:[:=]=?>?|[+?]=)`),
		first:   regexp.MustCompile(`^[ \t]*(?:-[ \t]+|export[ \t]+|set[ \t]+)*[^\s:=<>]*` + word + `[^\s:=<>]*[ \t]+`),
		named:   regexp.MustCompile(`(?:^|[\s{,<"'-])(?i:name|key|id|property)["']?[ \t]*[:=][ \t]*["']?[^"'\s,:=]*` + word + `[^"'\s,]*["']?`),
		asked:   regexp.MustCompile(`^[ \t]*(?:-[ \t]+)*\?[ \t].*` + word),
		section: regexp.MustCompile(`^[ \t]*\[+[^\[\]\n,]*` + word + `[^\[\]\n,]*\]+[ \t]*(?:[#;].*)?$`),
		element: regexp.MustCompile(`<([\pL_][\pL\pN_.:-]*)(?:\s[^<>]*)?>`),
		tagged:  regexp.MustCompile(`<([\pL_][\pL\pN_.:-]*)(\s[^<>]*["'][^"'<>]*` + word + `[^"'<>]*["'][^<>]*)>`),
	}, nil
}

// Place is a secret in a text.
type Place struct {
	Line int    // from 1, in the text in which it is hidden
	Path string // the names of the keys that lead to it, as far as they can be told
	// Value is what stands there.
	Value string
}

// Text is a text with its secrets hidden.
type Text struct {
	Shown  string
	Places []Place
}

// span is a part of a text that is secret.
type span struct {
	from, to int
	path     string
	quote    string // that the token needs around it
}

// Hide hides the secrets of a text.
func (m *Masker) Hide(text string) Text {
	if !m.suspicious(text) {
		return Text{Shown: text}
	}
	spans, ok := m.inJSON(text)
	if !ok {
		spans = m.inLines(text)
		spans = append(spans, m.inMarkup(text)...)
		spans = append(spans, m.inYAML(text, spans)...)
	}
	return replaced(text, joined(text, spans))
}

// suspicious reports whether a text may have a secret at all: most have none, and
// cost one look.
func (m *Masker) suspicious(text string) bool {
	return m.word.MatchString(text) || strings.Contains(text, armour) || strings.IndexByte(text, '\\') >= 0
}

// joined sorts spans, joins those that overlap, and leaves out white space at
// their ends and those of which nothing is left.
func joined(text string, spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	out := []span{}
	for _, s := range spans {
		for s.to > s.from && isSpace(text[s.to-1]) {
			s.to--
		}
		for s.from < s.to && isSpace(text[s.from]) {
			s.from++
		}
		if s.from == s.to {
			continue
		}
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func replaced(text string, spans []span) Text {
	var b strings.Builder
	out := Text{Places: make([]Place, 0, len(spans))}
	at, line := 0, 1
	for _, s := range spans {
		b.WriteString(text[at:s.from])
		line += strings.Count(text[at:s.from], "\n")
		b.WriteString(s.quote + Token + s.quote)
		out.Places = append(out.Places, Place{line, s.path, text[s.from:s.to]})
		at = s.to
	}
	b.WriteString(text[at:])
	out.Shown = b.String()
	return out
}
