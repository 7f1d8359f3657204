package mask

import "strings"

// inMarkup finds the secrets of elements: what stands in one of such a name, and
// all of one that has an attribute which says such a name.
func (m *Masker) inMarkup(text string) []span {
	if !strings.Contains(text, "<") {
		return nil
	}
	var spans []span
	covered := 0 // whatever begins before it is hidden: a hostile text is not gone through again and again
	for _, at := range m.element.FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		if at[0] >= covered && m.word.MatchString(name) && text[at[1]-2] != '/' {
			covered = closing(text, at[1], name)
			spans = append(spans, span{from: at[1], to: covered, path: name})
		}
	}
	covered = 0
	for _, at := range m.tagged.FindAllStringSubmatchIndex(text, -1) {
		if at[0] < covered {
			continue
		}
		name, end := text[at[2]:at[3]], at[5]
		path := m.word.FindString(text[at[4]:at[5]])
		if text[end-1] == '/' {
			end--
		} else {
			covered = closing(text, at[1], name)
			spans = append(spans, span{from: at[1], to: covered, path: path})
		}
		spans = append(spans, span{from: at[4], to: end, path: path})
	}
	return spans
}

// closing is where the element ends that begins before from: at its end tag, or
// with the text where there is none. One of that name in it ends before it.
func closing(text string, from int, name string) int {
	at, depth := from, 1
	for {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return len(text)
		}
		i += at
		if at = i + len(name); at == len(text) || text[at] != '>' && text[at] != '/' && !isSpace(text[at]) {
			continue // of another name, or of none
		}
		switch {
		case text[i-2:i] == "</": // there are two letters before: those of the tag
			if depth--; depth == 0 {
				return i - 2
			}
		case text[i-1] == '<':
			if end := strings.IndexByte(text[at:], '>'); end < 0 || text[at+end-1] != '/' {
				depth++
			}
		}
	}
}
