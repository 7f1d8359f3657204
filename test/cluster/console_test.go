//go:build linux

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// listenersShown is what a console shows of who listens.
type listenersShown struct {
	Data struct {
		TotalCount int
		PageItems  []struct{ DataID, Node string }
		Nodes      []struct {
			Address string
			OK      bool
		}
	}
}

// String says it in a line: who listens where, and who is silent.
func (l listenersShown) String() string {
	var all []string
	for _, x := range l.Data.PageItems {
		all = append(all, x.DataID+" at "+x.Node)
	}
	slices.Sort(all)
	for _, n := range l.Data.Nodes {
		if !n.OK {
			all = append(all, n.Address+" is silent")
		}
	}
	return strings.Join(all, ", ")
}

// fetch asks for JSON.
func fetch(t *testing.T, address string, out any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(a.Body)
	_ = a.Body.Close() // it was read
	if err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", address, a.StatusCode, body, err)
	}
	if err := json.Unmarshal(body, out); err != nil {
		t.Fatalf("%s: %v: %s", address, err, body)
	}
}

// listen waits on a node for a config that is not there, anew whenever it is
// answered, until the test ends.
func listen(ctx context.Context, s *server.Server, dataID string) {
	form := url.Values{"Listening-Configs": {dataID + "\x02G\x02\x01"}}
	for ctx.Err() == nil {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL("/v1/cs/configs/listener"), strings.NewReader(form.Encode()))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Long-Pulling-Timeout", "30000")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			pause(ctx, 100*time.Millisecond)
			continue
		}
		_, _ = io.Copy(io.Discard, a.Body) // whatever it says, it listens again
		_ = a.Body.Close()
	}
}

// TestConsoleShowsAllNodes: clients listen on three real nodes, each node shows all
// of them; then one node is killed, and the others name it.
func TestConsoleShowsAllNodes(t *testing.T) {
	nodes := server.StartCluster(t, 3, server.ClusterOptions{}).Nodes
	var want []string
	for i, s := range nodes {
		go listen(t.Context(), s, fmt.Sprint("config-", i))
		want = append(want, fmt.Sprintf("config-%d at %s", i, s.Addr()))
	}
	shows := func(s *server.Server, want string) {
		t.Helper()
		var last string
		for end := time.Now().Add(time.Duration(20 * patience() * float64(time.Second))); time.Now().Before(end); pause(t.Context(), 50*time.Millisecond) {
			var seen listenersShown
			fetch(t, s.URL("/v3/console/ext/listeners"), &seen)
			if last = seen.String(); last == want {
				return
			}
		}
		t.Errorf("%s shows %q, not %q", s.Addr(), last, want)
	}
	for _, s := range nodes {
		shows(s, strings.Join(want, ", "))
	}
	nodes[2].Kill()
	want[2] = nodes[2].Addr() + " is silent"
	for _, s := range nodes[:2] {
		shows(s, strings.Join(want, ", "))
	}
}
