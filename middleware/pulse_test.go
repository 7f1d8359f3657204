package middleware

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestPulse has beats come late, as after a stop.
func TestPulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPulse()
		at := time.Duration(0)
		step := func(d time.Duration, beat, want bool) {
			t.Helper()
			time.Sleep(d)
			at += d
			if got := p.Skipped(); got != want {
				t.Errorf("at %v: %v", at, got)
			}
			if beat {
				p.beat(time.Since(p.began))
			}
		}
		step(0, false, false)
		step(5*time.Second, true, false) // it did not run yet
		step(pulseEvery, true, false)
		step(skipped, true, false)
		step(skipped+time.Millisecond, false, true) // before the late beat
		step(0, true, true)
		step(wary-time.Millisecond, false, true)
	})
}

// TestPulseRuns has nothing stop it, for hours.
func TestPulseRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPulse()
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context()) }()
		for range 10_000 {
			time.Sleep(997 * time.Millisecond)
			if p.Skipped() {
				t.Fatal("it stood still")
			}
		}
	})
}
