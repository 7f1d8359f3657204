package peer

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestCutAndHeal(t *testing.T) {
	for _, tt := range []struct {
		name string
		cut  func(*Network)
	}{
		{"both ways", func(n *Network) { n.Part("a:1", "b:1") }},
		{"requests are lost", func(n *Network) { n.Cut("a:1", "b:1") }},
		{"answers are lost", func(n *Network) { n.Cut("b:1", "a:1") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nw := NewNetwork()
				a := newNode(t, nw, "a:1", shared(t, secret), nil)
				newNode(t, nw, "b:1", shared(t, secret), echo)
				call := func() error {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					defer cancel()
					_, err := Call[point, point](ctx, a, "b:1", "swap", point{})
					return err
				}
				if err := call(); err != nil {
					t.Fatal(err)
				}
				tt.cut(nw)
				if err := call(); !errors.Is(err, ErrTimeout) || NotSent(err) {
					t.Errorf("on the open connection: %v", err)
				}
				if err := call(); !errors.Is(err, ErrUnreachable) || !NotSent(err) {
					t.Errorf("on a new one: %v", err)
				}
				nw.HealAll()
				if err := call(); err != nil {
					t.Errorf("after the cut: %v", err)
				}
				nw.Reset("a:1", "b:1")
				synctest.Wait()
				if err := call(); err != nil {
					t.Errorf("after a reset: %v", err)
				}
			})
		})
	}
}

// A call that was given up while the network was cut is not made when it heals.
func TestGivenUpIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		var made atomic.Int64
		newNode(t, nw, "b:1", shared(t, secret), func(n *Node) {
			n.Handle("count", func(context.Context, []byte) ([]byte, error) {
				made.Add(1)
				return nil, nil
			})
		})
		if _, err := a.Call(t.Context(), "b:1", "count", nil); err != nil {
			t.Fatal(err)
		}
		nw.Cut("a:1", "b:1")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if _, err := a.Call(ctx, "b:1", "count", nil); !errors.Is(err, ErrTimeout) {
			t.Fatal(err)
		}
		nw.HealAll()
		time.Sleep(time.Second)
		synctest.Wait()
		if made.Load() != 1 {
			t.Errorf("made %d times", made.Load())
		}
	})
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		newNode(t, nw, "b:1", shared(t, secret), echo)
		for _, d := range []time.Duration{0, 30 * time.Millisecond} {
			nw.Delay("a:1", "b:1", d)
			nw.Delay("b:1", "a:1", d)
			for range 2 { // the first call of all connects
				began := time.Now()
				if _, err := Call[point, point](t.Context(), a, "b:1", "swap", point{}); err != nil {
					t.Fatal(err)
				}
				if got := time.Since(began); got != 2*d {
					t.Errorf("a call took %v with a delay of %v each way", got, d)
				}
			}
		}
	})
}

// A peer that restarts is reached by the next call.
func TestPeerRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		for range 3 {
			b := newNode(t, nw, "b:1", shared(t, secret), echo)
			if _, err := Call[point, point](t.Context(), a, "b:1", "swap", point{}); err != nil {
				t.Fatal(err)
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if _, err := Call[point, point](t.Context(), a, "b:1", "swap", point{}); !errors.Is(err, ErrUnreachable) {
				t.Fatalf("with the peer gone: %v", err)
			}
		}
	})
}

// Giving up cancels the handler over there.
func TestCancelCrossesTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		ended := make(chan time.Time, 1)
		newNode(t, nw, "b:1", shared(t, secret), func(n *Node) {
			n.Handle("hang", func(ctx context.Context, _ []byte) ([]byte, error) {
				<-ctx.Done()
				ended <- time.Now()
				return nil, ctx.Err()
			})
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		began := time.Now()
		if _, err := a.Call(ctx, "b:1", "hang", nil); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if got := (<-ended).Sub(began); got != 300*time.Millisecond {
			t.Errorf("handler ended after %v", got)
		}
	})
}

func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		newNode(t, nw, "b:1", shared(t, secret), echo)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range maxServing {
			wg.Go(func() { _, _ = Call[any, bool](ctx, a, "b:1", "hang", struct{}{}) })
		}
		synctest.Wait()
		if _, err := Call[point, point](t.Context(), a, "b:1", "swap", point{}); !errors.Is(err, ErrBusy) {
			t.Errorf("above the limit: %v", err)
		}
		cancel()
		wg.Wait()
		synctest.Wait()
		if _, err := Call[point, point](t.Context(), a, "b:1", "swap", point{}); err != nil {
			t.Errorf("below it again: %v", err)
		}
	})
}

func isTimeout(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}
