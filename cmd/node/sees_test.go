package node

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/cmd/settings"
)

// seen are the addresses that Prometheus is told by a node in a state of
// authorization, by caller; nil where the call was refused.
func seen(t *testing.T, enabled settings.Choice) map[string][]string {
	t.Helper()
	set := settings.Default()
	set.Data.Dir = t.TempDir()
	set.Cluster.Standalone = true
	set.Auth.Enabled, set.Auth.TokenSecret = enabled, testSecret
	set.Metrics.Discovery = true
	n, err := New(set, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	g := guarded{Node: n, tokens: map[string]string{"anonymous": ""}}
	ctx := context.Background()
	if _, err := n.auth.CreateAdmin(ctx, testPassword); err != nil {
		t.Fatal(err)
	}
	g.login(t, "admin", "nacos")
	for name, resource := range map[string]string{
		"one service": ":G:naming/mine", "one group": ":G:naming/*", "one namespace": "dev:*:*", "configs": ":*:config/*", "no role": "",
	} {
		if err := n.auth.CreateUser(ctx, name, testPassword); err != nil {
			t.Fatal(err)
		}
		if resource != "" {
			if err := n.auth.AddRole(ctx, "role of "+name, name); err != nil {
				t.Fatal(err)
			}
			if err := n.auth.AddPermission(ctx, "role of "+name, resource, "r"); err != nil {
				t.Fatal(err)
			}
		}
		g.login(t, name, name)
	}
	for _, q := range []string{
		"serviceName=mine&groupName=G&ip=192.0.2.1&port=1", "serviceName=other&groupName=G&ip=192.0.2.2&port=1",
		"serviceName=mine&groupName=H&ip=192.0.2.3&port=1", "serviceName=mine&groupName=G&ip=192.0.2.4&port=1&namespaceId=dev",
	} {
		w := g.call(http.MethodPost, set.Server.ContextPath+"/v1/ns/instance?"+q, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens["admin"]) })
		if w.Code != http.StatusOK {
			t.Fatal(w.Code, w.Body)
		}
	}
	got := map[string][]string{}
	for who, token := range g.tokens {
		w := g.call(http.MethodGet, set.Server.ContextPath+"/prometheus", func(r *http.Request) {
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
		})
		if w.Code == http.StatusForbidden || w.Code == http.StatusUnauthorized {
			got[who] = nil
			continue
		}
		var all []struct{ Targets []string }
		if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil {
			t.Fatalf("%s: %d %s: %v", who, w.Code, w.Body, err)
		}
		got[who] = []string{}
		for _, x := range all {
			got[who] = append(got[who], x.Targets...)
		}
		slices.Sort(got[who])
	}
	return got
}

// A list leaves out what its reader may not read, where that counts.
func TestListsShowWhatMayBeRead(t *testing.T) {
	t.Parallel()
	all := []string{"192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1", "192.0.2.4:1"}
	everybody := map[string][]string{}
	for _, who := range []string{"anonymous", "admin", "one service", "one group", "one namespace", "configs", "no role"} {
		everybody[who] = all
	}
	for _, c := range []struct {
		name    string
		enabled settings.Choice
		want    map[string][]string
	}{
		{"enforce", settings.Yes, map[string][]string{
			"anonymous": nil, "admin": all, "one service": {"192.0.2.1:1"}, "one group": {"192.0.2.1:1", "192.0.2.2:1"},
			"one namespace": {"192.0.2.4:1"}, "configs": {}, "no role": {},
		}},
		{"observe", settings.Unsaid, everybody},
		{"off", settings.No, everybody},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(c.want, seen(t, c.enabled)); d != "" {
				t.Error(d)
			}
		})
	}
}

// Routes that read all of a namespace, or name no service, are refused to who
// may read a part: there is no shorter list.
func TestListsOfWholeNamespaces(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	ctx, base := t.Context(), g.set.Server.ContextPath
	for _, err := range []error{
		g.auth.CreateUser(ctx, "part", testPassword), g.auth.AddRole(ctx, "part", "part"),
		g.auth.AddPermission(ctx, "part", ":G:config/mine", "r"), g.auth.AddPermission(ctx, "part", ":G:naming/mine", "r"),
		g.auth.AddPermission(ctx, "part", "dev:*:*", "r"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	g.login(t, "part", "part")
	for path, may := range map[string]bool{
		"/v1/cs/configs?search=accurate&dataId=&group=&pageNo=1&pageSize=9":                       false,
		"/v1/cs/configs?search=accurate&dataId=&group=&pageNo=1&pageSize=9&tenant=dev":            true,
		"/v1/cs/configs?search=blur&dataId=*&group=G&pageNo=1&pageSize=9":                         false,
		"/v1/cs/configs?search=blur&dataId=*&group=G&pageNo=1&pageSize=9&tenant=dev":              true,
		"/v1/ns/service/list?pageNo=1&pageSize=9":                                                 false,
		"/v1/ns/service/list?pageNo=1&pageSize=9&namespaceId=dev":                                 true,
		"/v2/ns/service/list?pageNo=1&pageSize=9&namespaceId=dev":                                 true,
		"/v1/ns/catalog/services?pageNo=1&pageSize=9":                                             false,
		"/v1/ns/catalog/services?pageNo=1&pageSize=9&namespaceId=dev":                             true,
		"/v1/console/namespaces":                                                                  true, // consoles let one choose
		"/v1/cs/history?search=accurate&dataId=other&group=G&pageNo=1&pageSize=9":                 false,
		"/v1/cs/history?search=accurate&dataId=mine&group=G&pageNo=1&pageSize=9":                  true,
		"/v1/cs/history?search=accurate&dataId=mine&group=G&pageNo=1&pageSize=9&tenant=elsewhere": false,
	} {
		w := g.call(http.MethodGet, base+path, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens["part"]) })
		if (w.Code != http.StatusForbidden) != may {
			t.Errorf("%s: %d %s, want passed %v", path, w.Code, w.Body, may)
		}
	}
}

// What the settings say becomes of the routes of consoles and operators, before
// there is an administrator and after.
func TestManagementModes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		set           func(*settings.Auth)
		before, after int // statuses of a stranger who reads the namespaces' history
		client        int // of a stranger who reads a config that is not there
	}{
		{"nothing said", func(*settings.Auth) {}, 200, 403, 404},
		{"off", func(a *settings.Auth) { a.Enabled = settings.No }, 200, 200, 404},
		{"on", func(a *settings.Auth) { a.Enabled = settings.Yes }, 403, 403, 403},
		{"3.x: admin on", func(a *settings.Auth) { a.Admin = settings.Yes }, 403, 403, 404},
		{"3.x: admin off", func(a *settings.Auth) { a.Admin = settings.No }, 200, 200, 404},
		{"3.x: console on", func(a *settings.Auth) { a.Console = settings.Yes }, 403, 403, 404},
		{"3.x: admin off, console on", func(a *settings.Auth) { a.Admin, a.Console = settings.No, settings.Yes }, 200, 200, 404},
		{"3.x: clients off, admin on", func(a *settings.Auth) { a.Enabled, a.Admin = settings.No, settings.Yes }, 403, 403, 404},
		{"3.x: clients on, admin off", func(a *settings.Auth) { a.Enabled, a.Admin = settings.Yes, settings.No }, 200, 200, 403},
		{"mode enforce", func(a *settings.Auth) { a.Mode = "enforce" }, 403, 403, 403},
		{"mode observe over true", func(a *settings.Auth) { a.Enabled, a.Mode = settings.Yes, "observe" }, 403, 403, 404},
		{"mode off", func(a *settings.Auth) { a.Mode = "off" }, 200, 200, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			set := settings.Default()
			set.Data.Dir = t.TempDir()
			set.Cluster.Standalone = true
			set.Auth.TokenSecret = testSecret
			c.set(&set.Auth)
			n, err := New(set, Options{Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = n.Close() })
			g := guarded{Node: n}
			const list = "/v1/cs/configs?search=accurate&dataId=&group=&pageNo=1&pageSize=9"
			if w := g.call(http.MethodGet, set.Server.ContextPath+list, nil); w.Code != c.before {
				t.Errorf("before the first administrator: %d %s, want %d", w.Code, w.Body, c.before)
			}
			if _, err := n.auth.CreateAdmin(context.Background(), testPassword); err != nil {
				t.Fatal(err)
			}
			if w := g.call(http.MethodGet, set.Server.ContextPath+list, nil); w.Code != c.after {
				t.Errorf("after: %d %s, want %d", w.Code, w.Body, c.after)
			}
			if w := g.call(http.MethodGet, set.Server.ContextPath+"/v1/cs/configs?dataId=none&group=G", nil); w.Code != c.client {
				t.Errorf("client: %d %s, want %d", w.Code, w.Body, c.client)
			}
		})
	}
}
