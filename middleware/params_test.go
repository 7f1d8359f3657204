package middleware

import (
	"net/url"
	"strings"
	"testing"
)

// The one pass decodes what net/url does.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"", "abc", "a+b", "%41%6a", "%", "%4", "%zz", "a%2Bb+c", "%E4%BD%A0", "+%", "%+1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := unescape(s)
		want, err := url.QueryUnescape(s)
		if ok != (err == nil) || ok && got != want {
			t.Errorf("%q: %q, %v, want %q, %v", s, got, ok, want, err)
		}
	})
}

// A form is read as net/url reads it, but that pairs which do not decode are
// left out, ';' is no separator, and the first of a name counts.
func FuzzForm(f *testing.F) {
	for _, s := range []string{"", "a=1&b=2", "a=1&a=2", "a", "=x", "&&", "a=%zz&b=1", "a=b=c", "a=1;b=2", "%61=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var p Params
		if err := p.scan(s); err != nil {
			if strings.Count(s, "&") < MaxParams {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if strings.Contains(s, ";") {
			return // net/url refuses it
		}
		want, _ := url.ParseQuery(s) // what decodes
		for name, values := range want {
			if got, ok := p.Lookup(name); !ok || got != values[0] {
				t.Errorf("%q: %s is %q, %v, want %q", s, name, got, ok, values[0])
			}
		}
		p.Each(func(name, _ string) {
			if _, ok := want[name]; !ok {
				t.Errorf("%q: %q is made up", s, name)
			}
		})
	})
}
