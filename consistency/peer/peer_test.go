package peer

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

const secret = "a secret of the cluster"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func shared(tb testing.TB, s string) Credentials {
	tb.Helper()
	c, err := SharedSecret(s)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// newNode makes a node on net that setup prepares, and runs it.
func newNode(tb testing.TB, nw *Network, addr string, c Credentials, setup func(*Node)) *Node {
	tb.Helper()
	n, err := New(Options{
		Self: Ident{ID: "id-" + addr, Member: "member-" + addr}, Listen: addr, Credentials: c,
		Transport: nw.Host(addr), Logger: slog.New(slog.DiscardHandler), MaxFrame: 4 << 20,
	})
	if err != nil {
		tb.Fatal(err)
	}
	if setup != nil {
		setup(n)
	}
	if _, err := n.Listen(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- n.Run(context.WithoutCancel(tb.Context())) }()
	tb.Cleanup(func() {
		_ = n.Close()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	return n
}

type point struct{ X, Y int }

func echo(n *Node) {
	Handle(n, "swap", func(_ context.Context, p point) (point, error) { return point{p.Y, p.X}, nil })
	Handle(n, "raw", func(_ context.Context, b []byte) ([]byte, error) { return append([]byte("got "), b...), nil })
	Handle(n, "who", func(ctx context.Context, _ struct{}) (Ident, error) {
		id, _ := From(ctx)
		return id, nil
	})
	Handle(n, "code", func(_ context.Context, c Code) (bool, error) { return false, Errorf(c, "as asked") })
	Handle(n, "plain", func(context.Context, struct{}) (bool, error) { return false, errors.New("no code") })
	Handle(n, "hang", func(ctx context.Context, _ struct{}) (bool, error) {
		<-ctx.Done()
		return false, ctx.Err()
	})
	Handle(n, "big", func(_ context.Context, size int) ([]byte, error) { return make([]byte, size), nil })
}

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

func TestAuthentication(t *testing.T) {
	mine, theirs := authority(t), authority(t)
	for _, tt := range []struct {
		name         string
		client, srv  Credentials
		want         error
		clientLearns bool
	}{
		{name: "one secret", client: shared(t, secret), srv: shared(t, secret)},
		{name: "two secrets", client: shared(t, secret), srv: shared(t, "another secret"), want: ErrUnauthenticated},
		{name: "one CA", client: mutual(t, mine, mine), srv: mutual(t, mine, mine)},
		{name: "client of another CA", client: mutual(t, theirs, mine), srv: mutual(t, mine, mine), want: ErrUnauthenticated},
		{name: "server of another CA", client: mutual(t, mine, mine), srv: mutual(t, theirs, mine), want: ErrUnauthenticated},
		{name: "secret against certificates", client: shared(t, secret), srv: mutual(t, mine, mine), want: ErrUnauthenticated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))) // certificates are of a real date
				nw := NewNetwork()
				a := newNode(t, nw, "a:1", tt.client, nil)
				newNode(t, nw, "b:1", tt.srv, echo)
				_, err := Call[point, point](t.Context(), a, "b:1", "swap", point{})
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Fatalf("got %v, want %v", err, tt.want)
				}
			})
		})
	}
	if _, err := SharedSecret("short"); !errors.Is(err, ErrWeakSecret) {
		t.Errorf("weak secret: %v", err)
	}
	if _, err := New(Options{Logger: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a node without credentials was made")
	}
}

type ca struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func authority(t *testing.T) ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: rand.Text()}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return ca{cert, key}
}

// mutual returns credentials with a certificate of by that trust trusted.
func mutual(t *testing.T, by, trusted ca) Credentials {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "node"},
		NotBefore: by.cert.NotBefore, NotAfter: by.cert.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, by.cert, &key.PublicKey, by.key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(trusted.cert)
	c, err := MutualTLS(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A stranger gets no byte beyond TLS's own, whatever it sends, and is hung up
// on in time.
func TestStrangerLearnsNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		said []byte
	}{
		{"nothing", nil},
		{"a hello without proof", append([]byte{0, 2, '{', '}'}, make([]byte, 32)...)},
		{"a request", encodeRequest(1, time.Second, "swap", []byte("{}"))},
		{"a huge hello", bytes.Repeat([]byte{0xff}, 8<<10)},
		{"HTTP", []byte("GET /nacos/v1/ns/instance/list?serviceName=a HTTP/1.1\r\nHost: a\r\n\r\n")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nw := NewNetwork()
				newNode(t, nw, "b:1", shared(t, secret), echo)
				nc, err := nw.Host("x:1").Dial(t.Context(), "b:1")
				if err != nil {
					t.Fatal(err)
				}
				cfg := baseTLS()
				cfg.InsecureSkipVerify = true
				tc := tls.Client(nc, cfg)
				if err := tc.Handshake(); err != nil {
					t.Fatal(err)
				}
				if _, err := tc.Write(tt.said); err != nil && !errors.Is(err, syscall.EPIPE) { // hung up on already
					t.Fatal(err)
				}
				began := time.Now()
				got, err := io.ReadAll(tc)
				if len(got) != 0 || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.EPIPE) {
					t.Errorf("got %q, %v", got, err)
				}
				if time.Since(began) > handshakeTimeout {
					t.Errorf("hung up after %v", time.Since(began))
				}
				_ = nc.Close()
			})
		})
	}
}

// One who sits between two nodes with TLS sessions of its own to each cannot
// pass their proofs on.
func TestRelayIsNoPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		a := newNode(t, nw, "a:1", shared(t, secret), nil)
		newNode(t, nw, "b:1", shared(t, secret), echo)
		l, err := nw.Host("m:1").Listen(t.Context(), "m:1")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		go func() {
			in, err := l.Accept()
			if err != nil {
				return
			}
			victim := tls.Server(in, shared(t, "anything goes").server)
			nc, err := nw.Host("m:1").Dial(t.Context(), "b:1")
			if err != nil {
				return
			}
			cfg := baseTLS()
			cfg.InsecureSkipVerify = true
			far := tls.Client(nc, cfg)
			go func() {
				_, _ = io.Copy(far, victim)
				_ = nc.Close()
			}()
			_, _ = io.Copy(victim, far)
			_ = in.Close()
		}()
		if _, err := Call[point, point](t.Context(), a, "m:1", "swap", point{}); !errors.Is(err, ErrUnauthenticated) {
			t.Errorf("through a relay: %v", err)
		}
	})
}

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

func isTimeout(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
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

func TestVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nw := NewNetwork()
		newNode(t, nw, "b:1", shared(t, secret), echo)
		nc, err := nw.Host("a:1").Dial(t.Context(), "b:1")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = nc.Close() }()
		c := shared(t, secret)
		tc := tls.Client(nc, c.client)
		if err := tc.Handshake(); err != nil {
			t.Fatal(err)
		}
		hello := []byte(`{"id":"new","min":99,"max":120,"purpose":"calls","later":true}`)
		mac, _ := proof(c.fromClient, tc, hello)
		if err := writeHello(tc, hello, mac); err != nil {
			t.Fatal(err)
		}
		answer, _, err := readHello(tc)
		if err != nil || !bytes.Contains(answer, []byte(`"code":10`)) {
			t.Errorf("a node far ahead is told %q, %v", answer, err)
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(encodeRequest(7, time.Second, "kind", []byte("body")))
	f.Add(encodeFrame(frameError, 1, encodeError(ErrBusy)))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 1 << 16
		fr, err := readFrame(bytes.NewReader(b), limit)
		if err != nil {
			return
		}
		if len(fr.payload) > limit {
			t.Fatalf("payload of %d bytes", len(fr.payload))
		}
		if again := encodeFrame(fr.typ, fr.id, fr.payload); !bytes.Equal(again, b[:len(again)]) {
			t.Fatal("a frame does not survive")
		}
		if timeout, kind, body, err := decodeRequest(fr.payload); err == nil {
			re := encodeRequest(fr.id, timeout, kind, body)
			if !bytes.Equal(re[lengthBytes+frameHeader:], fr.payload) {
				t.Fatal("a request does not survive")
			}
		}
		_ = decodeError(fr.payload)
	})
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
