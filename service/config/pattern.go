package config

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// pattern is what LIKE makes of a text in which "%", and "*" where that is asked
// for, are any text, "_" is any letter, and "\" takes the meaning of what follows
// it. Letter case counts, as it does in Nacos's tables.
type pattern struct {
	pieces []piece // between what is any text
	buf    []byte
}

// piece is text that is looked for at one place.
type piece struct {
	text    []byte // of a piece without "_"
	letters []rune // of a piece with: -1 is any letter
}

const anyLetter = rune(-1)

func newPattern(s string, star bool) *pattern {
	p := &pattern{}
	var letters []rune
	escaped := false
	for _, r := range s {
		switch {
		case escaped:
			letters, escaped = append(letters, r), false
		case r == '\\':
			escaped = true
		case r == '%' || star && r == '*':
			p.pieces, letters = append(p.pieces, pieceOf(letters)), nil
		case r == '_':
			letters = append(letters, anyLetter)
		default:
			letters = append(letters, r)
		}
	}
	if escaped {
		letters = append(letters, '\\')
	}
	p.pieces = append(p.pieces, pieceOf(letters))
	return p
}

func pieceOf(letters []rune) piece {
	if slices.Contains(letters, anyLetter) {
		return piece{letters: letters}
	}
	return piece{text: []byte(string(letters))}
}

// match reports whether all of s is what the pattern says. A pattern is used by
// one goroutine at a time.
func (p *pattern) match(s string) bool {
	p.buf = append(p.buf[:0], s...)
	return p.matchBytes(p.buf)
}

func (p *pattern) matchBytes(s []byte) bool {
	first, last := &p.pieces[0], &p.pieces[len(p.pieces)-1]
	n, ok := first.begins(s)
	if !ok || len(p.pieces) == 1 {
		return ok && n == len(s)
	}
	s = s[n:]
	for i := 1; i < len(p.pieces)-1; i++ {
		end, ok := p.pieces[i].find(s)
		if !ok {
			return false
		}
		s = s[end:]
	}
	return last.ends(s)
}

// begins reports whether s begins with the piece, and how long it is there.
func (p *piece) begins(s []byte) (n int, ok bool) {
	if p.letters == nil {
		return len(p.text), bytes.HasPrefix(s, p.text)
	}
	for _, want := range p.letters {
		r, size := utf8.DecodeRune(s[n:])
		if size == 0 || want != anyLetter && r != want {
			return 0, false
		}
		n += size
	}
	return n, true
}

// find returns the end of the first place where the piece is.
func (p *piece) find(s []byte) (end int, ok bool) {
	if p.letters == nil {
		i := bytes.Index(s, p.text)
		return i + len(p.text), i >= 0
	}
	for at := 0; at < len(s); {
		if n, ok := p.begins(s[at:]); ok {
			return at + n, true
		}
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return 0, false
}

// ends reports whether s ends with the piece.
func (p *piece) ends(s []byte) bool {
	if p.letters == nil {
		return bytes.HasSuffix(s, p.text)
	}
	at := len(s)
	for range p.letters {
		_, size := utf8.DecodeLastRune(s[:at])
		if size == 0 {
			return false
		}
		at -= size
	}
	_, ok := p.begins(s[at:])
	return ok
}
