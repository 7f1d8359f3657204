package server

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// clusterLimit is how long the nodes of a new cluster may take to elect a
// leader and be ready.
const clusterLimit = time.Minute

// secret is by what the nodes of a test trust each other.
const secret = "only the nodes of this test know it"

// Cluster is a number of servers that know each other.
type Cluster struct {
	Nodes    []*Server
	Settings map[string]string // of the last node, as an example for others
}

// ClusterOptions say how the nodes of a cluster are started.
type ClusterOptions struct {
	Settings map[string]string // of each node
	Env      []string
	Binary   string   // "" is the one that Binary gives
	Hosts    []string // what each node listens on; empty is 127.0.0.1 for all
	Known    []string // the addresses that others know the nodes by, without ports; empty is Hosts
}

// StartCluster starts n servers with fresh data directories and waits until
// all are ready and each knows that the others are: before, two of them can
// believe to own one service.
func StartCluster(tb testing.TB, n int, o ClusterOptions) *Cluster {
	tb.Helper()
	c := NewCluster(tb, n, o)
	for _, s := range c.Nodes {
		s.Launch()
	}
	for _, s := range c.Nodes {
		s.WaitReady(clusterLimit)
	}
	for _, s := range c.Nodes {
		s.WaitMembers(n)
	}
	return c
}

// WaitMembers waits until a node sees n members that are up: that one of them is
// ready the others hear a moment later.
func (s *Server) WaitMembers(n int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), clusterLimit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for want := fmt.Sprintf("pharos_members{state=\"UP\"} %d\n", n); !strings.Contains(body(ctx, s.URL("/actuator/prometheus")), want); {
		select {
		case <-s.done:
			s.t.Fatalf("pharos ended before it knew the others (%v)", s.cmd.ProcessState)
		case <-ctx.Done():
			s.t.Fatalf("%s does not see %d members within %v", s.Addr(), n, clusterLimit)
		case <-tick.C:
		}
	}
}

// body asks for a page, "" where there is none.
func body(ctx context.Context, url string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return ""
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		return ""
	}
	return string(b)
}

// NewCluster is StartCluster without starting.
func NewCluster(tb testing.TB, n int, o ClusterOptions) *Cluster {
	tb.Helper()
	if len(o.Hosts) == 0 {
		o.Hosts = slices.Repeat([]string{"127.0.0.1"}, n)
	}
	if len(o.Known) == 0 {
		o.Known = o.Hosts
	}
	var ports []int
	var members []string
	for i := range n {
		ports = append(ports, FreePort(tb))
		members = append(members, net.JoinHostPort(o.Known[i], strconv.Itoa(ports[i])))
	}
	c := &Cluster{}
	for i := range n {
		set := map[string]string{
			"pharos.mode":                "cluster",
			"nacos.member.list":          strings.Join(members, ","),
			"pharos.cluster.secret":      secret,
			"nacos.inetutils.ip-address": o.Known[i],
		}
		maps.Copy(set, o.Settings)
		c.Settings = set
		c.Nodes = append(c.Nodes, New(tb, Options{Binary: o.Binary, Host: o.Hosts[i], Port: ports[i], Settings: set, Env: o.Env}))
	}
	return c
}

// Bases are the addresses of all nodes: http://host:port.
func (c *Cluster) Bases() []string {
	var out []string
	for _, s := range c.Nodes {
		out = append(out, s.Base())
	}
	return out
}
