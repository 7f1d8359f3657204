package server

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// buildOnce builds the binary at the first call of a test process and gives
// its path.
//
//nolint:gochecknoglobals // one build per test process is what "once" means
var buildOnce = sync.OnceValues(func() (string, error) { return build("pharos", "") })

// Binary is the path of the built program. PHAROS_TEST_BINARY names one that
// is there already, so that CI builds once for all test packages.
func Binary(tb testing.TB) string {
	tb.Helper()
	if path := os.Getenv("PHAROS_TEST_BINARY"); path != "" {
		if _, err := os.Stat(path); err != nil {
			tb.Fatalf("PHAROS_TEST_BINARY: %v", err)
		}
		return path
	}
	path, err := buildOnce()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// Stamped builds the program with another version: for upgrades.
func Stamped(tb testing.TB, version string) string {
	tb.Helper()
	path, err := build("pharos-"+version, "-X main.stamped="+version)
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// build leaves the binary in the repository's .bin, where one file serves all
// test processes: each builds under its own name and renames, so that none
// ever starts a half-written file.
func build(name, ldflags string) (string, error) {
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		return "", fmt.Errorf("where is the source of %s", "test/server")
	}
	root := filepath.Dir(filepath.Dir(filepath.Dir(here)))
	if err := touchSources(root); err != nil {
		return "", err
	}
	dir := filepath.Join(root, ".bin", "test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make %s: %w", dir, err)
	}
	own := filepath.Join(dir, name+"."+strconv.Itoa(os.Getpid()))
	cmd := exec.Command("go", "build", "-tags", "nomsgpack", "-trimpath", "-ldflags", ldflags, "-o", own, "./cmd/pharos") //nolint:noctx // no test to end with: the build is shared
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build pharos: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	path := filepath.Join(dir, name)
	if err := os.Rename(own, path); err != nil {
		return "", fmt.Errorf("put the binary in place: %w", err)
	}
	return path, nil
}

// touchSources lists the folders that the binary is made of, so that "go test"
// knows that its result depends on them: they are not among the imports of a
// black-box test, and a cached pass of an older server would be no pass.
func touchSources(root string) error {
	for _, top := range []string{"cmd", "controller", "middleware", "service", "consistency", "persistence", "ui"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("list the sources: %w", err)
		}
	}
	return nil
}

// FreePort finds an HTTP port that is free together with the ports that follow
// from it: gRPC (+1000, +1001) and peers (−1000). It looks below the range
// from which outgoing connections take theirs, so that a server can be started
// again on its port. Until the test ends no other one is given any of them.
func FreePort(tb testing.TB) int {
	tb.Helper()
	for range 200 {
		port := 21000 + rand.IntN(9000)
		if release := reserve(port-1000, port, port+1000, port+1001); release != nil {
			tb.Cleanup(release)
			return port
		}
	}
	tb.Fatal("no free port found between 21000 and 30000")
	return 0
}

// reserve takes ports, or returns nil when one of them is in use, or another test
// has it. What it holds is the UDP port of the number: servers need that of TCP,
// and tests of other packages, which run at the same time, see it.
func reserve(ports ...int) (release func()) {
	var held []net.PacketConn
	release = func() {
		for _, c := range held {
			_ = c.Close()
		}
	}
	for _, port := range ports {
		addr := "127.0.0.1:" + strconv.Itoa(port)
		c, err := net.ListenPacket("udp", addr) //nolint:noctx // it takes no time
		if err != nil {
			release()
			return nil
		}
		held = append(held, c)
		l, err := net.Listen("tcp", addr) //nolint:noctx // closed at once
		if err != nil {
			release()
			return nil
		}
		_ = l.Close()
	}
	return release
}
