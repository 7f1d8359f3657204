package console_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/service/console"
	"github.com/pharos-registry/pharos/test/faketime"
)

func TestSeries(t *testing.T) {
	t.Parallel()
	s := console.NewSeries()
	if w := s.Since(time.Hour, nil); w.T == nil || len(w.T) != 0 {
		t.Errorf("%+v", w)
	}
	at := time.Unix(1_800_000_000, 0)
	const hours = 26
	for i := range int(hours * time.Hour / console.Fine) {
		values := map[string]float64{"a": float64(i)}
		if i >= 1000 { // a series that begins later
			values["b"] = 1
		}
		s.Add(at.Add(time.Duration(i)*console.Fine), values)
	}
	fine := s.Since(15*time.Minute, []string{"a"})
	if len(fine.T) != 180 || len(fine.Values) != 1 || len(fine.Values["a"]) != 180 || fine.Step != 5000 {
		t.Fatalf("%d times, %d series, step %d", len(fine.T), len(fine.Values), fine.Step)
	}
	if v := fine.Values["a"]; *v[179]-*v[178] != 1 || fine.T[179]-fine.T[178] != 5000 {
		t.Error("the values are not those of the times")
	}
	if hour := s.Since(time.Hour, nil); len(hour.T) != 720 {
		t.Errorf("an hour has %d times", len(hour.T))
	}
	day := s.Since(24*time.Hour, nil)
	if len(day.T) != 24*60 || len(day.Values["b"]) != len(day.T) || day.Step != 60_000 {
		t.Errorf("a day has %d times", len(day.T))
	}
	if v := day.Values["a"]; *v[100]-*v[99] != 12 { // the means of twelve samples each
		t.Errorf("means %v and %v", *v[99], *v[100])
	}
}

func TestSeriesGap(t *testing.T) {
	t.Parallel()
	s := console.NewSeries()
	at := time.Unix(1_800_000_000, 0)
	s.Add(at, map[string]float64{"a": 1})
	s.Add(at.Add(console.Fine), map[string]float64{"a": 2, "b": 3})
	w := s.Since(time.Hour, nil)
	if w.Values["b"][0] != nil || *w.Values["b"][1] != 3 {
		t.Errorf("%v", w.Values["b"])
	}
}

func topics(ev console.Event) []string {
	var out []string
	for _, t := range ev.Topics {
		out = append(out, t.Kind)
	}
	slices.Sort(out)
	return out
}

// TestEvents follows changes: collected for a second, each topic once.
func TestEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := console.NewEvents()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()
		r, seq := e.Follow(1)
		if again, _ := e.Follow(1); again != nil {
			t.Error("more readers than there may be")
		}
		for range 100 {
			e.Changed(console.Topic{Kind: console.Nodes}, console.Topic{Kind: console.Access})
		}
		ev := <-r.C()
		if got := topics(ev); !slices.Equal(got, []string{console.Access, console.Nodes}) || ev.Seq != seq+1 {
			t.Errorf("%+v", ev)
		}
		if all, last, known, _ := e.Since(seq); !known || len(all) != 1 || last != ev.Seq {
			t.Errorf("%v %d %v", all, last, known)
		}
		if got := e.Last(); got != ev.Seq {
			t.Errorf("the last event is said to be %d, and is %d", got, ev.Seq)
		}
		if _, _, known, _ := e.Since(e.Last() + 5); known {
			t.Error("events of another run are known")
		}

		for i := range 1000 {
			e.Changed(console.Topic{Kind: console.Config, Name: string(rune('a' + i%26)), Group: string(rune(i))})
		}
		if got := topics(<-r.C()); !slices.Equal(got, []string{console.Everything}) {
			t.Errorf("of a thousand topics %d are told", len(got))
		}

		for range 40 { // a reader that does not read
			e.Changed(console.Topic{Kind: console.Nodes})
			faketime.Pass(2 * time.Second)
		}
		n := 0
		for len(r.C()) > 0 {
			<-r.C()
			n++
		}
		e.Changed(console.Topic{Kind: console.Nodes})
		if got := topics(<-r.C()); n > 16 || !slices.Equal(got, []string{console.Everything}) {
			t.Errorf("after %d events that were read late it is told %v", n, got)
		}
		r.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestEventsUnheard keeps nothing for nobody, and says so to who comes then.
func TestEventsUnheard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := console.NewEvents()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = e.Run(ctx) }()
		_, seq, _, _ := e.Since(0)
		time.Sleep(5 * time.Minute)
		e.Changed(console.Topic{Kind: console.Nodes})
		faketime.Pass(2 * time.Second)
		if _, _, known, _ := e.Since(seq); known {
			t.Error("what was missed is not said")
		}
	})
}
