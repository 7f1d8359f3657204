package sdk

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// A suite is a list of checks that every language's program makes.
type suite struct {
	name    string
	limit   time.Duration // for one program, far above what it takes
	checks  []string      // in the order of the table
	second  []string      // the checks that programs with SDKs of the 2.x generation make; none: they are left out
	token   int           // seconds that a token lives
	options func(suite) server.Options
	setup   func(*testing.T, *server.Server, suite) []string // gives the programs' further environment
	nodes   int                                              // of a cluster; 0 is one server that stands alone
	without string                                           // a language that has no program for the suite
}

// TestMain lets all languages run at the same time however few processors
// there are: their programs wait most of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestNaming(t *testing.T) {
	run(t, suite{
		name:  "naming",
		limit: 150 * time.Second,
		checks: []string{
			"register", "list", "subscribe", "told: new", "told: changed", "told: deregistered",
			"told: many at once", "list services", "namespace", "told: beats stopped, unhealthy",
			"select healthy", "told: beats stopped, lost", "healthy for 60 s", "deregister",
		},
		second: []string{
			"register", "list", "subscribe", "told: new", "told: changed", "told: deregistered", "told: many at once",
			"told: process killed", "list services", "namespace", "server restart", "deregister",
		},
	})
}

func TestConfig(t *testing.T) {
	run(t, suite{
		name:  "config",
		limit: 120 * time.Second,
		checks: []string{
			"publish", "get: absent", "cas", "namespace", "told: changed", "unicode", "100 KB",
			"beta", "remove", "server restart",
		},
		second: []string{
			"publish", "get: absent", "cas", "namespace", "told: changed", "unicode", "100 KB",
			"beta", "remove", "server restart",
		},
	})
}

func TestAuth(t *testing.T) {
	run(t, suite{
		name:  "auth",
		limit: 120 * time.Second,
		checks: []string{
			"right password", "wrong password", "no password", "read permission only",
			"no permission", "token expires", "login again while running",
		},
		second: []string{
			"right password", "wrong password", "no password", "read permission only",
			"no permission", "token expires", "login again while running",
		},
		token:   tokenSeconds,
		options: func(s suite) server.Options { return server.Options{Settings: authSettings(s)} },
		setup:   makeUsers,
	})
}

// TestCluster has each client know three nodes and loses one after the other.
func TestCluster(t *testing.T) {
	run(t, suite{
		name:  "cluster",
		limit: 150 * time.Second,
		nodes: 3, without: "python", // which asks one node only
		checks: []string{
			"register", "publish", "node 1 lost", "node 1 back", "node 2 lost", "node 2 back", "node 3 lost", "node 3 back",
			"listener told", "never an empty list", "deregister",
		},
	})
}

// TestClusterConnected does the same with clients that are connected to one of the
// nodes and have their instances there.
func TestClusterConnected(t *testing.T) {
	run(t, suite{
		name:  "cluster",
		limit: 200 * time.Second,
		nodes: 3,
		second: []string{
			"register", "publish", "node 1 lost", "node 1 back", "node 2 lost", "node 2 back", "node 3 lost", "node 3 back",
			"listener told", "never an empty list", "deregister",
		},
	})
}

// run gives each language a fresh server and its program, all at the same
// time, and prints the table of what they found.
func run(t *testing.T, s suite) {
	t.Helper()
	if os.Getenv("PHAROS_SDK") == "" {
		t.Skip("the SDK suites need Java, Go, Node and Python and a minute each: make e2e, or PHAROS_SDK=1")
	}
	result := newTable(s)
	t.Run("clients", func(t *testing.T) {
		for _, l := range languages() {
			own := s
			if l.second {
				own.checks, own.token = s.second, secondTokenSeconds
			}
			if l.name == s.without || len(own.checks) == 0 {
				continue
			}
			t.Run(l.name, func(t *testing.T) {
				t.Parallel()
				requireTools(t, l)
				command, err := l.ready(t)
				if err != nil {
					t.Fatal(err)
				}
				result.add(l.name, runOne(t, own, l.name, command))
			})
		}
	})
	fmt.Println(result)
}

// requireTools skips a language whose runtime this machine lacks; CI has them
// all, or it would be green for the wrong reason.
func requireTools(t *testing.T, l language) {
	t.Helper()
	for _, tool := range l.tools {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed, and CI=true demands every language", tool)
		}
		t.Skipf("%s is not installed: the %s client is not checked", tool, l.name)
	}
}

func runOne(t *testing.T, s suite, name string, command []string) []finding {
	t.Helper()
	servers := startServers(t, s)
	var addresses []string
	does := map[string]func(){"restart": func() { servers[0].Kill(); servers[0].Restart() }}
	for i, srv := range servers {
		addresses = append(addresses, srv.Addr())
		does[fmt.Sprintf("kill %d", i+1)] = srv.Kill
		does[fmt.Sprintf("start %d", i+1)] = srv.Restart
	}
	env := append(os.Environ(), "NACOS_SERVER="+strings.Join(addresses, ","), "SDK_WORK="+t.TempDir(),
		"NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1", "PYTHONDONTWRITEBYTECODE=1")
	if s.setup != nil {
		env = append(env, s.setup(t, servers[0], s)...)
	}
	ctx, cancel := context.WithTimeout(t.Context(), s.limit)
	defer cancel()
	p := &program{suite: s, language: name, env: env, does: does}
	found, err := p.run(ctx, t, append(command, s.name))
	for _, f := range s.judge(found) {
		t.Error(f)
	}
	if err != nil {
		t.Error(err)
	}
	return found
}

func startServers(t *testing.T, s suite) []*server.Server {
	t.Helper()
	if s.nodes > 0 {
		return server.StartCluster(t, s.nodes, server.ClusterOptions{}).Nodes
	}
	var options server.Options
	if s.options != nil {
		options = s.options(s)
	}
	return []*server.Server{server.Start(t, options)}
}
