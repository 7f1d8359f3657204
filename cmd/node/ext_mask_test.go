package node

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/service/audit"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/mask"
)

// veiled is a node that hides secrets, with users who may see more or less, and a
// config that has one in all of its versions and copies.
func veiled(t *testing.T) guarded {
	t.Helper()
	set := settings.Default()
	set.Data.Dir, set.Cluster.Standalone = t.TempDir(), true
	set.Auth.Enabled, set.Auth.TokenSecret = settings.Yes, testSecret
	set.Console.Mask = true
	n, err := New(set, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	g := guarded{Node: n, tokens: map[string]string{}}
	ctx := context.Background()
	if _, err := n.auth.CreateAdmin(ctx, testPassword); err != nil {
		t.Fatal(err)
	}
	g.login(t, "admin", "nacos")
	for name, grants := range map[string][]string{"reader": {":*:*"}, "revealer": {":*:config/*", ":G:reveal/a.yaml"}, "blind": {":*:reveal/*"}} {
		steps := []error{n.auth.CreateUser(ctx, name, testPassword), n.auth.AddRole(ctx, "role of "+name, name)}
		for _, resource := range grants {
			steps = append(steps, n.auth.AddPermission(ctx, "role of "+name, resource, "rw"))
		}
		for _, err := range steps {
			if err != nil {
				t.Fatal(err)
			}
		}
		g.login(t, name, name)
	}
	post := func(path string, form url.Values) {
		if w := g.asking("admin", http.MethodPost, path, form); w.Code != http.StatusOK {
			t.Fatal(path, w.Code, w.Body)
		}
	}
	post("/v1/console/namespaces", form("customNamespaceId", "dev", "namespaceName", "dev"))
	for _, content := range []string{"db:\n  password: oldHunter\n", secretive} {
		post("/v3/console/cs/config", configForm("content", content, "type", "yaml"))
	}
	post("/v3/console/ext/config/publish", configForm("content", "db:\n  password: grayHunter\n", "betaIps", "192.0.2.7", "expect", "absent"))
	return g
}

const secretive = "db:\n  password: newHunter\n  user: app\n"

// answered is what a call was answered.
type answered struct {
	Code int
	Body string
}

func (g guarded) asking(who, method, path string, form url.Values) answered {
	w := g.call(method, "/nacos"+path+"?"+form.Encode(), own(func(r *http.Request) {
		if token := g.tokens[who]; token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
	}))
	return answered{w.Code, w.Body.String()}
}

// unzipped adds what is in an archive to an answer.
func unzipped(t *testing.T, a answered) answered {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(a.Body), int64(len(a.Body)))
	if err != nil {
		t.Fatal(err, a)
	}
	a.Body = ""
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Body += string(b)
	}
	return a
}

// unzippable is an archive with one config.
func unzippable(t *testing.T, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("G/a.yaml")
	if err == nil {
		_, err = io.WriteString(f, content)
	}
	if err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSecretsAreHidden: on all ways of the console that show content, from those
// who may not see secrets; and on none of the ways of clients.
func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	g := veiled(t)
	var versions struct {
		Data struct{ PageItems []struct{ NID, Kind string } }
	}
	if err := json.Unmarshal([]byte(g.asking("admin", http.MethodGet, "/v3/console/ext/config/versions", configForm("pageNo", "1", "pageSize", "9")).Body), &versions); err != nil {
		t.Fatal(err)
	}
	published := versions.Data.PageItems[1].NID // above it is the gray copy
	for name, c := range map[string]struct {
		method, path string
		more         url.Values
		zip          bool
	}{
		"one config":          {path: "/v3/console/ext/config"},
		"as Nacos has it":     {path: "/v3/console/cs/config"},
		"its gray copy":       {path: "/v3/console/cs/config/beta"},
		"a version":           {path: "/v3/console/ext/config/version", more: form("nid", published)},
		"a row of history":    {path: "/v3/console/cs/history", more: form("nid", published)},
		"the one before":      {path: "/v3/console/cs/history/previous", more: form("id", strconv.FormatInt(g.config.Cache().Get(config.Key{Group: "G", DataID: "a.yaml"}).Formal.About.ID, 10))},
		"an archive":          {path: "/v3/console/ext/config/export", zip: true},
		"an archive of Nacos": {path: "/v3/console/cs/config/export2", zip: true},
		"a lost race":         {method: http.MethodPost, path: "/v3/console/ext/config/publish", more: form("content", "x: 1", "expect", strings.Repeat("0", 32))},
	} {
		for who, sees := range map[string]bool{"reader": false, "revealer": true, "admin": true} {
			f := configForm()
			maps.Copy(f, c.more)
			if c.method == "" {
				c.method = http.MethodGet
			}
			a := g.asking(who, c.method, c.path, f)
			if c.zip {
				a = unzipped(t, a)
			}
			if strings.Contains(a.Body, "Hunter") != sees || strings.Contains(a.Body, mask.Token) == sees || !strings.Contains(a.Body, "password") {
				t.Errorf("%s: %s is shown %d %s", name, who, a.Code, a.Body)
			}
			if sees && !c.zip && c.method == http.MethodGet {
				f.Set("masked", "true")
				if a := g.asking(who, c.method, c.path, f); strings.Contains(a.Body, "Hunter") {
					t.Errorf("%s: %s did not want to see %s", name, who, a.Body)
				}
			}
		}
	}
	for _, path := range []string{"/v1/cs/configs", "/v2/cs/config"} {
		if a := g.asking("reader", http.MethodGet, path, configForm("group", "G", "tenant", "")); !strings.Contains(a.Body, "newHunter") {
			t.Errorf("%s: a client gets %s", path, a.Body)
		}
	}
}

// TestSecretsAreNotFound: who may not see a secret does not find it, nor guess it.
func TestSecretsAreNotFound(t *testing.T) {
	t.Parallel()
	g := veiled(t)
	for who, sees := range map[string]bool{"reader": false, "revealer": true, "admin": true} {
		for _, c := range []struct {
			text  string
			found bool
		}{{"newHunter", sees}, {"user: app", true}} {
			a := g.asking(who, http.MethodGet, "/v3/console/ext/configs", form("namespaceId", "public", "content", c.text, "pageNo", "1", "pageSize", "9"))
			if strings.Contains(a.Body, "a.yaml") != c.found {
				t.Errorf("%s looks for %q and is told %s", who, c.text, a.Body)
			}
		}
		a := g.asking(who, http.MethodGet, "/v3/console/ext/search", form("q", "password", "kinds", "content"))
		if !strings.Contains(a.Body, mask.Token) || strings.Contains(a.Body, "Hunter") {
			t.Errorf("%s finds %s", who, a.Body)
		}
	}
	detail := form("namespaceId", "public", "configDetail", "*newHunter*", "pageNo", "1", "pageSize", "9")
	if a := g.asking("reader", http.MethodGet, "/v3/console/cs/config/searchDetail", detail); a.Code != http.StatusForbidden {
		t.Errorf("the search of Nacos: %+v", a)
	}
	if a := g.asking("admin", http.MethodGet, "/v3/console/cs/config/searchDetail", detail); a.Code != http.StatusOK || !strings.Contains(a.Body, "a.yaml") {
		t.Errorf("the search of Nacos: %+v", a)
	}
}

// TestReveal is who may see which secret, and what is written down of it.
func TestReveal(t *testing.T) {
	t.Parallel()
	g := veiled(t)
	const path = "/v3/console/ext/config/reveal"
	for name, c := range map[string]struct {
		who    string
		form   url.Values
		status int
		want   string
	}{
		"by its path":             {"revealer", configForm("path", "db.password"), 200, `{"line":2,"path":"db.password","value":"newHunter"}`},
		"by its line":             {"admin", configForm("line", "2"), 200, `"value":"newHunter"`},
		"all":                     {"admin", configForm(), 200, `"values":[{`},
		"of a gray copy":          {"revealer", configForm("name", "beta"), 200, `"value":"grayHunter"`},
		"without the right":       {"reader", configForm("path", "db.password"), 403, `"params":{"action":"r","resource":":G:reveal/a.yaml"}`},
		"without reading":         {"blind", configForm("path", "db.password"), 403, `"key":"forbidden"`},
		"nobody":                  {"", configForm("path", "db.password"), 401, `"key":"login"`},
		"another one":             {"revealer", configForm("path", "db.password", "dataId", "b.yaml"), 403, `:G:reveal/b.yaml`},
		"what is not there":       {"admin", configForm("path", "db.user"), 404, `"key":"not_found"`},
		"in a line without":       {"admin", configForm("line", "1"), 404, `"key":"not_found"`},
		"of no config":            {"admin", configForm("dataId", "none"), 404, `"key":"not_found"`},
		"of what has been before": {"admin", configForm("md5", strings.Repeat("0", 32)), 409, `"key":"conflict"`},
		"a line that is none":     {"admin", configForm("line", "x"), 400, `"key":"invalid"`},
	} {
		a := g.asking(c.who, http.MethodPost, path, c.form)
		if a.Code != c.status || !strings.Contains(a.Body, c.want) || c.status != 200 && c.status != 409 && strings.Contains(a.Body, "Hunter") {
			t.Errorf("%s: %d %s, want %d %s", name, a.Code, a.Body, c.status, c.want)
		}
	}
	g.asking("revealer", http.MethodPost, path, configForm("line", "2"))
	r := g.audited(t, path)
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if r.User != "revealer" || r.Outcome != audit.Done || r.Params["dataId"] != "a.yaml" || r.Params["groupName"] != "G" || r.Params["shown"] != "db.password" || strings.Contains(string(b), "Hunter") {
		t.Errorf("written down as %s", b)
	}
	g.asking("reader", http.MethodPost, path, configForm("line", "2"))
	if r := g.audited(t, path); r.User != "reader" || r.Outcome != audit.Denied {
		t.Errorf("a refusal is written down as %+v", r)
	}
	open := fresh(t, nil)
	if status, key := open.ask(t, http.MethodPost, "/config/reveal", configForm(), nil); status != http.StatusNotImplemented || key != "unsupported" {
		t.Errorf("where nothing is hidden: %d %s", status, key)
	}
}

// TestMaskedContentIsRefused: whoever read a config without its secrets does not
// write it back without them, nor copies it to where he may see them.
func TestMaskedContentIsRefused(t *testing.T) {
	t.Parallel()
	g := veiled(t)
	masked := strings.ReplaceAll(secretive, "newHunter", mask.Token)
	for _, path := range []string{"/v3/console/ext/config/publish", "/v3/console/cs/config"} {
		a := g.asking("admin", http.MethodPost, path, configForm("content", masked, "expect", "any"))
		if a.Code != http.StatusBadRequest || !strings.Contains(a.Body, `"key":"masked"`) {
			t.Errorf("%s: %+v", path, a)
		}
	}
	archive := unzippable(t, masked)
	for _, path := range []string{"/v3/console/ext/config/import", "/v3/console/cs/config/import"} {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		part, err := m.CreateFormFile("file", "configs.zip")
		if err == nil {
			_, err = part.Write(archive)
		}
		if err != nil || m.Close() != nil {
			t.Fatal(err)
		}
		w := g.send(t, "admin", http.MethodPost, path+"?namespaceId=dev&policy=OVERWRITE", m.FormDataContentType(), body.Bytes())
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), mask.Token) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if a := g.asking("admin", http.MethodGet, "/v1/cs/configs", form("dataId", "a.yaml", "group", "G")); a.Body != secretive {
		t.Errorf("the config is %s", a.Body)
	}
	if a := g.asking("reader", http.MethodPost, "/v3/console/ext/config/publish", configForm("content", "db:\n  password: replaced\n", "expect", "any")); a.Code != http.StatusOK {
		t.Errorf("with a value in its place: %+v", a)
	}
	id := g.config.Cache().Get(config.Key{Group: "G", DataID: "a.yaml"}).Formal.About.ID
	for who, status := range map[string]int{"reader": http.StatusForbidden, "revealer": http.StatusOK} {
		body, err := json.Marshal([]map[string]any{{"cfgId": id, "dataId": "copy-of-" + who, "group": "G"}})
		if err != nil {
			t.Fatal(err)
		}
		if w := g.send(t, who, http.MethodPost, "/v3/console/cs/config/clone?targetNamespaceId=&policy=ABORT", "application/json", body); w.Code != status {
			t.Errorf("a copy by %s: %d %s", who, w.Code, w.Body)
		}
	}
}
