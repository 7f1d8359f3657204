package park_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/controller/park"
)

// guest is a parked request of the tests.
type guest struct {
	spot park.Spot
	gone chan struct{}
}

func (g *guest) Answer(b []byte, cause any) (head, body []byte) {
	text, _ := cause.(string)
	return append(b, "X-Guest: yes\r\n"...), []byte(text)
}

func (g *guest) Gone() { close(g.gone) }

// house is a server with a lot: GET /wait parks for the time that it is given,
// anything else answers at once.
type house struct {
	t      *testing.T
	lot    *park.Lot
	addr   string
	guests chan *guest
	early  string // if not "", woken before Wait
}

func newHouse(t *testing.T, o park.Options) *house {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	lot, err := park.New(o)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, lot: lot, guests: make(chan *guest, 100)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	back := lot.Listener(srv)
	var running sync.WaitGroup
	running.Go(func() { _ = srv.Serve(l) })
	running.Go(func() { _ = srv.Serve(back) })
	t.Cleanup(func() {
		if err := lot.Close(); err != nil {
			t.Errorf("close the lot: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		running.Wait()
	})
	return h
}

func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/wait" {
		_, _ = io.WriteString(w, "hello")
		return
	}
	d, _ := time.ParseDuration(r.URL.Query().Get("for"))
	g := &guest{gone: make(chan struct{})}
	if err := h.lot.Reserve(w, r, &g.spot, g); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	if h.early != "" {
		g.spot.Wake(h.early)
	}
	g.spot.Wait(d)
	h.guests <- g
}

// client is one connection.
type client struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

func (h *house) dial() *client {
	h.t.Helper()
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return &client{h.t, c, bufio.NewReader(c)}
}

func (c *client) send(paths ...string) {
	c.t.Helper()
	var b strings.Builder
	for _, p := range paths {
		fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", p)
	}
	if _, err := io.WriteString(c.c, b.String()); err != nil {
		c.t.Fatal(err)
	}
}

// want reads an answer and returns its header; closes says whether the server
// will close the connection.
func (c *client) want(body string) (h http.Header, closes bool) {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatalf("read the answer %q: %v", body, err)
	}
	got, err := io.ReadAll(res.Body)
	if err != nil || string(got) != body || res.StatusCode != http.StatusOK {
		c.t.Fatalf("got %s %q %v, want %q", res.Status, got, err, body)
	}
	_ = res.Body.Close()
	return res.Header, res.Close
}

// refused reads an answer that must be a 503.
func (c *client) refused() {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable {
		c.t.Fatalf("got %s, want 503", res.Status)
	}
}

func (h *house) guest() *guest {
	h.t.Helper()
	select {
	case g := <-h.guests:
		return g
	case <-time.After(5 * time.Second):
		h.t.Fatal("nobody parked")
		return nil
	}
}

func TestWokenThenReused(t *testing.T) {
	h := newHouse(t, park.Options{})
	c := h.dial()
	for i := range 3 {
		c.send("/wait?for=1m")
		g := h.guest()
		if n := h.lot.Parked(); n != 1 {
			t.Fatalf("%d parked, want 1", n)
		}
		text := fmt.Sprintf("round %d", i)
		g.spot.Wake(text)
		g.spot.Wake("too late")
		if h, _ := c.want(text); h.Get("X-Guest") != "yes" || h.Get("Date") == "" {
			t.Fatalf("headers %v", h)
		}
		c.send("/other")
		c.want("hello")
	}
	if n := h.lot.Parked(); n != 0 {
		t.Fatalf("%d parked at the end", n)
	}
}

func TestTimesOut(t *testing.T) {
	h := newHouse(t, park.Options{})
	c := h.dial()
	start := time.Now()
	c.send("/wait?for=150ms")
	c.want("")
	if d := time.Since(start); d < 150*time.Millisecond || d > 8*time.Second {
		t.Fatalf("answered after %v", d)
	}
	c.send("/other")
	c.want("hello")
}

func TestWokenBeforeItParks(t *testing.T) {
	h := newHouse(t, park.Options{})
	h.early = "early"
	c := h.dial()
	c.send("/wait?for=1m", "/other")
	c.want("early")
	c.want("hello")
}

func TestPipelined(t *testing.T) {
	h := newHouse(t, park.Options{})
	c := h.dial()
	c.send("/wait?for=1m", "/other", "/wait?for=1m", "/other")
	h.guest().spot.Wake("one")
	c.want("one")
	c.want("hello")
	h.guest().spot.Wake("two")
	c.want("two")
	c.want("hello")
}

func TestSentWhileParked(t *testing.T) {
	h := newHouse(t, park.Options{})
	c := h.dial()
	c.send("/wait?for=1m")
	g := h.guest()
	c.send("/other")
	g.spot.Wake("one")
	c.want("one")
	c.want("hello")
}

func TestClientLeaves(t *testing.T) {
	h := newHouse(t, park.Options{})
	for range 3 { // the file descriptor comes again
		c := h.dial()
		c.send("/wait?for=1m")
		g := h.guest()
		_ = c.c.Close()
		select {
		case <-g.gone:
		case <-time.After(5 * time.Second):
			t.Fatal("nobody noticed")
		}
		g.spot.Wake("to nobody")
		if n := h.lot.Parked(); n != 0 {
			t.Fatalf("%d parked", n)
		}
	}
}

func TestConnectionCloseIsKept(t *testing.T) {
	h := newHouse(t, park.Options{})
	c := h.dial()
	if _, err := io.WriteString(c.c, "GET /wait?for=1m HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	h.guest().spot.Wake("bye")
	if _, closes := c.want("bye"); !closes {
		t.Fatal("no Connection: close")
	}
	if _, err := c.r.ReadByte(); err != io.EOF {
		t.Fatalf("the connection is open: %v", err)
	}
}

func TestIdleEnds(t *testing.T) {
	h := newHouse(t, park.Options{Idle: 100 * time.Millisecond})
	c := h.dial()
	c.send("/wait?for=1m")
	h.guest().spot.Wake("one")
	c.want("one")
	if _, err := c.r.ReadByte(); err != io.EOF {
		t.Fatalf("the connection is open: %v", err)
	}
}

func TestLimit(t *testing.T) {
	h := newHouse(t, park.Options{Max: 1})
	one, two := h.dial(), h.dial()
	one.send("/wait?for=1m")
	g := h.guest()
	two.send("/wait?for=1m")
	two.refused()
	g.spot.Wake("one")
	one.want("one")
}

func TestHTTP10StaysInNetHTTP(t *testing.T) {
	h := newHouse(t, park.Options{})
	c := h.dial()
	if _, err := io.WriteString(c.c, "GET /wait?for=1m HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	c.refused()
}

func TestCloseAnswersAll(t *testing.T) {
	h := newHouse(t, park.Options{})
	parked, idle := h.dial(), h.dial()
	idle.send("/wait?for=1m")
	h.guest().spot.Wake("one")
	idle.want("one")
	parked.send("/wait?for=1m")
	g := h.guest()
	if err := h.lot.Close(); err != nil {
		t.Fatal(err)
	}
	if _, closes := parked.want(""); !closes {
		t.Fatal("no Connection: close")
	}
	if _, err := idle.r.ReadByte(); err == nil {
		t.Fatal("an idle connection outlives the lot")
	}
	g.spot.Wake("after the end")
	late := h.dial()
	late.send("/wait?for=1m")
	late.refused()
}

func TestManyAtOnce(t *testing.T) {
	h := newHouse(t, park.Options{})
	const n = 100
	clients := make([]*client, n)
	guests := make([]*guest, n)
	for i := range clients {
		clients[i] = h.dial()
		clients[i].send("/wait?for=1m")
		guests[i] = h.guest()
	}
	var racing sync.WaitGroup
	for _, g := range guests {
		racing.Go(func() { g.spot.Wake("all") })
		racing.Go(func() { g.spot.Wake("all") })
	}
	racing.Wait()
	for _, c := range clients {
		c.want("all")
		c.send("/other")
		c.want("hello")
	}
}
