package naming_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/naming"
	"github.com/pharos-registry/pharos/test/faketime"
)

// world is what a test under fake time works on.
type world struct {
	t *testing.T
	s *naming.Service
}

// bubble runs fn with a running service under fake time. Time begins at the start
// of a second, and the service looks around when it is over.
func bubble(t *testing.T, o naming.Options, fn func(world)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pharos.db")
	synctest.Test(t, func(t *testing.T) {
		db, err := persistence.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		o.DB, o.Expire = db, true
		s, err := naming.New(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		fn(world{t, s})
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// state is how a service's only instance is: "healthy", "silent" or "gone".
func state(t *testing.T, s *naming.Service, name string) string {
	t.Helper()
	v := s.View(keyOf(name))
	switch {
	case len(v.Instances) == 0:
		return "gone"
	case v.Instances[0].Healthy:
		return "healthy"
	default:
		return "silent"
	}
}

func light(t *testing.T, s *naming.Service, name string) string {
	t.Helper()
	reply, err := s.Beat(t.Context(), &naming.Beat{Key: keyOf(name), IP: "10.0.0.1", Port: 80})
	if err != nil {
		t.Fatal(err)
	}
	return string(reply)
}

const known, unknown = `{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}`, `{"clientBeatInterval":5000,"code":20404,"lightBeatEnabled":true}`

func TestSilence(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		register(t, s, reg("x", "10.0.0.1", 80))
		for range 20 { // beats keep it
			faketime.Pass(5 * time.Second)
			same(t, light(t, s, "x"), known)
			same(t, state(t, s, "x"), "healthy")
		}
		faketime.Pass(15 * time.Second)
		same(t, state(t, s, "x"), "healthy") // not more than 15 s yet
		faketime.Pass(1100 * time.Millisecond)
		same(t, state(t, s, "x"), "silent")
		same(t, light(t, s, "x"), known)
		same(t, state(t, s, "x"), "healthy")
		faketime.Pass(30 * time.Second)
		same(t, state(t, s, "x"), "silent")
		faketime.Pass(1100 * time.Millisecond)
		same(t, state(t, s, "x"), "gone")
		same(t, light(t, s, "x"), unknown)
		if !s.View(keyOf("x")).Exists {
			t.Error("the service went with its instance")
		}
	})
}

func TestTimesOfAnInstance(t *testing.T) {
	for name, tt := range map[string]struct {
		meta                string
		silent, gone, spare time.Duration
	}{
		"shorter":       {"preserved.heart.beat.interval=500,preserved.heart.beat.timeout=2000,preserved.ip.delete.timeout=4000", 2 * time.Second, 4 * time.Second, 0},
		"no number":     {"preserved.heart.beat.timeout=soon,preserved.ip.delete.timeout=4000,preserved.heart.beat.interval=9", 0, 4 * time.Second, 0},
		"longer":        {"preserved.heart.beat.timeout=60000,preserved.ip.delete.timeout=90000", time.Minute, 90 * time.Second, 0},
		"beyond client": {"preserved.ip.delete.timeout=9000000", 15 * time.Second, 3 * time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, naming.Options{}, func(w world) {
				t, s := w.t, w.s
				register(t, s, reg("x", "10.0.0.1", 80, meta(tt.meta)))
				begin := time.Now()
				at := map[string]time.Duration{}
				for state(t, s, "x") != "gone" && time.Since(begin) < time.Hour {
					if st := state(t, s, "x"); at[st] == 0 {
						at[st] = time.Since(begin)
					}
					faketime.Pass(100 * time.Millisecond)
				}
				gone := time.Since(begin)
				if d := at["silent"] - tt.silent; d <= 0 || d > 2*time.Second {
					t.Errorf("silent after %v, want %v", at["silent"], tt.silent)
				}
				if d := gone - tt.gone; d <= 0 || d > 2*time.Second {
					t.Errorf("gone after %v, want %v", gone, tt.gone)
				}
			})
		})
	}
}

func TestOverlayTimesCount(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		register(t, s, reg("x", "10.0.0.1", 80, meta("preserved.heart.beat.timeout=60000")))
		faketime.Pass(time.Second)
		err := s.Patch(t.Context(), &naming.Patch{Key: keyOf("x"), IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Metadata: new("preserved.heart.beat.timeout=6000")})
		if err != nil {
			t.Fatal(err)
		}
		faketime.Pass(4 * time.Second)
		same(t, state(t, s, "x"), "healthy")
		faketime.Pass(3 * time.Second)
		same(t, state(t, s, "x"), "silent")
	})
}

func TestWhatStopsTheChecks(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		if err := s.CreateService(t.Context(), &naming.Spec{Key: keyOf("svc"), Ephemeral: true, Metadata: "enableClientBeat=TRUE"}); err != nil {
			t.Fatal(err)
		}
		register(t, s, reg("svc", "10.0.0.1", 80), reg("inst", "10.0.0.2", 80, meta("enableClientBeat=yes")), reg("none", "10.0.0.3", 80))
		if err := s.SetSwitch(t.Context(), "check", "false", false); err != nil {
			t.Fatal(err)
		}
		faketime.Pass(time.Minute)
		for _, name := range []string{"svc", "inst", "none"} {
			same(t, state(t, s, name), "healthy")
		}
		if err := s.SetSwitch(t.Context(), "check", "true", false); err != nil {
			t.Fatal(err)
		}
		faketime.Pass(10 * time.Second)
		same(t, state(t, s, "svc"), "healthy")
		same(t, state(t, s, "inst"), "healthy")
		same(t, state(t, s, "none"), "gone")
	})
}

func TestALateBeatDoesNotResurrect(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		info, err := naming.ParseBeat(`{"ip":"10.0.0.1","port":80,"weight":1,"metadata":{}}`)
		if err != nil {
			t.Fatal(err)
		}
		full := func() string {
			reply, err := s.Beat(t.Context(), &naming.Beat{Key: keyOf("x"), IP: "10.0.0.1", Port: 80, Full: &info})
			if err != nil {
				t.Fatal(err)
			}
			return string(reply)
		}
		register(t, s, reg("x", "10.0.0.1", 80))
		if err := s.Deregister(t.Context(), reg("x", "10.0.0.1", 80)); err != nil {
			t.Fatal(err)
		}
		same(t, light(t, s, "x"), unknown)
		same(t, full(), unknown)
		faketime.Pass(2 * time.Second)
		same(t, full(), unknown)
		same(t, state(t, s, "x"), "gone")

		register(t, s, reg("x", "10.0.0.1", 80)) // a new life is welcome at once
		same(t, full(), known)
		if err := s.Deregister(t.Context(), reg("x", "10.0.0.1", 80)); err != nil {
			t.Fatal(err)
		}
		faketime.Pass(5 * time.Second) // and one that only beats, after a while
		same(t, full(), known)
		same(t, state(t, s, "x"), "healthy")

		// What fell silent was not deregistered: its beat brings it back.
		faketime.Pass(40 * time.Second)
		same(t, state(t, s, "x"), "gone")
		same(t, full(), known)
		same(t, state(t, s, "x"), "healthy")
	})
}

func TestIdleClientsGo(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		sub := naming.Subscriber{Key: keyOf("x"), IP: "10.0.0.9", Port: 5000, Clusters: "c1", App: "shop", Agent: "Nacos-Java-Client:v1.4.6"}
		s.Subscribe(sub)
		for range 10 {
			faketime.Pass(10 * time.Second)
			s.Subscribe(sub) // each poll is a sign of life
		}
		same(t, len(s.Subscribers(keyOf("x"))), 1)
		faketime.Pass(32 * time.Second)
		same(t, len(s.Subscribers(keyOf("x"))), 0)
		same(t, s.Clients(), []string(nil))

		register(t, s, reg("x", "10.0.0.1", 80))
		if err := s.Deregister(t.Context(), reg("x", "10.0.0.1", 80)); err != nil {
			t.Fatal(err)
		}
		same(t, len(s.Clients()), 1)
		faketime.Pass(32 * time.Second)
		same(t, len(s.Clients()), 0)
	})
}

func TestEmptyServicesAreCleanedUp(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		spec := &naming.Spec{Key: keyOf("x"), Threshold: 0.5}
		if err := s.CreateService(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		register(t, s, reg("used", "10.0.0.1", 80, persistent))
		faketime.Pass(59 * time.Second)
		if !s.View(keyOf("x")).Exists {
			t.Error("the service went too early")
		}
		faketime.Pass(62 * time.Second)
		if v := s.View(keyOf("x")); v.Exists || v.Meta == nil {
			t.Errorf("after two minutes: exists %v, record %v; want only the record", v.Exists, v.Meta)
		}
		// It may come back as what it was, and what was said of it counts again.
		register(t, s, reg("x", "10.0.0.1", 80, persistent))
		faketime.Pass(5 * time.Minute)
		if v := s.View(keyOf("x")); !v.Exists || v.Threshold() != 0.5 {
			t.Errorf("a service with an instance: %+v", v)
		}
		if err := s.Deregister(t.Context(), reg("x", "10.0.0.1", 80, persistent)); err != nil {
			t.Fatal(err)
		}
		faketime.Pass(5 * time.Minute)
		if v := s.View(keyOf("x")); v.Exists || v.Meta != nil {
			t.Errorf("after five minutes: exists %v, record %v; want neither", v.Exists, v.Meta)
		}
		if !s.View(keyOf("used")).Exists {
			t.Error("a service with an instance went")
		}
	})
}

func TestAServiceMayComeBackAsTheOtherKind(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		if err := s.CreateService(t.Context(), &naming.Spec{Key: keyOf("x"), Threshold: 0.5}); err != nil {
			t.Fatal(err)
		}
		faketime.Pass(95 * time.Second) // it is gone, its record is not
		register(t, s, reg("x", "10.0.0.1", 80))
		if v := s.View(keyOf("x")); !v.Ephemeral || v.Meta != nil {
			t.Errorf("what was said of a persistent service is said of an ephemeral one: %+v", v.Meta)
		}
		faketime.Pass(5 * time.Second)
		if err := s.UpdateService(t.Context(), &naming.Spec{Key: keyOf("x"), Threshold: 0.1}); err != nil {
			t.Fatal(err)
		}
		faketime.Pass(5 * time.Second)
		if got := s.View(keyOf("x")).Threshold(); got != 0.1 {
			t.Errorf("threshold %v, want 0.1", got)
		}
	})
}

func TestOverlaysOutliveTheirInstance(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		again := func() *naming.Registration { return reg("x", "10.0.0.1", 80) }
		register(t, s, again(), reg("x", "10.0.0.2", 80, meta("enableClientBeat=true")))
		if err := s.Update(t.Context(), reg("x", "10.0.0.1", 80, func(r *naming.Registration) { r.Weight = 3 })); err != nil {
			t.Fatal(err)
		}
		gone := func() {
			t.Helper()
			if err := s.Deregister(t.Context(), again()); err != nil {
				t.Fatal(err)
			}
		}
		gone()
		faketime.Pass(50 * time.Second)
		register(t, s, again())
		same(t, s.View(keyOf("x")).Instances[0].Weight, 3.0)
		faketime.Pass(10 * time.Second) // coming back stopped the clock
		same(t, light(t, s, "x"), known)
		gone()
		faketime.Pass(59 * time.Second)
		register(t, s, again())
		same(t, s.View(keyOf("x")).Instances[0].Weight, 3.0)
		gone()
		faketime.Pass(62 * time.Second)
		register(t, s, again())
		same(t, s.View(keyOf("x")).Instances[0].Weight, 1.0)
	})
}

func TestPersistentInstancesStay(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		register(t, s, reg("x", "10.0.0.1", 80, persistent))
		faketime.Pass(time.Hour)
		same(t, state(t, s, "x"), "healthy")
		if err := s.SetHealth(t.Context(), keyOf("x"), "10.0.0.1", 80, false); err != nil {
			t.Fatal(err)
		}
		same(t, state(t, s, "x"), "silent")
	})
}
