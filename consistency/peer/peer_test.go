package peer

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		newNode(t, nw, "b:1", shared(t, secret), echo)
		ctx := t.Context()
		if p, err := Call[point, point](ctx, a, "b:1", "swap", point{1, 2}); err != nil || p != (point{2, 1}) {
			t.Fatalf("swap: %v %v", p, err)
		}
		if b, err := Call[[]byte, []byte](ctx, a, "b:1", "raw", []byte("x")); err != nil || string(b) != "got x" {
			t.Fatalf("raw: %q %v", b, err)
		}
		large := bytes.Repeat([]byte("l"), 3<<20)
		if b, err := Call[[]byte, []byte](ctx, a, "b:1", "raw", large); err != nil || len(b) != len(large)+4 {
			t.Fatalf("large: %d %v", len(b), err)
		}
		if id, err := Call[struct{}, Ident](ctx, a, "b:1", "who", struct{}{}); err != nil || id != a.Self() {
			t.Fatalf("who: %v %v", id, err)
		}
		for _, tt := range []struct {
			kind string
			req  any
			want Code
		}{
			{"code", Code(4711), 4711},
			{"code", Busy, Busy},
			{"plain", struct{}{}, Internal},
			{"nothing", struct{}{}, NoHandler},
			{"swap", "not a point", BadRequest},
			{"big", 5 << 20, TooLarge},
			{"raw", make([]byte, 5<<20), TooLarge},
			{"hang", struct{}{}, Timeout},
		} {
			if _, err := Call[any, []byte](ctx, a, "b:1", tt.kind, tt.req); CodeOf(err) != tt.want {
				t.Errorf("%s: %v, want code %d", tt.kind, err, tt.want)
			}
		}
		began := time.Now()
		if _, err := Call[any, []byte](ctx, a, "b:1", "hang", struct{}{}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != DefaultTimeout {
			t.Errorf("a call without deadline: %v after %v", err, time.Since(began))
		}
		if _, err := a.Call(ctx, "c:1", "raw", nil); !errors.Is(err, ErrUnreachable) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("nobody there: %v", err)
		}
	})
}

// Hundreds of calls share the connections and get their own answers.
func TestCallsShareAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		b := newNode(t, nw, "b:1", shared(t, secret), echo)
		var wg sync.WaitGroup
		for i := range 500 {
			wg.Go(func() {
				if p, err := Call[point, point](t.Context(), a, "b:1", "swap", point{i, -i}); err != nil || p != (point{-i, i}) {
					t.Errorf("call %d: %v %v", i, p, err)
				}
			})
		}
		wg.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.conns) != 1 {
			t.Errorf("%d connections for small calls, want 1", len(b.conns))
		}
	})
}

func TestAddr(t *testing.T) {
	for _, tt := range []struct {
		member, peer string
		ok           bool
	}{
		{"10.0.0.1:8848", "10.0.0.1:7848", true},
		{"[::1]:8848", "[::1]:7848", true},
		{"host:1001", "host:1", true},
		{"host:1000", "", false},
		{"host", "", false},
		{"host:70000", "", false},
	} {
		got, err := AddrOf(tt.member)
		if got != tt.peer || (err == nil) != tt.ok {
			t.Errorf("AddrOf(%s) = %q, %v", tt.member, got, err)
		}
		if tt.ok {
			if back, err := MemberOf(got); back != tt.member || err != nil {
				t.Errorf("MemberOf(%s) = %q, %v", got, back, err)
			}
		}
	}
}

func BenchmarkCall(b *testing.B) {
	nw := NewNetwork()
	x := newNode(b, nw, "a:1", shared(b, secret), nil)
	newNode(b, nw, "b:1", shared(b, secret), echo)
	body := make([]byte, 512)
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := x.Call(b.Context(), "b:1", "raw", body); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
