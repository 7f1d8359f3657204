// Package schedule runs tests that a seed decides: thousands of random faults by
// a make target, some in every run, and any of them once more by its seed.
package schedule

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Each runs a schedule for one seed after the other, each as a subtest that is
// named after it, until one fails. There are few of them, the same in every run:
// what is searched at random is found by who has asked for it, and not by whoever
// lands a change of something else. With the environment variable PHAROS_SCHEDULES
// there are as many as it says, from a random seed on, or from that of PHAROS_SEED.
func Each(t *testing.T, few int, run func(t *testing.T, seed uint64)) {
	t.Helper()
	seed := uint64(1)
	if n, err := strconv.Atoi(os.Getenv("PHAROS_SCHEDULES")); err == nil {
		few, seed = n, rand.Uint64N(1<<32)
	}
	if s, err := strconv.ParseUint(os.Getenv("PHAROS_SEED"), 10, 64); err == nil {
		seed = s
	}
	for range few {
		if !t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { run(t, seed) }) {
			t.Fatalf("run it again with PHAROS_SEED=%d PHAROS_SCHEDULES=1", seed)
		}
		seed++
	}
}
