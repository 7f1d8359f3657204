package service_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service"
)

func numbers(n, kinds int, r *rand.Rand) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = r.IntN(kinds)
	}
	return rows
}

func compareInts(a, b int) int { return a - b }

func TestWindowIsWhatSortingGives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 5, 128, 129, 1000, 5000} {
		for _, kinds := range []int{1, 2, 50, 1 << 30} {
			for range 20 {
				from := r.IntN(n + 2)
				to := from + r.IntN(n/3+2)
				rows := numbers(n, kinds, r)
				switch r.IntN(3) {
				case 0:
					slices.Sort(rows)
				case 1:
					slices.SortFunc(rows, func(a, b int) int { return b - a })
				}
				want := slices.Clone(rows)
				slices.Sort(want)
				want = want[min(from, n):min(to, n)]
				got := service.Window(rows, from, to, compareInts)
				if len(want)+len(got) > 0 && !slices.Equal(want, got) {
					t.Fatalf("%d rows of %d kinds from %d to %d: %s", n, kinds, from, to, cmp.Diff(want, got))
				}
			}
		}
	}
}

func TestWindowKeepsAllRows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	rows := numbers(3000, 1<<20, r)
	want := slices.Sorted(slices.Values(rows))
	service.Window(rows, 700, 900, compareInts)
	slices.Sort(rows)
	if !slices.Equal(want, rows) {
		t.Error("rows were lost or doubled")
	}
}

// A page of 100,000 names, against sorting them all.
func BenchmarkWindow(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprintf("application-%06d.yaml", r.IntN(1_000_000))
	}
	rows := make([]string, len(names))
	for _, from := range []int{0, 50_000} {
		b.Run(fmt.Sprint("from=", from), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				copy(rows, names)
				service.Window(rows, from, from+50, strings.Compare)
			}
		})
	}
	b.Run("sort", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			copy(rows, names)
			slices.Sort(rows)
		}
	})
}
