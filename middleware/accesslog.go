package middleware

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of the access log's memory, in bytes, and how old a line may get
// before it is written.
const (
	accessLine  = 2 << 10
	accessFlush = 64 << 10
	accessMost  = 1 << 20
	accessDelay = time.Second
)

// AccessLog writes a line for each request, in the order and form that Nacos's
// shipped pattern gives Tomcat: %h %l %u %t "%r" %s %b %D %{User-Agent}i
// %{Request-Source}i. Requests never wait for the disk: lines are collected
// and written by Run. When the disk cannot follow, lines are left out, and a
// line says how many.
type AccessLog struct {
	out  io.Writer // written by one goroutine at a time
	kick chan struct{}

	writing sync.Mutex // held while out is written, before mu
	mu      sync.Mutex // guards the following fields; never held during I/O
	buf     []byte
	spare   []byte
	dropped int
}

// NewAccessLog returns an access log that is written to out.
func NewAccessLog(out io.Writer) *AccessLog {
	return &AccessLog{out: out, kick: make(chan struct{}, 1)}
}

// Run writes what is collected, at least once a second, until ctx ends. What
// comes later is written by Flush.
func (a *AccessLog) Run(ctx context.Context) error {
	tick := time.NewTicker(accessDelay)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-a.kick:
		}
		a.Flush()
	}
}

// Flush writes what is collected. An error of the file cannot be told anywhere
// better than in the line that counts what was left out.
func (a *AccessLog) Flush() {
	a.writing.Lock()
	defer a.writing.Unlock()
	a.mu.Lock()
	lines, dropped := a.buf, a.dropped
	a.buf, a.spare, a.dropped = a.spare[:0], nil, 0
	a.mu.Unlock()

	lost := dropped + bytes.Count(lines, []byte{'\n'})
	if dropped > 0 {
		lines = append(lines, "# "+strconv.Itoa(dropped)+" requests are not in this log\n"...)
	}
	if len(lines) > 0 {
		if _, err := a.out.Write(lines); err == nil {
			lost = 0
		}
	}

	a.mu.Lock()
	a.spare = lines[:0]
	a.dropped += lost
	a.mu.Unlock()
}

// add collects a line.
func (a *AccessLog) add(line []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.buf)+len(line) > accessMost {
		a.dropped++
		return
	}
	a.buf = append(a.buf, line...)
	if len(a.buf) > accessFlush {
		select {
		case a.kick <- struct{}{}:
		default: // asked already
		}
	}
}

// Wrap logs the requests that h answers.
func (a *AccessLog) Wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		// Handlers change the URL; the log has what was asked for.
		asked := [accessLine]byte{}
		request := appendRequest(asked[:0], r.Method, r.URL, r.Proto)
		rec := &recorder{ResponseWriter: w}
		h.ServeHTTP(rec, r)
		line := [2 * accessLine]byte{}
		a.add(rec.appendLine(line[:0], r, request, began))
	})
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter

	status int // 0: nothing written, or the connection was taken over
	bytes  int64
	taken  bool
}

var (
	_ http.Hijacker = (*recorder)(nil)
	_ http.Flusher  = (*recorder)(nil)

	errNoHijack = errors.New("the connection cannot be taken over")
)

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Hijack implements http.Hijacker: a parked long poll answers on its own.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h, ok := r.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errNoHijack
	}
	r.taken = true
	return h.Hijack()
}

// Flush implements http.Flusher.
func (r *recorder) Flush() {
	if f, ok := r.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// appendLine completes the line of a request.
func (r *recorder) appendLine(b []byte, q *http.Request, request []byte, began time.Time) []byte {
	host, _, err := net.SplitHostPort(q.RemoteAddr)
	if err != nil {
		host = q.RemoteAddr
	}
	b = append(b, host...)
	b = append(b, " - - ["...)
	b = began.AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, `] "`...)
	b = append(b, request...)
	b = append(b, `" `...)
	switch {
	case r.taken:
		b = append(b, '-')
	case r.status == 0: // net/http answers so when a handler writes nothing
		b = strconv.AppendInt(b, http.StatusOK, 10)
	default:
		b = strconv.AppendInt(b, int64(r.status), 10)
	}
	b = append(b, ' ')
	if r.bytes == 0 {
		b = append(b, '-')
	} else {
		b = strconv.AppendInt(b, r.bytes, 10)
	}
	b = append(b, ' ')
	b = strconv.AppendInt(b, time.Since(began).Milliseconds(), 10)
	b = appendHeader(b, q.Header.Get("User-Agent"))
	b = appendHeader(b, q.Header.Get("Request-Source"))
	return append(b, '\n')
}

func appendHeader(b []byte, v string) []byte {
	const most = 256
	if v == "" {
		v = "-"
	}
	return appendEscaped(append(b, ' '), v[:min(len(v), most)])
}

// appendRequest writes the request line without the secrets that parameters
// can hold.
func appendRequest(b []byte, method string, u *url.URL, proto string) []byte {
	b = appendEscaped(b, method)
	b = append(b, ' ')
	b = appendEscaped(b, u.EscapedPath())
	sep := byte('?')
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		if part == "" {
			continue
		}
		b = append(b, sep)
		sep = '&'
		if name, _, found := strings.Cut(part, "="); found && hidden(name) {
			part = name + "=***"
		}
		b = appendEscaped(b, part[:min(len(part), accessLine)])
		if len(b) > accessLine-64 {
			b = append(b[:accessLine-64], "..."...)
			break
		}
	}
	b = append(b, ' ')
	return append(b, proto...)
}

// hidden says whether the value of a parameter, its name as sent, is a secret.
func hidden(name string) bool {
	plain, err := url.QueryUnescape(name)
	return err != nil || Secret(plain)
}

// appendEscaped keeps a caller from writing quotes or lines of its own.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c >= 0x7f:
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}
