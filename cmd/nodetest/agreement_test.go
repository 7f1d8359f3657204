package nodetest_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/cmd/nodetest"
	"github.com/pharos-registry/pharos/test/faketime"
)

// divergence is what a node says of the others.
type divergence struct {
	Agrees, Ready bool
	Looks         int
	Peers         []struct {
		Address, Error string
		At             int64
	}
	Differences []struct{ Kind, Key, Address, Mine, Theirs string }
	Repairs     map[string]int64
}

func divergenceOf(t *testing.T, m *nodetest.Member) (d divergence) {
	t.Helper()
	status, body := m.Get("/v1/core/ops/divergence", nil)
	answer := struct{ Data *divergence }{&d}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	return d
}

func readiness(m *nodetest.Member) int {
	status, _ := m.Get("/v1/console/health/readiness", nil)
	return status
}

// Nodes that are written to agree, also while one comes back and under load.
func TestNodesAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		for i := range 20 {
			publish(t, l.Nodes[i%3], fmt.Sprint("c", i%8), fmt.Sprint("v", i))
			for _, form := range []string{"true", "false"} {
				name := instance(fmt.Sprintf("192.0.2.%d", i), "ephemeral", form)
				name.Set("serviceName", "DEFAULT_GROUP@@kind-"+form)
				if status, body := l.Nodes[(i+1)%3].Call(http.MethodPost, "/v1/ns/instance", name); status != http.StatusOK {
					t.Fatal(status, body)
				}
			}
			if i == 10 {
				l.Nodes[2].Stop()
				l.Nodes[2].Start()
				l.Ready()
			}
			faketime.Pass(time.Second)
			for _, m := range l.Nodes {
				if d := divergenceOf(t, m); !d.Agrees {
					t.Fatalf("%s after %d writes: %+v", m.Addr(), i, d)
				}
			}
		}
		for _, m := range l.Nodes {
			d := divergenceOf(t, m)
			if len(d.Peers) != 2 || d.Looks < 2 || d.Peers[0].At == 0 || d.Peers[0].Error != "" {
				t.Errorf("%s: %+v", m.Addr(), d)
			}
		}
	})
}

// Rows that were changed behind the back of a node are found out: by the others,
// by itself, and by who asks whether it is ready. When they are put right the node
// mends what it has in memory.
func TestTamperedRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		publish(t, l.Nodes[0], "c", "right")
		faketime.Pass(time.Second)
		odd := l.Nodes[2]
		tamper(t, odd, "wrong", "2bda2998d9b0ee197da142a0447f6725")
		odd.Call(http.MethodPost, "/v1/cs/ops/localCache", nil) // has all read anew
		l.Eventually(20*time.Second, func() bool { return !divergenceOf(t, odd).Agrees })
		faketime.Pass(time.Second) // the others look at the same time
		wants(t, odd, "c", "wrong")
		for i, m := range l.Nodes {
			d := divergenceOf(t, m)
			found := 0
			for _, x := range d.Differences {
				if x.Kind == "config" && x.Key == "c+G" && (i == 2) == (x.Address != odd.Addr()) {
					found++
				}
			}
			if want := map[bool]int{true: 2, false: 1}[i == 2]; found != want || len(d.Differences) != want {
				t.Errorf("%s: %+v", m.Addr(), d.Differences)
			}
			if readiness(m) != http.StatusOK {
				t.Errorf("%s is not ready at once", m.Addr())
			}
		}
		_, metrics := odd.Get("/actuator/prometheus", nil)
		if !strings.Contains(metrics, `pharos_divergence{kind="config"} 1`) || !strings.Contains(metrics, `pharos_divergence{kind="naming"} 0`) {
			t.Error("no metric says so")
		}
		faketime.Pass(70 * time.Second)
		for i, m := range l.Nodes {
			if status := readiness(m); (status == http.StatusOK) != (i != 2) {
				t.Errorf("%s answers %d to who asks whether it is ready", m.Addr(), status)
			}
		}
		wants(t, odd, "c", "wrong") // an old answer is worth more than none
		tamper(t, odd, "right", "7c4f29407893c334a6cb7a87bf045c0d")
		l.Eventually(30*time.Second, func() bool { return divergenceOf(t, odd).Agrees })
		wants(t, odd, "c", "right")
		if d := divergenceOf(t, odd); d.Repairs["config"] < 1 || readiness(odd) != http.StatusOK {
			t.Errorf("%+v, ready %d", d, readiness(odd))
		}
	})
}

// tamper writes to the file of a node that runs.
func tamper(t *testing.T, m *nodetest.Member, content, md5 string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(m.Dir(), "pharos.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := db.ExecContext(t.Context(), "UPDATE config_info SET content = ?, md5 = ?", content, md5); err != nil {
		t.Fatal(err)
	}
}
