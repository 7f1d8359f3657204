package naming_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/naming"
	"github.com/pharos-registry/pharos/test/faketime"
)

// told is what befell the instances of a service, in words.
func told(s *naming.Service, k naming.Key) []string {
	var out []string
	all, _ := s.Happenings(k)
	for _, h := range all {
		line := fmt.Sprintf("%s %s:%d", h.Kind, h.IP, h.Port)
		if h.By != "" {
			line += " by " + h.By
		}
		if h.Set != nil && h.Set.Weight != nil {
			line += fmt.Sprintf(" weight %v", *h.Set.Weight)
		}
		if h.Set != nil && h.Set.Enabled != nil {
			line += fmt.Sprintf(" enabled %v", *h.Set.Enabled)
		}
		if h.Set != nil && h.Set.Metadata {
			line += " metadata"
		}
		out = append(out, line)
	}
	return out
}

func by(user string) func(*naming.Registration) {
	return func(r *naming.Registration) { r.By = user }
}

func TestHappenings(t *testing.T) {
	off, five := false, 5.0
	for name, tt := range map[string]struct {
		do   func(*testing.T, *naming.Service)
		want []string
	}{
		"silence": {func(t *testing.T, s *naming.Service) {
			t.Helper()
			register(t, s, reg("x", "10.0.0.1", 80))
			register(t, s, reg("x", "10.0.0.1", 80)) // nothing new
			for range 5 {
				faketime.Pass(5 * time.Second)
				light(t, s, "x")
			}
			faketime.Pass(17 * time.Second)
			light(t, s, "x")
			faketime.Pass(32 * time.Second)
		}, []string{"registered 10.0.0.1:80", "unhealthy 10.0.0.1:80", "healthy 10.0.0.1:80", "unhealthy 10.0.0.1:80", "expired 10.0.0.1:80"}},
		"a client": {func(t *testing.T, s *naming.Service) {
			t.Helper()
			register(t, s, reg("x", "10.0.0.1", 80, by("li")))
			register(t, s, reg("x", "10.0.0.1", 80, by("li"), meta("a=1")))
			if err := s.Deregister(t.Context(), reg("x", "10.0.0.1", 80, by("wang"))); err != nil {
				t.Error(err)
			}
			if err := s.Deregister(t.Context(), reg("x", "10.0.0.1", 80)); err != nil {
				t.Error(err)
			}
		}, []string{"registered 10.0.0.1:80 by li", "altered 10.0.0.1:80 by li", "deregistered 10.0.0.1:80 by wang"}},
		"an operator": {func(t *testing.T, s *naming.Service) {
			t.Helper()
			register(t, s, reg("x", "10.0.0.1", 80))
			for _, p := range []*naming.Patch{
				{Enabled: &off, By: "li"}, {Weight: &five, By: "li"}, {Weight: &five, By: "wang"}, // the last one changes nothing
			} {
				p.Key, p.IP, p.Port, p.Cluster = keyOf("x"), "10.0.0.1", 80, naming.DefaultCluster
				if err := s.Patch(t.Context(), p); err != nil {
					t.Error(err)
				}
			}
			if _, err := s.Batch(t.Context(), &naming.Batch{Key: keyOf("x"), Metadata: "a=1", By: "li"}); err != nil {
				t.Error(err)
			}
			if err := s.Reset(t.Context(), keyOf("x"), []naming.At{{IP: "10.0.0.1", Port: 80, Cluster: naming.DefaultCluster}}, "wang"); err != nil {
				t.Error(err)
			}
		}, []string{
			"registered 10.0.0.1:80", "operated 10.0.0.1:80 by li enabled false", "operated 10.0.0.1:80 by li weight 5",
			"operated 10.0.0.1:80 by li metadata", "operated 10.0.0.1:80 by wang weight 1 enabled true metadata",
		}},
		"persistent": {func(t *testing.T, s *naming.Service) {
			t.Helper()
			register(t, s, reg("x", "10.0.0.1", 80, persistent, by("li")))
			register(t, s, reg("x", "10.0.0.1", 80, persistent, meta("a=1")))
			for _, healthy := range []bool{false, false, true} {
				if err := s.SetHealth(t.Context(), keyOf("x"), "10.0.0.1", 80, healthy); err != nil {
					t.Error(err)
				}
			}
			if err := s.Deregister(t.Context(), reg("x", "10.0.0.1", 80, persistent, by("wang"))); err != nil {
				t.Error(err)
			}
		}, []string{"registered 10.0.0.1:80 by li", "altered 10.0.0.1:80", "unhealthy 10.0.0.1:80", "healthy 10.0.0.1:80", "deregistered 10.0.0.1:80 by wang"}},
		"a connection": {func(t *testing.T, s *naming.Service) {
			t.Helper()
			s.Connect("one", "10.0.0.1")
			for _, ports := range [][]uint16{{80, 81, 82}, {81, 82}, {81, 82}} { // the others move up, which is nothing
				var all []naming.Registration
				for _, port := range ports {
					all = append(all, *reg("x", "10.0.0.1", port, by("li")))
				}
				if err := s.Publish("one", keyOf("x"), all); err != nil {
					t.Error(err)
				}
			}
			if err := s.Publish("one", keyOf("x"), []naming.Registration{*reg("x", "10.0.0.1", 82)}); err != nil {
				t.Error(err)
			}
			s.Disconnect("one", false)
		}, []string{
			"registered 10.0.0.1:80 by li", "registered 10.0.0.1:81 by li", "registered 10.0.0.1:82 by li",
			"deregistered 10.0.0.1:80 by li", "deregistered 10.0.0.1:81", "disconnected 10.0.0.1:82",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, naming.Options{}, func(w world) {
				heard := 0
				w.s.OnHappening(func(naming.Key) { heard++ })
				tt.do(w.t, w.s)
				faketime.Pass(time.Millisecond)
				if d := cmp.Diff(tt.want, told(w.s, keyOf("x"))); d != "" {
					w.t.Errorf("-want +got\n%s", d)
				}
				if heard != len(tt.want) {
					w.t.Errorf("heard of %d, not of %d", heard, len(tt.want))
				}
				if other := told(w.s, keyOf("y")); other != nil {
					w.t.Errorf("of another service: %v", other)
				}
			})
		})
	}
}

// TestHappeningsAreBounded: of a service that makes much noise the last is kept,
// and it is said since when.
func TestHappeningsAreBounded(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		_, began := s.Happenings(keyOf("x"))
		for range 1000 {
			register(t, s, reg("x", "10.0.0.1", 80))
			faketime.Pass(time.Second)
			if err := s.Deregister(t.Context(), reg("x", "10.0.0.1", 80)); err != nil {
				t.Fatal(err)
			}
		}
		all, since := s.Happenings(keyOf("x"))
		if len(all) != 512 || !since.After(began) || all[0].At != since.Add(time.Second).UnixMilli() && all[0].At != since.UnixMilli() {
			t.Errorf("%d are kept, since %v: the first of %v", len(all), since, time.UnixMilli(all[0].At))
		}
		for i := range all[1:] {
			if all[i].At > all[i+1].At {
				t.Fatal("they are in no order")
			}
		}
		if all[len(all)-1].Kind != naming.Deregistered {
			t.Errorf("the last is %+v", all[len(all)-1])
		}
	})
}
