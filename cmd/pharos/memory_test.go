package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestPercent(t *testing.T) {
	const mega = 1 << 20
	for _, tt := range []struct {
		live uint64
		want int
	}{
		{0, 400},         // no collection yet
		{5 * mega, 400},  // small: seldom
		{12 * mega, 400}, // the last size for it
		{24 * mega, 200},
		{48 * mega, 100}, // as Go's own
		{80 * mega, 60},
		{1 << 40, 50},
	} {
		if got := percent(tt.live); got != tt.want {
			t.Errorf("percent(%d MiB) = %d, want %d", tt.live/mega, got, tt.want)
		}
	}
}

func TestOperatorsChoiceIsLeftAlone(t *testing.T) {
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	for _, env := range []string{"GOGC=100", "GOMEMLIMIT=1GiB"} {
		tuneMemory([]string{"PATH=/bin", env})
		if got := debug.SetGCPercent(77); got != 77 {
			t.Errorf("with %s the percentage is %d, want it untouched", env, got)
		}
	}
}

func TestCollectionsFollowTheHeap(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	tuneMemory(nil)
	ballast := make([]byte, 96<<20)
	for range 1000 { // cleanups run on a goroutine of the runtime's
		runtime.GC()
		runtime.Gosched()
		if p := debug.SetGCPercent(firstPercent); p < firstPercent {
			runtime.KeepAlive(ballast)
			return
		}
	}
	t.Error("the percentage did not follow a large heap")
}
