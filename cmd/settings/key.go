package settings

import (
	"slices"
	"strings"
)

// key is one thing that an operator can set, bound to its field.
type key struct {
	name    string   // as in a Nacos file; pharos.* where Nacos has none
	aliases []string // other spellings in a file, which the name outranks
	env     []string // variables of the Nacos container image
	flag    string   // long flag, without its dashes
	short   string   // one-letter flag
	doc     string   // one line for docs/configuration.md
	secret  bool     // never shown
	masked  bool     // shown without the secrets that can be inside
	exact   bool     // no other spelling means it
	quiet   bool     // shown only when set
	inert   bool     // taken, and without effect in this version
	lazy    bool     // read only with an external database, so a broken one may stand
	value   value
}

// spellings are the names under which the key may stand in a file, best first.
func (k key) spellings() []string { return append([]string{k.name}, k.aliases...) }

// variables are the environment variables that Spring would read for the key,
// best first: dashes dropped is its rule, dashes as _ is read by it too.
func (k key) variables() []string {
	var all []string
	for _, s := range k.spellings() {
		for _, v := range []string{variable(s, ""), variable(s, "_")} {
			if !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// shown is the value as an operator may see it.
func (k key) shown() string {
	s := k.value.String()
	switch {
	case s == "":
		return ""
	case k.secret:
		return "******"
	case k.masked:
		return maskURL(s)
	default:
		return s
	}
}

// quoted is a refused value as an operator may see it.
func (k key) quoted(raw string) string {
	if k.secret || k.masked {
		return "(not shown)"
	}
	const most = 80
	if len(raw) > most {
		raw = raw[:most] + "…"
	}
	return `"` + oneLine(raw) + `"`
}

// variable is Spring's rule from a key to an environment variable.
func variable(name, dash string) string {
	r := strings.NewReplacer(".", "_", "-", dash, "[", "_", "]", "")
	return strings.ToUpper(r.Replace(name))
}

// relaxed is the form in which spellings of one key are equal.
func relaxed(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "-", ""))
}

// maskURL hides the passwords that a JDBC URL can carry.
func maskURL(raw string) string {
	head, query, found := strings.Cut(raw, "?")
	if at := strings.LastIndexByte(head, '@'); at >= 0 {
		if slashes := strings.Index(head, "//"); slashes >= 0 && slashes < at {
			head = head[:slashes+2] + "******" + head[at:]
		}
	}
	if !found {
		return head
	}
	params := strings.Split(query, "&")
	for i, p := range params {
		name, _, _ := strings.Cut(p, "=")
		if strings.Contains(strings.ToLower(name), "password") {
			params[i] = name + "=******"
		}
	}
	return head + "?" + strings.Join(params, "&")
}

// oneLine keeps a value from breaking a message into several lines.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
