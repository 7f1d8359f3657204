// Package start tests how the built program starts, refuses to start, and stops.
package start

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// TestNothingSet starts the program as a newcomer does. Its ports are fixed, so
// it is skipped where they are in use.
func TestNothingSet(t *testing.T) {
	for _, port := range []string{"8848", "8080"} {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ":"+port)
		if err != nil {
			t.Skipf("port %s is in use", port)
		}
		_ = l.Close()
	}
	dir := t.TempDir()
	began := time.Now()
	p := start(t, dir, nil)
	said, warnings := p.serving()
	urls := []string{"http://127.0.0.1:8848/nacos/v1/console/health/liveness"}
	if !slices.ContainsFunc(warnings, aboutConsolePort) { // else a test beside this one has taken it
		urls = append(urls, "http://127.0.0.1:8080/v1/console/health/liveness")
	}
	if w := slices.DeleteFunc(warnings, aboutConsolePort); len(w) > 0 {
		t.Errorf("warnings with nothing set: %q", w)
	}
	t.Logf("served after %v; scripts/bench measures it", time.Since(began))
	for key, want := range map[string]any{
		"level": "INFO", "msg": "pharos serves", "url": "http://localhost:8848/nacos", "bind": "all addresses",
		"mode": "standalone", "function": "all", "data": "data", "storage": "embedded", "auth": "observe",
	} {
		if said[key] != want {
			t.Errorf("the start line says %s=%v, want %v", key, said[key], want)
		}
	}
	for _, url := range urls {
		if got := answers(t, url); got != "200 OK" {
			t.Errorf("%s answered %q", url, got)
		}
	}
	if code := p.terminate(); code != 0 {
		t.Errorf("SIGTERM: exit code %d, want 0", code)
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "pharos.db")); err != nil {
		t.Errorf("no database in ./data: %v", err)
	}
}

// aboutConsolePort tells the warning that the additional port is taken.
func aboutConsolePort(warning string) bool { return strings.Contains(warning, "console port") }

func TestTwoServersByPortAndData(t *testing.T) {
	dir := t.TempDir()
	a, b := server.FreePort(t), server.FreePort(t)
	for _, port := range []int{a, b} {
		p := start(t, dir, nil, "--port", strconv.Itoa(port), "--data", "d"+strconv.Itoa(port))
		if _, warnings := p.serving(); port == b && (len(warnings) != 1 || !aboutConsolePort(warnings[0])) { // 8080 is the first one's
			t.Errorf("warnings of the second server: %q, want one about the console port", warnings)
		}
		defer func() {
			if code := p.terminate(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		}()
	}
	for _, port := range []int{a, b} {
		if got := answers(t, "http://127.0.0.1:"+strconv.Itoa(port)+"/nacos/v1/console/health/readiness"); got != "200 OK" {
			t.Errorf("port %d answered %q", port, got)
		}
	}
}

// TestRefusals are starts that must fail with exit code 1 and one line that
// says what is wrong and what to do.
func TestRefusals(t *testing.T) {
	busy, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	_, busyPort, _ := net.SplitHostPort(busy.Addr().String())
	occupied := filepath.Join(t.TempDir(), "file")
	conf := filepath.Join(t.TempDir(), "application.properties")
	for path, content := range map[string]string{occupied: "", conf: "# a comment\nserver.port=88x48\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	held := server.Start(t, server.Options{})
	tests := []struct {
		name string
		args []string
		env  []string
		want []string // parts of the line
	}{
		{"port in use", []string{"--bind", "127.0.0.1", "--port", busyPort, "--data", t.TempDir()}, nil, []string{"address already in use", "--port"}},
		{"address of another machine", []string{"--bind", "192.0.2.1", "--data", t.TempDir()}, nil, []string{"192.0.2.1", "--bind"}},
		{"directory that cannot be made", []string{"--data", filepath.Join(occupied, "data")}, nil, []string{"data directory", "--data"}},
		{"directory of a running server", []string{"--data", held.Dir}, nil, []string{"in use by process " + strconv.Itoa(held.PID()), "--data"}},
		{"value in a file", []string{"--config", conf}, nil, []string{conf + ":2: ", `server.port = "88x48"`, "allowed is"}},
		{"value in the environment", nil, []string{"NACOS_APPLICATION_PORT=0"}, []string{"environment NACOS_APPLICATION_PORT: ", `"0"`, "allowed is"}},
		{"value in a flag", []string{"--mode", "clustre"}, nil, []string{"flag --mode: ", `"clustre"`, "standalone, cluster"}},
		{"unknown flag", []string{"--prot", "1"}, nil, []string{"prot", "pharos help"}},
		{"unknown command", []string{"start"}, nil, []string{`"start"`, "serve, config"}},
		{"file that is not there", []string{"--config", occupied + ".x"}, nil, []string{"no such file"}},
		{"log file that cannot be written", []string{"--set", "pharos.log.file=" + occupied + "/x.log"}, nil, []string{"log file", occupied}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, out := server.Run(t, tt.env, tt.args...)
			if code != 1 || strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "pharos: ") {
				t.Errorf("exit code %d and output %q, want 1 and one line", code, out)
			}
			for _, part := range tt.want {
				if !strings.Contains(out, part) {
					t.Errorf("output %q does not say %q", out, part)
				}
			}
		})
	}
}

func TestUnwritableDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil { // a directory needs x
		t.Fatal(err)
	}
	code, out := server.Run(t, nil, "--data", dir)
	if code != 1 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "--data") {
		t.Errorf("exit code %d and output %q", code, out)
	}
}

func TestConfigMasksSecrets(t *testing.T) {
	secrets := []string{"token-secret-1", "db-secret-2", "ldap-secret-3", "identity-secret-4", "cluster-secret-5", "url-secret-6"}
	dir := t.TempDir()
	conf := filepath.Join(dir, "application.properties")
	content := "spring.datasource.platform=mysql\ndb.url.0=jdbc:mysql://h:1/d?user=u&password=" + secrets[5] + "\n" +
		"db.user=u\ndb.password=" + secrets[1] + "\nnacos.core.auth.ldap.password=${LDAP}\nno.such.key=1\n"
	if err := os.WriteFile(conf, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out := server.Run(t,
		[]string{"NACOS_AUTH_TOKEN=" + secrets[0], "LDAP=" + secrets[2], "NACOS_AUTH_IDENTITY_VALUE=" + secrets[3]},
		"config", "--config", conf, "--set", "pharos.cluster.secret="+secrets[4], "--port", "12345")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	for _, s := range secrets {
		if strings.Contains(out, s) {
			t.Errorf("%q is shown", s)
		}
	}
	for _, want := range [][]string{
		{"server.port", "= 12345", "(flag --port)"},
		{"db.password.0", "= ******", "(" + conf + ":4)"},
		{"db.url.0", "= jdbc:mysql://h:1/d?user=u&password=******", "(" + conf + ":2)"},
		{"nacos.core.auth.plugin.nacos.token.secret.key", "= ******", "(environment NACOS_AUTH_TOKEN)"},
		{"nacos.core.auth.ldap.password", "= ******", "(" + conf + ":5)"},
		{"pharos.data.dir", "= data", "(default)"},
		{"ignored", "= no.such.key (line 6)"},
	} {
		found := false
		for line := range strings.SplitSeq(out, "\n") {
			found = found || strings.HasPrefix(line, want[0]+" ") && contains(line, want[1:])
		}
		if !found {
			t.Errorf("no line says %q", want)
		}
	}
}

func contains(line string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(line, p) {
			return false
		}
	}
	return true
}

func TestIgnoredKeysAreLoggedOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "conf"), 0o750); err != nil {
		t.Fatal(err)
	}
	content := "server.tomcat.basedir=file:.\nmanagement.metrics.export.elastic.enabled=false\n"
	if err := os.WriteFile(filepath.Join(dir, "conf", "application.properties"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s := server.Start(t, server.Options{Dir: dir, Env: []string{"PHAROS_PROT=1"}})
	s.Stop()
	if n := strings.Count(s.Log(), "ignored"); n != 1 {
		t.Errorf("%d records of ignored keys, want 1:\n%s", n, s.Log())
	}
	for _, key := range []string{"server.tomcat.basedir (line 1)", "elastic.enabled (line 2)", "PHAROS_PROT"} {
		if !strings.Contains(s.Log(), key) {
			t.Errorf("the log does not name %s", key)
		}
	}
}

// TestDrain sends SIGTERM while a request is under way: it is answered, then
// the process ends with code 0.
func TestDrain(t *testing.T) {
	s := server.Start(t, server.Options{})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(s.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	// The body is late, so the handler waits for it.
	_, err = io.WriteString(conn, "POST /nacos/v1/core/cluster/switch/lookup HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("the handler does not wait for its body: %q, %v", line, err)
	}
	ended := make(chan struct{})
	go func() { s.Stop(); close(ended) }()
	awaitRefusal(t, s.Port)
	if _, err := io.WriteString(conn, "a=b"); err != nil {
		t.Fatal(err)
	}
	_, _ = r.ReadString('\n') // the end of 100 Continue
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 ") {
		t.Errorf("the request under way was answered %q, %v", line, err)
	}
	<-ended
}

func TestFunctionMode(t *testing.T) {
	const naming, config = "/v1/ns/instance/list?serviceName=a", "/v1/cs/configs?dataId=a&group=b"
	for _, tt := range []struct {
		function string
		want     map[string]string // path to status
	}{
		{"all", map[string]string{naming: "200", config: "404"}}, // no such config
		{"naming", map[string]string{naming: "200", config: "404"}},
		{"config", map[string]string{naming: "404", config: "404"}},
	} {
		s := server.Start(t, server.Options{Args: []string{"-f", tt.function}})
		for path, want := range tt.want {
			got := answers(t, s.URL(path))
			if !strings.HasPrefix(got, want) {
				t.Errorf("-f %s: %s answered %q, want %s", tt.function, path, got, want)
			}
			if there := path == config && strings.Contains(got, "config data not exist"); there != (path == config && tt.function != "naming") {
				t.Errorf("-f %s: %s answered %q", tt.function, path, got)
			}
		}
		s.Stop()
	}
}

func TestAccessLog(t *testing.T) {
	s := server.Start(t, server.Options{Settings: map[string]string{"pharos.log.access": "true"}})
	answers(t, s.URL("/v1/console/health/liveness?accessToken=hidden"))
	s.Stop()
	got, err := os.ReadFile(filepath.Join(s.Dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	if want := `"GET /nacos/v1/console/health/liveness?accessToken=*** HTTP/1.1" 200 2 `; !strings.Contains(string(got), want) {
		t.Errorf("the access log is %q, want %q in it", got, want)
	}
}

// TestStartIsFastAndSmall holds the promises of docs/performance.md, with room
// for a busy test machine in the time.
func TestStartIsFastAndSmall(t *testing.T) {
	const startTime = time.Second
	program := installed(t)
	best := time.Hour
	var least int64 = 1 << 40
	for i := 0; i < 5 || i < 40 && best > startTime; i++ {
		s := server.Start(t, server.Options{Binary: program})
		best, least = min(best, s.Ready), min(least, s.RSS())
		s.Stop()
	}
	if best > startTime {
		t.Errorf("ready after %v, want at most %v", best, startTime)
	}
	if least > 30<<20 {
		t.Errorf("%d KiB resident after the start, want at most 30 MiB", least>>10)
	}
	t.Logf("ready after %v, %d KiB resident", best, least>>10)
}

// installed is a copy of the program, written page by page. Of a file that was
// written in larger pieces, as by a linker, the system maps such pieces as a whole,
// and all of each counts as resident, used or not.
func installed(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(server.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pharos")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	for page := range slices.Chunk(b, os.Getpagesize()) {
		if _, err = f.Write(page); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
