// Package console keeps what the console shows of a running server: how its
// figures went in the last day, and what has changed a moment ago.
package console

import (
	"slices"
	"sync"
	"time"
)

// Steps and length of the series: fine ones of the last hour, coarse ones of the
// last day. Of forty series that is about 0.7 MB.
const (
	Fine    = 5 * time.Second
	Coarse  = time.Minute
	finest  = int(time.Hour / Fine)
	longest = int(24 * time.Hour / Coarse)
)

// Series are the figures of this node in the last day.
type Series struct {
	mu     sync.Mutex // guards the following fields
	fine   ring
	coarse ring
	sum    map[string]float64 // of the samples of the current minute
	n      map[string]int
	minute int64
}

// ring is the last values of all series, at equal distances.
type ring struct {
	step   time.Duration
	length int
	t      []int64 // unix ms
	values map[string][]float64
	known  map[string][]bool
}

// NewSeries returns empty series.
func NewSeries() *Series {
	return &Series{
		fine: newRing(Fine, finest), coarse: newRing(Coarse, longest), sum: map[string]float64{}, n: map[string]int{},
	}
}

func newRing(step time.Duration, length int) ring {
	return ring{step: step, length: length, values: map[string][]float64{}, known: map[string][]bool{}}
}

// add puts values behind the last ones.
func (r *ring) add(at time.Time, values map[string]float64) {
	r.t = shift(append(r.t, at.UnixMilli()), r.length)
	for name := range values {
		if r.values[name] == nil { // it was not there before
			r.values[name], r.known[name] = make([]float64, len(r.t)-1, len(r.t)), make([]bool, len(r.t)-1, len(r.t))
		}
	}
	for name := range r.values {
		v, ok := values[name]
		r.values[name] = shift(append(r.values[name], v), r.length)
		r.known[name] = shift(append(r.known[name], ok), r.length)
	}
}

// shift leaves of s the last n.
func shift[T any](s []T, n int) []T {
	if len(s) > n {
		return slices.Delete(s, 0, len(s)-n)
	}
	return s
}

// Add puts a sample of the values now behind the last ones. It is called every
// Fine.
func (s *Series) Add(at time.Time, values map[string]float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fine.add(at, values)
	if m := at.Unix() / int64(Coarse/time.Second); m != s.minute {
		s.turn(time.Unix(s.minute*int64(Coarse/time.Second), 0))
		s.minute = m
	}
	for name, v := range values {
		s.sum[name] += v
		s.n[name]++
	}
}

// turn closes a minute with the means of its samples. s.mu is held.
func (s *Series) turn(at time.Time) {
	if len(s.n) > 0 {
		means := make(map[string]float64, len(s.n))
		for name, n := range s.n {
			means[name] = s.sum[name] / float64(n)
		}
		s.coarse.add(at, means)
	}
	clear(s.sum)
	clear(s.n)
}

// Window is a part of the series: for each time the value of each, nil where it
// is not known.
type Window struct {
	Step   int64                 `json:"step"` // milliseconds
	T      []int64               `json:"t"`    // unix ms
	Values map[string][]*float64 `json:"series"`
}

// Since returns the series, or those that are named, for the last span of time:
// fine ones for up to an hour.
func (s *Series) Since(span time.Duration, names []string) Window {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.fine
	if span > time.Hour {
		r = &s.coarse
	}
	from := len(r.t) - min(len(r.t), int(span/r.step))
	w := Window{Step: r.step.Milliseconds(), T: slices.Clone(r.t[from:]), Values: map[string][]*float64{}}
	if w.T == nil {
		w.T = []int64{}
	}
	for name, values := range r.values {
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		out := make([]*float64, 0, len(values)-from)
		for i := from; i < len(values); i++ {
			if r.known[name][i] {
				v := values[i]
				out = append(out, &v)
			} else {
				out = append(out, nil)
			}
		}
		w.Values[name] = out
	}
	return w
}
