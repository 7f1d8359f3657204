//go:build linux

package cluster

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// settled is how soon after a fault everything has to be right again.
const settled = 15 * time.Second

// patience is how much longer than asked things are waited for: on a machine
// with more to do than it has processors, the nodes get a share of the time.
func patience() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 1
	}
	one, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(one, 64)
	if err != nil {
		return 1
	}
	return min(max(1, load/float64(2*runtime.NumCPU())), 4)
}

// callLimit is how long a client waits for an answer before it asks another
// node, as the SDKs do.
const callLimit = 3 * time.Second

// lab is one cluster under test: its nodes, what stands between them, and a
// record of what was done to it.
type lab struct {
	t    *testing.T
	rand *rand.Rand // of the one goroutine that makes faults
	mesh *mesh

	cluster *server.Cluster
	began   time.Time
	net     int    // second last but one byte of the nodes' addresses
	small   *node  // the one on a small disk; nil where none could be made
	used    int    // addresses taken so far
	token   string // of an administrator, once there is one

	mu    sync.Mutex // guards the following fields
	nodes []*node
	says  []string
}

// node is one member of the cluster, whatever becomes of its process.
type node struct {
	*server.Server

	number int
	known  string       // host by which others know it
	pid    atomic.Int32 // 0: it does not run
	client *http.Client
}

// newLab starts n nodes with a mesh between them.
func newLab(t *testing.T, n int, seed uint64, o server.ClusterOptions) *lab {
	t.Helper()
	l := &lab{t: t, rand: rand.New(rand.NewPCG(seed, 1)), began: time.Now()}
	l.net = 2 * (1 + os.Getpid()%120)
	o.Hosts, o.Known = nil, nil
	for range n {
		known, host := l.address()
		o.Known, o.Hosts = append(o.Known, known), append(o.Hosts, host)
	}
	l.cluster = server.NewCluster(t, n, o)
	l.mesh = newMesh(t, l.pidOf)
	for i, s := range l.cluster.Nodes {
		x := l.add(s, o.Known[i], o.Hosts[i])
		if i == n-1 && n > 1 && mountSmall(t, s.Dir) {
			l.small = x
		}
	}
	t.Cleanup(l.end)
	for _, x := range l.all() {
		l.launch(x)
	}
	for _, x := range l.all() {
		x.WaitReady(time.Minute)
	}
	l.until(time.Minute, "each knows that all are up", func() string { return l.introduced(n) })
	l.say("%d nodes are ready", n)
	return l
}

// introduced says which node does not see n members that are up yet: before, two
// of them can believe to own one service, and one is not told what another wrote.
func (l *lab) introduced(n int) string {
	for _, x := range l.all() {
		r := x.call(context.Background(), http.MethodGet, "/v1/core/cluster/nodes", nil)
		if up := strings.Count(r.body, `"state":"UP"`); n > 1 && up != n {
			return fmt.Sprintf("node %d sees %d: %s", x.number, up, r)
		}
	}
	return ""
}

// address takes an address by which others are to know a node, and one to
// listen on.
func (l *lab) address() (known, host string) {
	l.used++
	return fmt.Sprintf("127.0.%d.%d", l.net, l.used), fmt.Sprintf("127.0.%d.%d", l.net+1, l.used)
}

// add makes a server a node of the lab. It does not start it.
func (l *lab) add(s *server.Server, known, host string) *node {
	l.t.Helper()
	n := &node{Server: s, known: known, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 5 * time.Second},
	}}
	l.mu.Lock()
	n.number = len(l.nodes)
	l.nodes = append(l.nodes, n)
	l.mu.Unlock()
	l.front(n, known, host)
	return n
}

func (l *lab) front(n *node, known, host string) {
	peer := n.Port - 1000
	l.mesh.front(n.number, fmt.Sprintf("%s:%d", known, peer), fmt.Sprintf("%s:%d", host, peer))
}

func (l *lab) all() []*node {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*node(nil), l.nodes...)
}

// running are the nodes whose process lives.
func (l *lab) running() []*node {
	var out []*node
	for _, n := range l.all() {
		if n.pid.Load() != 0 {
			out = append(out, n)
		}
	}
	return out
}

func (l *lab) pidOf(number int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number >= len(l.nodes) {
		return 0
	}
	return int(l.nodes[number].pid.Load())
}

func (l *lab) launch(n *node) {
	l.t.Helper()
	n.Launch()
	n.pid.Store(int32(n.PID()))
}

// start launches a node and waits until it is ready.
func (l *lab) start(n *node) {
	l.t.Helper()
	l.launch(n)
	n.WaitReady(time.Minute)
	l.say("node %d is ready after %v", n.number, n.Ready.Round(time.Millisecond))
}

func (l *lab) kill(n *node) {
	l.say("kill -9 node %d", n.number)
	n.pid.Store(0)
	n.Kill()
	n.client.CloseIdleConnections()
}

func (l *lab) stop(n *node) {
	l.say("stop node %d", n.number)
	n.Stop()
	n.pid.Store(0)
	n.client.CloseIdleConnections()
}

// member is the address by which the cluster knows a node.
func (n *node) member() string { return fmt.Sprintf("%s:%d", n.known, n.Port) }

var leading = regexp.MustCompile(`"leader":\s*\\*"([0-9.]+):(\d+)`)

// leader is the node that leads the log.
func (l *lab) leader() *node {
	l.t.Helper()
	var found *node
	l.until(settled, "there is a leader", func() string {
		up := l.running()
		r := up[l.rand.IntN(len(up))].call(context.Background(), http.MethodGet, "/v1/core/cluster/nodes", nil)
		m := leading.FindStringSubmatch(r.body)
		if m == nil {
			return r.String()
		}
		for _, n := range up {
			if m[1] == n.known && m[2] == strconv.Itoa(n.Port-1000) {
				found = n
				return ""
			}
		}
		return m[0] + " is none of the running nodes"
	})
	if found == nil {
		l.t.FailNow()
	}
	l.say("node %d leads", found.number)
	return found
}

// end mends all that stands between the nodes and stops them.
func (l *lab) end() {
	l.mesh.heal()
	var wg sync.WaitGroup
	for _, n := range l.running() {
		wg.Go(func() { l.stop(n) })
	}
	wg.Wait()
	if l.t.Failed() {
		l.leave()
	}
}

// leave keeps the record and the nodes' logs of a failed test.
func (l *lab) leave() {
	dir, err := os.MkdirTemp("", "pharos-faults-")
	if err != nil {
		l.t.Error(err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.nodes {
		_ = os.WriteFile(filepath.Join(dir, fmt.Sprintf("node-%d.log", n.number)), []byte(n.Log()), 0o600)
	}
	_ = os.WriteFile(filepath.Join(dir, "record.txt"), []byte(strings.Join(l.says, "\n")+"\n"), 0o600)
	l.t.Logf("the record and the nodes' logs are in %s; its end:\n%s", dir, strings.Join(l.says[max(0, len(l.says)-60):], "\n"))
}

// say notes what happened and when.
func (l *lab) say(format string, args ...any) {
	line := fmt.Sprintf("%s %7.3f ", time.Now().Format("15:04:05.000"), time.Since(l.began).Seconds()) + fmt.Sprintf(format, args...)
	l.mu.Lock()
	l.says = append(l.says, line)
	l.mu.Unlock()
	if testing.Verbose() {
		fmt.Println(line)
	}
}

// reply is what a node answered; status 0 is no answer, and sent says whether
// the node may have got the request then.
type reply struct {
	status int
	body   string
	sent   bool
	err    error
}

func (r reply) ok() bool { return r.status == http.StatusOK }

func (r reply) String() string {
	if r.status == 0 {
		return fmt.Sprintf("no answer (%v)", r.err)
	}
	return fmt.Sprintf("%d %.200q", r.status, r.body)
}

// call sends a request to one node. The parameters go into the query.
func (n *node) call(ctx context.Context, method, path string, form url.Values, header ...string) reply {
	return n.callFor(ctx, callLimit, method, path, form, header...)
}

func (n *node) callFor(ctx context.Context, limit time.Duration, method, path string, form url.Values, header ...string) reply {
	if method == http.MethodPost {
		header = append(header, "Content-Type", "application/x-www-form-urlencoded")
		return n.send(ctx, limit, method, path, strings.NewReader(form.Encode()), header...)
	}
	if len(form) > 0 {
		path += "?" + form.Encode()
	}
	return n.send(ctx, limit, method, path, http.NoBody, header...)
}

func (n *node) send(ctx context.Context, limit time.Duration, method, path string, body io.Reader, header ...string) reply {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, n.URL(path), body)
	if err != nil {
		return reply{err: err}
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := n.client.Do(req)
	if err != nil {
		return reply{err: err, sent: !strings.Contains(err.Error(), "connection refused")}
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{err: err, sent: true}
	}
	return reply{status: res.StatusCode, body: string(b), sent: true}
}

// until waits for a condition, which says why it does not hold yet.
func (l *lab) until(limit time.Duration, what string, holds func() string) bool {
	l.t.Helper()
	began := time.Now()
	last := ""
	if p := patience(); p > 1 {
		limit = time.Duration(float64(limit) * p)
		l.say("the machine is busy: %v for %s", limit.Round(time.Second), what)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		why := holds()
		if why == "" {
			if last != "" {
				last = ", at last because " + last
			}
			l.say("%s: after %v%s", what, time.Since(began).Round(10*time.Millisecond), last)
			return true
		}
		last = why
		if time.Since(began) > limit {
			l.say("%s: NOT within %v: %s", what, limit, why)
			l.t.Errorf("%s: not within %v: %s", what, limit, why)
			return false
		}
		<-tick.C
	}
}

// rest lets a fault last.
func rest(d time.Duration) { <-time.NewTimer(d).C }

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}
