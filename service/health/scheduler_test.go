package health_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/health"
	"github.com/pharos-registry/pharos/test/faketime"
)

// world is what a registry is to the scheduler, with a check whose answers the
// test decides.
type world struct {
	tb    testing.TB
	start time.Time

	mu       sync.Mutex
	targets  map[health.Key][]health.Target
	switches health.Switches
	foreign  bool
	verdict  health.Verdict
	takes    time.Duration
	refuse   error // of the next Report
	asked    []time.Duration
	running  int
	most     int
	reports  []string
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return &world{
		tb: tb, start: time.Now(), targets: map[health.Key][]health.Target{}, verdict: health.Pass,
		switches: health.Switches{
			Check: true, Times: 3,
			HTTP:  health.Params{Max: 5000, Min: 500, Factor: 0.85},
			TCP:   health.Params{Max: 5000, Min: 1000, Factor: 0.75},
			MySQL: health.Params{Max: 3000, Min: 2000, Factor: 0.65},
		},
	}
}

func (w *world) probe(ctx context.Context, _ *health.Target) health.Result {
	w.mu.Lock()
	w.asked = append(w.asked, time.Since(w.start))
	w.running++
	w.most = max(w.most, w.running)
	takes := w.takes
	w.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
	if w.verdict == health.Pass {
		return health.Result{Verdict: health.Pass}
	}
	return health.Result{Verdict: w.verdict, Err: errors.New("no")}
}

func (w *world) options() health.Options {
	return health.Options{
		Services: func(yield func(health.Key) bool) {
			w.mu.Lock()
			defer w.mu.Unlock()
			for k := range w.targets {
				if !yield(k) {
					return
				}
			}
		},
		Targets: func(k health.Key) []health.Target {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.Clone(w.targets[k])
		},
		Report: func(_ context.Context, t health.Target, healthy bool) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if err := w.refuse; err != nil {
				w.refuse = nil
				return err
			}
			w.reports = append(w.reports, fmt.Sprintf("%s %v", t.Address, healthy))
			for i := range w.targets[t.Key] {
				if x := &w.targets[t.Key][i]; x.IP == t.IP && x.Port == t.Port {
					x.Healthy = healthy
				}
			}
			return nil
		},
		Owns: func(string, uint16) bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return !w.foreign
		},
		Switches: func() health.Switches {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.switches
		},
		Probes: map[string]health.Probe{health.TCP: w.probe, health.HTTP: w.probe, health.MySQL: w.probe},
		Log:    slog.New(slog.DiscardHandler),
	}
}

// set changes the world under its lock.
func (w *world) set(fn func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fn()
}

// gaps returns the times between checks and forgets them.
func (w *world) gaps() (first time.Duration, gaps []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, at := range w.asked {
		if i == 0 {
			first = at
			continue
		}
		gaps = append(gaps, int((at - w.asked[i-1]).Milliseconds()))
	}
	w.asked = nil
	return first, gaps
}

func (w *world) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.reports
	w.reports = nil
	return r
}

var key = health.Key{Namespace: "public", Group: "DEFAULT_GROUP", Service: "s"}

func target(i int, kind string, healthy bool) health.Target {
	ip := fmt.Sprintf("10.0.%d.%d", i/250, i%250)
	return health.Target{Key: key, IP: ip, Port: 80, Address: ip + ":80", Type: kind, Healthy: healthy}
}

// bubble runs fn under fake time with a running scheduler over the targets.
func bubble(t *testing.T, targets []health.Target, fn func(w *world, s *health.Scheduler)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.targets[key] = targets
		s := health.New(w.options())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		fn(w, s)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestIntervalFollowsTheAnswers(t *testing.T) {
	for _, c := range []struct {
		kind    string
		verdict health.Verdict
		takes   time.Duration
		want    int // where the interval ends, ms
	}{
		{health.TCP, health.Pass, time.Millisecond, 1000},
		{health.HTTP, health.Pass, time.Millisecond, 500},
		{health.MySQL, health.Pass, time.Millisecond, 2000},
		{health.TCP, health.Soft, time.Millisecond, 5000}, // each failure doubles what is fed
		{health.TCP, health.Hard, time.Millisecond, 5000},
		{health.MySQL, health.Unknown, time.Millisecond, 3000},
	} {
		t.Run(fmt.Sprintf("%s %d %v", c.kind, c.verdict, c.takes), func(t *testing.T) {
			bubble(t, []health.Target{target(1, c.kind, true)}, func(w *world, _ *health.Scheduler) {
				w.set(func() { w.verdict, w.takes = c.verdict, c.takes })
				faketime.Pass(3 * time.Minute)
				first, gaps := w.gaps()
				if first < 2*time.Second || first > 7*time.Second {
					w.tb.Errorf("first check after %v, want 2 to 7 s", first)
				}
				if last := gaps[len(gaps)-1]; last < c.want-4 || last > c.want {
					w.tb.Errorf("the interval ends at %d ms, want %d; %v", last, c.want, gaps)
				}
			})
		})
	}
}

func TestIntervalStepIsTheContracts(t *testing.T) {
	bubble(t, []health.Target{target(1, health.TCP, true)}, func(w *world, _ *health.Scheduler) {
		w.set(func() { w.takes = 7 * time.Millisecond })
		faketime.Pass(2 * time.Minute)
		first, gaps := w.gaps()
		// The wait for the second turn was set as the first began, before its answer.
		want := []int{int(first.Milliseconds())}
		for n := want[0]; len(want) < len(gaps); {
			n = min(max(int(0.75*float64(n)+0.25*7), 1000), 5000)
			want = append(want, n)
		}
		if d := cmp.Diff(want, gaps); d != "" {
			w.tb.Errorf("waits between checks (-want +got):\n%s", d)
		}
	})
}

func TestStillUnderWay(t *testing.T) {
	bubble(t, []health.Target{target(1, health.TCP, true)}, func(w *world, _ *health.Scheduler) {
		w.set(func() { w.takes = 10 * time.Minute })
		faketime.Pass(5 * time.Minute)
		if w.set(func() {}); len(w.asked) != 1 {
			w.tb.Errorf("%d checks of one instance at once", len(w.asked))
		}
	})
}

func TestSoftFailuresInARow(t *testing.T) {
	bubble(t, []health.Target{target(1, health.TCP, true)}, func(w *world, _ *health.Scheduler) {
		until := func(n int) {
			for w.count() < n {
				faketime.Pass(time.Millisecond)
			}
			synctest.Wait()
		}
		w.set(func() { w.verdict = health.Soft })
		until(2)
		w.set(func() { w.verdict = health.Pass }) // one success forgives both
		until(3)
		w.set(func() { w.verdict = health.Soft })
		until(5)
		if got := w.told(); len(got) != 0 {
			w.tb.Fatalf("told %v after two failures in a row", got)
		}
		until(6)
		faketime.Pass(time.Second)
		if d := cmp.Diff([]string{"10.0.0.1:80 false"}, w.told()); d != "" {
			w.tb.Fatal(d)
		}
		w.set(func() { w.verdict = health.Pass })
		n := w.count()
		until(n + 2)
		if got := w.told(); len(got) != 0 {
			w.tb.Fatalf("told %v after two successes in a row", got)
		}
		until(n + 3)
		faketime.Pass(time.Second)
		if d := cmp.Diff([]string{"10.0.0.1:80 true"}, w.told()); d != "" {
			w.tb.Fatal(d)
		}
	})
}

func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

func TestHardFailureAtOnce(t *testing.T) {
	bubble(t, []health.Target{target(1, health.TCP, true)}, func(w *world, _ *health.Scheduler) {
		w.set(func() { w.verdict = health.Hard })
		faketime.Pass(8 * time.Second)
		if d := cmp.Diff([]string{"10.0.0.1:80 false"}, w.told()); d != "" {
			w.tb.Error(d)
		}
		faketime.Pass(time.Minute)
		if got := w.told(); len(got) != 0 {
			w.tb.Errorf("told again: %v", got)
		}
	})
}

func TestUnknownChangesNothing(t *testing.T) {
	bubble(t, []health.Target{target(1, health.TCP, true)}, func(w *world, _ *health.Scheduler) {
		w.set(func() { w.verdict = health.Unknown })
		faketime.Pass(time.Hour)
		if got := w.told(); len(got) != 0 {
			w.tb.Errorf("told %v", got)
		}
	})
}

func TestSwitchAndOwner(t *testing.T) {
	bubble(t, []health.Target{target(1, health.TCP, true)}, func(w *world, _ *health.Scheduler) {
		w.set(func() { w.switches.Check, w.verdict = false, health.Hard })
		faketime.Pass(time.Minute)
		w.set(func() { w.switches.Check, w.foreign = true, true })
		faketime.Pass(time.Minute)
		if n := w.count(); n != 0 {
			w.tb.Errorf("checked %d times while switched off or somebody else's", n)
		}
		w.set(func() { w.foreign = false })
		faketime.Pass(10 * time.Second)
		if d := cmp.Diff([]string{"10.0.0.1:80 false"}, w.told()); d != "" {
			w.tb.Error(d)
		}
	})
}

func TestTimesIsASwitch(t *testing.T) {
	bubble(t, []health.Target{target(1, health.TCP, true)}, func(w *world, _ *health.Scheduler) {
		w.set(func() { w.switches.Times, w.verdict = 1, health.Soft })
		for w.count() < 1 {
			faketime.Pass(time.Millisecond)
		}
		faketime.Pass(10 * time.Millisecond)
		if d := cmp.Diff([]string{"10.0.0.1:80 false"}, w.told()); d != "" {
			w.tb.Error(d)
		}
	})
}

func TestMadeCountsByType(t *testing.T) {
	targets := []health.Target{target(1, health.TCP, true), target(2, health.HTTP, true), target(3, health.HTTP, true)}
	bubble(t, targets, func(w *world, s *health.Scheduler) {
		faketime.Pass(20 * time.Second)
		synctest.Wait()
		tcp, http := s.Made(health.TCP), s.Made(health.HTTP)
		if tcp == 0 || http == 0 || tcp+http != int64(w.count()) || s.Made(health.MySQL) != 0 {
			t.Errorf("%d by TCP, %d by HTTP, of %d in all", tcp, http, w.count())
		}
	})
}

func TestFollowsTheRegistry(t *testing.T) {
	bubble(t, nil, func(w *world, s *health.Scheduler) {
		if s.Len() != 0 {
			w.tb.Fatal("checks without instances")
		}
		w.set(func() {
			w.targets[key] = []health.Target{target(1, health.TCP, true), target(2, health.HTTP, true), target(3, "NONE", true), target(4, "NOSUCH", true)}
		})
		s.Changed(key)
		synctest.Wait()
		if n := s.Len(); n != 2 {
			w.tb.Errorf("%d instances are checked, want those with a known type: 2", n)
		}
		w.set(func() { w.targets[key] = w.targets[key][1:3] })
		s.Changed(key)
		synctest.Wait()
		if n := s.Len(); n != 1 {
			w.tb.Errorf("%d instances are checked after one has gone, want 1", n)
		}
		w.set(func() { delete(w.targets, key) })
		faketime.Pass(2 * time.Minute) // nobody said so: the full read finds out
		if n := s.Len(); n != 0 {
			w.tb.Errorf("%d instances are checked, want 0", n)
		}
		w.gaps()
		faketime.Pass(time.Minute)
		if n := w.count(); n != 0 {
			w.tb.Errorf("%d checks of what is gone", n)
		}
	})
}

// TestNotRecorded: a flip that could not be written is found out again.
func TestNotRecorded(t *testing.T) {
	bubble(t, []health.Target{target(1, health.TCP, true)}, func(w *world, _ *health.Scheduler) {
		w.set(func() { w.verdict, w.refuse = health.Hard, errors.New("no leader") })
		faketime.Pass(30 * time.Second)
		if d := cmp.Diff([]string{"10.0.0.1:80 false"}, w.told()); d != "" {
			w.tb.Error(d)
		}
	})
}

func TestBoundedAndSpread(t *testing.T) {
	const n = 2000
	var targets []health.Target
	for i := range n {
		targets = append(targets, target(i, health.TCP, true))
	}
	bubble(t, targets, func(w *world, _ *health.Scheduler) {
		w.set(func() { w.takes = 500 * time.Millisecond })
		faketime.Pass(7500 * time.Millisecond)
		w.set(func() {})
		if w.most > 128 {
			w.tb.Errorf("%d checks at once", w.most)
		}
		perSecond := map[int]int{}
		for _, at := range w.asked {
			perSecond[int(at.Seconds())]++
		}
		if len(w.asked) < n/2 || len(perSecond) < 4 {
			w.tb.Errorf("%d first checks in seconds %v, want them spread", len(w.asked), perSecond)
		}
	})
}
