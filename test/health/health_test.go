// Package health_test has the real binary check real servers: what answers is
// listed as healthy, what does not is not.
package health_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	grpchealth "google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/pharos-registry/pharos/test/server"
)

// patience is how long a change of health may take: the first check comes after
// up to 7 s, and three results of up to 5 s each are needed.
const patience = 40 * time.Second

// patient is something to check that the test can make ill.
type patient struct {
	name    string
	checker string // the healthChecker of its cluster; "" leaves the default
	port    int
	ill     func() // makes it fail from now on
}

func listen(tb testing.TB) (net.Listener, int) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	addr, _ := l.Addr().(*net.TCPAddr)
	return l, addr.Port
}

func tcp(tb testing.TB) patient {
	tb.Helper()
	l, port := listen(tb)
	go accept(l, func(net.Conn) {})
	return patient{name: "tcp", port: port, ill: func() { _ = l.Close() }}
}

// accept treats each connection with fn until l is closed.
func accept(l net.Listener, fn func(net.Conn)) {
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
}

func overHTTP(tb testing.TB) patient {
	tb.Helper()
	l, port := listen(tb)
	status := make(chan int, 1)
	status <- http.StatusOK
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := <-status
			status <- s
			if r.URL.Path != "/ready" || r.Header.Get("X-Probe") != "pharos" {
				s = http.StatusNotFound
			}
			w.WriteHeader(s)
		}))
	}()
	return patient{
		name: "http", port: port,
		checker: `{"type":"HTTP","path":"/ready","headers":"X-Probe:pharos","expectedResponseCode":200}`,
		ill:     func() { <-status; status <- http.StatusServiceUnavailable }, // soft: three of them
	}
}

func redis(tb testing.TB) patient {
	tb.Helper()
	l, port := listen(tb)
	go accept(l, func(c net.Conn) {
		b := make([]byte, 64)
		if n, _ := c.Read(b); string(b[:n]) == "*1\r\n$4\r\nPING\r\n" {
			_, _ = io.WriteString(c, "+PONG\r\n")
		}
	})
	return patient{name: "redis", port: port, checker: `{"type":"REDIS"}`, ill: func() { _ = l.Close() }}
}

func overGRPC(tb testing.TB) patient {
	tb.Helper()
	l, port := listen(tb)
	state := grpchealth.NewServer()
	state.SetServingStatus("shop", grpc_health_v1.HealthCheckResponse_SERVING)
	srv := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(srv, state)
	go func() { _ = srv.Serve(l) }()
	tb.Cleanup(srv.Stop)
	return patient{
		name: "grpc", port: port, checker: `{"type":"GRPC","cmd":"shop"}`,
		ill: func() { state.SetServingStatus("shop", grpc_health_v1.HealthCheckResponse_NOT_SERVING) },
	}
}

// custom is checked by a program that looks for a file.
func custom(tb testing.TB) (p patient, command string) {
	tb.Helper()
	dir := tb.TempDir()
	well, script := filepath.Join(dir, "well"), filepath.Join(dir, "check")
	if err := os.WriteFile(well, nil, 0o600); err != nil {
		tb.Fatal(err)
	}
	text := fmt.Sprintf("#!/bin/sh\n[ \"$PHAROS_CHECK_SERVICE\" = health-custom ] && [ -e %s ] || exit 2\n", well)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		tb.Fatal(err)
	}
	return patient{name: "custom", port: 9, checker: `{"type":"CUSTOM"}`, ill: func() { _ = os.Remove(well) }}, script
}

// client calls the server.
type client struct {
	tb  testing.TB
	srv *server.Server
}

func (c *client) call(method, path string, form url.Values) []byte {
	c.tb.Helper()
	req, err := http.NewRequestWithContext(c.tb.Context(), method, c.srv.URL(path)+"?"+form.Encode(), http.NoBody)
	if err != nil {
		c.tb.Fatal(err)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		c.tb.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		c.tb.Fatalf("%s %s?%s: %d %s %v", method, path, form.Encode(), r.StatusCode, b, err)
	}
	return b
}

func (p *patient) service() string { return "DEFAULT_GROUP@@health-" + p.name }

// register makes the instance known, as unhealthy, and says how it is checked.
func (c *client) register(p *patient) {
	c.tb.Helper()
	c.call(http.MethodPost, "/v1/ns/instance", url.Values{
		"serviceName": {p.service()}, "ip": {"127.0.0.1"}, "port": {strconv.Itoa(p.port)},
		"ephemeral": {"false"}, "healthy": {"false"},
	})
	if p.checker != "" {
		c.call(http.MethodPut, "/v1/ns/cluster", url.Values{
			"serviceName": {p.service()}, "clusterName": {"DEFAULT"}, "checkPort": {"80"},
			"useInstancePort4Check": {"true"}, "healthChecker": {p.checker},
		})
	}
}

// healthy is what an operator sees of the instance: lists would show a service
// of which all are ill as healthy.
func (c *client) healthy(p *patient) bool {
	c.tb.Helper()
	var got struct {
		List []struct {
			Healthy bool `json:"healthy"`
		} `json:"list"`
	}
	b := c.call(http.MethodGet, "/v1/ns/catalog/instances", url.Values{
		"serviceName": {p.service()}, "clusterName": {"DEFAULT"}, "pageNo": {"1"}, "pageSize": {"10"},
	})
	if err := json.Unmarshal(b, &got); err != nil || len(got.List) != 1 {
		c.tb.Fatalf("%s: %v in %s", p.name, err, b)
	}
	return got.List[0].Healthy
}

// await waits until all of them are so.
func (c *client) await(patients []patient, healthy bool) {
	c.tb.Helper()
	began := time.Now()
	for _, p := range patients {
		for c.healthy(&p) != healthy {
			if time.Since(began) > patience {
				c.tb.Errorf("%s: healthy is not %v after %v", p.name, healthy, patience)
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func TestChecks(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	mine, command := custom(t)
	patients := []patient{tcp(t), overHTTP(t), redis(t), overGRPC(t), mine}
	srv := server.Start(t, server.Options{Settings: map[string]string{"pharos.naming.check.command": command}})
	c := &client{t, srv}
	// As often as it may be, so that the test is over soon.
	for _, entry := range []string{"tcpHealthParams", "httpHealthParams", "mysqlHealthParams"} {
		c.call(http.MethodPut, "/v1/ns/operator/switches", url.Values{"entry": {entry}, "value": {`{"max":3000,"min":500,"factor":0.5}`}})
	}
	none := patient{name: "none", port: 9, checker: `{"type":"NONE"}`}
	c.register(&none)
	for i := range patients {
		c.register(&patients[i])
	}
	c.await(patients, true)

	for _, p := range patients {
		p.ill()
	}
	c.await(patients, false)
	if c.healthy(&none) {
		t.Error("an instance that nobody checks has become healthy")
	}
	c.call(http.MethodPut, "/v1/ns/health/instance", url.Values{
		"serviceName": {none.service()}, "ip": {"127.0.0.1"}, "port": {"9"}, "healthy": {"true"},
	})
	srv.Kill()
	srv.Restart() // what was found is durable
	c.await([]patient{none}, true)
	for _, p := range patients {
		if c.healthy(&p) {
			t.Errorf("%s is healthy after a restart", p.name)
		}
	}
	if got := string(c.call(http.MethodGet, "/v1/ns/health/checkers", nil)); strings.Contains(got, "REDIS") || !strings.Contains(got, "MYSQL") {
		t.Errorf("checkers: %s", got)
	}
}

// TestCustomNeedsTheOperator: a registration alone runs nothing.
func TestCustomNeedsTheOperator(t *testing.T) {
	srv := server.Start(t, server.Options{})
	c := &client{t, srv}
	p := patient{name: "custom", port: 9, checker: `{"type":"CUSTOM","cmd":"touch /tmp/pwned"}`}
	c.register(&p)
	if got := string(c.call(http.MethodGet, "/actuator/prometheus", nil)); !strings.Contains(got, "\npharos_checked_instances 0\n") {
		t.Errorf("something is checked: %s", got)
	}

	for _, set := range [][]string{
		{"--set", "pharos.naming.check.command=/no/such/program"},
		{"--set", "pharos.naming.check.command=/bin/true", "--set", "pharos.naming.check.hook=http://127.0.0.1:1/"},
	} {
		code, out := server.Run(t, nil, append(set, "--data", t.TempDir(), "--port", strconv.Itoa(server.FreePort(t)), "--bind", "127.0.0.1")...)
		if code != 1 || strings.Count(strings.TrimSpace(out), "\n") != 0 || !strings.Contains(out, "check") {
			t.Errorf("%v: code %d, %s", set, code, out)
		}
	}
}
