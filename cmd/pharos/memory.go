package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
)

// smallHeap is up to where a collection at start is over in a few milliseconds.
const smallHeap = 64 << 20

// Bounds of the garbage that may lie beside what is live, in bytes. A collection
// costs as much as what is live, so while that is little the server may collect
// seldom; when it is much, garbage of a multiple of it is memory for nothing.
const (
	mostGarbage  = 48 << 20
	firstPercent = 400
	leastPercent = 50
)

// tuneMemory gives back what the start took, and lets the collector run seldom
// while the heap is small. It is called when the server is built. GOGC or
// GOMEMLIMIT in the environment is the operator's own choice and is left alone.
func tuneMemory(environment []string) {
	said := func(v string) bool { return strings.HasPrefix(v, "GOGC=") || strings.HasPrefix(v, "GOMEMLIMIT=") }
	if slices.ContainsFunc(environment, said) {
		return
	}
	if heap("/memory/classes/heap/objects:bytes") < smallHeap {
		debug.FreeOSMemory() // what only the start needed
		unmapStart()
	}
	debug.SetGCPercent(firstPercent)
	afterCollection(new(tuner{percent: firstPercent}))
}

// tuner remembers what it last set.
type tuner struct{ percent int }

// afterCollection sets the percentage anew after each collection: the sentinel
// is garbage at once, so the next collection runs its cleanup.
func afterCollection(t *tuner) {
	sentinel := new([16]byte)
	runtime.AddCleanup(sentinel, func(t *tuner) {
		// Setting it stops the world for a moment, so small changes are not worth it.
		if p := percent(heap("/gc/heap/live:bytes")); p*10 < t.percent*9 || p*9 > t.percent*10 {
			debug.SetGCPercent(p)
			t.percent = p
		}
		afterCollection(t)
	}, t)
}

// percent is the GOGC for a heap of which live bytes are in use.
func percent(live uint64) int {
	if live == 0 {
		return firstPercent
	}
	return int(max(min(mostGarbage*100/live, firstPercent), leastPercent))
}

// heap is one of the runtime's figures in bytes.
func heap(figure string) uint64 {
	sample := []metrics.Sample{{Name: figure}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
