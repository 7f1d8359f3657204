//go:build linux

package cluster

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// failover is how soon after the leader's process was killed a write at another
// node is answered. SDKs give a server three seconds.
const failover = 1800 * time.Millisecond

// TestFailover kills the leader again and again, and measures how long the
// others take until a config is published: a client that is told "nothing was
// written" or "not known" asks again at once. PHAROS_KILLS=n does it n times.
func TestFailover(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts three servers")
	}
	kills, err := strconv.Atoi(os.Getenv("PHAROS_KILLS"))
	if err != nil {
		kills = 3
	}
	var nodes []*node // with nothing between them: who is gone refuses connections
	for _, s := range server.StartCluster(t, 3, server.ClusterOptions{}).Nodes {
		nodes = append(nodes, &node{Server: s, client: &http.Client{}})
	}
	var took []time.Duration
	refused := 0
	for i := range kills {
		old, other := calm(t, nodes, i)
		began := time.Now()
		nodes[old].Kill()
		for {
			r := publish(other, "after", i)
			if r.ok() {
				break
			}
			refused++
			if t.Logf("refused: %s", r); time.Since(began) > time.Minute {
				t.Fatalf("no leader within a minute: %s", r)
			}
		}
		took = append(took, time.Since(began))
		t.Logf("a write is answered %v after node %d was killed", took[i].Round(time.Millisecond), old)
		nodes[old].Restart()
	}
	slices.Sort(took)
	most, last := took[(len(took)-1)*9/10], took[len(took)-1] // of three, the second
	t.Logf("%d kills: p50 %v, p90 %v, max %v; %d tries were refused before", kills, took[len(took)/2], most, last, refused)
	if limit := time.Duration(float64(failover) * patience()); most > limit || last > 2*limit { // one election in many is split
		t.Errorf("the first write after a kill took %v, the limit is %v", took, limit)
	}
}

// calm gives the number of the leader and another node, which has just had a write
// answered: on a busy machine a leader may lose its place without being killed.
func calm(t *testing.T, nodes []*node, i int) (leader int, other *node) {
	t.Helper()
	for late := time.Now().Add(time.Minute); ; {
		leader = leaderOf(t, nodes)
		other = nodes[(leader+1+i%2)%3]
		r := publish(other, "before", i)
		if r.ok() {
			return leader, other
		}
		if t.Logf("before the kill: %s", r); time.Now().After(late) {
			t.Fatal("no write is answered for a minute")
		}
	}
}

// leaderOf waits for a leader that a node tells of and that is one of them.
func leaderOf(t *testing.T, nodes []*node) int {
	t.Helper()
	late := time.Now().Add(time.Minute)
	for i := 0; time.Now().Before(late); i++ {
		r := nodes[i%len(nodes)].call(t.Context(), http.MethodGet, "/v1/core/cluster/nodes", nil)
		if m := leading.FindStringSubmatch(r.body); m != nil {
			is := func(n *node) bool { return m[2] == strconv.Itoa(n.Port-1000) && n.Running() }
			if found := slices.IndexFunc(nodes, is); found >= 0 {
				return found
			}
		}
		rest(50 * time.Millisecond)
	}
	t.Fatal("no leader within a minute")
	return 0
}

func publish(n *node, key string, i int) reply {
	return n.call(context.Background(), http.MethodPost, "/v1/cs/configs",
		values("dataId", key, "group", "failover", "content", strconv.Itoa(i)))
}
