package settings

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/magiconair/properties"
)

// maxFile bounds a properties file, in bytes; Nacos's own has fifteen thousand.
const maxFile = 1 << 20

// property is one line of a properties file: its value as written, escapes
// undone, placeholders not.
type property struct {
	key, value string
	line       int // where it begins, from 1
}

// parseProperties reads Java's properties format and keeps line numbers. The
// library does one logical line at a time, since it knows lines only in errors.
func parseProperties(raw []byte) ([]property, error) {
	if len(raw) > maxFile {
		return nil, fmt.Errorf("larger than %d bytes", maxFile)
	}
	loader := properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(raw) { // then it is what Java took all such files for
		loader.Encoding = properties.ISO_8859_1
	}
	var all []property
	for line, text := range logicalLines(string(raw)) {
		p, err := loader.LoadBytes([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("line %d: allowed is key=value with escapes such as \\n and \\u00e9", line)
		}
		for _, k := range p.Keys() {
			v, _ := p.Get(k)
			all = append(all, property{key: k, value: v, line: line})
		}
	}
	return all, nil
}

// logicalLines yields what is one entry, with the number of its first line:
// a backslash at the end of a line draws the next one in.
func logicalLines(s string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
		lines := strings.Split(s, "\n")
		for i := 0; i < len(lines); i++ {
			first := i
			switch head := strings.TrimLeft(lines[i], " \t\f"); {
			case head == "", head[0] == '#', head[0] == '!':
				continue
			}
			for goesOn(lines[i]) && i+1 < len(lines) {
				i++
			}
			if !yield(first+1, strings.Join(lines[first:i+1], "\n")) {
				return
			}
		}
	}
}

// goesOn says whether a line ends in a backslash that is not itself escaped.
func goesOn(line string) bool {
	n := len(line) - len(strings.TrimRight(line, `\`))
	return n%2 == 1
}
