package health_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/pharos-registry/pharos/service/health"
	"github.com/pharos-registry/pharos/test/mariadb"
)

// refused is an address of this machine where nobody listens.
func refused(tb testing.TB) string {
	tb.Helper()
	l := listen(tb)
	addr := l.Addr().String()
	_ = l.Close()
	return addr
}

func listen(tb testing.TB) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l
}

// silent is a server that takes connections and says nothing.
func silent(tb testing.TB) string {
	tb.Helper()
	return talker(tb, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
}

// talker is a server that treats each connection with fn.
func talker(tb testing.TB, fn func(c net.Conn)) string {
	tb.Helper()
	l := listen(tb)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				fn(c)
			}()
		}
	}()
	return l.Addr().String()
}

// late reports whether a probe ran out of its time, which may be half a second.
func late(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// check runs a probe and holds it to the verdict and to a time. Where the verdict
// is not wanted because the machine did not let the probe finish in its own time,
// nothing was seen of it yet: it is run again.
func check(t *testing.T, p health.Probe, target health.Target, want health.Verdict, within time.Duration) {
	t.Helper()
	began := time.Now()
	r := p(t.Context(), &target)
	for end := began.Add(patience); r.Verdict != want && late(r.Err) && time.Now().Before(end); {
		began = time.Now()
		r = p(t.Context(), &target)
	}
	if r.Verdict != want {
		t.Errorf("%s %s%s %q: verdict %d (%v), want %d", target.Type, target.Address, target.Path, target.Cmd, r.Verdict, r.Err, want)
	}
	if (r.Err == nil) != (r.Verdict == health.Pass) {
		t.Errorf("verdict %d with the reason %v", r.Verdict, r.Err)
	}
	if took := time.Since(began); took > within {
		t.Errorf("%s %s: took %v, want at most %v", target.Type, target.Address, took, within)
	}
}

const (
	quick    = 5 * time.Second  // far more than any limit of a probe: machines are busy
	patience = 20 * time.Second // for a machine that has no time for a probe
)

func TestTCP(t *testing.T) {
	p := health.Probes()[health.TCP]
	check(t, p, health.Target{Address: silent(t)}, health.Pass, quick)
	check(t, p, health.Target{Address: refused(t)}, health.Hard, quick)
	check(t, p, health.Target{Address: "no-such-host.invalid:80"}, health.Soft, quick)
	// A listener whose queue is full answers nothing at all.
	if addr, ok := unanswering(t); ok {
		began := time.Now()
		check(t, p, health.Target{Address: addr}, health.Soft, quick)
		if took := time.Since(began); took < 400*time.Millisecond {
			t.Errorf("gave up after %v, want 500 ms", took)
		}
	}
}

func TestHTTP(t *testing.T) {
	p := health.Probes()[health.HTTP]
	var last atomic.Pointer[http.Request] // handlers of two connections may overlap
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last.Store(r)
		switch code := r.URL.Query().Get("code"); code {
		case "":
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<20)) // nobody reads it
		case "302":
			http.Redirect(w, r, "/?code=200", http.StatusFound)
		case "slow":
			<-r.Context().Done()
		case "headers":
			for i := range 2000 {
				w.Header().Set("X-"+strconv.Itoa(i), strings.Repeat("x", 100))
			}
		default:
			n, _ := strconv.Atoi(code)
			w.WriteHeader(n)
		}
	}))
	defer srv.Close()
	addr := srv.Listener.Addr().String()
	at := func(path string) health.Target { return health.Target{Address: addr, Path: path} }

	check(t, p, at(""), health.Pass, quick)
	check(t, p, at("/ready?code=200"), health.Pass, quick)
	check(t, p, at("ready?code=200"), health.Pass, quick)
	if got := last.Load(); got.URL.Path != "/ready" {
		t.Errorf("asked for %s", got.URL)
	}
	check(t, p, at("@127.0.0.2/?code=500"), health.Hard, quick) // never another host
	check(t, p, at("/?code=503"), health.Soft, quick)
	check(t, p, at("/?code=302"), health.Soft, quick) // not followed, or it would pass
	check(t, p, at("/?code=301"), health.Hard, quick)
	check(t, p, at("/?code=201"), health.Hard, quick)
	check(t, p, at("/?code=404"), health.Hard, quick)
	check(t, p, at("/?code=500"), health.Hard, quick)
	check(t, p, at("/?code=slow"), health.Soft, quick)
	check(t, p, at("/?code=headers"), health.Soft, quick)
	check(t, p, at("/%zz"), health.Soft, quick)
	check(t, p, health.Target{Address: refused(t)}, health.Hard, quick)
	check(t, p, health.Target{Address: silent(t)}, health.Soft, quick)

	check(t, p, health.Target{Address: addr, Headers: "X-A:1|X-B:2:3|x-c: 4 |Host:shop.example|noColon|:x"}, health.Pass, quick)
	if got := last.Load(); got.Header.Get("X-A") != "1" || got.Header.Get("X-B") != "" || got.Header.Get("X-C") != "4" || got.Host != "shop.example" {
		t.Errorf("headers %v, host %s", got.Header, got.Host)
	}
	check(t, p, health.Target{Address: addr, Headers: "X-A:1\r\nX-Evil"}, health.Soft, quick)
}

func TestMySQL(t *testing.T) {
	srv := mariadb.Start(t)
	cfg, err := mysql.ParseDSN(srv.DSN(""))
	if err != nil {
		t.Fatal(err)
	}
	db := srv.DB("")
	p := health.Probes()[health.MySQL]
	at := func(cmd string) health.Target {
		return health.Target{Address: cfg.Addr, User: cfg.User, Pwd: cfg.Passwd, Cmd: cmd}
	}
	const readOnly = "show global variables where variable_name='read_only'"
	for range 2 { // the second time over the kept connection
		check(t, p, at("select 1"), health.Pass, quick)
		check(t, p, at(readOnly), health.Pass, quick)
		check(t, p, at("select no_such_column"), health.Hard, quick)
		check(t, p, at(""), health.Hard, quick)
		check(t, p, at("select sleep(30)"), health.Hard, quick)
	}
	setReadOnly := func(on int) {
		if _, err := db.ExecContext(t.Context(), "set global read_only="+strconv.Itoa(on)); err != nil {
			t.Fatal(err)
		}
	}
	setReadOnly(1)
	check(t, p, at(readOnly), health.Soft, quick)
	check(t, p, at("show global variables where variable_name = 'read_only'"), health.Pass, quick) // only that very statement
	setReadOnly(0)
	check(t, p, at(readOnly), health.Pass, quick)

	wrong := at("select 1")
	wrong.Pwd = "wrong"
	check(t, p, wrong, health.Hard, quick)
	check(t, p, health.Target{Address: refused(t), Cmd: "select 1"}, health.Hard, quick)
	check(t, p, health.Target{Address: silent(t), Cmd: "select 1"}, health.Hard, quick)
}

func TestRedis(t *testing.T) {
	p := health.Probes()[health.Redis]
	says := func(reply string) string {
		return talker(t, func(c net.Conn) {
			buf := make([]byte, 512)
			if _, err := c.Read(buf); err == nil {
				_, _ = io.WriteString(c, reply)
				_, _ = io.Copy(io.Discard, c)
			}
		})
	}
	for reply, want := range map[string]health.Verdict{
		"+PONG\r\n":                           health.Pass,
		"-LOADING Redis is loading\r\n":       health.Soft,
		"-NOAUTH Authentication required\n":   health.Hard,
		"HTTP/1.1 400 Bad Request\r\n\r\n":    health.Hard,
		"+PO":                                 health.Soft, // and then silence
		strings.Repeat("x", 10_000):           health.Soft,
		strings.Repeat("x", 600) + "\r\n":     health.Soft,
		"-MASTERDOWN Link with MASTER is\r\n": health.Soft,
	} {
		check(t, p, health.Target{Type: health.Redis, Address: says(reply)}, want, quick)
	}
	check(t, p, health.Target{Address: refused(t)}, health.Hard, quick)
	check(t, p, health.Target{Address: silent(t)}, health.Soft, quick)
}

func TestRealRedis(t *testing.T) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	_, port, _ := net.SplitHostPort(refused(t))
	cmd := exec.CommandContext(t.Context(), program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir(), "--requirepass", "s3cret")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	addr := "127.0.0.1:" + port
	for deadline := time.Now().Add(10 * time.Second); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	p := health.Probes()[health.Redis]
	check(t, p, health.Target{Address: addr, Pwd: "s3cret"}, health.Pass, quick)
	check(t, p, health.Target{Address: addr, User: "default", Pwd: "s3cret"}, health.Pass, quick)
	check(t, p, health.Target{Address: addr, Pwd: "wrong"}, health.Hard, quick)
	check(t, p, health.Target{Address: addr}, health.Hard, quick)
}

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "check")
	const text = `#!/bin/sh
case "$PHAROS_CHECK_PORT" in
1) exit 0 ;;
2) exit 1 ;;
3) exit 2 ;;
4) sleep 60 & sleep 60 ;;
5) kill -9 $$ ;;
6) [ "$1 $2" = "-a b" ] && [ "$PHAROS_CHECK_IP|$PHAROS_CHECK_ADDRESS|$PHAROS_CHECK_CLUSTER|$PHAROS_CHECK_SERVICE|$PHAROS_CHECK_GROUP|$PHAROS_CHECK_NAMESPACE" = '10.0.0.1|10.0.0.1:6|c|$(id)|G|ns' ] && [ -z "$SECRET" ] ;;
esac
`
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil { // a program
		t.Fatal(err)
	}
	t.Setenv("SECRET", "of the server")
	p, err := health.Command(script + " -a  b")
	if err != nil {
		t.Fatal(err)
	}
	at := func(port uint16) health.Target {
		return health.Target{
			Key: health.Key{Namespace: "ns", Group: "G", Service: "$(id)"}, IP: "10.0.0.1", Port: port,
			Address: fmt.Sprintf("10.0.0.1:%d", port), Cluster: "c", Type: health.Custom,
		}
	}
	check(t, p, at(1), health.Pass, quick)
	check(t, p, at(2), health.Soft, quick)
	check(t, p, at(3), health.Hard, quick)
	check(t, p, at(5), health.Unknown, quick)
	check(t, p, at(6), health.Pass, quick)
	if !testing.Short() {
		check(t, p, at(4), health.Soft, 15*time.Second)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	target := at(4)
	if r := p(ctx, &target); r.Verdict != health.Unknown {
		t.Errorf("a check that was broken off says %d", r.Verdict)
	}

	if err := os.Remove(script); err != nil {
		t.Fatal(err)
	}
	check(t, p, at(1), health.Unknown, quick)
	for _, bad := range []string{"", "  ", script, filepath.Join(dir, "no such")} {
		if _, err := health.Command(bad); err == nil {
			t.Errorf("Command(%q) was accepted", bad)
		}
	}
}

func TestHook(t *testing.T) {
	var body string
	code := 200
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body = r.Method + " " + r.Header.Get("Content-Type") + " " + string(b)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
	}))
	p := health.Hook(srv.URL + "/hook?x=1")
	target := health.Target{Key: health.Key{Namespace: "public", Group: "G", Service: "s"}, IP: "10.0.0.1", Port: 80, Cluster: "c"}
	for c, want := range map[int]health.Verdict{200: health.Pass, 204: health.Pass, 503: health.Soft, 404: health.Hard, 500: health.Hard, 307: health.Hard} {
		code = c
		check(t, p, target, want, quick)
	}
	if want := `POST application/json {"clusterName":"c","groupName":"G","ip":"10.0.0.1","namespaceId":"public","port":80,"serviceName":"s"}`; body != want {
		t.Errorf("sent %s, want %s", body, want)
	}
	srv.Close()
	check(t, p, target, health.Unknown, quick) // the hook is down: nobody knows
}
