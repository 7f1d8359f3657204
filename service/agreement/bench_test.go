package agreement

import (
	"strconv"
	"testing"
)

// BenchmarkSums is what a look costs each node: once in five seconds.
func BenchmarkSums(b *testing.B) {
	keys := make([]string, 50_000)
	for i := range keys {
		keys[i] = "application-" + strconv.Itoa(i) + ".yaml+DEFAULT_GROUP"
	}
	s := Source{Each: func(yield func(string, uint64) bool) {
		for i, k := range keys {
			if !yield(k, uint64(i)) {
				return
			}
		}
	}}
	b.ReportAllocs()
	for b.Loop() {
		s.sums()
	}
}
