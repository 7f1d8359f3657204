package sdk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestJudge sees to it that a program which says too little does not pass.
func TestJudge(t *testing.T) {
	s := suite{checks: []string{"a", "b"}, cannot: map[string][]string{"b": {"python"}}}
	for _, c := range []struct {
		name, language string
		found          []finding
		want           []string // what each complaint must mention
	}{
		{"all well", "go", []finding{{"a", "ok", ""}, {"b", "ok", ""}}, nil},
		{"known excuse", "python", []finding{{"a", "ok", ""}, {"b", "n/a", "no push"}}, nil},
		{"unknown excuse", "go", []finding{{"a", "ok", ""}, {"b", "n/a", "no push"}}, []string{`"b" is skipped`}},
		{"failure", "go", []finding{{"a", "fail", "late"}, {"b", "ok", ""}}, []string{"a: late"}},
		{"ended early", "go", []finding{{"a", "ok", ""}}, []string{`"b" was not checked`}},
		{"said nothing", "go", nil, []string{`"a" was not`, `"b" was not`}},
		{"twice", "go", []finding{{"a", "ok", ""}, {"a", "ok", ""}, {"b", "ok", ""}}, []string{`"a" is reported twice`}},
		{"another word", "go", []finding{{"a", "fine", "?"}, {"b", "ok", ""}}, []string{"a: ?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.judge(c.language, c.found)
			same := len(got) == len(c.want)
			for i := range min(len(got), len(c.want)) {
				same = same && strings.Contains(got[i], c.want[i])
			}
			if !same {
				t.Error(cmp.Diff(c.want, got))
			}
		})
	}
}
