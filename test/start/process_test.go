package start

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// process is a server whose every argument the test chose.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr *bufio.Reader
}

// start runs the program in dir and leaves it running.
func start(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), server.Binary(t), args...)
	cmd.Dir, cmd.Env = dir, append(server.Environ(), env...)
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{t: t, cmd: cmd, stderr: bufio.NewReader(out)}
}

// record is the next line of the log.
func (p *process) record() map[string]any {
	p.t.Helper()
	line, err := p.stderr.ReadString('\n')
	if err != nil {
		p.t.Fatalf("the log ended: %v (%q)", err, line)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		p.t.Fatalf("not a record: %v (%q)", err, line)
	}
	return m
}

// serving skips the log up to the line that says what is served; it counts
// the warnings before it.
func (p *process) serving() (said map[string]any, warnings []string) {
	p.t.Helper()
	for {
		said = p.record()
		if said["msg"] == "pharos serves" {
			return said, warnings
		}
		if said["level"] == "WARN" {
			warnings = append(warnings, fmt.Sprint(said["msg"], " ", said["error"]))
		}
	}
}

// terminate asks the process to end and returns its exit code.
func (p *process) terminate() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, p.stderr)
	_ = p.cmd.Wait() // the code says it
	return p.cmd.ProcessState.ExitCode()
}

func answers(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(r.StatusCode) + " " + string(b)
}

// awaitRefusal returns when nobody listens on the port any more.
func awaitRefusal(t *testing.T, port int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			return
		}
		_ = c.Close()
	}
	t.Fatal("the port is still open")
}
