package node

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/config"
)

// counted is a client that counts what it is told.
type counted struct {
	client config.Client
	told   atomic.Int64
}

func (c *counted) Changed(*config.Key)    { c.told.Add(1) }
func (c *counted) Viewer() config.Viewer  { return config.Viewer{IP: c.client.IP, Tag: c.client.Tag} }
func (c *counted) Client() *config.Client { return &c.client }

// listening has clients listen to a config: by their addresses, with tags behind "/".
func (g guarded) listening(t *testing.T, addresses ...string) map[string]*counted {
	t.Helper()
	out := map[string]*counted{}
	for _, x := range addresses {
		address, tag, _ := strings.Cut(x, "/")
		ip, _, _ := strings.Cut(address, ":")
		c := &counted{client: config.Client{Address: address, IP: ip, Tag: tag}}
		g.config.Cache().WatchAny(&config.Waiter{}, config.Key{Group: "G", DataID: "a.yaml"}, c)
		out[address] = c
	}
	return out
}

// TestRepush: those who are named are told once more, nobody else.
func TestRepush(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	clients := g.listening(t, "192.0.2.1:5", "192.0.2.1:6", "192.0.2.2:5")
	var out struct {
		Told    int
		Results []struct{ Address, Node, Result string }
		Nodes   []struct{ OK bool }
	}
	if status, key := g.ask(t, http.MethodPost, "/config/repush", configForm("connections", "192.0.2.1:6, 192.0.2.9:1,192.0.2.1:6"), &out); status != 200 {
		t.Fatal(status, key)
	}
	if out.Told != 1 || len(out.Results) != 2 || out.Results[0].Result != "told" || out.Results[0].Address != "192.0.2.1:6" || out.Results[0].Node == "" ||
		out.Results[1].Result != "absent" || len(out.Nodes) != 1 || !out.Nodes[0].OK {
		t.Errorf("%+v", out)
	}
	for address, c := range clients {
		want := int64(0)
		if address == "192.0.2.1:6" {
			want = 1
		}
		if got := c.told.Load(); got != want {
			t.Errorf("%s was told %d times, want %d", address, got, want)
		}
	}
	for name, c := range map[string]struct{ connections, key string }{
		"none": {"", "missing"}, "blank ones": {" ", "missing"}, "too many": {strings.Join(slices.Collect(func(yield func(string) bool) {
			for i := range 1001 {
				if !yield("192.0.2.1:" + strconv.Itoa(i)) {
					return
				}
			}
		}), ","), "invalid"},
	} {
		if status, key := g.ask(t, http.MethodPost, "/config/repush", configForm("connections", c.connections), nil); status != 400 || key != c.key {
			t.Errorf("%s: %d %s", name, status, key)
		}
	}
	guarded := newGuarded(t)
	for who, status := range map[string]int{"read only": 403, "write only": 200, "anonymous": 401, "admin": 200} {
		w := guarded.call(http.MethodPost, ext+"/config/repush?"+configForm("connections", "192.0.2.1:6").Encode(), own(func(r *http.Request) {
			if token := guarded.tokens[who]; token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
		}))
		if w.Code != status {
			t.Errorf("by %s: %d %s", who, w.Code, w.Body)
		}
	}
}

// TestGrayPreview: exactly those are listed whom the rule names, and of each it is
// said whether another copy goes before.
func TestGrayPreview(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	g.listening(t, "192.0.2.1:5", "192.0.2.1:6/blue", "192.0.2.2:5/blue", "192.0.2.3:5/green", "192.0.2.4:5")
	type match struct {
		Address string
		Sees    bool
	}
	check := func(name string, want []match, more ...string) {
		t.Helper()
		var out struct {
			Matched      []match
			Count, Total int
		}
		if status, key := g.ask(t, http.MethodPost, "/config/gray/preview", configForm(more...), &out); status != 200 {
			t.Fatal(name, status, key)
		}
		if out.Count != len(out.Matched) || out.Total != 5 {
			t.Errorf("%s: %d of %d", name, out.Count, out.Total)
		}
		slices.SortFunc(out.Matched, func(a, b match) int { return strings.Compare(a.Address, b.Address) })
		if d := cmp.Diff(want, out.Matched); d != "" {
			t.Errorf("%s: -want +got\n%s", name, d)
		}
	}
	check("by address", []match{{"192.0.2.1:5", true}, {"192.0.2.1:6", true}, {"192.0.2.4:5", true}}, "kind", "ip", "betaIps", "192.0.2.1,192.0.2.4,192.0.2.99")
	check("by tag", []match{{"192.0.2.1:6", true}, {"192.0.2.2:5", true}}, "kind", "tag", "tag", "blue")
	check("nobody", []match{}, "kind", "tag", "tag", "red")
	for _, c := range [][]string{{"expect", "absent", "content", "a: 1"}, {"expect", "absent", "content", "a: 2", "betaIps", "192.0.2.2"}} {
		if status, key := g.ask(t, http.MethodPost, "/config/publish", configForm(c...), nil); status != 200 {
			t.Fatal(status, key)
		}
	}
	check("by tag, where another copy goes before", []match{{"192.0.2.1:6", true}, {"192.0.2.2:5", false}}, "kind", "tag", "tag", "blue")
	check("by address, in the place of the old rule", []match{{"192.0.2.3:5", true}}, "kind", "ip", "betaIps", "192.0.2.3")
	for name, bad := range map[string][]string{
		"no kind": {"betaIps", "192.0.2.1"}, "another kind": {"kind", "percent"}, "no address": {"kind", "ip"}, "no tag": {"kind", "tag", "betaIps", "192.0.2.1"}, "a bad tag": {"kind", "tag", "tag", "a b"},
	} {
		if status, key := g.ask(t, http.MethodPost, "/config/gray/preview", configForm(bad...), nil); status != 400 {
			t.Errorf("%s: %d %s", name, status, key)
		}
	}
}
