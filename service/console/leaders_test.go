package console_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/console"
)

func TestLeaders(t *testing.T) {
	t.Parallel()
	began := time.Unix(1_800_000_000, 0)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	var l console.Leaders
	if l.Observe(console.Lead{At: at(0)}) || l.Last() != (console.Lead{}) {
		t.Error("that nobody leads yet is news")
	}
	seen := []console.Lead{{at(1), "a", 1}, {at(2), "a", 1}, {at(3), "", 2}, {at(4), "", 3}, {at(5), "b", 3}, {at(6), "a", 4}}
	var told []string
	for _, x := range seen {
		if l.Observe(x) {
			told = append(told, x.Leader)
		}
	}
	if diff := cmp.Diff([]string{"a", "", "b", "a"}, told); diff != "" {
		t.Error(diff)
	}
	if l.Last() != seen[5] {
		t.Errorf("%+v", l.Last())
	}
	if diff := cmp.Diff([]console.Lead{seen[2], seen[4]}, l.Between(at(2), at(5))); diff != "" {
		t.Error(diff)
	}
	for i := range 1000 {
		l.Observe(console.Lead{At: at(10 + i), Leader: string(rune('a' + i%2))})
	}
	if all := l.Between(at(0), at(5000)); len(all) != 200 || all[199] != l.Last() {
		t.Errorf("%d changes are kept", len(all))
	}
}
