// Package server starts and stops the real binary for black-box tests.
//
//	s := server.Start(t, server.Options{Settings: map[string]string{"nacos.core.auth.enabled": "true"}})
//	http.Get(s.URL("/v1/ns/service/list?pageNo=1&pageSize=10"))
//	s.Kill()    // as kill -9
//	s.Restart() // the same data directory, ports and settings
//
// The binary is built once per test process. Start returns when the readiness
// endpoint answers; the test's cleanup ends the process, and prints the end of
// its log when the test failed.
package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startLimit is how long a server may take to be ready: far more than the
// product promises, since test machines are busy. Start time is measured
// elsewhere (Ready, scripts/bench).
const startLimit = 30 * time.Second

// stopLimit is how long a server may take to drain after SIGTERM.
const stopLimit = 20 * time.Second

// Options say how a server is started. The zero value is a standalone server
// with a data directory of its own on free ports.
type Options struct {
	Binary   string            // the program; "" is the one that Binary gives
	Host     string            // address to listen on; "" is 127.0.0.1
	Dir      string            // data directory; "" makes a temporary one
	Port     int               // HTTP port; 0 takes a free one whose neighbours by the offsets are free too
	Settings map[string]string // keys as in application.properties, passed with --set
	Args     []string          // further arguments, after the settings
	Env      []string          // further environment, "KEY=value"
	Context  string            // context path the server is told elsewhere to use; "" is /nacos
}

// Server is one running process of the binary.
type Server struct {
	Dir   string        // its data directory
	Port  int           // its HTTP port
	Ready time.Duration // from exec to the first ready answer, of the last start

	t    testing.TB
	opts Options
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has been waited for
	log  *logBuffer
}

// Start builds the binary, starts it and waits until it is ready. A server
// that does not become ready fails the test.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s := New(tb, o)
	s.launch()
	s.WaitReady(startLimit)
	return s
}

// New is Start without starting: for servers that Launch starts and the test
// waits for in its own way, because they speak TLS.
func New(tb testing.TB, o Options) *Server {
	tb.Helper()
	if o.Dir == "" {
		o.Dir = tb.TempDir()
	}
	if o.Port == 0 {
		o.Port = FreePort(tb)
	}
	if o.Context == "" {
		o.Context = "/nacos"
	}
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	s := &Server{Dir: o.Dir, Port: o.Port, t: tb, opts: o, log: &logBuffer{}}
	tb.Cleanup(s.cleanup)
	return s
}

// Base is the address without a path: http://127.0.0.1:port.
func (s *Server) Base() string { return "http://" + s.Addr() }

// Addr is the address that it listens on: 127.0.0.1:port.
func (s *Server) Addr() string { return net.JoinHostPort(s.opts.Host, strconv.Itoa(s.Port)) }

// Change alters what the next start is given.
func (s *Server) Change(fn func(*Options)) { fn(&s.opts) }

// URL is the address of a path under the context path: URL("/v1/ns/instance").
func (s *Server) URL(path string) string { return s.Base() + s.opts.Context + path }

// PID is the process id of the last start.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// RSS is the resident memory of the process in bytes.
func (s *Server) RSS() int64 {
	s.t.Helper()
	n, err := RSS(s.PID())
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// CPU is the user and system time that the process has used so far.
func (s *Server) CPU() time.Duration {
	s.t.Helper()
	d, err := CPU(s.PID())
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// Log is what the process has written so far, of all its starts.
func (s *Server) Log() string { return s.log.String() }

// Running says whether the process has not ended yet.
func (s *Server) Running() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// Stop asks the process to end with SIGTERM and waits for it. Anything but
// exit code 0 is a test error.
func (s *Server) Stop() {
	s.t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(stopLimit):
		s.t.Errorf("pharos did not stop within %v of SIGTERM; what it waits for is in its log", stopLimit)
		_ = s.cmd.Process.Signal(syscall.SIGQUIT) // Go writes the stacks of all goroutines
		select {
		case <-s.done:
		case <-time.After(time.Second):
		}
		s.Kill()
		return
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("pharos ended with code %d after SIGTERM", code)
	}
}

// Kill ends the process as kill -9 does and waits until it is gone.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// Restart starts the server again on the same data directory, port and
// settings; it stops a running one first.
func (s *Server) Restart() {
	s.t.Helper()
	if s.Running() {
		s.Stop()
	}
	s.launch()
	s.WaitReady(startLimit)
}

// Ended is closed when the process has ended.
func (s *Server) Ended() <-chan struct{} { return s.done }

// Signal sends the process a signal.
func (s *Server) Signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Errorf("signal %v: %v", sig, err)
	}
}

// Launch starts an ended server again without waiting for it to be ready, for
// tests of what it answers meanwhile.
func (s *Server) Launch() {
	s.t.Helper()
	s.launch()
}

// WaitReady returns when the readiness endpoint answers 200, and fails the
// test when that takes longer than limit or the process ends.
func (s *Server) WaitReady(limit time.Duration) {
	s.t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if ready(ctx, s.URL("/v1/console/health/readiness")) {
			s.Ready = time.Since(began)
			return
		}
		select {
		case <-s.done:
			s.t.Fatalf("pharos ended before it was ready (%v)", s.cmd.ProcessState)
		case <-ctx.Done():
			s.t.Fatalf("pharos was not ready within %v", limit)
		case <-tick.C:
		}
	}
}

// Run starts the binary with these arguments and waits until it ends by
// itself: for subcommands, and for starts that must fail. It returns the exit
// code and all output.
func Run(tb testing.TB, env []string, args ...string) (code int, output string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(tb), args...)
	cmd.Env = append(Environ(), env...)
	cmd.Dir = tb.TempDir()
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		tb.Fatalf("pharos %s did not end within %v:\n%s", strings.Join(args, " "), startLimit, out)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		tb.Fatalf("pharos %s: %v", strings.Join(args, " "), err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (s *Server) launch() {
	s.t.Helper()
	binary := s.opts.Binary
	if binary == "" {
		binary = Binary(s.t)
	}
	args := []string{"--bind", s.opts.Host, "--port", strconv.Itoa(s.Port), "--data", s.Dir, "--set", "nacos.console.port=0"}
	for _, k := range slices.Sorted(maps.Keys(s.opts.Settings)) {
		args = append(args, "--set", k+"="+s.opts.Settings[k])
	}
	// The process outlives the test's context, which ends before the cleanups run.
	cmd := exec.CommandContext(context.WithoutCancel(s.t.Context()), binary, append(args, s.opts.Args...)...)
	cmd.Env = append(Environ(), s.opts.Env...)
	cmd.Dir = filepath.Dir(s.Dir) // so that no conf/ folder of the working directory is found
	cmd.Stdout, cmd.Stderr = s.log, s.log
	cmd.SysProcAttr = diesWithParent()
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("start pharos: %v", err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the state is read from cmd.ProcessState
		close(done)
	}()
	s.cmd, s.done = cmd, done
}

func (s *Server) cleanup() {
	if s.cmd == nil {
		return
	}
	if s.Running() {
		s.Stop()
	}
	if s.t.Failed() {
		s.t.Logf("pharos log (end):\n%s", s.log.tail(8<<10))
	}
}

// Environ is the test's own without what would be taken for settings: the
// variables by which the tests themselves are told something.
func Environ() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PHAROS_") })
}

func ready(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// logBuffer keeps what the process writes.
type logBuffer struct {
	mu  sync.Mutex // guards the following fields
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logBuffer) tail(n int) string {
	s := l.String()
	return s[max(0, len(s)-n):]
}

var _ fmt.Stringer = (*logBuffer)(nil)
