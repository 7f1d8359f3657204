package node

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/cmd/settings"
)

// discard takes an answer and keeps nothing of it.
type discard struct {
	h      http.Header
	status int
}

func (d *discard) Header() http.Header { return d.h }

func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

func (d *discard) WriteString(b string) (int, error) { return len(b), nil }

// SetReadDeadline is what http.ResponseController looks for.
func (d *discard) SetReadDeadline(time.Time) error { return nil }

func (d *discard) WriteHeader(code int) { d.status = code }

// The hot requests through everything but the socket: routing, the one parse,
// the guard as it is with nothing set, the handler and the writing.
func BenchmarkHot(b *testing.B) {
	set := settings.Default()
	set.Data.Dir = b.TempDir()
	set.Cluster.Standalone = true
	n, err := New(set, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = n.Close() })
	do := func(b *testing.B, method, target, form string) {
		b.Helper()
		u, err := url.Parse(target)
		if err != nil {
			b.Fatal(err)
		}
		body := strings.NewReader("")
		w := &discard{h: http.Header{}}
		r := &http.Request{
			Method: method, URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "localhost", RemoteAddr: "192.0.2.1:4711",
			Header: http.Header{"User-Agent": {"Nacos-Java-Client:v1.4.6"}, "Client-Version": {"1.4.6"}},
		}
		if form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Body, r.ContentLength = io.NopCloser(body), int64(len(form))
		} else {
			r.Body = http.NoBody
		}
		if strings.Contains(target, "listener") {
			r.Header.Set("Long-Pulling-Timeout", "30000")
			r.Header.Set("Long-Pulling-Timeout-No-Hangup", "true")
		}
		b.ReportAllocs()
		for b.Loop() {
			body.Reset(form)
			clear(w.h)
			w.status = http.StatusOK
			n.api.ServeHTTP(w, r)
			if w.status != http.StatusOK {
				b.Fatalf("status %d", w.status)
			}
		}
	}
	const service = "serviceName=orders&ip=10.0.0.1&port=8000&ephemeral=true"
	const beat = "serviceName=DEFAULT_GROUP%40%40orders&ip=10.0.0.1&port=8000&namespaceId=public"
	b.Run("register", func(b *testing.B) { do(b, http.MethodPost, "/nacos/v1/ns/instance", service) })
	b.Run("beat/light", func(b *testing.B) { do(b, http.MethodPut, "/nacos/v1/ns/instance/beat?"+beat, "") })
	b.Run("beat/full", func(b *testing.B) {
		do(b, http.MethodPut, "/nacos/v1/ns/instance/beat?"+beat+"&beat="+url.QueryEscape(
			`{"ip":"10.0.0.1","port":8000,"serviceName":"DEFAULT_GROUP@@orders","cluster":"DEFAULT","weight":1.0,"metadata":{}}`), "")
	})
	b.Run("list", func(b *testing.B) {
		do(b, http.MethodGet, "/nacos/v1/ns/instance/list?serviceName=orders&healthyOnly=false", "")
	})
	b.Run("publish", func(b *testing.B) {
		do(b, http.MethodPost, "/nacos/v1/cs/configs", "dataId=app&group=DEFAULT_GROUP&content="+strings.Repeat("k=v;", 256))
	})
	b.Run("get", func(b *testing.B) { do(b, http.MethodGet, "/nacos/v1/cs/configs?dataId=app&group=DEFAULT_GROUP", "") })
	b.Run("listen", func(b *testing.B) {
		do(b, http.MethodPost, "/nacos/v1/cs/configs/listener", "Listening-Configs=app%02DEFAULT_GROUP%02bad%01")
	})
}
