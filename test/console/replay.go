// Package console replays against a server what the front-ends of Nacos send, as
// it was recorded from unmodified ones in a browser.
package console

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Request is one request of a front-end.
type Request struct {
	Step    string            `json:"step"`
	Method  string            `json:"method"`
	Path    string            `json:"path"` // below the context path
	Query   map[string]string `json:"query"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// Load reads a recording.
func Load(file string) ([]Request, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rec struct {
		Requests []Request `json:"requests"`
	}
	if err := json.Unmarshal(b, &rec); err != nil {
		return nil, err
	}
	out := rec.Requests[:0]
	for _, r := range rec.Requests {
		if r.Method != "" { // the rest are notes of the recorder
			out = append(out, r)
		}
	}
	return out, nil
}

// kind is what a request asks for: its method and path, and the parameters by
// which Nacos tells handlers of one path apart.
func (r *Request) kind() string {
	var k strings.Builder
	k.WriteString(r.Method + " " + r.Path)
	for _, p := range []string{"show", "beta", "search", "delType", "export", "exportV2", "import", "clone", "checkNamespaceIdExist", "nid"} {
		if v, ok := r.Query[p]; ok && v != "" && v != "false" {
			k.WriteString(" " + p)
		}
	}
	return k.String()
}

// Lacks is what an answer lacks of the fields that a page reads, "" for nothing.
// A field is a path: names and, of lists, numbers, with points between them.
func Lacks(answer any, fields []string) string {
	for _, f := range fields {
		if err := walk(answer, f); err != nil {
			return f + ": " + err.Error()
		}
	}
	return ""
}

func walk(v any, path string) error {
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[part]
			if !ok {
				return fmt.Errorf("there is no %s", part)
			}
			v = next
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(x) {
				return fmt.Errorf("there is no %s in a list of %d", part, len(x))
			}
			v = x[i]
		default:
			return fmt.Errorf("there is nothing in %v", v)
		}
	}
	return nil
}
