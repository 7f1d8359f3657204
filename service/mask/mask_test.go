package mask

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func masker(tb testing.TB) *Masker {
	tb.Helper()
	m, err := New(DefaultKeys())
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// TestHide is what becomes of texts whose formats are plain to see, to the letter.
func TestHide(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, want string
		paths      []string
	}{
		"nothing":      {"a: 1\nb: two\n", "a: 1\nb: two\n", nil},
		"empty values": {"password:\ntoken=\nuser: me\n", "password:\ntoken=\nuser: me\n", nil},
		"yaml": {
			"db:\n  user: app\n  password: hunter2\nport: 1\n", "db:\n  user: app\n  password: ___MASKED___\nport: 1\n",
			[]string{"db.password"},
		},
		"yaml, quoted": {"db:\n  password: \"a b\"\n  host: h\n", "db:\n  password: \"___MASKED___\"\n  host: h\n", []string{"db.password"}},
		"yaml, a block": {
			"key:\n  private-key: |\n    line one\n\n    line two\n  user: me\n", "key:\n  private-key: ___MASKED___\n  user: me\n",
			[]string{"key.private-key"},
		},
		"yaml, all below": {"credentials:\n  user: a\n# why\n  pin: 7\nother: x\n", "credentials:\n  ___MASKED___\nother: x\n", []string{"credentials"}},
		"yaml, a list":    {"tokens:\n- one\n- two\nother: x\n", "tokens:\n___MASKED___\nother: x\n", []string{"tokens"}},
		"yaml, in a list": {"users:\n- name: a\n  password: b\n  role: c\n", "users:\n- name: a\n  password: ___MASKED___\n  role: c\n", []string{"users.password"}},
		"properties": {
			"spring.datasource.password=a=b c\nspring.name=x\n", "spring.datasource.password=___MASKED___\nspring.name=x\n",
			[]string{"spring.datasource.password"},
		},
		"properties, continued": {"jwt.secret = one \\\n  two \\\nthree\nnext=1\n", "jwt.secret = ___MASKED___\nnext=1\n", []string{"jwt.secret"}},
		"properties, spaces":    {"password hunter2\nuser me\n", "password ___MASKED___\nuser me\n", []string{"password"}},
		"a comment":             {"# password=old\na=1\n", "# password=___MASKED___\na=1\n", []string{"password"}},
		"json": {
			`{"a":{"apiKey":"k","port":1},"tokens":["x","y"],"secret":null}`, `{"a":{"apiKey":"___MASKED___","port":1},"tokens":"___MASKED___","secret":null}`,
			[]string{"a.apiKey", "tokens"},
		},
		"json, a number":   {`{"access_key":12345,"b":2}`, `{"access_key":"___MASKED___","b":2}`, []string{"access_key"}},
		"json, an object":  {`{"credentials":{"user":"a","x":[{}]},"b":{"c":2}}`, `{"credentials":"___MASKED___","b":{"c":2}}`, []string{"credentials"}},
		"json, escaped":    {`{"pass\u0077ord":"x","b":2}`, `{"pass\u0077ord":"___MASKED___","b":2}`, []string{"password"}},
		"json, text in it": {`{"dsn":"host=h password=x","b":2}`, `{"dsn":"___MASKED___","b":2}`, []string{"dsn"}},
		"json, named":      {`[{"name":"DB_PASSWORD","value":"x"},{"name":"HOST","value":"h"}]`, `[{"name":"DB_PASSWORD","value":"___MASKED___"},{"name":"HOST","value":"h"}]`, []string{"value"}},
		"toml":             {"[db]\npassword = \"x\"\nport = 1\n", "[db]\npassword = \"___MASKED___\"\nport = 1\n", []string{"password"}},
		"toml, a section":  {"[app.credentials]\nuser = \"a\"\npin = 7\n[db]\nport = 1\n", "[app.credentials]\n___MASKED___\n[db]\nport = 1\n", []string{"app.credentials"}},
		"xml":              {"<a><password>x y</password><b>u</b></a>", "<a><password>___MASKED___</password><b>u</b></a>", []string{"password"}},
		"kubernetes":       {"env:\n- name: DB_PASSWORD\n  value: x\n- name: HOST\n  value: h\n", "env:\n- name: DB_PASSWORD\n  value: ___MASKED___\n- name: HOST\n  value: h\n", []string{"env.PASSWORD"}},
		"an armoured key":  {"a=1\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb=2\n", "a=1\n___MASKED___\nb=2\n", []string{"private key"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := masker(t).Hide(c.text)
			if d := cmp.Diff(c.want, got.Shown); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			var paths []string
			for _, p := range got.Places {
				paths = append(paths, p.Path)
				if !strings.Contains(strings.Split(got.Shown, "\n")[p.Line-1], Token) {
					t.Errorf("%+v is not in its line", p)
				}
			}
			if d := cmp.Diff(c.paths, paths); d != "" {
				t.Errorf("paths: -want +got\n%s", d)
			}
		})
	}
}

// TestNothingLeaks is texts that are hard to read: whatever else is hidden with
// them, no part of a secret is shown.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a quoted text over lines":            "password: \"LEAK\nLEAK\n  LEAK\"\nuser: me\n",
		"a single quoted one":                 "a:\n  password: 'LEAK\n\n  it''s LEAK'\n",
		"a plain one over lines":              "a:\n  password: LEAK\n    LEAK\n\n    LEAK\n  b: 1\n",
		"a tag before a block":                "password: !!binary |\n  LEAK\n  LEAK\n",
		"an anchor before a block":            "password: &x >-\n  LEAK\n  LEAK\n",
		"behind an alias":                     "base: &pw LEAK\ndb:\n  password: *pw\n",
		"all behind an alias":                 "base: &pw\n  a: LEAK\n  b: [LEAK]\ndb:\n  credentials: *pw\n",
		"an explicit key":                     "? password\n: LEAK\n",
		"an explicit key, deeper":             "a:\n  ? password\n  : |\n    LEAK\n    LEAK\n",
		"an escaped key":                      "\"pass\\u0077ord\": LEAK\n",
		"an escaped key of properties":        "pass\\u0077ord=LEAK\n",
		"a key with a needless backslash":     "pass\\word=LEAK\n",
		"a flow mapping":                      "db: {user: a, password: LEAK, x: LEAK}\n",
		"a flow mapping over lines":           "db: {\n  user: a,\n  password: LEAK\n  LEAK,\n x: 1}\n",
		"a flow value in the next line":       "db: {\n  user: a,\n  password:\nLEAK, x: 1}\n",
		"a flow list":                         "tokens: [\n  LEAK,\n LEAK\n]\nx: 1\n",
		"the value comes first":               "env:\n- value: LEAK\n  name: API_TOKEN\n",
		"named in one line":                   "env: [{name: API_TOKEN, value: LEAK}]\n",
		"named, with a block":                 "env:\n- name: API_TOKEN\n  value: |\n    LEAK\n    LEAK\n",
		"json with comments":                  "{\n  // why\n  \"password\": \"LEAK\",\n  \"a\": {\"token\":\n\"LEAK\"}\n}\n",
		"json with a comma too much":          "{\"password\": \"LEAK\", \"b\": 2,}\n",
		"json lines":                          "{\"password\":\"LEAK\"}\n{\"b\":{\"token\":[\"LEAK\"]}}\n",
		"json in json":                        `{"a":"{\"password\":\"LEAK\"}"}`,
		"json in properties":                  "a={\"password\":\"LEAK\"}\n",
		"a url with parameters":               "url=jdbc:mysql://h/d?user=a&password=LEAK&ssl=true\n",
		"toml, three quotes":                  "secret = \"\"\"\nLEAK\nLEAK \"quoted\" LEAK\n\"\"\"\nx = 1\n",
		"toml, three single quotes":           "secret = '''LEAK\nLEAK'''\nx = 1\n",
		"toml, a list over lines":             "tokens = [\n\"LEAK\",\n\"LEAK\",\n]\nx = 1\n",
		"toml, an inline table":               "db = { user = \"a\", password = \"LEAK\" }\n",
		"toml, lists in a section":            "[credentials]\na = [\n[1, 2],\n[\"LEAK\"],\n]\nb = \"LEAK\"\n",
		"properties, a backslash at its end":  "password=LEAK\\\nLEAK\\\n\\\nLEAK\n",
		"properties, Windows":                 "password=LEAK\\\r\nLEAK\r\nuser=me\r\n",
		"properties, no value at first":       "password=\\\nLEAK\\\nLEAK\n",
		"properties, a colon":                 "password : LEAK\ntoken\tLEAK\n",
		"environment":                         "export API_KEY='LEAK\nLEAK'\nA=1\n",
		"a here-document":                     "token = <<EOF\nLEAK\n  LEAK\nEOF\nx = 1\n",
		"a quote that never ends":             "password: \"LEAK\nLEAK: LEAK\nLEAK\n",
		"a bracket that never ends":           "password: [LEAK\nLEAK: LEAK\n",
		"an element over lines":               "<a>\n<password>\nLEAK\n  LEAK\n</password>\n<b/></a>",
		"elements of like names":              "<password><password-hint>LEAK</password-hint>LEAK</password>",
		"elements of one name":                "<secret><secret>LEAK</secret>LEAK</secret>",
		"an element without an end":           "<password>LEAK\nLEAK",
		"an attribute":                        "<db user=\"a\" password=\"LEAK\"/>",
		"an attribute says it":                "<property name=\"db.password\" value=\"LEAK\"/><x/>",
		"an attribute says it afterwards":     "<add value=\"LEAK\" key=\"Password\"/>",
		"an attribute says it of what is in":  "<entry key=\"password\">\n LEAK\n</entry>",
		"an armoured key in a block":          "tls:\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    LEAK\n    -----END PRIVATE KEY-----\n",
		"an armoured key without an end":      "-----BEGIN EC PRIVATE KEY-----\nLEAK\nLEAK\n",
		"words with signs between":            "Access-Key=LEAK\napi_key=LEAK\nprivate.key=LEAK\nPass Word: LEAK\n",
		"an index":                            "passwords[0]=LEAK\npasswords[1].value=LEAK\n",
		"two documents":                       "a: 1\n---\nb: &x LEAK\nc: {token: *x}\n",
		"tabs":                                "\"password\"\t:\t\"LEAK\"\n",
		"old Macintosh":                       "password=LEAK\rLEAK\rLEAK",
		"lua":                                 "local password = \"LEAK\"\nreturn { token = 'LEAK' }\n",
		"an arrow":                            "'password' => 'LEAK',\n",
		"comments among what is below a name": "secret:\n  a: LEAK\n# outside\n\n  b: LEAK\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := masker(t).Hide(text); strings.Contains(got.Shown, "LEAK") || len(got.Places) == 0 {
				t.Errorf("%q is shown as %q", text, got.Shown)
			}
		})
	}
}

// TestTooMuchIsNotHidden is what has to be seen beside secrets.
func TestTooMuchIsNotHidden(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"password: x # don't\nSEEN: 1\n", "a: [1, 2]\npassword: p@ss(word\nSEEN: 1\n", "password: x\n\n# SEEN\nb: 1\n",
		"name: token-service\nSEEN: 1\nb: SEEN\n", "spring.application.name=token-service\nSEEN=1\n", "a:\n- token: x\n  SEEN: 1\n- b: SEEN\n",
		"db {\n  password = x\n  SEEN = 1\n}\n", "passwords=[\n'a',\n]\nSEEN=1\n", "password=it's\nSEEN=1\n",
	} {
		got := masker(t).Hide(text).Shown
		if strings.Count(got, "SEEN") != strings.Count(text, "SEEN") || !strings.Contains(got, Token) && strings.Contains(text, "x") {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{
		"none": nil, "short": {"pw"}, "long": {strings.Repeat("x", 65)}, "a pattern": {"pass.*"}, "many": slices.Repeat([]string{"word"}, MaxKeys+1), "spaces": {"   "},
	} {
		if _, err := New(keys); err == nil {
			t.Errorf("%s: is taken", name)
		}
	}
	m, err := New([]string{"Kenn-Wort", "密码词"})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Hide("kennwort: a\nmy_密码词: b\npassword: c\n").Shown; got != "kennwort: ___MASKED___\nmy_密码词: ___MASKED___\npassword: c\n" {
		t.Error(got)
	}
}

// FuzzHide: no text is too strange, and each secret has its token in its line.
func FuzzHide(f *testing.F) {
	for _, s := range []string{
		"password: |\n  x\n", `{"token":[{"a":"b"}]}`, "<password>x</password>", "[secret]\na=1\n", "? password\n: x", "token=<<E\nx\nE\n", "a: &x 1\npassword: *x",
		"-----BEGIN PRIVATE KEY-----", "password=\\\n", "name: token\nvalue: x", "password ", "\"pass\\u0077ord\": 'x", "{password: x\ny, b: [}",
	} {
		f.Add(s)
	}
	m := masker(f)
	f.Fuzz(func(t *testing.T, text string) {
		got := m.Hide(text)
		if n := strings.Count(got.Shown, Token) - strings.Count(text, Token); !Holds(text) && n != len(got.Places) {
			t.Errorf("%d tokens for %d secrets", n, len(got.Places))
		}
		lines := strings.Split(got.Shown, "\n")
		for _, p := range got.Places {
			if !strings.Contains(lines[p.Line-1], Token) || p.Value == "" {
				t.Errorf("%+v is not in its line of %q", p, got.Shown)
			}
		}
	})
}

// FuzzWritten: a secret that a program has written as YAML or JSON is not shown,
// whatever is in it.
func FuzzWritten(f *testing.F) {
	for _, s := range []string{"hunter2", "two\nlines", "a: b\n# c", "  indented\n\nand not", "quote \" and ' and `", "- dash\n- dash", "trailing\n\n", "tab\tbed", "[open", "{\"a\":1}", "\\"} {
		f.Add(s)
	}
	m := masker(f)
	f.Fuzz(func(t *testing.T, secret string) {
		const sign = "QzQ"
		lines := strings.Split(strings.ToValidUTF8(secret, "?"), "\n")
		for i := range lines {
			lines[i] += sign // each line of it can be told
		}
		v := map[string]any{"a": 1, "db": map[string]any{"host": "h", "password": strings.Join(lines, "\n"), "user": "u"}, "list": []any{map[string]any{"token": strings.Join(lines, "\n")}}, "z": "end"}
		y, err := yaml.Marshal(v)
		if err != nil {
			t.Skip(err)
		}
		j, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			t.Skip(err)
		}
		for _, text := range []string{string(y), string(j)} {
			if got := m.Hide(text).Shown; strings.Contains(got, sign) || !strings.Contains(got, "host") {
				t.Errorf("%q is shown as %q", text, got)
			}
		}
	})
}

func BenchmarkHide(b *testing.B) {
	m := masker(b)
	var text strings.Builder
	for i := range 500 {
		text.WriteString("section" + strings.Repeat("x", i%7) + ":\n  host: example.com\n  password: hunter2\n  port: 8080\n")
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Hide(text.String())
	}
}
