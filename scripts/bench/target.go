package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// readyLimit is how long a server may take until it answers.
const readyLimit = time.Minute

// target is a server under measurement.
type target struct {
	name  string
	base  string // http://host:port/nacos
	host  string // host:port
	pid   int
	ready time.Duration // from its start to the first ready answer
	stop  func()        // ends it; its data stay
}

// open starts a fresh Pharos, or takes the one that the command line names.
func (b *bench) open(ctx context.Context) (*target, error) {
	if b.base != "" {
		host := strings.TrimPrefix(b.base, "http://")
		return &target{name: "pharos", base: b.base + "/nacos", host: host, pid: b.pid, stop: func() {}}, nil
	}
	dir, err := os.MkdirTemp("", "pharos-bench-")
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	t, err := b.openOn(ctx, dir)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	stop := t.stop
	t.stop = func() {
		stop()
		_ = os.RemoveAll(dir)
	}
	return t, nil
}

// openOn starts Pharos on a data directory, which stays.
func (b *bench) openOn(ctx context.Context, dir string) (*target, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	args := append([]string{"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--data", filepath.Join(dir, "data")}, strings.Fields(b.args)...)
	return launch(ctx, "pharos", port, filepath.Join(dir, "log"), b.pharos, args...)
}

// openBare starts the yardstick: this very program.
func openBare(ctx context.Context) (*target, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("where this program is: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	return launch(ctx, "bare", port, os.DevNull, self, "bare", "127.0.0.1:"+strconv.Itoa(port))
}

// launch starts a program and waits until it is ready.
func launch(ctx context.Context, name string, port int, log, program string, args ...string) (*target, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	defer func() { _ = out.Close() }()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, args...)
	cmd.Stdout, cmd.Stderr = out, out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ends does not matter here
		close(ended)
	}()
	host := "127.0.0.1:" + strconv.Itoa(port)
	t := &target{name: name, host: host, base: "http://" + host + "/nacos", pid: cmd.Process.Pid}
	t.stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(readyLimit):
			_ = cmd.Process.Kill()
			<-ended
		}
	}
	if err := t.awaitReady(ctx, ended); err != nil {
		_ = cmd.Process.Kill()
		<-ended
		text, _ := os.ReadFile(log)
		return nil, fmt.Errorf("%s: %w\n%s", name, err, text)
	}
	t.ready = time.Since(began)
	return t, nil
}

var errEnded = errors.New("ended before it was ready")

func (t *target) awaitReady(ctx context.Context, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base+"/v1/console/health/readiness", http.NoBody)
		if err != nil {
			return fmt.Errorf("readiness: %w", err)
		}
		if r, err := http.DefaultClient.Do(req); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ended:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", ctx.Err())
		}
	}
}

// cpu is the processor time that the server has used, 0 where it is not known.
func (t *target) cpu() time.Duration {
	d, err := server.CPU(t.pid)
	if err != nil {
		return 0
	}
	return d
}

// rss is the server's resident memory in MB, 0 where it is not known.
func (t *target) rss() float64 {
	n, err := server.RSS(t.pid)
	if err != nil {
		return 0
	}
	return float64(n) / (1 << 20)
}

// freePort finds an HTTP port whose neighbours for gRPC (+1000, +1001) and
// peers (−1000) are free too.
func freePort() (int, error) { return freePortFrom(21000) }

func freePortFrom(first int) (int, error) {
	for port := first; port < 30000; port++ {
		if free(port) && free(port+1000) && free(port+1001) && free(port-1000) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port between %d and 30000", first)
}

func free(port int) bool {
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)) //nolint:noctx // closed at once
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}
