package badinput_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/test/server"
)

// Bytes that are no HTTP, or begin to be, are refused or cut off, and leave
// the server as it was.
func TestBrokenHTTP(t *testing.T) {
	const head = "POST /nacos/v1/ns/instance HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	const form = "serviceName=bad-svc&ip=10.50.0.9&port=80"
	s := server.Start(t, server.Options{})
	seed(t, s)
	before := snapshot(t, s)
	for name, raw := range map[string]string{
		"no HTTP at all":                      "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
		"a chunk size that is none":           head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + form + "\r\n0\r\n\r\n",
		"a negative chunk size":               head + "Transfer-Encoding: chunked\r\n\r\n-5\r\n" + form + "\r\n0\r\n\r\n",
		"a chunk size past 64 bits":           head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + form,
		"a chunk longer than it says":         head + "Transfer-Encoding: chunked\r\n\r\n5\r\n" + form + "\r\n0\r\n\r\n",
		"an endless chunk extension":          head + "Transfer-Encoding: chunked\r\n\r\n28;" + strings.Repeat("x", 1<<20) + "\r\n",
		"two lengths":                         head + "Content-Length: 40\r\nContent-Length: 41\r\n\r\n" + form,
		"length and chunks, the second hides": head + "Content-Length: abc\r\nTransfer-Encoding: chunked\r\n\r\n28\r\n" + form + "\r\n0\r\n\r\n",
		"a length below zero":                 head + "Content-Length: -1\r\n\r\n" + form,
		"an unknown transfer encoding":        head + "Transfer-Encoding: gzip, chunked\r\n\r\n28\r\n" + form + "\r\n0\r\n\r\n",
		"headers of 2 MB":                     head + "X-A: " + strings.Repeat("a", 2<<20) + "\r\n\r\n",
		"100,000 headers":                     head + strings.Repeat("X-A: a\r\n", 100_000) + "\r\n",
		"a target of 2 MB":                    "GET /nacos/v1/ns/instance/list?serviceName=" + strings.Repeat("a", 2<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"a header without a colon":            head + "Broken\r\nContent-Length: 40\r\n\r\n" + form,
		"a null byte in a header":             head + "X: a\x00b\r\nContent-Length: 40\r\n\r\n" + form,
		"no host":                             "GET /nacos/v1/ns/service/list HTTP/1.1\r\n\r\n",
		"a length of 11 MB and nothing more":  head + "Content-Length: 11534336\r\n\r\n",
		"a form cut short":                    head + "Content-Length: 400\r\n\r\n" + form,
	} {
		t.Run(name, func(t *testing.T) {
			status, text := speak(t, s, raw)
			if status != 0 && (status < 400 || status > 499 && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported) {
				t.Errorf("answered %d %.200s", status, text)
			}
			checkText(t, text)
			if diff := cmp.Diff(before, snapshot(t, s)); diff != "" {
				t.Errorf("it changed something (-before +after):\n%s", diff)
			}
		})
	}
}

// A large form is taken up to the limit and refused above it, chunked or not,
// without the server growing by what was sent.
func TestLargeForms(t *testing.T) {
	s := server.Start(t, server.Options{})
	before := s.RSS()
	for name, chunked := range map[string]bool{"with a length": false, "in chunks": true} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				body := io.MultiReader(strings.NewReader("serviceName=bad-svc&ip=10.50.0.9&port=80&metadata="), io.LimitReader(letters{}, 10<<20))
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL("/v1/ns/instance"), body)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", formType)
				if !chunked {
					req.ContentLength = int64(len("serviceName=bad-svc&ip=10.50.0.9&port=80&metadata=")) + 10<<20
				}
				r, err := http.DefaultClient.Do(req)
				if err != nil { // the server may hang up while we still send
					if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
						t.Fatal(err)
					}
					continue
				}
				text, _ := io.ReadAll(r.Body)
				_ = r.Body.Close()
				if r.StatusCode < 400 || r.StatusCode > 499 {
					t.Errorf("a form of 10 MB is answered %d %.200s", r.StatusCode, text)
				}
			}
		})
	}
	if grown := s.RSS() - before; grown > 200<<20 {
		t.Errorf("40 forms of 10 MB one after another made the server grow by %d MB", grown>>20)
	}
	alive(t, s)
}

// Clients that announce a large body and send none must not be given the memory.
func TestAnnouncedBodies(t *testing.T) {
	const clients = 1000
	s := server.Start(t, server.Options{})
	before := s.RSS()
	const head = "POST /nacos/v1/ns/instance HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10000000\r\n\r\nserviceName="
	hold(t, s, clients, head)
	alive(t, s)
	if grown := s.RSS() - before; grown > clients*64<<10 {
		t.Errorf("%d announced bodies of 10 MB made the server grow by %d MB", clients, grown>>20)
	}
}

// 10,000 connections that never finish their request cost little each, do not
// keep others from being served, and are cut off in the end.
func TestHalfOpenConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: waits for the server's header timeout")
	}
	const clients = 10_000
	const each = 32 << 10 // bytes: a goroutine, its stack and two buffers of net/http, twice
	s := server.Start(t, server.Options{})
	seed(t, s)
	before := s.RSS()
	conns := hold(t, s, clients, "POST /nacos/v1/ns/instance HTTP/1.1\r\nHost: x\r\nX-Slow")
	began := time.Now() // the last of them has begun
	best := time.Hour
	for i := 0; i < 10 && best > time.Second; i++ { // the machine may be busy with other things
		asked := time.Now()
		alive(t, s)
		best = min(best, time.Since(asked))
	}
	if best > time.Second {
		t.Errorf("with %d half-open connections a good request takes %v", clients, best)
	}
	grown := s.RSS() - before
	t.Logf("%d half-open connections: %.1f KB each", clients, float64(grown)/1024/clients)
	if grown > clients*each {
		t.Errorf("%d half-open connections made the server grow by %d MB", clients, grown>>20)
	}
	for i, c := range conns {
		if !cutOff(c, began.Add(time.Minute)) {
			t.Fatalf("connection %d is still open a minute after it began a request", i)
		}
	}
	t.Logf("all were cut off within %v", time.Since(began).Round(time.Second))
	alive(t, s)
}

// One byte now and then does not keep a request alive for ever: not in the
// headers, and not in the body.
func TestSlowRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: waits for the server's timeouts")
	}
	s := server.Start(t, server.Options{})
	for name, c := range map[string]struct {
		head  string
		limit time.Duration
	}{
		"headers": {"POST /nacos/v1/ns/instance HTTP/1.1\r\nHost: x\r\nX-Slow: ", 30 * time.Second},
		"body":    {"POST /nacos/v1/ns/instance HTTP/1.1\r\nHost: x\r\nContent-Type: " + formType + "\r\nContent-Length: 10000\r\n\r\nserviceName=", 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s)
			if _, err := io.WriteString(conn, c.head); err != nil {
				t.Fatal(err)
			}
			closed := make(chan struct{})
			go func() {
				_, _ = io.Copy(io.Discard, conn) // ends when the server hangs up
				close(closed)
			}()
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			limit := time.NewTimer(c.limit)
			defer limit.Stop()
			for {
				select {
				case <-closed:
					return
				case <-tick.C:
					_, _ = io.WriteString(conn, "a")
				case <-limit.C:
					t.Fatalf("one byte a second kept the request alive for %v", c.limit)
				}
			}
		})
	}
}

// speak sends bytes and reads what comes back: the first answer's status and
// text, or 0 when the server hangs up or waits for more.
func speak(t *testing.T, s *server.Server, raw string) (status int, text string) {
	t.Helper()
	conn := dial(t, s)
	go func() { _, _ = io.WriteString(conn, raw) }() // the server may hang up meanwhile
	if err := conn.SetReadDeadline(time.Now().Add(3 * time.Second)); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = r.Body.Close() }()
	b, _ := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	return r.StatusCode, string(b)
}

func dial(t *testing.T, s *server.Server) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(s.Port))
	if err != nil {
		if errors.Is(err, syscall.EMFILE) {
			t.Skipf("this machine lets a process open too few files: %v", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// hold opens connections and sends the beginning of a request on each.
func hold(t *testing.T, s *server.Server, n int, begin string) []net.Conn {
	t.Helper()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = dial(t, s)
		if _, err := io.WriteString(conns[i], begin); err != nil {
			t.Fatal(fmt.Errorf("connection %d: %w", i, err))
		}
	}
	settle(t, s)
	return conns
}

// settle returns when the server has read what was sent: its CPU time stands still.
func settle(t *testing.T, s *server.Server) {
	t.Helper()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for last := s.CPU(); ; {
		<-tick.C
		now := s.CPU()
		if now-last <= 10*time.Millisecond {
			return
		}
		last = now
	}
}

// cutOff says whether the server hangs up before the time.
func cutOff(c net.Conn, until time.Time) bool {
	if err := c.SetReadDeadline(until); err != nil {
		return true
	}
	_, err := io.Copy(io.Discard, c)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// letters is an endless form value.
type letters struct{}

// Read implements io.Reader.
func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
