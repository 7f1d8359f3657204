package peer

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		var sa, sb *Stream
		newNode(t, nw, "a:1", shared(t, secret), func(n *Node) { sa = n.Stream("raft"); n.Stream("only here") })
		newNode(t, nw, "b:1", shared(t, secret), func(n *Node) { sb = n.Stream("raft") })
		go func() {
			c, err := sb.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}()
		c, err := sa.Dial("b:1", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 5)
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello" {
			t.Fatalf("%q %v", b, err)
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := c.Read(b); !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
			t.Errorf("past the deadline: %v", err)
		}
		if _, err := sa.n.streams["only here"].Dial("b:1", time.Second); !errors.Is(err, ErrNoHandler) {
			t.Errorf("a stream that b has not: %v", err)
		}
	})
}

func TestHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		newNode(t, nw, "b:1", shared(t, secret), func(n *Node) {
			n.HandleHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f, ok := ForwardedFrom(r.Context())
				body, _ := io.ReadAll(r.Body)
				w.Header().Set("X-Seen", strings.Join([]string{r.Method, r.Host, r.URL.RequestURI(), hex.EncodeToString(f.Caller), f.Remote, f.From.ID, string(body)}, "|"))
				if !ok || r.Header.Get(headerCaller) != "" {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				w.WriteHeader(http.StatusTeapot)
				_, _ = io.WriteString(w, "short and stout")
			}))
		})
		for range 3 {
			ctx := WithForwarded(t.Context(), Forwarded{Caller: []byte("n\x00"), Remote: "9.9.9.9:1"})
			req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://b:1/nacos/v1/ns/instance?ip=1.1.1.1", strings.NewReader("weight=2"))
			if err != nil {
				t.Fatal(err)
			}
			req.Host = "public:8848"
			req.Header.Set(headerCaller, "forged")
			resp, err := a.HTTP().RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusTeapot || string(body) != "short and stout" {
				t.Errorf("%d %q %v", resp.StatusCode, body, err)
			}
			const want = "PUT|public:8848|/nacos/v1/ns/instance?ip=1.1.1.1|6e00|9.9.9.9:1|id-a:1|weight=2"
			if got := resp.Header.Get("X-Seen"); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		}
		nw.Part("a:1", "b:1")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://b:1/", nil)
		resp, err := a.HTTP().RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("through a cut: %v", err)
		}
	})
}

// The same over real sockets.
func TestOverTCP(t *testing.T) {
	start := func(setup func(*Node)) (*Node, string) {
		n, err := New(Options{Self: Ident{ID: "x"}, Listen: "127.0.0.1:0", Credentials: shared(t, secret), Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		setup(n)
		addr, err := n.Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- n.Run(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		return n, addr.String()
	}
	a, _ := start(func(*Node) {})
	b, addr := start(echo)
	if p, err := Call[point, point](t.Context(), a, addr, "swap", point{1, 2}); err != nil || p != (point{2, 1}) {
		t.Fatal(p, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	// The first call may still find the old connection open.
	_, err := Call[point, point](t.Context(), a, addr, "swap", point{1, 2})
	if errors.Is(err, ErrInterrupted) {
		_, err = Call[point, point](t.Context(), a, addr, "swap", point{1, 2})
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("closed: %v", err)
	}
}
