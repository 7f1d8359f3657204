package keypaths_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/keypaths"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		format, before, after string
		want                  keypaths.Changes
	}{
		"properties": {
			"properties", "a=1\nb : 2\nc 3\n# d=4\nlong=x\\\n  y\n", "b=2\r\n\r\n! e\na = 9\nlong=xy\nnew\n",
			keypaths.Changes{Added: []string{"new"}, Removed: []string{"c"}, Changed: []string{"a"}},
		},
		"an escaped separator":           {"properties", `a\=b=1`, `a\=b = 1`, keypaths.Changes{}},
		"a backslash at the end":         {"properties", "a=\\\\\nb=1", "a=\\\\\nb=2", keypaths.Changes{Changed: []string{"b"}}},
		"a line that goes on to the end": {"properties", "a=1\\", "a=1", keypaths.Changes{}},
		"json": {
			"json", `{"a":{"b":1,"c":[1,2]},"d":null,"e":{}}`, `{"d":null, "a":{"c":[1,3,4],"b":"1"},"e":[]}`,
			keypaths.Changes{Added: []string{"a.c[2]"}, Changed: []string{"a.b", "a.c[1]", "e"}},
		},
		"the order is none of json's": {"json", `{"a":1,"b":2}`, "{\n\"b\": 2, \"a\": 1}", keypaths.Changes{}},
		"yaml": {
			"yaml", "server:\n  port: 1 # old\n  host: h\nlist:\n- a\n", "list: [a, b]\nserver: {port: 2}\n",
			keypaths.Changes{Added: []string{"list[1]"}, Removed: []string{"server.host"}, Changed: []string{"server.port"}},
		},
		"a text is no number":  {"yaml", "a: 1", `a: "1"`, keypaths.Changes{Changed: []string{"a"}}},
		"several documents":    {"yaml", "a: 1\n---\na: 2\n", "a: 1\n---\na: 3\n", keypaths.Changes{Changed: []string{"#2.a"}}},
		"an alias is a value":  {"yaml", "a: &x {b: 1}\nc: *x\n", "a: &x {b: 2}\nc: *x\n", keypaths.Changes{Changed: []string{"a.b"}}},
		"an alias to itself":   {"yaml", "a: &x [*x]\n", "a: &x [*x]\nb: 1\n", keypaths.Changes{Added: []string{"b"}}},
		"nothing in a text":    {"yaml", "# empty\n", "a: 1\n", keypaths.Changes{Added: []string{"a"}}},
		"what is empty counts": {"json", `{"a":[]}`, `{"a":[1]}`, keypaths.Changes{Added: []string{"a[0]"}, Removed: []string{"a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := keypaths.Compare(c.format, c.before, c.after)
			if d := cmp.Diff(c.want, got); err != nil || d != "" {
				t.Errorf("%v, -want +got\n%s", err, d)
			}
		})
	}
}

func TestUnread(t *testing.T) {
	t.Parallel()
	many := strings.Builder{}
	for i := range keypaths.MaxKeys + 1 {
		many.WriteString("k" + strconv.Itoa(i) + "=1\n")
	}
	for name, c := range map[string]struct{ format, text string }{
		"another format":  {"xml", "<a/>"},
		"broken yaml":     {"yaml", "a: [1"},
		"only words":      {"yaml", "these are words"},
		"broken json":     {"json", `{"a":1`},
		"two jsons":       {"json", `{} {}`},
		"too deep":        {"json", strings.Repeat("[", 200) + strings.Repeat("]", 200)},
		"too deep yaml":   {"yaml", "a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200)},
		"too long":        {"properties", strings.Repeat("a", keypaths.MaxText+1)},
		"too long a path": {"properties", strings.Repeat("a", 2000) + "=1"},
		"too many keys":   {"properties", many.String()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := keypaths.Compare(c.format, c.text, ""); !errors.Is(err, keypaths.ErrUnread) {
				t.Errorf("read: %v", err)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, name, want string }{
		{"yaml", "a.json", "yaml"}, {"text", "a.yml", "yaml"}, {"", "a.properties", "properties"}, {"TEXT", "a.JSON", "json"}, {"xml", "a.yaml", ""}, {"text", "plain", ""}, {"", "", ""},
	} {
		if got := keypaths.Format(c.kind, c.name); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.kind, c.name, got, c.want)
		}
	}
}

// FuzzCompare: whatever it is, a text equals itself.
func FuzzCompare(f *testing.F) {
	for _, s := range []string{"a: 1\n---\nb: [1, {c: *x}]", "a=1\\\nb", `{"a":[{},[]]}`, "? a\n: &x b\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []string{"properties", "json", "yaml"} {
			c, err := keypaths.Compare(format, text, text)
			if err == nil && !c.None() {
				t.Errorf("%s of %q: %+v", format, text, c)
			}
		}
	})
}
