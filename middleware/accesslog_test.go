package middleware_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/middleware"
)

func TestAccessLogLine(t *testing.T) {
	const stamp = `127.0.0.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] `
	tests := []struct {
		name   string
		target string
		header http.Header
		do     http.HandlerFunc
		want   string
	}{
		{
			"a body", "/nacos/v1/ns/instance/list?serviceName=a",
			http.Header{"User-Agent": {"Nacos-Java-Client:v1.4.7"}, "Request-Source": {"app"}},
			func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) },
			`"GET /nacos/v1/ns/instance/list\?serviceName=a HTTP/1.1" 200 5 \d+ Nacos-Java-Client:v1.4.7 app`,
		},
		{
			"a status", "/x", nil,
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
			`"GET /x HTTP/1.1" 404 - \d+ - -`,
		},
		{
			"nothing written", "/x", nil, func(http.ResponseWriter, *http.Request) {},
			`"GET /x HTTP/1.1" 200 - \d+ - -`,
		},
		{
			"what was asked, not what a handler made of it", "/x/", nil,
			func(_ http.ResponseWriter, r *http.Request) { r.URL.Path = "/y" },
			`"GET /x/ HTTP/1.1" 200 - \d+ - -`,
		},
		{
			"secrets", "/x?accessToken=abc&username=u&newPassword=p&%70assword=q&a=b", nil, func(http.ResponseWriter, *http.Request) {},
			`"GET /x\?accessToken=\*\*\*&username=u&newPassword=\*\*\*&%70assword=\*\*\*&a=b HTTP/1.1" 200 - \d+ - -`,
		},
		{
			"no line of the caller's own", "/x?a=%22\"",
			http.Header{"User-Agent": {"a\"b\nc\x1b[0m\xff"}},
			func(http.ResponseWriter, *http.Request) {},
			`"GET /x\?a=%22\\" HTTP/1.1" 200 - \d+ a\\"b\\x0ac\\x1b\[0m\\xff -`,
		},
		{
			"long", "/x?" + strings.Repeat("a=bcdefg&", 5000), nil, func(http.ResponseWriter, *http.Request) {},
			`"GET /x\?(a=bcdefg&)+[a=bcdefg&]*\.\.\. HTTP/1.1" 200 - \d+ - -`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			log := middleware.NewAccessLog(&out)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", http.NoBody)
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(tt.target, "?")
			r.RemoteAddr, r.Header = "127.0.0.1:1234", tt.header
			log.Wrap(tt.do).ServeHTTP(httptest.NewRecorder(), r)
			log.Flush()
			if got := out.String(); !regexp.MustCompile(`^` + stamp + tt.want + `\n$`).MatchString(strings.Replace(got, "?&", "?", 1)) {
				t.Errorf("logged %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAccessLogOfATakenConnection(t *testing.T) {
	var out bytes.Buffer
	log := middleware.NewAccessLog(&out)
	logged := make(chan struct{}) // nobody waits for a request whose connection was taken
	h := log.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = conn.Write([]byte("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"))
		_ = conn.Close()
	}))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(logged)
		h.ServeHTTP(w, r)
	}))
	defer s.Close()
	resp, err := s.Client().Get(s.URL + "/poll")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	<-logged
	log.Flush()
	if got := out.String(); resp.StatusCode != http.StatusNoContent || !strings.Contains(got, `"GET /poll HTTP/1.1" - - `) {
		t.Errorf("answered %d, logged %q", resp.StatusCode, got)
	}
}

// lines passes on what is written.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// stuck is a disk that takes nothing until it is told to.
type stuck struct {
	bytes.Buffer

	full bool
}

func (s *stuck) Write(p []byte) (int, error) {
	if s.full {
		return 0, errors.New("no space left")
	}
	return s.Buffer.Write(p)
}

func TestAccessLogIsWrittenInASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := make(lines)
		log := middleware.NewAccessLog(out)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- log.Run(ctx) }()
		began := time.Now()
		// It would wait here for ever if the request wrote the line itself.
		log.Wrap(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", http.NoBody))
		if line := <-out; !strings.Contains(line, "GET /x") || time.Since(began) > time.Second {
			t.Errorf("after %v the log is %q", time.Since(began), line)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAccessLogIsBounded(t *testing.T) {
	out := &stuck{full: true}
	log := middleware.NewAccessLog(out)
	h := log.Wrap(http.NotFoundHandler())
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x?"+strings.Repeat("a", 1000), http.NoBody)
	for range 2000 {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	log.Flush() // fails
	out.full = false
	log.Flush()
	if got := out.String(); got != "# 2000 requests are not in this log\n" {
		t.Errorf("the log says %q of 2000 lost lines", got)
	}
}

func BenchmarkAccessLog(b *testing.B) {
	log := middleware.NewAccessLog(&bytes.Buffer{})
	h := log.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/nacos/v1/ns/instance/list?serviceName=a&namespaceId=public", http.NoBody)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
