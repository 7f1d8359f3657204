package service

import "slices"

// Window puts the rows that rows[from:to] would be if all were sorted by compare
// there, and returns them. The others are left in no order, which is what makes
// it cheap: one page of a hundred thousand rows is looked for, not all sorted.
// compare should tell all rows apart: those that it does not are in any order.
func Window[T any](rows []T, from, to int, compare func(a, b T) int) []T {
	from, to = max(from, 0), min(to, len(rows))
	if from >= to {
		return nil
	}
	part(rows, to, compare)
	part(rows[:to], from, compare)
	slices.SortFunc(rows[from:to], compare)
	return rows[from:to]
}

// Bounds of part: how few rows are sorted at once, how many are looked at for a
// row to split by, and how often splitting may go badly before all are sorted.
const (
	fewRows = 128
	sampled = 31
	splits  = 24
)

// part moves rows until none of the first n comes behind one of the others.
func part[T any](rows []T, n int, compare func(a, b T) int) {
	for range splits {
		if n <= 0 || n >= len(rows) {
			return
		}
		if len(rows) <= fewRows {
			break
		}
		low, high := split(rows, near(rows, n, compare), compare)
		switch {
		case n < low:
			rows = rows[:low]
		case n > high:
			rows, n = rows[high:], n-high
		default:
			return
		}
	}
	slices.SortFunc(rows, compare)
}

// near is a row that will probably stand a little behind place n.
func near[T any](rows []T, n int, compare func(a, b T) int) T {
	some := make([]T, sampled)
	for i := range some {
		some[i] = rows[i*(len(rows)-1)/(sampled-1)]
	}
	slices.SortFunc(some, compare)
	return some[min(n*sampled/len(rows)+1, sampled-1)]
}

// split moves what comes before pivot to the front of rows and what comes behind
// it to their end; rows[low:high] are its equals.
func split[T any](rows []T, pivot T, compare func(a, b T) int) (low, high int) {
	high = len(rows)
	for i := 0; i < high; {
		switch c := compare(rows[i], pivot); {
		case c < 0:
			rows[i], rows[low] = rows[low], rows[i]
			low++
			i++
		case c > 0:
			high--
			rows[i], rows[high] = rows[high], rows[i]
		default:
			i++
		}
	}
	return low, high
}
