// Package nodetest runs whole nodes on a network in memory, for tests under
// fake time: every part of the server but its sockets.
package nodetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/cmd/node"
	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/consistency/peer"
)

// Lab is a cluster in one process.
type Lab struct {
	Net   *peer.Network
	Nodes []*Member

	tb testing.TB
}

// Member is one node; its data directory outlives a restart.
type Member struct {
	*node.Node // nil while it is down

	lab    *Lab
	index  int
	tune   func(*settings.Settings)
	dir    string
	cancel context.CancelFunc
	done   chan error
}

// Cluster starts n nodes that list each other, and returns when all are ready.
// It is for the inside of a synctest bubble.
func Cluster(tb testing.TB, n int) *Lab {
	tb.Helper()
	l := New(tb, n)
	for _, m := range l.Nodes {
		m.Start()
	}
	l.Ready()
	return l
}

// New is a cluster whose nodes are not started yet.
func New(tb testing.TB, n int) *Lab {
	tb.Helper()
	l := &Lab{Net: peer.NewNetwork(), tb: tb}
	for i := range n {
		l.Nodes = append(l.Nodes, &Member{lab: l, index: i, dir: filepath.Join(tb.TempDir(), "data")})
	}
	tb.Cleanup(func() {
		for _, m := range l.Nodes {
			m.Stop()
		}
	})
	return l
}

// Add makes a node that is told to join the first one.
func (l *Lab) Add(tune func(*settings.Settings)) *Member {
	l.tb.Helper()
	m := &Member{lab: l, index: len(l.Nodes), dir: filepath.Join(l.tb.TempDir(), "data"), tune: func(s *settings.Settings) {
		s.Cluster.MemberList, s.Cluster.Join = nil, []string{l.Nodes[0].Addr()}
		if tune != nil {
			tune(s)
		}
	}}
	l.Nodes = append(l.Nodes, m)
	return m
}

// Ready waits until every node that runs is ready, and takes none of the others
// for anything but up.
func (l *Lab) Ready() {
	l.tb.Helper()
	running := map[string]bool{}
	for _, m := range l.Nodes {
		if m.Node != nil {
			m.Ready()
			running[m.Addr()] = true
		}
	}
	for _, m := range l.Nodes {
		if m.Node != nil {
			l.Eventually(time.Minute, func() bool { return m.trusts(running) })
		}
	}
}

// trusts reports whether the node sees those of the addresses that it lists up.
func (m *Member) trusts(running map[string]bool) bool {
	var list struct {
		Data []struct{ Address, State string }
	}
	status, body := m.Get("/v1/core/cluster/nodes", nil)
	if status == http.StatusForbidden {
		return true // it tells its members to nobody; the caller has to find out otherwise
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Data) == 0 {
		return false
	}
	for _, x := range list.Data {
		if running[x.Address] && x.State != "UP" {
			return false
		}
	}
	return true
}

// Addr is the address that the others know the member by.
func (m *Member) Addr() string { return fmt.Sprintf("10.0.0.%d:8848", m.index+1) }

// PeerAddr is the host of the member in the network in memory.
func (m *Member) PeerAddr() string { return fmt.Sprintf("10.0.0.%d:7848", m.index+1) }

// Move gives a member that is down another address.
func (m *Member) Move(index int) { m.index = index }

// Dir is the member's data directory.
func (m *Member) Dir() string { return m.dir }

// Tune changes the settings of the next start.
func (m *Member) Tune(fn func(*settings.Settings)) { m.tune = fn }

func (m *Member) settings() settings.Settings {
	set := settings.Default()
	set.Data.Dir = m.dir
	set.Console.Port = 0
	set.Server.Bind = fmt.Sprintf("10.0.0.%d", m.index+1)
	set.Cluster.Standalone = false
	set.Cluster.SelfIP = set.Server.Bind
	set.Cluster.Secret = "the secret of a test"
	for _, x := range m.lab.Nodes {
		set.Cluster.MemberList = append(set.Cluster.MemberList, x.Addr())
	}
	set.Auth.Enabled = settings.No
	if m.tune != nil {
		m.tune(&set)
	}
	return set
}

// TryStart starts a node that is down.
func (m *Member) TryStart() error {
	n, err := node.New(m.settings(), node.Options{
		Log:     slog.New(slog.NewTextHandler(m.lab.tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		Version: "test", Network: m.lab.Net.Host(m.PeerAddr()),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(m.lab.tb.Context()))
	m.Node, m.cancel, m.done = n, cancel, make(chan error, 1)
	done := m.done
	go func() { done <- errors.Join(n.Run(ctx), n.Close()) }() // ended by Stop
	return nil
}

// Start is TryStart where it must succeed.
func (m *Member) Start() {
	m.lab.tb.Helper()
	if err := m.TryStart(); err != nil {
		m.lab.tb.Fatal(err)
	}
}

// Wait returns what Run returned.
func (m *Member) Wait() error {
	err := <-m.done
	m.Node = nil
	m.cancel()
	return err
}

// Stop ends a node in good order, if it runs.
func (m *Member) Stop() {
	if m.Node == nil {
		return
	}
	m.cancel()
	if err := m.Wait(); err != nil {
		m.lab.tb.Errorf("node %d: %v", m.index, err)
	}
}

// Crash ends a node as a loss of power does for the others: they hear nothing.
func (m *Member) Crash() {
	var others []string
	for _, x := range m.lab.Nodes {
		others = append(others, x.PeerAddr())
	}
	m.lab.Net.Isolate(m.PeerAddr(), others...)
	m.Stop()
	for _, o := range others {
		m.lab.Net.Join(m.PeerAddr(), o)
	}
}

// Ready waits for a minute at most until the node is ready.
func (m *Member) Ready() {
	m.lab.tb.Helper()
	m.lab.Eventually(time.Minute, func() bool {
		status, _ := m.Get("/v1/console/health/readiness", nil)
		return status == http.StatusOK
	})
}

// Eventually waits until ok, asking often.
func (l *Lab) Eventually(within time.Duration, ok func() bool) {
	l.tb.Helper()
	l.Until(within, func() string {
		if ok() {
			return ""
		}
		return "not so"
	})
}

// Until waits until nothing is wrong, asking often what is.
func (l *Lab) Until(within time.Duration, wrong func() string) {
	l.tb.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(within)
	for {
		why := wrong()
		if why == "" {
			return
		}
		select {
		case <-end:
			l.tb.Fatalf("%s within %v", why, within)
		case <-tick.C:
		}
	}
}

// Get is a GET below the context path.
func (m *Member) Get(path string, query url.Values, header ...string) (int, string) {
	return m.Call(http.MethodGet, path, query, header...)
}

// Call is a request below the context path, with a form in the body where the
// method has one.
func (m *Member) Call(method, path string, form url.Values, header ...string) (int, string) {
	var body io.Reader
	path = "/nacos" + path
	if method == http.MethodGet || method == http.MethodDelete {
		path += "?" + form.Encode()
	} else {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(m.lab.tb.Context(), method, path, body)
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}
