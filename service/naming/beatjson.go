package naming

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// BeatInfo is what a full beat says of its instance. Its strings may point into
// the text it was read from.
type BeatInfo struct {
	IP, Cluster, ServiceName string
	Port                     int
	Weight                   float64
	Ephemeral                bool

	rawMeta string // the metadata member as JSON: an object of scalars, or ""
}

// Metadata is the metadata of the instance as the beat has it: a JSON object, or
// nothing.
func (i *BeatInfo) Metadata() string { return i.rawMeta }

var errBeat = errors.New("the beat is not a JSON object of the known members")

// ParseBeat reads the beat parameter: one JSON object, of which it looks at a few
// members. It makes no copy of a text that has no escapes in it.
func ParseBeat(s string) (BeatInfo, error) {
	i := BeatInfo{Ephemeral: true}
	p := beatParser{s: s}
	for more := p.open(); more; more = p.next() {
		if !i.set(p.name, p.raw) {
			return BeatInfo{}, errBeat
		}
	}
	if !p.whole {
		return BeatInfo{}, errBeat
	}
	return i, nil
}

// beatParser walks over the members of a JSON object. Values that are of no
// interest are checked by encoding/json, so what is accepted is JSON.
type beatParser struct {
	s string
	i int

	name, raw string // the member that it stands at
	whole     bool   // the object has ended, and the text with it
}

// blank reports whether JSON has c between its parts.
func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (p *beatParser) space() {
	for p.i < len(p.s) && p.s[p.i] <= ' ' && blank(p.s[p.i]) {
		p.i++
	}
}

// eat skips white space and takes c if it is next.
func (p *beatParser) eat(c byte) bool {
	p.space()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// open takes the beginning of an object, which is all there is, and its first
// member; next takes the following one. They report false where there is none, or
// where it is no JSON: then whole is not set.
func (p *beatParser) open() bool {
	switch {
	case !p.eat('{'):
		return false
	case p.eat('}'):
		return p.close()
	default:
		return p.member()
	}
}

func (p *beatParser) next() bool {
	switch {
	case p.eat(','):
		return p.member()
	case p.eat('}'):
		return p.close()
	default:
		return false
	}
}

func (p *beatParser) close() bool {
	p.space()
	p.whole = p.i == len(p.s)
	return false
}

func (p *beatParser) member() bool {
	p.space()
	var ok bool
	if p.name, ok = p.text(); !ok || !p.eat(':') {
		return false
	}
	p.raw, ok = p.value()
	return ok
}

// text takes a JSON string and returns what it says.
func (p *beatParser) text() (string, bool) {
	raw, ok := p.quoted()
	if !ok {
		return "", false
	}
	return unquote(raw)
}

// plain reports whether a JSON string says what it looks like.
func plain(raw string) bool {
	for i := range len(raw) {
		if raw[i] == '\\' || raw[i] < ' ' {
			return false
		}
	}
	return true
}

func unquote(raw string) (string, bool) {
	if plain(raw) {
		return raw[1 : len(raw)-1], true
	}
	var s string
	err := json.Unmarshal([]byte(raw), &s)
	return s, err == nil
}

// quoted takes a JSON string and returns it with its quotes.
func (p *beatParser) quoted() (string, bool) {
	start := p.i
	if p.i >= len(p.s) || p.s[p.i] != '"' {
		return "", false
	}
	for p.i++; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '\\':
			p.i++
		case '"':
			p.i++
			return p.s[start:p.i], true
		}
	}
	return "", false
}

// value takes any JSON value and returns it as it stands.
func (p *beatParser) value() (string, bool) {
	p.space()
	if p.i >= len(p.s) {
		return "", false
	}
	start := p.i
	switch p.s[p.i] {
	case '"':
		raw, ok := p.quoted()
		return raw, ok && (plain(raw) || json.Valid([]byte(raw)))
	case '{', '[':
		if !p.nested() {
			return "", false
		}
		raw := p.s[start:p.i]
		return raw, raw == "{}" || json.Valid([]byte(raw))
	}
	for p.i < len(p.s) {
		if c := p.s[p.i]; c == ',' || c == '}' || c == ']' || blank(c) {
			break
		}
		p.i++
	}
	raw := p.s[start:p.i]
	switch raw {
	case "true", "false", "null":
		return raw, true
	}
	return raw, number(raw)
}

// nested takes an object or an array by counting brackets outside of strings.
func (p *beatParser) nested() bool {
	depth := 0
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case '"':
			if _, ok := p.quoted(); !ok {
				return false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		p.i++
		if depth == 0 {
			return true
		}
	}
	return false
}

// number reports whether s is a JSON number.
func number(s string) bool {
	whole := digits(s) && (len(s) == 1 || s[0] != '0')
	return whole || json.Valid([]byte(s))
}

// set takes over one member; what is not known is ignored, and a null is as good
// as nothing. Numbers and booleans may come as texts, as Jackson allows.
func (i *BeatInfo) set(name, raw string) bool {
	if raw == "null" {
		return true
	}
	switch name {
	case "ip":
		return scalar(raw, &i.IP)
	case "cluster":
		return scalar(raw, &i.Cluster)
	case "serviceName":
		return scalar(raw, &i.ServiceName)
	case "metadata":
		i.rawMeta = raw
		return flat(raw)
	case "port", "weight", "ephemeral":
		return i.setNumber(name, raw)
	}
	return true
}

func (i *BeatInfo) setNumber(name, raw string) bool {
	var s string
	if !scalar(raw, &s) {
		return false
	}
	s = strings.TrimSpace(s)
	var err error
	switch name {
	case "port":
		i.Port, err = strconv.Atoi(s)
	case "weight":
		if s == "1.0" { // what nearly all have
			i.Weight = 1
			return true
		}
		i.Weight, err = strconv.ParseFloat(s, 64)
	default:
		i.Ephemeral, err = strconv.ParseBool(s)
	}
	return err == nil
}

// flat reports whether raw is an object of scalars.
func flat(raw string) bool {
	if raw == "{}" {
		return true
	}
	p := beatParser{s: raw}
	for more := p.open(); more; more = p.next() {
		if p.raw[0] == '{' || p.raw[0] == '[' {
			return false
		}
	}
	return p.whole
}

// scalar reads a value that is no object and no array as a text.
func scalar(raw string, out *string) bool {
	switch raw[0] {
	case '{', '[':
		return false
	case '"':
		var ok bool
		*out, ok = unquote(raw)
		return ok
	}
	*out = raw
	return true
}
