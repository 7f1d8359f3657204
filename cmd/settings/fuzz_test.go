package settings

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/magiconair/properties"
)

// FuzzProperties checks that reading line by line finds the same entries as the
// library does in the whole file, and that line numbers are those of the file.
func FuzzProperties(f *testing.F) {
	for _, s := range []string{
		"a=b\n# c\n! d\nkey with\\ space : v\n", "a=b\\\n  c\n", "a=\\\\\nb=c", "\\u00e9=\\t\\n", "a\r\nb\rc=d",
		"=v", "a=${b:c}", "server.port 8848", "a=b\\", "\ta=1\f\n", "a=1\na=2\n", "\xef\xbb\xbfa=b", "a=\xe9", "#x\\\na=b", "\\", "a=\\\n\nb=1", "a=\\\n#b\nc=d",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		props, err := parseProperties(raw)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		lines := 1 + strings.Count(strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\r", "\n"), "\n")
		got := map[string]string{}
		last := 0
		for _, p := range props {
			if p.line < last || p.line > lines {
				t.Errorf("entry %q in line %d after one in line %d, of %d lines", p.key, p.line, last, lines)
			}
			last = p.line
			got[p.key] = p.value
		}
		// Continued lines differ where the library and Java differ: the library
		// sees comments and blank lines inside them another way.
		if !utf8.Valid(raw) || strings.Contains(string(raw), `\`) {
			return
		}
		whole, err := (&properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}).LoadBytes([]byte(strings.TrimPrefix(string(raw), "\xef\xbb\xbf")))
		if err != nil {
			t.Fatalf("read by line, but not as a whole: %v", err)
		}
		if diff := cmp.Diff(whole.Map(), got); diff != "" {
			t.Errorf("(-whole +lines):\n%s", diff)
		}
	})
}

// FuzzExpand checks that an expansion ends, keeps its bounds, and leaves no
// placeholder that has a value.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{
		"${a}", "${a:b}", "${a:${b:c}}", "${a${b}}", "x${", "}", "${}", "${:}", "${self}", "${left}", "a{b}${a:{x}}", "${twice}${twice}", "${a:http://h:1/}",
	} {
		f.Add(s, "value")
	}
	f.Fuzz(func(t *testing.T, s, v string) {
		values := map[string]string{"a": v, "self": "${self}", "left": "${right}", "right": "${left}", "twice": "${a}${a}"}
		got, err := expand(s, func(name string) (string, bool) { val, ok := values[name]; return val, ok })
		switch {
		case errors.Is(err, errUnresolved), errors.Is(err, errTooDeep):
		case err != nil:
			t.Fatalf("an error that nobody knows: %v", err)
		case len(got) > maxExpanded:
			t.Fatalf("%d bytes of %d", len(got), maxExpanded)
		case !strings.Contains(s, "${") && got != s:
			t.Fatalf("%q became %q", s, got)
		}
	})
}

func TestExpand(t *testing.T) {
	values := map[string]string{
		"host": "db.local", "PORT": "3306", "which": "host", "empty": "", "nested": "${host}:${PORT:1}",
		"double": strings.Repeat("${quad}", 64), "quad": strings.Repeat("x", 2048),
	}
	for i := range 30 {
		next := "${b" + strconv.Itoa(i+1) + ":}"
		values["b"+strconv.Itoa(i)] = next + next
	}
	lookup := func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	for _, tt := range []struct {
		in, want string
		err      error
	}{
		{in: "plain", want: "plain"},
		{in: "jdbc:mysql://${host}:${PORT:1}/d?x=${none:a&b:c}", want: "jdbc:mysql://db.local:3306/d?x=a&b:c"},
		{in: "${none:${host}}", want: "db.local"},
		{in: "${${which}}", want: "db.local"},
		{in: "${nested}", want: "db.local:3306"},
		{in: "[${empty:x}]", want: "[]"}, // set to nothing is set
		{in: "[${none:}]", want: "[]"},
		{in: "${host", want: "${host"},
		{in: "a}b{c", want: "a}b{c"},
		{in: "$host $ {host}", want: "$host $ {host}"},
		{in: "cn={0},${none:ou={1}}", want: "cn={0},ou={1}"},
		{in: "${none}", err: errUnresolved},
		{in: "${double}", err: errTooDeep},
		{in: "${b0}", err: errTooDeep}, // two to the thirtieth of nothing
	} {
		got, err := expand(tt.in, lookup)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("expand(%q) = %q, %v; want %q, %v", tt.in, got, err, tt.want, tt.err)
		}
	}
}

func TestMaskURL(t *testing.T) {
	for in, want := range map[string]string{
		"jdbc:mysql://h:1/d?user=u&password=p&useSSL=false": "jdbc:mysql://h:1/d?user=u&password=******&useSSL=false",
		"jdbc:mysql://u:p@h:1/d":                            "jdbc:mysql://******@h:1/d",
		"jdbc:mysql://u:p@x@h:1/d?trustStorePassword=s":     "jdbc:mysql://******@h:1/d?trustStorePassword=******",
		"jdbc:mysql://h/d":                                  "jdbc:mysql://h/d",
	} {
		if got := maskURL(in); got != want {
			t.Errorf("maskURL(%q) = %q, want %q", in, got, want)
		}
	}
}
