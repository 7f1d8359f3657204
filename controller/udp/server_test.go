package udp_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/controller/udp"
	"github.com/pharos-registry/pharos/service/push"
	"github.com/pharos-registry/pharos/test/faketime"
)

// wire is a network under fake time: what is written is kept, what comes in is
// put there by the test.
type wire struct {
	in     chan datagram
	closed chan struct{}
	refuse error

	mu  sync.Mutex
	out []datagram
}

type datagram struct {
	b    []byte
	addr netip.AddrPort
	at   time.Time
}

func newWire() *wire { return &wire{in: make(chan datagram), closed: make(chan struct{})} }

func (w *wire) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case d := <-w.in:
		return copy(b, d.b), d.addr, nil
	case <-w.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (w *wire) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return 0, w.refuse
	}
	w.out = append(w.out, datagram{bytes.Clone(b), addr, time.Now()})
	return len(b), nil
}

func (w *wire) Close() error { close(w.closed); return nil }

func (w *wire) sent() []datagram {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.out
	w.out = nil
	return out
}

func (w *wire) ack(addr netip.AddrPort, seq int64) {
	w.in <- datagram{b: fmt.Appendf(nil, `{"type": "push-ack", "lastRefTime":"%d", "data":""}`, seq), addr: addr}
	synctest.Wait()
}

// bubble runs fn under fake time with a serving server.
func bubble(t *testing.T, fn func(s *udp.Server, w *wire, stats *push.Stats)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		stats := &push.Stats{}
		s := udp.New(stats, slog.New(slog.DiscardHandler))
		w := newWire()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Serve(ctx, w) }()
		synctest.Wait()
		fn(s, w, stats)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func message(key any, seq int64, body string) push.Message {
	return push.Message{Key: key, Content: &push.Content{Body: []byte(body), Seq: seq}}
}

const id = "127.0.0.1:55020#true"

func TestAcknowledged(t *testing.T) {
	bubble(t, func(s *udp.Server, w *wire, stats *push.Stats) {
		addr := netip.MustParseAddrPort("127.0.0.1:55020")
		if err := s.Peer(id).Send(message("a", 42, `{"name":"G@@a"}`)); err != nil {
			t.Fatal(err)
		}
		out := w.sent()
		if len(out) != 1 || out[0].addr != addr || string(out[0].b) != `{"type":"dom","data":"{\"name\":\"G@@a\"}","lastRefTime":42}` {
			t.Fatalf("sent %v", out)
		}
		faketime.Pass(30 * time.Millisecond)
		w.ack(netip.MustParseAddrPort("127.0.0.1:55021"), 42) // somebody else's
		w.ack(addr, 41)                                       // something else
		if c := stats.Read(false); c.Acked != 0 {
			t.Fatalf("a foreign acknowledgement counted: %+v", c)
		}
		w.ack(netip.MustParseAddrPort("[::ffff:127.0.0.1]:55020"), 42) // as a socket of both families shows it
		w.ack(addr, 42)                                                // twice is once
		if c := stats.Read(false); c.Acked != 1 || c.Cost != 30*time.Millisecond || c.MaxCost != c.Cost {
			t.Errorf("counted %+v", c)
		}
		faketime.Pass(time.Minute)
		if out := w.sent(); len(out) != 0 {
			t.Errorf("sent again after the acknowledgement: %v", out)
		}
	})
}

func TestSentTwiceThenGivenUp(t *testing.T) {
	bubble(t, func(s *udp.Server, w *wire, stats *push.Stats) {
		start := time.Now()
		if err := s.Peer(id).Send(message("a", 1, "one")); err != nil {
			t.Fatal(err)
		}
		faketime.Pass(20*time.Second - time.Nanosecond)
		if c := stats.Read(false); c.Failed != 0 {
			t.Error("given up before 20 s")
		}
		time.Sleep(2 * time.Nanosecond)
		synctest.Wait()
		if c := stats.Read(false); c.Failed != 1 {
			t.Errorf("counted %+v, want one failed", c)
		}
		faketime.Pass(time.Hour)
		out := w.sent()
		if len(out) != 2 || out[1].at.Sub(start) != 10*time.Second || !bytes.Equal(out[0].b, out[1].b) {
			t.Errorf("sent %v, want the same bytes at 0 and 10 s", out)
		}
	})
}

func TestSecondOneAcknowledged(t *testing.T) {
	bubble(t, func(s *udp.Server, w *wire, stats *push.Stats) {
		if err := s.Peer(id).Send(message("a", 1, "one")); err != nil {
			t.Fatal(err)
		}
		faketime.Pass(12 * time.Second)
		w.ack(netip.MustParseAddrPort("127.0.0.1:55020"), 1)
		faketime.Pass(time.Minute)
		if c := stats.Read(false); c.Acked != 1 || c.Failed != 0 || c.Cost != 12*time.Second {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestOldNewsIsNotSentAgain(t *testing.T) {
	bubble(t, func(s *udp.Server, w *wire, stats *push.Stats) {
		p := s.Peer(id)
		for i, key := range []string{"a", "b", "a"} {
			if err := p.Send(message(key, int64(i+1), fmt.Sprintf("news %d", i+1))); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		w.sent()
		faketime.Pass(time.Minute)
		out := w.sent()
		if len(out) != 2 || read(t, out[0].b).Data != "news 2" || read(t, out[1].b).Data != "news 3" {
			t.Errorf("sent again: %v, want the second and the third alone", out)
		}
		if c := stats.Read(false); c.Failed != 3 {
			t.Errorf("counted %+v, want 3 failed", c)
		}
	})
}

func TestCompressedFrom1024(t *testing.T) {
	bubble(t, func(s *udp.Server, w *wire, _ *push.Stats) {
		frame := len(`{"type":"dom","data":"","lastRefTime":7}`)
		for n, zipped := range map[int]bool{1023 - frame: false, 1024 - frame: true, 100_000: true} {
			body := string(bytes.Repeat([]byte{'x'}, n))
			if err := s.Peer(id).Send(message("a", 7, body)); err != nil {
				t.Fatal(err)
			}
			p := read(t, w.sent()[0].b)
			if p.zipped != zipped || p.Data != body || p.Type != "dom" || p.LastRefTime != 7 {
				t.Errorf("%d bytes: zipped %v, %d bytes of data", n, p.zipped, len(p.Data))
			}
		}
	})
}

func TestTooLargeIsCountedNotSent(t *testing.T) {
	bubble(t, func(s *udp.Server, w *wire, stats *push.Stats) {
		noise := make([]byte, 100_000) // does not compress below a datagram
		for i := range noise {
			noise[i] = ' ' + byte(rand.IntN(90))
		}
		if err := s.Peer(id).Send(message("a", 1, string(noise))); err != nil {
			t.Error("a message that never fits must not be tried again:", err)
		}
		if c := stats.Read(false); c.Failed != 1 || len(w.sent()) != 0 {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestSendErrors(t *testing.T) {
	bubble(t, func(s *udp.Server, w *wire, stats *push.Stats) {
		w.refuse = &net.OpError{Op: "write", Err: &net.AddrError{Err: "non-IPv4 address"}}
		if err := s.Peer(id).Send(message("a", 1, "x")); err != nil || stats.Read(false).Failed != 1 {
			t.Errorf("an address out of reach: %v, %+v", err, stats.Read(true))
		}
		w.refuse = net.ErrWriteToConnected // any other
		if err := s.Peer(id).Send(message("a", 2, "x")); err == nil {
			t.Error("a refused datagram is not reported")
		}
		w.refuse = nil
		faketime.Pass(time.Minute)
		if out := w.sent(); len(out) != 0 {
			t.Errorf("what did not go out is waited for: %v", out)
		}
	})
	s := udp.New(&push.Stats{}, slog.New(slog.DiscardHandler))
	if err := s.Peer(id).Send(message("a", 1, "x")); err == nil {
		t.Error("sent without a socket")
	}
}

func TestBoundedPerSubscriber(t *testing.T) {
	bubble(t, func(s *udp.Server, w *wire, stats *push.Stats) {
		const n = 1000
		for i := range n {
			if err := s.Peer(id).Send(message(i, int64(i+1), "x")); err != nil {
				t.Fatal(err)
			}
		}
		w.sent()
		dropped := stats.Read(false).Failed
		if dropped == 0 {
			t.Error("nothing bounds what waits for one subscriber")
		}
		faketime.Pass(time.Minute)
		if again := len(w.sent()); int64(again)+dropped != n {
			t.Errorf("%d dropped, %d sent again of %d", dropped, again, n)
		}
		if c := stats.Read(false); c.Failed != n {
			t.Errorf("%d failed, want each once: %d", c.Failed, n)
		}
	})
}

func TestPeerIDs(t *testing.T) {
	s := udp.New(&push.Stats{}, slog.New(slog.DiscardHandler))
	for _, good := range []string{"10.0.0.1:1#true", "::1:8080#true", "[::1]:8080#true", "10.0.0.1:65535#false"} {
		if s.Peer(good) == nil {
			t.Errorf("%s is no peer", good)
		}
	}
	for _, bad := range []string{"", "#true", "1763715600_127.0.0.1_53412", "10.0.0.1#true", "10.0.0.1:0#true", "10.0.0.1:65536#true", "host:80#true", "10.0.0.1:80"} {
		if s.Peer(bad) != nil {
			t.Errorf("%s is a peer", bad)
		}
	}
}

// TestOverLoopback sends through real sockets, from a hub to many subscribers,
// and is acknowledged by all.
func TestOverLoopback(t *testing.T) {
	const subscribers = 300
	stats := &push.Stats{}
	s := udp.New(stats, slog.New(slog.DiscardHandler))
	got := make(chan packet, subscribers)
	subs := make([]push.Subscriber, subscribers)
	for i := range subs {
		subs[i] = push.Subscriber{ID: subscriber(t, got) + "#true"}
	}
	topic := push.Topic{Namespace: "public", Group: "G", Service: "s"}
	hub := push.New(push.Options{
		Subscribers: func(_ push.Topic, into []push.Subscriber) []push.Subscriber { return append(into, subs...) },
		Render:      func(push.Topic, push.Subscriber, push.Form) (string, []byte) { return "", []byte(`{"name":"G@@s"}`) },
		Peer:        s.Peer,
		Stats:       stats,
		Log:         slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	conn, err := udp.Listen(ctx, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.Serve(ctx, conn); err != nil {
			t.Error(err)
		}
	})
	all.Go(func() {
		if err := hub.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer all.Wait()
	defer cancel()

	hub.Changed(topic)
	// What a full socket has dropped is sent again after ten seconds.
	late := time.After(time.Minute)
	for range subscribers {
		select {
		case p := <-got:
			if p.Data != `{"name":"G@@s"}` {
				t.Fatalf("got %+v", p)
			}
		case <-late:
			t.Fatal("a subscriber was not told")
		}
	}
	for deadline := time.Now().Add(time.Minute); stats.Read(false).Acked < subscribers; {
		if time.Now().After(deadline) {
			t.Fatalf("counted %+v, want %d acknowledged", stats.Read(false), subscribers)
		}
		time.Sleep(time.Millisecond)
	}
}

// subscriber is an SDK's socket: it acknowledges and passes on what it is told.
func subscriber(tb testing.TB, got chan<- packet) string {
	tb.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			p := read(tb, buf[:n])
			ack := fmt.Appendf(nil, `{"type": "push-ack", "lastRefTime":"%d", "data":""}`, p.LastRefTime)
			_, _ = c.WriteToUDPAddrPort(ack, from)
			got <- p
		}
	}()
	return c.LocalAddr().String()
}

// BenchmarkFanOut is one message to 1,000 subscribers through real sockets, the
// acknowledgements included; they all listen on one socket, so that the
// subscribers cost little.
func BenchmarkFanOut(b *testing.B) {
	b.ReportAllocs()
	const subscribers = 1000
	stats := &push.Stats{}
	s := udp.New(stats, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(b.Context())
	conn, err := udp.Listen(ctx, "127.0.0.1")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- s.Serve(ctx, conn) }()
	peers := make([]push.Conn, subscribers)
	for i := range peers {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		peers[i] = s.Peer(c.LocalAddr().String() + "#true")
	}
	body := bytes.Repeat([]byte("0123456789"), 440) // ten hosts
	seq := int64(0)
	for b.Loop() {
		seq++
		m := message("a", seq, string(body))
		for _, p := range peers {
			if err := p.Send(m); err != nil {
				b.Fatal(err)
			}
		}
	}
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
}
