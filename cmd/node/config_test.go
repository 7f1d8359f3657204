package node

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/service/config"
)

// centre is a node whose API is served as Run serves it.
type centre struct {
	*Node
	tb   testing.TB
	url  string
	busy atomic.Int32  // requests that are in their handlers
	done chan struct{} // of one, told when a handler has returned
}

func newCentre(tb testing.TB) *centre {
	tb.Helper()
	return newCentreOf(tb, settings.Default())
}

func newCentreOf(tb testing.TB, set settings.Settings) *centre {
	tb.Helper()
	set.Data.Dir = tb.TempDir()
	set.Cluster.Standalone = true
	n, err := New(set, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = n.Close() })
	c := &centre{Node: n, tb: tb, done: make(chan struct{}, 1)}
	srv := httptest.NewServer(http.HandlerFunc(c.handle))
	tb.Cleanup(srv.Close)
	back := n.lot.Listener(srv.Config)
	go func() { _ = srv.Config.Serve(back) }()
	tb.Cleanup(func() { _ = n.lot.Close() })
	c.url = srv.URL + "/nacos"
	return c
}

// handle answers as the node does, and tells parked of it.
func (c *centre) handle(w http.ResponseWriter, r *http.Request) {
	c.busy.Add(1)
	c.api.ServeHTTP(w, r)
	c.busy.Add(-1)
	select {
	case c.done <- struct{}{}:
	default: // it is told already
	}
}

func (c *centre) call(method, path, body string, header ...string) (int, http.Header, string) {
	c.tb.Helper()
	req, err := http.NewRequestWithContext(c.tb.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.tb.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.tb.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

func (c *centre) publish(id, content string) {
	c.tb.Helper()
	form := url.Values{"dataId": {id}, "group": {"G"}, "content": {content}}
	if status, _, body := c.call(http.MethodPost, "/v1/cs/configs", form.Encode()); status != http.StatusOK || body != "true" {
		c.tb.Fatalf("publish %s: %d %s", id, status, body)
	}
}

// parked waits until no request is being handled and so many polls are parked.
// A poll counts a moment before it listens; after its handler it does.
func (c *centre) parked(n int) {
	c.tb.Helper()
	for end := time.After(10 * time.Second); c.busy.Load() > 0 || c.lot.Parked() != n; {
		select {
		case <-c.done:
		case <-end:
			c.tb.Fatalf("%d polls are parked, not %d", c.lot.Parked(), n)
		}
	}
}

// wire is a connection on which polls are sent by hand.
type wire struct {
	tb   testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func (c *centre) dial() *wire {
	c.tb.Helper()
	u, err := url.Parse(c.url)
	if err != nil {
		c.tb.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		c.tb.Fatal(err)
	}
	c.tb.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &wire{c.tb, conn, bufio.NewReader(conn)}
}

func (w *wire) poll(proto, timeout string, records ...string) {
	w.tb.Helper()
	body := "Listening-Configs=" + url.QueryEscape(strings.Join(records, ""))
	_, err := fmt.Fprintf(w.conn, "POST /nacos/v1/cs/configs/listener %s\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Long-Pulling-Timeout: %s\r\nContent-Length: %d\r\n\r\n%s", proto, timeout, len(body), body)
	if err != nil {
		w.tb.Fatal(err)
	}
}

func (w *wire) want(body string) {
	w.tb.Helper()
	res, err := http.ReadResponse(w.r, nil)
	if err != nil {
		w.tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || string(b) != body {
		w.tb.Fatalf("%s %q %v, want %q", res.Status, b, err, body)
	}
	if ct := res.Header.Get("Content-Type"); ct != "application/json;charset=UTF-8" {
		w.tb.Errorf("Content-Type %q", ct)
	}
	if keep := res.Header.Get("Cache-Control"); (body == "") != (keep == "") {
		w.tb.Errorf("Cache-Control %q of the answer %q", keep, body)
	}
}

const nothing = "\x02G\x02\x01" // after a data id: a client that has nothing

func TestPollIsAnsweredByPublish(t *testing.T) {
	c := newCentre(t)
	w := c.dial()
	for i := range 3 { // on one connection
		id := fmt.Sprint("d", i)
		w.poll("HTTP/1.1", "30000", id+nothing, "other"+nothing)
		c.parked(1)
		if got := c.config.Cache().WatchersOf(config.Key{Group: "G", DataID: id}); len(got) != 1 || got[0].Viewer.IP != "127.0.0.1" {
			t.Fatalf("watchers %v", got)
		}
		c.publish(id, "v")
		w.want(id + "%02G%01\n")
	}
	c.deserted()
}

// deserted waits until nobody listens any more.
func (c *centre) deserted() {
	c.tb.Helper()
	c.until("nobody listens", func() bool { return len(c.config.Cache().WatchedBy("127.0.0.1")) == 0 })
}

// until looks again and again: for what nobody is told of, as the end of a
// connection or what happens inside of a handler.
func (c *centre) until(what string, ok func() bool) {
	c.tb.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			c.tb.Fatalf("not so after 10 s: %s", what)
		}
	}
}

func TestPollOverHTTP10(t *testing.T) {
	c := newCentre(t)
	w := c.dial()
	w.poll("HTTP/1.0", "30000", "d"+nothing)
	key := config.Key{Group: "G", DataID: "d"}
	c.until("somebody listens", func() bool { return len(c.config.Cache().WatchersOf(key)) > 0 })
	c.publish("d", "v")
	w.want("d%02G%01\n")
	c.deserted()
}

func TestPollEndsWithItsTime(t *testing.T) {
	c := newCentre(t)
	c.publish("com.alibaba.nacos.meta.switch", "MIN_LONG_POOLING_TIMEOUT=100\nfixedDelayTime=50")
	w := c.dial()
	start := time.Now()
	w.poll("HTTP/1.1", "250", "d"+nothing)
	w.want("")
	if d := time.Since(start); d < 200*time.Millisecond || d > 5*time.Second {
		t.Errorf("answered after %v, want 200 ms", d)
	}
	w.poll("HTTP/1.1", "abc", "d"+nothing)
	res, err := http.ReadResponse(w.r, nil)
	if err != nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("a timeout that is no number: %v %v", res, err)
	}
	_ = res.Body.Close()
}

func TestPollOfClientThatLeaves(t *testing.T) {
	c := newCentre(t)
	w := c.dial()
	w.poll("HTTP/1.1", "30000", "d"+nothing)
	c.parked(1)
	_ = w.conn.Close()
	c.deserted()
	c.until("nothing is parked", func() bool { return c.lot.Parked() == 0 })
}

// TestBetaIsSeenByItsAddress reads and listens from two addresses.
func TestBetaIsSeenByItsAddress(t *testing.T) {
	c := newCentre(t)
	c.publish("d", "formal")
	if status, _, body := c.call(http.MethodPost, "/v1/cs/configs", "dataId=d&group=G&content=beta", "betaIps", "10.0.0.1"); status != http.StatusOK {
		t.Fatal(status, body)
	}
	for ip, want := range map[string]string{"10.0.0.1": "beta", "10.0.0.2": "formal", "10.0.0.1, 10.0.0.2": "beta"} {
		_, h, body := c.call(http.MethodGet, "/v1/cs/configs?dataId=d&group=G", "", "X-Forwarded-For", ip)
		if body != want || (h.Get("isBeta") == "true") != (want == "beta") {
			t.Errorf("%s reads %q, isBeta %q", ip, body, h.Get("isBeta"))
		}
	}
}

// TestCapacityOfAll has the usage of every group and namespace counted by a
// request about none of them, which is refused all the same.
func TestCapacityOfAll(t *testing.T) {
	set := settings.Default()
	set.Config.ManageCapacity = false // so that publishes leave no rows behind
	c := newCentreOf(t, set)
	c.publish("d", "v")
	if status, _, body := c.call(http.MethodPost, "/v1/cs/configs", "tenant=dev&dataId=d&group=G&content=x"); status != http.StatusOK {
		t.Fatal(status, body)
	}
	subjects := []config.CapacityOf{{}, {Name: "G"}, {Tenant: true, Name: "dev"}}
	for _, of := range subjects {
		if row, err := c.rows.Capacity(t.Context(), of); err != nil || row != nil {
			t.Fatalf("before: %+v %v", row, err)
		}
	}
	status, _, body := c.call(http.MethodPost, "/v1/cs/capacity", "quota=5")
	if want := `{"code":400,"message":"The parameter group and tenant cannot be empty at the same time","data":false}`; status != http.StatusBadRequest || body != want {
		t.Errorf("%d %s", status, body)
	}
	for i, of := range subjects {
		if row, err := c.rows.Capacity(t.Context(), of); err != nil || row == nil || row.Usage != []int64{2, 1, 1}[i] || row.Quota != 0 {
			t.Errorf("%+v: %+v %v", of, row, err)
		}
	}
}

// TestDatabaseAway goes on with reads when the database is closed, and refuses
// writes.
func TestDatabaseAway(t *testing.T) {
	c := newCentre(t)
	c.publish("d", "v")
	if err := c.rows.Close(); err != nil {
		t.Fatal(err)
	}
	if status, _, body := c.call(http.MethodGet, "/v1/cs/configs?dataId=d&group=G", ""); status != http.StatusOK || body != "v" {
		t.Errorf("get: %d %q", status, body)
	}
	for _, path := range []string{"/v1/cs/configs", "/v2/cs/config"} {
		if status, _, body := c.call(http.MethodPost, path, "dataId=d&group=G&content=x"); status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	if status, _, body := c.call(http.MethodGet, "/v1/cs/configs?dataId=d&group=G", ""); status != http.StatusOK || body != "v" {
		t.Errorf("get after a refused write: %d %q", status, body)
	}
}

// TestLargeContent publishes ten million letters; what is one letter longer is
// refused, and so is a form that no content can need.
func TestLargeContent(t *testing.T) {
	c := newCentre(t)
	letters := strings.Repeat("x", 10<<20)
	if status, _, body := c.call(http.MethodPost, "/v1/cs/configs", "dataId=d&group=G&content="+letters); status != http.StatusOK {
		t.Fatalf("%d %.100s", status, body)
	}
	if _, _, body := c.call(http.MethodGet, "/v1/cs/configs?dataId=d&group=G", ""); body != letters {
		t.Errorf("read %d bytes, want %d", len(body), len(letters))
	}
	if status, _, body := c.call(http.MethodPost, "/v1/cs/configs", "dataId=d&group=G&content="+letters+"x"); status != http.StatusBadRequest || body != "caused: invalid content, over 10485760;" {
		t.Errorf("one letter more: %d %.100s", status, body)
	}
	half := strings.Repeat("%C3%BC", 5<<20)
	if status, _, body := c.call(http.MethodPost, "/v1/cs/configs", "dataId=d&group=G&content="+half); status != http.StatusOK {
		t.Errorf("escaped: %d %.100s", status, body)
	}
	if status, _, body := c.call(http.MethodPost, "/v1/cs/configs", "dataId=d&group=G&content="+half+half); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form that is too long: %d %.100s", status, body)
	}
}

// sink is a ResponseWriter that keeps nothing.
type sink struct {
	h      http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.h }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

// request drives a request through the API without net/http.
func (c *centre) request(b *testing.B, method, target, body string, header http.Header) {
	b.Helper()
	req := httptest.NewRequestWithContext(context.Background(), method, target, http.NoBody)
	req.Header = header
	r := bytes.NewReader([]byte(body))
	w := &sink{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		w.status = 0
		if body != "" {
			r.Reset([]byte(body))
			req.Body, req.ContentLength = io.NopCloser(r), int64(len(body))
		}
		c.api.ServeHTTP(w, req)
	}
	if w.status != 0 && w.status != http.StatusOK {
		b.Fatalf("status %d", w.status)
	}
}

func BenchmarkGetConfig(b *testing.B) {
	c := newCentre(b)
	c.publish("d", strings.Repeat("x", 1024))
	c.request(b, http.MethodGet, "/nacos/v1/cs/configs?dataId=d&group=G&tenant=", "", http.Header{"Client-Version": {"1.4.8"}})
}

func BenchmarkListenNoHangup(b *testing.B) {
	c := newCentre(b)
	c.publish("d", strings.Repeat("x", 1024))
	c.request(b, http.MethodPost, "/nacos/v1/cs/configs/listener", "Listening-Configs=d%02G%02%01", http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Long-Pulling-Timeout": {"30000"}, "Long-Pulling-Timeout-No-Hangup": {"true"},
	})
}
