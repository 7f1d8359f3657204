package middleware

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/pharos-registry/pharos/service"
)

// slow is a body that hangs before its end until its time has come.
type slow struct {
	io.Reader

	reached chan struct{} // told when all but the end was read
	finish  chan struct{} // closed to let it end
}

func (s *slow) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == io.EOF {
		s.reached <- struct{}{}
		<-s.finish
	}
	return n, err
}

// Bodies that hang take the room of others' large bodies, not of small ones, and
// give it back.
func TestBodiesUnderWayAreBounded(t *testing.T) {
	const most = 1 << 20
	route := &Route{Dialect: func(q *Request, v any, err error) {
		status, text := 200, v
		if err != nil {
			status, text = 400, err.Error()
			if service.CodeOf(err) == service.TooMany {
				status = 429
			}
		}
		q.Gin.String(status, "%v", text)
	}}
	do := func(q *Request) (any, error) { return len(q.Params.Get("a")), nil }
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.POST("/", Serve(route, Chain(route, do, Recover(slog.New(slog.DiscardHandler)), Parse(most, most, time.Minute)), nil))
	post := func(body io.Reader, contentType string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", body)
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		return w
	}
	const form, parts = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	large := func() io.Reader { return strings.NewReader("a=" + strings.Repeat("x", most-100)) }
	file := func() io.Reader {
		return strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("x", most/2) + "\r\n--b--\r\n")
	}

	reached, finish, done := make(chan struct{}), make(chan struct{}), make(chan int)
	for range 4 {
		go func() { done <- post(&slow{large(), reached, finish}, form).Code }()
		<-reached
	}
	for name, w := range map[string]*httptest.ResponseRecorder{"form": post(large(), form), "file": post(file(), parts)} {
		if w.Code != 429 || !strings.Contains(w.Body.String(), "try again") {
			t.Errorf("a large %s with no room left: %d %s", name, w.Code, w.Body)
		}
	}
	if w := post(strings.NewReader("a="+strings.Repeat("x", 60<<10)), form); w.Code != 200 || w.Body.String() != "61440" {
		t.Errorf("a small form: %d %s", w.Code, w.Body)
	}
	close(finish)
	for range 4 {
		if status := <-done; status != 200 {
			t.Errorf("a slow form: %d", status)
		}
	}
	for range 20 { // nothing was kept of what was refused either
		if f, p := post(large(), form), post(file(), parts); f.Code != 200 || p.Code != 200 {
			t.Fatalf("with room again: %d %s, %d %s", f.Code, f.Body, p.Code, p.Body)
		}
	}
}
