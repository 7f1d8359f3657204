package push_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/service/push"
	"github.com/pharos-registry/pharos/test/faketime"
)

func TestFirstChangeAtOnceThenCollected(t *testing.T) {
	bubble(t, 50*time.Millisecond, func(w *world, h *push.Hub) {
		t := w.t
		a := topicOf("a")
		r := &recorder{start: time.Now()}
		defer h.Attach("c1", r)()
		w.subscribe(a, "c1", "")
		for range 13 { // a change every 10 ms
			w.change(a)
			h.Changed(a)
			synctest.Wait()
			time.Sleep(10 * time.Millisecond)
		}
		faketime.Pass(time.Second)
		// The change that falls together with the end of a window may be told with
		// the one before or by itself, never late.
		got := r.told()
		if len(got) < 4 || got[0] != "a[]1/1@0" || !strings.HasPrefix(got[len(got)-1], "a[]13/1@1") {
			t.Errorf("told %v", got)
		}
		if len(got) > 5 {
			t.Errorf("%d messages for 13 changes in 130 ms: %v", len(got), got)
		}
		w.change(a)
		h.Changed(a)
		synctest.Wait()
		if last := r.told()[len(r.told())-1]; last != "a[]14/1@1130" {
			t.Errorf("after a quiet time the change was told as %s", last)
		}
	})
}

func TestOneContentForAll(t *testing.T) {
	bubble(t, 50*time.Millisecond, func(w *world, h *push.Hub) {
		t := w.t
		a := topicOf("a")
		var all []*recorder
		for i := range 90 {
			r := &recorder{start: time.Now()}
			id := fmt.Sprintf("c%d", i)
			if i%3 == 2 {
				w.peers[id] = r
			} else {
				defer h.Attach(id, r)()
			}
			w.subscribe(a, id, []string{"", "x"}[i%2])
			all = append(all, r)
		}
		w.change(a)
		h.Changed(a)
		synctest.Wait()
		for i, r := range all {
			want(t, r.told(), fmt.Sprintf("a[%s]1/%d@0", []string{"", "x"}[i%2], []int{1, 1, 0}[i%3]))
		}
		if w.renders != 4 {
			t.Errorf("rendered %d times, want once per clusters and form: 4", w.renders)
		}
		if c := w.stats.Read(false); c.Total != 90 {
			t.Errorf("counted %d messages, want 90", c.Total)
		}
	})
}

func TestSeveralClustersOfOneTopic(t *testing.T) {
	bubble(t, 50*time.Millisecond, func(w *world, h *push.Hub) {
		a := topicOf("a")
		r := &recorder{start: time.Now(), block: make(chan struct{})}
		defer h.Attach("c1", r)()
		w.subscribe(a, "c1", "x")
		w.subscribe(a, "c1", "x,y")
		for range 3 {
			w.change(a)
			h.Changed(a)
			time.Sleep(time.Second)
		}
		close(r.block)
		synctest.Wait()
		want(w.t, r.told(), "a[x]1/1@3000", "a[x,y]3/1@3000", "a[x]3/1@3000")
	})
}

func TestNewSubscriptionIsToldOnce(t *testing.T) {
	bubble(t, 50*time.Millisecond, func(w *world, h *push.Hub) {
		t := w.t
		a := topicOf("a")
		r1, r2, r3 := &recorder{start: time.Now()}, &recorder{start: time.Now()}, &recorder{start: time.Now()}
		w.peers["p1"], w.peers["p2"], w.peers["p3"] = r1, r2, r3
		w.subscribe(a, "p3", "") // an old one, which is not told
		w.subscribe(a, "p1", "")
		h.Subscribed(a, "p1")
		faketime.Pass(200 * time.Millisecond)
		w.subscribe(a, "p2", "")
		h.Subscribed(a, "p2")
		if got, want := h.Backlog(), (push.Backlog{Topics: 1, Late: 2}); got != want {
			t.Errorf("to be told is %+v, want %+v", got, want)
		}
		faketime.Pass(time.Second)
		if got := h.Backlog(); got != (push.Backlog{}) {
			t.Errorf("to be told is %+v after all were", got)
		}
		want(t, r1.told(), "a[]0/0@500")
		want(t, r2.told(), "a[]0/0@500") // together with the first
		want(t, r3.told())

		// A change that all are told of meanwhile makes the greeting needless.
		r4 := &recorder{start: time.Now()}
		w.peers["p4"] = r4
		w.subscribe(a, "p4", "")
		h.Subscribed(a, "p4")
		w.change(a)
		h.Changed(a)
		faketime.Pass(time.Second)
		want(t, r4.told(), "a[]1/0@0")
	})
}

func TestSlowConnectionHoldsNobodyUp(t *testing.T) {
	bubble(t, 0, func(w *world, h *push.Hub) {
		t := w.t
		a, b := topicOf("a"), topicOf("b")
		slow := &recorder{start: time.Now(), block: make(chan struct{})}
		fast := &recorder{start: time.Now()}
		defer h.Attach("slow", slow)()
		defer h.Attach("fast", fast)()
		for _, topic := range []push.Topic{a, b} {
			w.subscribe(topic, "slow", "")
			w.subscribe(topic, "fast", "")
		}
		for range 100 {
			for _, topic := range []push.Topic{a, b} {
				w.change(topic)
				h.Changed(topic)
				synctest.Wait()
			}
		}
		if got := len(fast.told()); got != 200 {
			t.Errorf("the fast connection was told %d times, want 200", got)
		}
		close(slow.block)
		synctest.Wait()
		// What it was stuck in, then the newest state of each topic, once.
		want(t, slow.told(), "a[]1/1@0", "b[]100/1@0", "a[]100/1@0")
	})
}

func TestSwitchedOffKeepsWhatChanged(t *testing.T) {
	bubble(t, 50*time.Millisecond, func(w *world, h *push.Hub) {
		t := w.t
		a := topicOf("a")
		r := &recorder{start: time.Now()}
		defer h.Attach("c1", r)()
		w.subscribe(a, "c1", "")
		w.off = true
		w.change(a)
		h.Changed(a)
		faketime.Pass(2500 * time.Millisecond)
		want(t, r.told())
		if got, want := h.Backlog(), (push.Backlog{Topics: 1, Dirty: 1}); got != want {
			t.Errorf("to be told is %+v, want %+v", got, want)
		}
		w.mu.Lock()
		w.off = false
		w.mu.Unlock()
		faketime.Pass(time.Second)
		want(t, r.told(), "a[]1/1@3000")
	})
}

func TestRefusedIsTriedAgain(t *testing.T) {
	bubble(t, 50*time.Millisecond, func(w *world, h *push.Hub) {
		t := w.t
		a := topicOf("a")
		r := &recorder{start: time.Now(), fail: 2}
		other := &recorder{start: time.Now()}
		w.peers["p1"], w.peers["p2"] = r, other
		w.subscribe(a, "p1", "")
		w.subscribe(a, "p2", "")
		w.change(a)
		h.Changed(a)
		faketime.Pass(5 * time.Second)
		want(t, r.told(), "a[]1/0@2000")
		want(t, other.told(), "a[]1/0@0")
		c := w.stats.Read(true)
		if c.Total != 4 || c.Failed != 2 {
			t.Errorf("counted %+v, want 4 sent and 2 failed", c)
		}
		if c := w.stats.Read(false); c.Total != 0 {
			t.Errorf("after a reset: %+v", c)
		}
		if c := w.stats.Ever(); c.Total != 4 {
			t.Errorf("ever: %+v", c)
		}
	})
}

func TestAttachAgainAndDetach(t *testing.T) {
	bubble(t, 0, func(w *world, h *push.Hub) {
		t := w.t
		a := topicOf("a")
		w.subscribe(a, "c", "")
		first, second := &recorder{start: time.Now()}, &recorder{start: time.Now()}
		detachFirst := h.Attach("c", first)
		detachSecond := h.Attach("c", second)
		if !first.closed {
			t.Error("the replaced connection was not closed")
		}
		detachFirst() // takes off nothing but itself
		h.Changed(a)
		synctest.Wait()
		want(t, second.told(), "a[]0/1@0")
		if !h.Tell("c", push.Message{Key: "k", Content: h.Content("x", []byte("hello"))}) {
			t.Error("Tell to an attached connection was refused")
		}
		synctest.Wait()
		want(t, second.told(), "a[]0/1@0", "hello@0")
		detachSecond()
		if !second.closed || h.Connections() != 0 {
			t.Error("the connection is not gone after detach")
		}
		if h.Tell("c", push.Message{Key: "k", Content: h.Content("x", nil)}) {
			t.Error("Tell to a detached connection was accepted")
		}
	})
}

func TestTooFarBehindIsClosed(t *testing.T) {
	bubble(t, 0, func(w *world, h *push.Hub) {
		t := w.t
		slow := &recorder{start: time.Now(), block: make(chan struct{})}
		defer close(slow.block)
		defer h.Attach("slow", slow)()
		c := h.Content("x", nil)
		n := 0
		for h.Tell("slow", push.Message{Key: n, Content: c}) {
			if n++; n > 100_000 {
				t.Fatal("nothing bounds what waits for a connection")
			}
		}
		if !slow.closed {
			t.Error("the connection was not closed")
		}
	})
}

func TestSeqGrows(t *testing.T) {
	h := push.New(newWorld(t).options(0))
	last := int64(0)
	for range 1000 {
		c := h.Content("", nil)
		if c.Seq <= last || c.Seq >= 1<<53 {
			t.Fatalf("Seq %d after %d", c.Seq, last)
		}
		last = c.Seq
	}
}
