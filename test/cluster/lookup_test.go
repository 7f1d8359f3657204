//go:build linux

package cluster

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// TestAddressServer has nodes learn of each other from an address server, of one
// more when it is listed later, and go on without it.
func TestAddressServer(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts three servers")
	}
	var list atomic.Pointer[string]
	addresses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/some/serverlist" {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprintln(w, *list.Load())
	}))
	defer addresses.Close()
	where, err := url.Parse(addresses.URL)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]string{
		"nacos.core.member.lookup.type": "address-server", "address.server.domain": where.Hostname(),
		"address.server.port": where.Port(), "address.server.url": "/some/serverlist",
	}
	var nodes []*node
	for range 3 {
		nodes = append(nodes, lookedUp(t, server.Options{Host: "127.0.0.1"}, set))
	}
	say := func(n int) {
		var lines []string
		for _, x := range nodes[:n] {
			lines = append(lines, x.Addr())
		}
		text := strings.Join(lines, "\n")
		list.Store(&text)
	}
	grow(t, nodes, say)

	addresses.Close()
	if r := publish(nodes[0], "after", 1); !r.ok() {
		t.Errorf("without the address server: %s", r)
	}
	set["nacos.core.address-server.retry"] = "2"
	late := lookedUp(t, server.Options{Host: "127.0.0.1"}, set)
	began := time.Now()
	late.Launch()
	select {
	case <-late.Ended():
		if took := time.Since(began); took < time.Second || !strings.Contains(late.Log(), "address server") {
			t.Errorf("it ended after %v:\n%s", took, late.Log())
		}
	case <-time.After(20 * time.Second):
		t.Error("a node that cannot learn who the others are, with two tries, still runs")
	}
}

// TestMembersByName has nodes learn of each other by a name, which gets one more
// address later. The name is in a hosts file that only the nodes see.
func TestMembersByName(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts three servers")
	}
	hosts := filepath.Join(t.TempDir(), "hosts")
	program := withHosts(t, hosts)
	port := server.FreePort(t)
	subnet := 2*(1+os.Getpid()%120) + 1
	set := map[string]string{"pharos.cluster.dns": "nodes.pharos.test:" + strconv.Itoa(port)}
	var nodes []*node
	for i := range 3 {
		host := fmt.Sprintf("127.1.%d.%d", subnet, i+1)
		own := map[string]string{"nacos.inetutils.ip-address": host}
		maps.Copy(own, set)
		nodes = append(nodes, lookedUp(t, server.Options{Binary: program, Host: host, Port: port}, own))
	}
	grow(t, nodes, func(n int) {
		lines := []string{"127.0.0.1 localhost"}
		for _, x := range nodes[:n] {
			host, _, _ := strings.Cut(x.Addr(), ":")
			lines = append(lines, host+" nodes.pharos.test")
		}
		if err := os.WriteFile(hosts, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil { // in place: the nodes have this very file mounted
			t.Fatal(err)
		}
	})
}

// withHosts is the program with a hosts file of its own, by a mount that only its
// process sees.
func withHosts(t *testing.T, hosts string) string {
	t.Helper()
	if err := os.WriteFile(hosts, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("#!/bin/sh\nexec unshare -m sh -c 'mount --bind \"$0\" /etc/hosts && exec \"$@\"' %q %q \"$@\"\n", hosts, server.Binary(t))
	path := filepath.Join(t.TempDir(), "pharos")
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	try := exec.CommandContext(t.Context(), "unshare", "-m", "mount", "--bind", hosts, "/etc/hosts")
	if out, err := try.CombinedOutput(); err != nil {
		t.Skipf("a hosts file for a process takes root and unshare: %v %s", err, out)
	}
	return path
}

// lookedUp is a node that is not started yet.
func lookedUp(t *testing.T, o server.Options, set map[string]string) *node {
	t.Helper()
	o.Settings = map[string]string{"pharos.mode": "cluster", "pharos.cluster.secret": "of the nodes that are looked up"}
	maps.Copy(o.Settings, set)
	return &node{Server: server.New(t, o), client: &http.Client{}}
}

// grow starts two nodes and later a third one; say tells how many of them the
// source of the members is to list. All three then are one cluster.
func grow(t *testing.T, nodes []*node, say func(int)) {
	t.Helper()
	say(2)
	nodes[0].Launch()
	nodes[1].Launch()
	nodes[0].WaitReady(time.Minute)
	nodes[1].WaitReady(time.Minute)
	if r := publish(nodes[0], "early", 1); !r.ok() {
		t.Fatal(r)
	}
	say(3)
	nodes[2].Launch()
	nodes[2].WaitReady(time.Minute)
	t.Logf("ready after %v, %v, %v", nodes[0].Ready, nodes[1].Ready, nodes[2].Ready)
	if r := nodes[2].call(t.Context(), http.MethodGet, "/v1/cs/configs", values("dataId", "early", "group", "failover")); r.body != "1" {
		t.Errorf("the third node answers %s", r)
	}
	if r := publish(nodes[2], "late", 1); !r.ok() {
		t.Error(r)
	}
	late := time.Now().Add(30 * time.Second)
	for _, n := range nodes {
		for {
			r := n.call(t.Context(), http.MethodGet, "/v1/core/cluster/nodes", nil)
			if strings.Count(r.body, `"state":"UP"`) == len(nodes) {
				break
			}
			if time.Now().After(late) {
				t.Fatalf("%s does not know all nodes: %.2000s", n.Addr(), r.body)
			}
			rest(200 * time.Millisecond)
		}
	}
}
