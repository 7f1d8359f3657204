package main

import (
	"fmt"
	"slices"
)

// fan collects the rounds of a fan-out: how long until each receiver was told.
type fan struct {
	name                  string
	n                     int
	first, mid, p99, last []float64
	rounds, lost          int
}

// add takes one round's times in milliseconds; receivers without one are lost.
func (f *fan) add(times []float64) {
	f.rounds++
	f.lost += f.n - len(times)
	if len(times) == 0 {
		return
	}
	slices.Sort(times)
	f.first = append(f.first, times[0])
	f.mid = append(f.mid, quantile(times, 0.5))
	f.p99 = append(f.p99, quantile(times, 0.99))
	f.last = append(f.last, times[len(times)-1])
}

// String is the line of the report: medians over the rounds.
func (f *fan) String() string {
	return fmt.Sprintf("%s: n=%d rounds=%d  first %.1f  p50 %.1f  p99 %.1f  last %.1f ms (worst round %.1f)  lost %d",
		f.name, f.n, f.rounds, quantile(f.first, 0.5), quantile(f.mid, 0.5), quantile(f.p99, 0.5), quantile(f.last, 0.5), quantile(f.last, 1), f.lost)
}
