package peer

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// stopped is the network as a process has it that stands still until a time: what
// it was about to send is sent then, what has come for it is read then, and it
// gives nothing up before.
type stopped struct {
	Transport

	mu    sync.Mutex // guards the following field
	until time.Time
}

func (s *stopped) stop(d time.Duration) {
	s.mu.Lock()
	s.until = time.Now().Add(d)
	s.mu.Unlock()
}

// left is for how long the process stands still yet.
func (s *stopped) left() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Until(s.until)
}

func (s *stopped) Dial(ctx context.Context, addr string) (net.Conn, error) {
	c, err := s.Transport.Dial(ctx, addr)
	return stoppedConn{c, s}, err
}

func (s *stopped) Listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := s.Transport.Listen(ctx, addr)
	return stoppedListener{l, s}, err
}

type stoppedListener struct {
	net.Listener
	s *stopped
}

func (l stoppedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return stoppedConn{c, l.s}, err
}

type stoppedConn struct {
	net.Conn
	s *stopped
}

func (c stoppedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	time.Sleep(c.s.left())
	return n, err
}

func (c stoppedConn) Write(p []byte) (int, error) {
	time.Sleep(c.s.left())
	return c.Conn.Write(p)
}

func (c stoppedConn) Close() error {
	left := c.s.left()
	if left <= 0 {
		return c.Conn.Close()
	}
	go func() { // whoever closes it may hold a lock
		time.Sleep(left + 100*time.Millisecond) // what was on its way arrives first
		_ = c.Conn.Close()
	}()
	return nil
}

// counting is a node that counts what it serves of forwarded requests, and those
// that are late by the time that their body is there.
func counting(made, late *atomic.Int64) func(*Node) {
	return func(n *Node) {
		n.HandleHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err != nil {
				return
			}
			if f, _ := ForwardedFrom(r.Context()); f.Late() {
				late.Add(1)
				return
			}
			made.Add(1)
			w.WriteHeader(http.StatusNoContent)
		}))
	}
}

func put(t *testing.T, n *Node, addr string, limit time.Duration, body io.Reader) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(WithForwarded(ctx, Forwarded{}), http.MethodPut, "http://"+addr+"/", body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := n.HTTP().RoundTrip(req)
	if err == nil {
		_ = resp.Body.Close()
		for _, h := range []string{headerClock, headerLate} {
			if resp.Header.Get(h) != "" {
				t.Errorf("the caller sees %s", h)
			}
		}
	}
	return err
}

// A forwarded request that its sender has given up is not served, however late it
// comes: because the sender stood still with it, or because the receiver did.
func TestLateIsNotServed(t *testing.T) {
	for _, who := range []string{"sender", "receiver"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nw := NewNetwork()
				over := map[string]*stopped{"sender": {Transport: nw.Host("a:1")}, "receiver": {Transport: nw.Host("b:1")}}
				a := newNodeOver(t, over["sender"], "a:1", shared(t, secret), nil)
				time.Sleep(time.Minute) // the clocks need not agree
				var made, late atomic.Int64
				newNodeOver(t, over["receiver"], "b:1", shared(t, secret), counting(&made, &late))
				if err := put(t, a, "b:1", 2*time.Second, strings.NewReader("x")); err != nil || made.Load() != 1 {
					t.Fatal(err, made.Load())
				}
				over[who].stop(8 * time.Second)
				if err := put(t, a, "b:1", 2*time.Second, strings.NewReader("x")); err == nil {
					t.Error("it was answered")
				}
				time.Sleep(10 * time.Second)
				if made.Load() != 1 {
					t.Error("it was served")
				}
				if err := put(t, a, "b:1", 2*time.Second, strings.NewReader("x")); err != nil || made.Load() != 2 {
					t.Errorf("afterwards: %v, served %d", err, made.Load())
				}
			})
		})
	}
}

// A request that came in time is late when what is before its handler took too
// long.
func TestLateInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		late := make(chan bool, 3)
		newNode(t, nw, "b:1", shared(t, secret), func(n *Node) {
			n.HandleHTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				f, _ := ForwardedFrom(r.Context())
				for range 3 {
					late <- f.Late()
					time.Sleep(time.Second)
				}
			}))
		})
		if err := put(t, a, "b:1", 1500*time.Millisecond, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		for i, want := range []bool{false, false, true} {
			if got := <-late; got != want {
				t.Errorf("after %d s: late %v, not %v", i, got, want)
			}
		}
		time.Sleep(time.Second) // the handler's last
	})
}

// Another process at the same address has another clock. What an answer that took
// long tells of the time makes nothing fail either.
func TestClockOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		var made, late atomic.Int64
		for range 2 {
			time.Sleep(time.Minute)
			b := newNode(t, nw, "b:1", shared(t, secret), counting(&made, &late))
			nw.Delay("b:1", "a:1", 400*time.Millisecond)
			nw.Delay("a:1", "b:1", 100*time.Millisecond)
			for range 5 {
				if err := put(t, a, "b:1", 5*time.Second, strings.NewReader("x")); err != nil {
					t.Error(err)
				}
				time.Sleep(readingLife)
			}
			nw.Delay("b:1", "a:1", 0)
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if made.Load() != 10 || late.Load() != 0 {
			t.Errorf("served %d, late %d", made.Load(), late.Load())
		}
	})
}

func TestClockText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		time.Sleep(2500 * time.Millisecond)
		for _, tt := range []struct {
			limit string
			want  bool
		}{
			{c.text(), false},
			{c.run + "-2499", true},
			{c.run + "-2501", false},
			{c.run + "--1", true},
			{newClock().text(), true},
			{"-9999", true},
			{"", true},
			{c.run, true},
			{c.run + "-9223372036854775807", true},
			{c.run + "-1e9", true},
		} {
			if got := c.passed(tt.limit); got != tt.want {
				t.Errorf("%q at %s: %v", tt.limit, c.text(), got)
			}
		}
	})
}
