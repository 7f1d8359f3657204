package push

import (
	"sync"
	"time"
)

// Stats counts pushes to SDKs. It is safe for use by several goroutines.
type Stats struct {
	mu    sync.Mutex // guards the following fields
	since Counts     // since the last reset
	ever  Counts
}

// Counts are the figures of Stats.
type Counts struct {
	Total   int64         // messages sent, each counted once however often it was repeated
	Empty   int64         // of these, without an instance in them
	Failed  int64         // of these, never acknowledged or refused by the network
	Acked   int64         // of these, acknowledged
	Cost    time.Duration // sum of the times from sending to acknowledgement
	MaxCost time.Duration // the longest of them
}

// AvgCostMillis is the mean time to acknowledgement in milliseconds, -1 where
// nothing was acknowledged.
func (c Counts) AvgCostMillis() float64 {
	if c.Acked == 0 {
		return -1
	}
	return float64(c.Cost.Milliseconds()) / float64(c.Acked)
}

// MaxCostMillis is the longest time to acknowledgement in milliseconds, -1 where
// nothing was acknowledged.
func (c Counts) MaxCostMillis() float64 {
	if c.Acked == 0 {
		return -1
	}
	return float64(c.MaxCost.Milliseconds())
}

// Sent counts one message, and whether it lists nothing.
func (s *Stats) Sent(empty bool) {
	c := Counts{Total: 1}
	if empty {
		c.Empty = 1
	}
	s.add(c)
}

// Failed counts one message that did not arrive.
func (s *Stats) Failed() { s.add(Counts{Failed: 1}) }

// Acked counts one message that was acknowledged after cost.
func (s *Stats) Acked(cost time.Duration) {
	s.add(Counts{Acked: 1, Cost: cost, MaxCost: cost})
}

func (s *Stats) add(d Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range []*Counts{&s.since, &s.ever} {
		c.Total += d.Total
		c.Empty += d.Empty
		c.Failed += d.Failed
		c.Acked += d.Acked
		c.Cost += d.Cost
		c.MaxCost = max(c.MaxCost, d.MaxCost)
	}
}

// Read returns the counts since the last reset and, if reset, begins again.
func (s *Stats) Read(reset bool) Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.since
	if reset {
		s.since = Counts{}
	}
	return c
}

// Ever returns the counts since the start, which no reset touches: metrics must
// only grow.
func (s *Stats) Ever() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ever
}
