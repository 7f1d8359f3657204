package nodetest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/cmd/nodetest"
	"github.com/pharos-registry/pharos/service/bulk"
)

type planned struct {
	PlanID   string
	Outcomes map[string]int
}

// bulkOn calls a route of plans of one node.
func bulkOn(t *testing.T, m *nodetest.Member, path string, form url.Values) (p planned, status int, body string) {
	t.Helper()
	status, body = m.Call(http.MethodPost, consolePath+"/bulk"+path, form, "X-Console", "1")
	answer := struct{ Data any }{&p}
	if err := json.Unmarshal([]byte(body), &answer); err != nil && status == http.StatusOK {
		t.Fatal(err, body)
	}
	return p, status, body
}

// TestPlansOfANode: a plan is that of the node that made it, the others say so; what
// it does is done everywhere; and it is not applied when it is old.
func TestPlansOfANode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		there := func(dataID string, want int) {
			t.Helper()
			for _, m := range l.Nodes {
				l.Eventually(time.Minute, func() bool {
					status, _ := m.Get("/v1/cs/configs", query("dataId", dataID, "group", "G"))
					return status == want
				})
			}
		}
		plan := func(dataID string) planned {
			t.Helper()
			p, status, body := bulkOn(t, l.Nodes[0], "/plan", query("action", "config.delete", "selection", `[{"groupName":"G","dataId":"`+dataID+`"}]`))
			if status != http.StatusOK {
				t.Fatal(status, body)
			}
			return p
		}
		publishOn(t, l.Nodes[1], "a")
		publishOn(t, l.Nodes[2], "b")
		there("a", http.StatusOK)
		there("b", http.StatusOK)
		old, p := plan("a"), plan("b")
		if _, status, body := bulkOn(t, l.Nodes[1], "/"+p.PlanID+"/apply", nil); status != http.StatusNotFound || !strings.Contains(body, "another node has made it") {
			t.Errorf("on another node: %d %s", status, body)
		}
		p, status, body := bulkOn(t, l.Nodes[0], "/"+p.PlanID+"/apply", nil)
		if status != http.StatusOK || p.Outcomes["done"] != 1 {
			t.Fatal(status, body)
		}
		there("b", http.StatusNotFound)
		time.Sleep(bulk.Lifetime + time.Second) // nothing so far need have taken any time
		if _, status, body := bulkOn(t, l.Nodes[0], "/"+old.PlanID+"/apply", nil); status != http.StatusGone || !strings.Contains(body, `"key":"expired"`) {
			t.Errorf("an old plan: %d %s", status, body)
		}
		there("a", http.StatusOK)
	})
}
