package settings

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the tables of docs/configuration.md anew")

// TestDocumentation keeps the tables of docs/configuration.md equal to the keys.
func TestDocumentation(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "configuration.md")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(raw), "\n## HTTP\n")
	if !found {
		t.Fatal("docs/configuration.md has no heading HTTP, where the tables begin")
	}
	want := head + tables()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Errorf("docs/configuration.md is behind; run `make fix` (-want +got):\n%s", diff)
	}
}

// TestChinese looks for a text of every key in the console's Chinese ones.
func TestChinese(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "ui", "src", "pages", "settings", "docs.zh.ts"))
	if err != nil {
		t.Fatal(err)
	}
	has := func(name string) bool {
		return strings.Contains(string(raw), "\n  '"+name+"': '") || strings.Contains(string(raw), "\n  "+name+": '")
	}
	s := Default()
	for _, sec := range s.sections() {
		if !has(sec.title) {
			t.Errorf("no text of the heading %s", sec.title)
		}
		for _, k := range sec.keys {
			if !k.quiet && !has(k.name) {
				t.Errorf("no text of %s: %s", k.name, k.doc)
			}
		}
	}
}

// tables lists every key with its default and its environment variables.
func tables() string {
	var b strings.Builder
	s := Default()
	for _, sec := range s.sections() {
		b.WriteString("\n## " + sec.title + "\n\n| key | default | environment | meaning |\n| --- | --- | --- | --- |\n")
		for _, k := range sec.keys {
			if !k.quiet {
				b.WriteString(row(k))
			}
		}
	}
	return b.String()
}

func row(k key) string {
	names := k.spellings()
	vars := []string{variable(k.name, "")}
	if k.flag != "" {
		names = append(names, "--"+k.flag)
		vars = append([]string{pharosPrefix + variable(k.flag, "_")}, vars...)
	}
	initial := ""
	if d := k.shown(); d != "" {
		initial = "`" + d + "`"
	}
	doc := k.doc
	if k.inert {
		doc = "*Without effect in this version:* " + doc
	}
	code := func(all []string) string { return "`" + strings.Join(all, "`<br>`") + "`" }
	return "| " + strings.Join([]string{
		code(names), initial, code(append(vars, k.env...)), doc + ". Allowed: " + k.value.Allowed(),
	}, " | ") + " |\n"
}
