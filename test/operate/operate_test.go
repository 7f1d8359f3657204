// Package operate tests what an operator does to a cluster from a shell: looks,
// takes a member out, and brings a cluster back that lost its majority.
package operate

import (
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

const secret = "the secret of this test"

// member starts a node: the first of a cluster, or one that joins it.
func member(t *testing.T, first *server.Server) *server.Server {
	t.Helper()
	port := server.FreePort(t)
	set := map[string]string{"nacos.console.port": "0"}
	if first == nil {
		set["nacos.member.list"] = "127.0.0.1:" + strconv.Itoa(port)
	} else {
		set["pharos.cluster.join"] = first.Addr()
	}
	return server.Start(t, server.Options{
		Port: port, Settings: set, Args: []string{"--mode", "cluster"}, Env: []string{"PHAROS_CLUSTER_SECRET=" + secret},
	})
}

// pharos runs a command and returns what it prints, and whether it succeeded.
func pharos(t *testing.T, args ...string) (string, bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), server.Binary(t), args...)
	cmd.Env = append(cmd.Environ(), "PHAROS_CLUSTER_SECRET="+secret)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// publish writes, again where it is told that nothing was written: the node that
// was lost may have been the leader, and a busy machine takes its time to elect one.
func publish(t *testing.T, s *server.Server, content string) {
	t.Helper()
	for late := time.Now().Add(time.Minute); ; {
		resp, err := http.PostForm(s.URL("/v1/cs/configs"), url.Values{"dataId": {"a"}, "group": {"G"}, "content": {content}})
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if err == nil && string(b) == "true" {
			return
		}
		if err != nil || resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(b), "nothing was written") || time.Now().After(late) {
			t.Fatalf("publish: %d %s %v", resp.StatusCode, b, err)
		}
	}
}

func TestOperator(t *testing.T) {
	first := member(t, nil)
	second, third := member(t, first), member(t, first)
	for _, s := range []*server.Server{first, second, third} {
		s.WaitMembers(3)
	}
	publish(t, second, "1")

	table(t, func(text string) bool {
		return strings.Count(text, " UP ") == 3 && strings.Count(text, "Leader") == 1 && strings.Contains(text, third.Addr())
	}, "--port", strconv.Itoa(second.Port))

	third.Kill()
	if out, ok := pharos(t, "cluster", "remove", third.Addr(), "--join", first.Addr()); !ok {
		t.Errorf("remove: %s", out)
	}
	if out, ok := pharos(t, "cluster", "remove", third.Addr(), "--join", first.Addr()); ok {
		t.Errorf("removed twice: %s", out)
	}
	publish(t, first, "2") // two of two are there, of three they would be as well
	table(t, func(text string) bool { return !strings.Contains(text, third.Addr()) }, "--join", first.Addr())

	// The majority is lost.
	second.Kill()
	recovery := []string{"recover", "--port", strconv.Itoa(first.Port), "--data", first.Dir, "--set", "nacos.member.list=" + first.Addr()}
	if out, ok := pharos(t, recovery...); ok || !strings.Contains(out, "in use by process") {
		t.Errorf("recovery of a running node: %s", out)
	}
	first.Kill()
	out, ok := pharos(t, recovery...)
	last := regexp.MustCompile(`last entry of its log is (\d+)`).FindStringSubmatch(out)
	if !ok || last == nil || !strings.Contains(out, "nothing was changed") || !strings.Contains(out, "does not answer") {
		t.Fatalf("recovery that only looks: %s", out)
	}
	if out, ok := pharos(t, append(recovery, "--yes", "--last-index", last[1]+"0")...); ok || !strings.Contains(out, "last index is another one") {
		t.Errorf("recovery with another index: %s", out)
	}
	second.Launch() // alone it is not ready, but it answers its peers
	answers(t, second)
	if out, ok := pharos(t, append(recovery, "--yes", "--last-index", last[1])...); ok || !strings.Contains(out, "majority of the voters answers") {
		t.Errorf("recovery while a majority is alive: %s", out)
	}
	second.Kill()
	if out, ok := pharos(t, append(recovery, "--yes", "--last-index", last[1])...); !ok {
		t.Fatalf("recovery: %s", out)
	}
	first.Restart()
	publish(t, first, "3")
	table(t, func(text string) bool { return strings.Count(text, "Leader") == 1 }, "--join", first.Addr())
}

// table asks how all nodes are until the answer is as it should be: the others hear
// a moment later what one was told, and on a busy machine a leader may just have
// lost its place.
func table(t *testing.T, holds func(string) bool, where ...string) {
	t.Helper()
	for late := time.Now().Add(time.Minute); ; {
		text, ok := pharos(t, append([]string{"cluster", "status"}, where...)...)
		if ok && holds(text) {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("status after a minute:\n%s", text)
		}
	}
}

// answers waits until a node that cannot be ready is there.
func answers(t *testing.T, s *server.Server) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		resp, err := http.Get(s.URL("/v1/console/health/liveness"))
		if err == nil {
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the node does not answer")
}
