package sdk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestJudge sees to it that a program which says too little does not pass.
func TestJudge(t *testing.T) {
	s := suite{checks: []string{"a", "b"}}
	for _, c := range []struct {
		name  string
		found []finding
		want  []string // what each complaint must mention
	}{
		{"all well", []finding{{"a", "ok", ""}, {"b", "ok", ""}}, nil},
		{"excuse", []finding{{"a", "ok", ""}, {"b", "n/a", "no push"}}, []string{"b: no push"}},
		{"failure", []finding{{"a", "fail", "late"}, {"b", "ok", ""}}, []string{"a: late"}},
		{"ended early", []finding{{"a", "ok", ""}}, []string{`"b" was not checked`}},
		{"said nothing", nil, []string{`"a" was not`, `"b" was not`}},
		{"twice", []finding{{"a", "ok", ""}, {"a", "ok", ""}, {"b", "ok", ""}}, []string{`"a" is reported twice`}},
		{"another word", []finding{{"a", "fine", "?"}, {"b", "ok", ""}}, []string{"a: ?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.judge(c.found)
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
