package middleware_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/middleware"
)

// piped is a listener that accepts one end of a pipe, once.
type piped struct {
	net.Listener
	conn net.Conn
}

func (p *piped) Accept() (net.Conn, error) { return p.conn, nil }

// seen is a connection that counts what comes through to it.
type seen struct {
	net.Conn
	reads, deadlines atomic.Int32
}

func (s *seen) Read(p []byte) (int, error) {
	s.reads.Add(1)
	return s.Conn.Read(p)
}

func (s *seen) SetReadDeadline(t time.Time) error {
	s.deadlines.Add(1)
	return s.Conn.SetReadDeadline(t)
}

// accepted is a connection as the server gets it, what it stands on, and the
// client's end.
func accepted(t *testing.T) (c net.Conn, under *seen, client net.Conn) {
	t.Helper()
	client, server := net.Pipe()
	under = &seen{Conn: server}
	l, _ := middleware.NewBudget(1).Limit(&piped{conn: under}, "")
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		_ = client.Close()
	})
	return c, under, client
}

// watch reads one byte as net/http does while a handler works.
func watch(c net.Conn) chan error {
	done := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		done <- err
	}()
	return done
}

var longAgo = time.Unix(1, 0) // what net/http ends its watch with

func TestWatchThatEndsSoonDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, under, _ := accepted(t)
		for range 3 {
			done := watch(c)
			synctest.Wait()
			set(t, c, longAgo)
			if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%v, want a deadline", err)
			}
			set(t, c, time.Time{})
		}
		set(t, c, longAgo) // before the goroutine that reads is there
		if err := <-watch(c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v, want a deadline", err)
		}
		if r, d := under.reads.Load(), under.deadlines.Load(); r+d != 0 {
			t.Errorf("%d reads and %d deadlines", r, d)
		}
	})
}

func TestWatchThatLastsReads(t *testing.T) {
	for _, test := range []struct {
		name  string
		event func(c, client net.Conn)
		want  error
	}{
		{"the client leaves", func(_, client net.Conn) { _ = client.Close() }, io.EOF},
		{"the client speaks", func(_, client net.Conn) { _, _ = client.Write([]byte("x")) }, nil},
		{"the handler ends", func(c, _ net.Conn) { _ = c.SetReadDeadline(longAgo) }, os.ErrDeadlineExceeded},
		{"a deadline comes", func(c, _ net.Conn) { _ = c.SetReadDeadline(time.Now().Add(time.Second)) }, os.ErrDeadlineExceeded},
		{"the server closes", func(c, _ net.Conn) { _ = c.Close() }, io.ErrClosedPipe},
	} {
		for _, after := range []time.Duration{0, time.Minute} { // while it waits, and while it reads
			t.Run(test.name+" after "+after.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, _, client := accepted(t)
					done := watch(c)
					time.Sleep(after)
					synctest.Wait()
					began := time.Now()
					test.event(c, client)
					if err := <-done; !errors.Is(err, test.want) {
						t.Errorf("%v, want %v", err, test.want)
					}
					if d := time.Since(began); d > time.Second {
						t.Errorf("after %v", d)
					}
				})
			})
		}
	}
}

func TestDeadlinesOfReads(t *testing.T) {
	for _, test := range []struct {
		name        string
		in          time.Duration
		least, most time.Duration
	}{
		{"passed", -time.Second, 0, 0},
		{"near", 5 * time.Second, 5 * time.Second, 5 * time.Second},
		{"far", time.Minute, time.Minute, time.Minute + time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, _ := accepted(t)
				began := time.Now()
				set(t, c, began.Add(test.in))
				if _, err := c.Read(make([]byte, 2)); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%v, want a deadline", err)
				}
				if d := time.Since(began); d < test.least || d > test.most {
					t.Errorf("after %v", d)
				}
			})
		})
	}
}

func TestFarDeadlinesAreSetSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, under, client := accepted(t)
		go func() {
			for range 1000 {
				_, _ = client.Write([]byte("xy"))
			}
		}()
		for range 1000 { // in ten seconds
			set(t, c, time.Now().Add(time.Minute))
			if _, err := io.ReadFull(c, make([]byte, 2)); err != nil {
				t.Fatal(err)
			}
			set(t, c, time.Time{})
			time.Sleep(10 * time.Millisecond)
		}
		if n := under.deadlines.Load(); n > 12 {
			t.Errorf("%d deadlines", n)
		}
		set(t, c, time.Now().Add(2*time.Second)) // a nearer one counts at once
		began := time.Now()
		if _, err := c.Read(make([]byte, 2)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// A handler that takes long learns that its client has left.
func TestHandlerLearnsThatTheClientLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, _ = middleware.NewBudget(10).Limit(l, "")
	arrived, left := make(chan struct{}), make(chan struct{})
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(left)
	})}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-arrived
	_ = c.Close()
	select {
	case <-left:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody told the handler")
	}
}

func set(t *testing.T, c net.Conn, at time.Time) {
	t.Helper()
	if err := c.SetReadDeadline(at); err != nil {
		t.Fatal(err)
	}
}
