package node

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
)

type activitySeen struct {
	Items []struct {
		Kind, IP, By, Node string
		At                 int64
		Set                *struct {
			Weight   *float64
			Enabled  *bool
			Metadata bool
		}
	}
	Total    int
	Since    int64
	Flapping []struct {
		IP      string
		Changes int
	}
}

// TestActivityOfAService is what befell its instances, by whom, and which of them
// come and go.
func TestActivityOfAService(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	as := func(who string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens[who]) }
	}
	do := func(method, path string, pairs ...string) {
		t.Helper()
		if w := g.call(method, path+"?"+form(pairs...).Encode(), as("admin")); w.Code != http.StatusOK {
			t.Fatal(path, w.Code, w.Body)
		}
	}
	for range 3 {
		do(http.MethodPost, "/nacos/v1/ns/instance", "serviceName", "order", "ip", "192.0.2.1", "port", "80")
		do(http.MethodDelete, "/nacos/v1/ns/instance", "serviceName", "order", "ip", "192.0.2.1", "port", "80")
	}
	do(http.MethodPost, "/nacos/v1/ns/instance", "serviceName", "order", "ip", "192.0.2.2", "port", "80")
	do(http.MethodPut, "/nacos/v1/ns/instance", "serviceName", "order", "ip", "192.0.2.2", "port", "80", "weight", "5", "enabled", "false")

	ask := func(who string, pairs ...string) (seen activitySeen, status int) {
		t.Helper()
		w := g.call(http.MethodGet, ext+"/services/activity?"+form(append([]string{"serviceName", "order"}, pairs...)...).Encode(), as(who))
		if w.Code == http.StatusOK {
			if err := json.Unmarshal(w.Body.Bytes(), &struct{ Data any }{&seen}); err != nil {
				t.Fatal(err, w.Body)
			}
		}
		return seen, w.Code
	}
	seen, _ := ask("admin")
	if seen.Total != 8 || len(seen.Items) != 8 || seen.Since == 0 {
		t.Fatalf("%+v", seen)
	}
	if last := seen.Items[0]; last.Kind != "operated" || last.IP != "192.0.2.2" || last.By != "nacos" || last.Set == nil ||
		last.Set.Weight == nil || *last.Set.Weight != 5 || last.Set.Enabled == nil || *last.Set.Enabled || last.Set.Metadata {
		t.Errorf("the last that happened: %+v", last)
	}
	if first := seen.Items[7]; first.Kind != "registered" || first.IP != "192.0.2.1" || first.By != "nacos" || first.Node != g.ops.Address() || first.Set != nil {
		t.Errorf("the first that happened: %+v", first)
	}
	if len(seen.Flapping) != 1 || seen.Flapping[0].IP != "192.0.2.1" || seen.Flapping[0].Changes != 6 {
		t.Errorf("flapping: %+v", seen.Flapping)
	}
	if two, _ := ask("admin", "limit", "2"); two.Total != 8 || len(two.Items) != 2 || len(two.Flapping) != 1 {
		t.Errorf("%+v", two)
	}
	if none, _ := ask("admin", "from", "99999999999999"); none.Total != 0 || none.Items == nil || len(none.Flapping) != 1 {
		t.Errorf("%+v", none)
	}
	if other, _ := ask("admin", "namespaceId", "elsewhere"); other.Total != 0 {
		t.Errorf("%+v", other)
	}
	for who, want := range map[string]int{"read only": http.StatusOK, "no role": http.StatusForbidden, "wrong namespace": http.StatusForbidden, "write only": http.StatusForbidden} {
		if _, status := ask(who); status != want {
			t.Errorf("%s: %d", who, status)
		}
	}
	if w := g.call(http.MethodGet, ext+"/services/activity?"+url.Values{"serviceName": {" "}}.Encode(), as("admin")); w.Code != http.StatusBadRequest {
		t.Errorf("without a name: %d", w.Code)
	}
}
