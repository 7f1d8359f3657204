package sdk

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// table is language × check × result, printed when all programs have ended.
type table struct {
	suite suite

	mu     sync.Mutex // guards the following field
	result map[string]map[string]string
}

func newTable(s suite) *table {
	return &table{suite: s, result: map[string]map[string]string{}}
}

func (t *table) add(language string, found []finding) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := map[string]string{}
	for _, f := range found {
		row[f.check] = f.result
	}
	t.result[language] = row
}

func (t *table) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &strings.Builder{}
	fmt.Fprintf(w, "\n%-34s", t.suite.name)
	for _, l := range languages() {
		fmt.Fprintf(w, " %-8s", l.name)
	}
	fmt.Fprintln(w)
	checks := slices.Clone(t.suite.checks)
	for _, c := range t.suite.second {
		if !slices.Contains(checks, c) {
			checks = append(checks, c)
		}
	}
	for _, c := range checks {
		fmt.Fprintf(w, "  %-32s", c)
		for _, l := range languages() {
			cell := t.result[l.name][c]
			if cell == "" {
				cell = "-"
			}
			fmt.Fprintf(w, " %-8s", cell)
		}
		fmt.Fprintln(w)
	}
	return w.String()
}

var _ fmt.Stringer = (*table)(nil)
