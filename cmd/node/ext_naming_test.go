package node

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"testing"
	"time"
)

func register(t *testing.T, g guarded, service, ip, more string) {
	t.Helper()
	w := g.call(http.MethodPost, "/nacos/v1/ns/instance?serviceName="+service+"&ip="+ip+"&port=8080"+more, nil)
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
}

type instanceSeen struct {
	IP               string
	Enabled, Healthy bool
	Weight           float64
	Metadata         map[string]string
	Operator         struct {
		Weight, Enabled bool
		Metadata        []string
	}
	Client struct {
		Weight   float64
		Metadata map[string]string
	}
	LastBeat int64
}

func (g guarded) instances(t *testing.T, more ...string) []instanceSeen {
	t.Helper()
	var p struct{ PageItems []instanceSeen }
	if status, key := g.ask(t, http.MethodGet, "/instances", form(more...), &p); status != 200 {
		t.Fatal(status, key)
	}
	return p.PageItems
}

// TestInstanceSources is which value of an instance is whose.
func TestInstanceSources(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	register(t, g, "order", "192.0.2.1", "&weight=3&metadata=zone%3Da")
	register(t, g, "order", "192.0.2.2", "")
	register(t, g, "pay", "192.0.2.1", "")
	batch := func(action, value, instances string) (done, failed int) {
		t.Helper()
		var out struct {
			Done   int
			Failed []struct{ Error string }
		}
		if status, key := g.ask(t, http.MethodPost, "/instances/batch", form("action", action, "value", value, "instances", instances), &out); status != 200 {
			t.Fatal(action, status, key)
		}
		return out.Done, len(out.Failed)
	}
	const one = `[{"serviceName":"order","ip":"192.0.2.1","port":8080,"ephemeral":true}]`
	if done, failed := batch("disable", "", one); done != 1 || failed != 0 {
		t.Errorf("disable: %d done, %d failed", done, failed)
	}
	if done, failed := batch("weight", "7", `[{"serviceName":"order","ip":"192.0.2.1","port":8080},{"serviceName":"order","ip":"192.0.2.9","port":8080}]`); done != 1 || failed != 1 {
		t.Errorf("weight: %d done, %d failed", done, failed)
	}
	batch("metadata", `{"zone":"b"}`, one)
	all := g.instances(t, "serviceName", "order", "ip", "192.0.2.1")
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	if in := all[0]; in.Enabled || in.Weight != 7 || in.Client.Weight != 3 || !in.Operator.Weight || !in.Operator.Enabled || in.Metadata["zone"] != "b" ||
		in.Client.Metadata["zone"] != "a" || len(in.Operator.Metadata) != 1 || time.Since(time.UnixMilli(in.LastBeat)) > time.Minute {
		t.Errorf("%+v", in)
	}
	batch("reset", "", one)
	if in := g.instances(t, "serviceName", "order", "ip", "192.0.2.1")[0]; !in.Enabled || in.Weight != 3 || in.Operator.Weight || in.Metadata["zone"] != "a" {
		t.Errorf("after reset: %+v", in)
	}
	for what, want := range map[[2]string]int{
		{"q", "192.0.2.1"}: 2, {"q", "PAY"}: 1, {"health", "unhealthy"}: 0, {"enabled", "true"}: 3, {"metadata", "zone=a"}: 1, {"metadata", "zone=x"}: 0, {"namespaceId", "dev"}: 0,
	} {
		if got := g.instances(t, what[:]...); len(got) != want {
			t.Errorf("%v: %d instances, want %d", what, len(got), want)
		}
	}
	if done, _ := batch("deregister", "", one); done != 1 || len(g.instances(t, "serviceName", "order")) != 1 {
		t.Error("it is still there")
	}
	for _, bad := range [][2]string{{"explode", one}, {"enable", "no json"}, {"weight", one}} {
		if status, key := g.ask(t, http.MethodPost, "/instances/batch", form("action", bad[0], "value", "-1", "instances", bad[1]), nil); status != 400 || key != "invalid" {
			t.Errorf("%v: %d %s", bad, status, key)
		}
	}
}

// TestServicesTable is the table of services, with 3,000 of them.
func TestServicesTable(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	const n = 3000
	for i := range n {
		register(t, g, fmt.Sprintf("s%04d", i), "192.0.2.1", "")
	}
	g.call(http.MethodPost, "/nacos/v1/ns/service?serviceName=empty&groupName=H&protectThreshold=0.5", nil)
	type page struct {
		TotalCount int
		PageItems  []struct{ ServiceName, Kind, May string }
		Summary    struct{ Services, Instances, Empty int }
	}
	for _, c := range []struct {
		query []string
		total int
		first string
	}{
		{nil, n + 1, "empty"},
		{[]string{"state", "empty"}, 1, "empty"},
		{[]string{"kind", "persistent"}, 1, "empty"},
		{[]string{"q", "S00"}, 100, "s0000"},
		{[]string{"q", "h"}, 1, "empty"},
		{[]string{"sort", "serviceName", "order", "desc"}, n + 1, "s2999"},
		{[]string{"pageNo", "3", "pageSize", "100", "q", "s*"}, n, "s0200"},
		{[]string{"state", "down"}, 0, ""},
	} {
		var p page
		began := time.Now()
		g.ask(t, http.MethodGet, "/services", form(c.query...), &p)
		took := time.Since(began)
		first := ""
		if len(p.PageItems) > 0 {
			first = p.PageItems[0].ServiceName
		}
		if p.TotalCount != c.total || first != c.first || p.Summary.Services != c.total {
			t.Errorf("%v: %d from %s (%+v), want %d from %s", c.query, p.TotalCount, first, p.Summary, c.total, c.first)
		}
		t.Logf("%v took %s", c.query, took)
	}
	if status, key := g.ask(t, http.MethodGet, "/services", form("state", "odd"), nil); status != 400 || key != "invalid" {
		t.Errorf("%d %s", status, key)
	}
}

func sum(s string) string {
	b := md5.Sum([]byte(s))
	return hex.EncodeToString(b[:])
}

type convergenceSeen struct {
	Target  struct{ MD5, Version string }
	Counts  map[string]int
	Clients []struct {
		Address, State, MD5, Version string
		Since                        int64
	}
}

// TestConvergence follows two clients of one address through a publish: one comes
// back for the new version, the other one does not.
func TestConvergence(t *testing.T) {
	c := newCentre(t)
	g := guarded{Node: c.Node}
	ask := func() (v convergenceSeen) {
		t.Helper()
		if status, key := g.ask(t, http.MethodGet, "/config/convergence", form("dataId", "d", "groupName", "G"), &v); status != 200 {
			t.Fatal(status, key)
		}
		return v
	}
	counts := func(current, behind int) convergenceSeen {
		t.Helper()
		v := ask()
		if v.Counts["current"] != current || v.Counts["behind"] != behind || v.Counts["total"] != current+behind {
			t.Fatalf("%d are current and %d behind, not %+v", current, behind, v)
		}
		return v
	}
	c.publish("d", "one")
	quick, stuck := c.dial(), c.dial()
	record := func(content string) string { return "d\x02G\x02" + sum(content) + "\x01" }
	quick.poll("HTTP/1.1", "30000", record("one"))
	stuck.poll("HTTP/1.1", "30000", record("one"))
	c.parked(2)
	if v := counts(2, 0); v.Clients[0].Version == "" || v.Clients[0].Version != v.Target.Version {
		t.Errorf("%+v", v)
	}
	first := ask().Target.Version
	c.publish("d", "two")
	quick.want("d%02G%01\n")
	v := counts(0, 2)
	if b := v.Clients[0]; b.State != "behind" || b.MD5 != sum("one") || b.Version != first || v.Target.Version == first || time.Since(time.UnixMilli(b.Since)) > time.Minute {
		t.Errorf("%+v", v)
	}
	quick.poll("HTTP/1.1", "30000", record("two"))
	c.parked(1)
	if v := counts(1, 1); v.Clients[0].State != "behind" || v.Clients[0].Address != stuck.conn.LocalAddr().String() {
		t.Errorf("%+v", v)
	}
	var p struct{ TotalCount int }
	if g.ask(t, http.MethodGet, "/listeners", form("state", "behind"), &p); p.TotalCount != 1 {
		t.Errorf("%d are behind", p.TotalCount)
	}
	stuck.want("d%02G%01\n")
	stuck.poll("HTTP/1.1", "30000", record("two"))
	c.parked(2)
	counts(2, 0)

	quick.poll("HTTP/1.1", "30000", record("one")) // on a connection that is busy: it is read later
	stranger := c.dial()
	stranger.poll("HTTP/1.1", "30000", record("something else"))
	stranger.want("d%02G%01\n")
	if v := counts(2, 1); v.Clients[0].MD5 != sum("something else") || v.Clients[0].Version != "" {
		t.Errorf("%+v", v)
	}
}
