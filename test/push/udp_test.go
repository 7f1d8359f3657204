// Package push_test asks the real binary, as SDKs do, how soon a subscriber
// hears of a change.
package push_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

const (
	// told is how soon after a write its subscribers have to know: most of them in
	// one of some rounds, as a machine may be busy with other tests for a while.
	told   = 100 * time.Millisecond
	rounds = 6
	// hiccup is what is forgiven a single one.
	hiccup = 10 * time.Second
	// window is how long changes are collected after one was told.
	window = 50 * time.Millisecond
)

// TestToldOfEachWrite: a new, a changed and a deregistered instance.
func TestToldOfEachWrite(t *testing.T) {
	srv := server.Start(t, server.Options{})
	const svc = "DEFAULT_GROUP@@told"
	call(t, srv, http.MethodPost, "/v1/ns/instance", instance(svc, "10.0.0.1"), java)
	s := listen(t, false)

	// A new subscription is told once by itself, after half a second.
	began := time.Now()
	s.subscribe(srv, svc, "", java)
	last := s.next(hiccup)
	if d := last.at.Sub(began); d < 480*time.Millisecond {
		t.Errorf("the first push came after %v, want half a second", d)
	}
	s.subscribe(srv, svc, "", java) // a poll that is no new subscription
	s.quiet(800 * time.Millisecond)

	for round := 1; ; round++ {
		took := s.toldOfWrites(srv, svc, &last)
		t.Logf("told after %v", took)
		slices.Sort(took)
		figures := call(t, srv, http.MethodGet, "/actuator/prometheus", nil, java)
		if want := fmt.Sprintf("nacos_monitor{module=\"naming\",name=\"emptyPush\"} %d\n", round); !strings.Contains(figures, want) {
			t.Errorf("the metrics lack %s", want)
		}
		if took[len(took)/2] <= told {
			return
		}
		if round == rounds {
			t.Fatalf("told %v after the writes, want %v", took, told)
		}
	}
}

// toldOfWrites changes a service with one instance and returns how soon s was
// told of each change. last is the last push.
func (s *subscriber) toldOfWrites(srv *server.Server, svc string, last *push) []time.Duration {
	s.tb.Helper()
	var took []time.Duration
	for _, step := range []struct {
		what   string
		method string
		form   url.Values
		want   string
	}{
		{"new", http.MethodPost, instance(svc, "10.0.0.2"), "10.0.0.1:8080 10.0.0.2:8080"},
		{"changed", http.MethodPost, instance(svc, "10.0.0.2", "metadata", `{"a":"1"}`), "10.0.0.1:8080 10.0.0.2:8080"},
		{"gone", http.MethodDelete, instance(svc, "10.0.0.2"), "10.0.0.1:8080"},
		{"last gone", http.MethodDelete, instance(svc, "10.0.0.1"), ""},
		{"back", http.MethodPost, instance(svc, "10.0.0.1"), "10.0.0.1:8080"},
	} {
		began := time.Now()
		call(s.tb, srv, step.method, "/v1/ns/instance", step.form, java)
		p := s.next(hiccup)
		took = append(took, p.at.Sub(began))
		if got := strings.Join(p.service.addresses(), " "); got != step.want {
			s.tb.Errorf("%s: told of %q, want %q", step.what, got, step.want)
		}
		if p.service.Name != svc || p.service.Clusters != "" || p.service.GroupName != "" || p.service.CacheMillis != 10_000 {
			s.tb.Errorf("%s: told %s", step.what, p.data)
		}
		if p.lastRefTime <= last.lastRefTime || p.service.LastRefTime <= last.service.LastRefTime {
			s.tb.Errorf("%s: lastRefTime %d and %d are not newer than %d and %d", step.what,
				p.lastRefTime, p.service.LastRefTime, last.lastRefTime, last.service.LastRefTime)
		}
		*last = p
		time.Sleep(4 * window) // the next write is not collected with this one
	}
	return took
}

// TestBurst: many writes at once are told in few datagrams, the last of them
// soon after the last write.
func TestBurst(t *testing.T) {
	srv := server.Start(t, server.Options{})
	const svc, n = "DEFAULT_GROUP@@burst", 100
	s := listen(t, false)
	s.subscribe(srv, svc, "", java)
	s.next(hiccup)
	began := time.Now()
	for i := range n {
		call(t, srv, http.MethodPost, "/v1/ns/instance", instance(svc, fmt.Sprintf("10.0.1.%d", i)), java)
	}
	last := time.Now()
	for count := 1; ; count++ {
		p := s.next(hiccup)
		if len(p.service.Hosts) < n {
			continue
		}
		t.Logf("told of all %v after the last write, in %d datagrams", p.at.Sub(last), count)
		if !p.zipped {
			t.Error("a hundred instances came uncompressed")
		}
		if most := 2 + int(p.at.Sub(began)/window); count > most {
			t.Errorf("%d datagrams for %d writes in %v", count, n, last.Sub(began))
		}
		return
	}
}

// TestWhoIsTold: by clusters, by agent, by the switch.
func TestWhoIsTold(t *testing.T) {
	srv := server.Start(t, server.Options{})
	const svc = "DEFAULT_GROUP@@who"
	both, one, other, php := listen(t, false), listen(t, false), listen(t, false), listen(t, false)
	both.subscribe(srv, svc, "c1,c2", java)
	one.subscribe(srv, svc, "c1", "Nacos-Go-Client:v1.1.6")
	other.subscribe(srv, "DEFAULT_GROUP@@other", "", java)
	php.subscribe(srv, svc, "", "Nacos-Php-Client:v9.0.0")
	for _, s := range []*subscriber{both, one, other} {
		s.next(hiccup)
	}
	call(t, srv, http.MethodPost, "/v1/ns/instance", instance(svc, "10.0.0.2", "clusterName", "c2"), java)
	if p := both.next(hiccup); p.service.Clusters != "c1,c2" || len(p.service.Hosts) != 1 {
		t.Errorf("told %s", p.data)
	}
	if p := one.next(hiccup); p.service.Clusters != "c1" || len(p.service.Hosts) != 0 {
		t.Errorf("told %s", p.data)
	}
	other.quiet(300 * time.Millisecond)
	php.quiet(0)
}

// TestSwitchedOff: what changes while pushes are off is told when they are on
// again, and the operator's figures say so.
func TestSwitchedOff(t *testing.T) {
	srv := server.Start(t, server.Options{})
	const svc = "DEFAULT_GROUP@@off"
	s := listen(t, false)
	s.subscribe(srv, svc, "", java)
	s.next(hiccup)
	turn := func(to string) {
		call(t, srv, http.MethodPut, "/v1/ns/operator/switches", url.Values{"entry": {"pushEnabled"}, "value": {to}}, java)
	}
	turn("false")
	call(t, srv, http.MethodPost, "/v1/ns/instance", instance(svc, "10.0.0.1"), java)
	s.quiet(1500 * time.Millisecond)
	late := listen(t, false)
	late.subscribe(srv, svc, "", java) // is not taken up
	turn("true")
	if p := s.next(hiccup); len(p.service.Hosts) != 1 {
		t.Errorf("told %s", p.data)
	}
	late.quiet(time.Second)
	var state struct {
		Succeed, Total int
		Detail         struct{ AvgPushCost, MaxPushCost float64 }
	}
	answer := call(t, srv, http.MethodGet, "/v1/ns/operator/push/state", url.Values{"detail": {"true"}}, java)
	if err := json.Unmarshal([]byte(answer), &state); err != nil || state.Total != 2 || state.Succeed != 2 || state.Detail.AvgPushCost < 0 || state.Detail.MaxPushCost < 0 {
		t.Errorf("push state %s (%v), want two acknowledged pushes", answer, err)
	}
}

// TestLabels: subscribers of one service see what their own labels let them see,
// and a changed file of labels counts for the next push.
func TestLabels(t *testing.T) {
	file := filepath.Join(t.TempDir(), "labels")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("10.0.0.1 = zone=a\n10.0.0.2 = zone=b\n127.0.0.1 = zone=a\n")
	srv := server.Start(t, server.Options{Settings: map[string]string{"pharos.naming.cmdb.file": file}})
	const svc = "DEFAULT_GROUP@@labels"
	call(t, srv, http.MethodPost, "/v1/ns/instance", instance(svc, "10.0.0.1"), java)
	call(t, srv, http.MethodPut, "/v1/ns/service", url.Values{
		"serviceName": {svc}, "protectThreshold": {"0"},
		"selector": {`{"type":"label","expression":"CONSUMER.label.zone = PROVIDER.label.zone"}`},
	}, java)
	s := listen(t, false)
	s.subscribe(srv, svc, "", java)
	s.next(hiccup)
	call(t, srv, http.MethodPost, "/v1/ns/instance", instance(svc, "10.0.0.2"), java)
	if p := s.next(hiccup); strings.Join(p.service.addresses(), " ") != "10.0.0.1:8080" {
		t.Errorf("zone a was told %s", p.data)
	}
	write("10.0.0.1 = zone=a\n10.0.0.2 = zone=b\n10.0.0.3 = zone=b\n127.0.0.1 = zone=b\n")
	list := func(ip string) string {
		var info serviceInfo
		answer := call(t, srv, http.MethodGet, "/v1/ns/instance/list", url.Values{"serviceName": {svc}, "clientIP": {ip}}, java)
		if err := json.Unmarshal([]byte(answer), &info); err != nil {
			t.Fatal(err)
		}
		return strings.Join(info.addresses(), " ")
	}
	for began := time.Now(); list("127.0.0.1") != "10.0.0.2:8080"; {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("the changed labels were not read: %s", list("127.0.0.1"))
		}
		time.Sleep(50 * time.Millisecond)
	}
	call(t, srv, http.MethodPost, "/v1/ns/instance", instance(svc, "10.0.0.3"), java)
	if p := s.next(hiccup); strings.Join(p.service.addresses(), " ") != "10.0.0.2:8080 10.0.0.3:8080" {
		t.Errorf("zone b was told %s", p.data)
	}
	if all := list("10.9.9.9"); all != "10.0.0.1:8080 10.0.0.2:8080 10.0.0.3:8080" {
		t.Errorf("an address without labels sees %s", all)
	}
}

// TestSentOnceMore: the same bytes again after 10 s without acknowledgement, and
// no third time.
func TestSentOnceMore(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	srv := server.Start(t, server.Options{})
	const svc = "DEFAULT_GROUP@@again"
	s := listen(t, true)
	s.subscribe(srv, svc, "", java)
	first := s.next(hiccup)
	second := s.next(20 * time.Second)
	if d := second.at.Sub(first.at); d < 9*time.Second || d > 15*time.Second {
		t.Errorf("sent again after %v, want 10 s", d)
	}
	if !bytes.Equal(first.raw, second.raw) {
		t.Errorf("sent %q, then %q", first.raw, second.raw)
	}
	s.quiet(12 * time.Second)
}
