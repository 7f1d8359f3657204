package controller

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/config"
)

func TestParseListening(t *testing.T) {
	key := func(id, group, ns string) config.Key { return config.Key{Tenant: ns, Group: group, DataID: id} }
	for _, c := range []struct {
		in   string
		want []interest
		err  string
	}{
		{in: "a\x02g\x02m\x01", want: []interest{{key("a", "g", ""), "m"}}},
		{in: "a\x02g\x02\x01", want: []interest{{key("a", "g", ""), ""}}},
		{in: "a\x02g\x02m\x02ns\x01b\x02g\x02\x02ns\x01", want: []interest{{key("a", "g", "ns"), "m"}, {key("b", "g", "ns"), ""}}},
		{in: "a\x02g\x02m\x02public\x01", want: []interest{{key("a", "g", ""), "m"}}},
		{in: "a\x02g\x02m\x01a\x02g\x02n\x01", want: []interest{{key("a", "g", ""), "n"}}},
		{in: "a\x02g\x02m\x01b\x02g\x02m", want: []interest{{key("a", "g", ""), "m"}}},
		{in: "a\x02g\x02m", want: nil},
		{in: "a%2Db%02g%02m%01", want: []interest{{key("a-b", "g", ""), "m"}}},
		{in: "", err: "invalid probeModify"},
		{in: " ", err: "invalid probeModify"},
		{in: "\x01", err: "invalid probeModify"},
		{in: "a\x02g\x01", err: "invalid probeModify"},
		{in: "a\x01", err: "invalid probeModify"},
		{in: "a\x02g\x02m\x02n\x02x\x01", err: "invalid probeModify"},
		{in: "a%zz\x02g\x02m\x01", err: `URLDecoder: Illegal hex characters in escape (%) pattern - Error at index 0 in: "zz"`},
		{in: "a\x02g\x02m\x01%a", err: "URLDecoder: Incomplete trailing escape (%) pattern"},
		{in: "a/b\x02g\x02m\x01", err: "Param 'dataId' is illegal, illegal characters should not appear in the param."},
		{in: "a\x02g\x02m\x02n/s\x01", err: "Param 'namespaceId/tenant' is illegal, illegal characters should not appear in the param."},
	} {
		got, err := parseListening(c.in)
		if msg := errText(err); msg != c.err {
			t.Errorf("%q: error %q, want %q", c.in, msg, c.err)
			continue
		}
		if c.err == "" && !cmp.Equal(got, c.want, cmp.AllowUnexported(interest{})) {
			t.Errorf("%q: got %v, want %v", c.in, got, c.want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseListeningIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range maxInterests {
		b.WriteString("d" + strconv.Itoa(i) + "\x02g\x02\x01")
	}
	if got, err := parseListening(b.String()); err != nil || len(got) != maxInterests {
		t.Fatalf("%d interests, %v", len(got), err)
	}
	if _, err := parseListening(b.String() + "more\x02g\x02\x01"); err == nil {
		t.Fatal("one more than allowed is taken")
	}
}

func FuzzParseListening(f *testing.F) {
	for _, s := range []string{"a\x02g\x02m\x01", "a\x02g\x02m\x02ns\x01b\x02g\x02\x01", "%01", "a%2", "\x01\x01\x02", "a+b\x02g\x02\x01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseListening(s)
		if err != nil {
			return
		}
		seen := map[config.Key]bool{}
		for _, x := range got {
			if seen[x.key] {
				t.Fatalf("%v twice", x.key)
			}
			seen[x.key] = true
			answer := string(changedBody(x.key))
			if !strings.HasSuffix(answer, "%01\n") || strings.ContainsAny(strings.TrimSuffix(answer, "\n"), " \r\n\x00") {
				t.Fatalf("answer %q", answer)
			}
		}
	})
}

func TestChangedBody(t *testing.T) {
	got := string(changedBody(config.Key{Group: "DEFAULT_GROUP", DataID: "app.yaml", Tenant: "ns1"}, config.Key{Group: "g:x", DataID: "a-b_c*"}))
	want := "app.yaml%02DEFAULT_GROUP%02ns1%01a-b_c*%02g%3Ax%01\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVersionNumber(t *testing.T) {
	for v, want := range map[string]int{"": 200, "2.0.4": 204, "1.4.8": 148, "10.1.2": 1012, "2.x.3": 23, "99999999999999999999": 0} {
		got := versionNumber(v)
		if want == 0 && got < 204 || want != 0 && got != want {
			t.Errorf("%q: %d, want %d", v, got, want)
		}
	}
}
