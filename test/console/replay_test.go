package console

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/test/server"
)

// front is a front-end with somebody logged in.
type front struct {
	t        *testing.T
	s        *server.Server
	base     string // with a slash at the end
	password string // of the administrator
	token    string
	login    string // the whole answer to the login, which the old pages send as a header

	config, other, nid, md5 string // of app.yaml and b.json as they are now
}

const password = "Front-end-1"

// absent is a config that a page looks for to see that it is not there.
const absent = "new.yaml"

func newFront(t *testing.T) *front {
	t.Helper()
	s := server.Start(t, server.Options{Settings: map[string]string{
		"nacos.core.auth.enabled": "true", "nacos.console.port": "0", "pharos.auth.admin.password": password,
		"nacos.core.auth.server.identity.key": "front-end", "nacos.core.auth.server.identity.value": "front-end-value",
	}})
	f := &front{t: t, s: s, base: s.URL("/"), password: password}
	f.enter()
	return f
}

// enter logs in.
func (f *front) enter() {
	f.t.Helper()
	status, body := f.send(http.MethodPost, "v1/auth/users/login", "username=nacos&password="+f.password, nil)
	var a struct {
		Token string `json:"accessToken"`
	}
	if err := json.Unmarshal(body, &a); err != nil || status != http.StatusOK || strings.Count(a.Token, ".") != 2 {
		f.t.Fatalf("login: %d %s", status, body)
	}
	f.token, f.login = a.Token, string(body)
}

// send sends a form, or with headers whatever they say.
func (f *front) send(method, path, body string, header http.Header) (int, []byte) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.base+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if f.token != "" {
		r.Header.Set("Accesstoken", f.token)
	}
	maps.Copy(r.Header, header)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return res.StatusCode, b
}

func (f *front) must(method, path, body string) []byte {
	f.t.Helper()
	status, b := f.send(method, path, body, nil)
	if status != http.StatusOK {
		f.t.Fatalf("%s %s: %d %s", method, path, status, b)
	}
	return b
}

// prepare makes what the pages were recorded on, as far as it is not there.
func (f *front) prepare() {
	f.t.Helper()
	const app, beta = "v1/cs/configs?dataId=app.yaml&group=DEFAULT_GROUP", "&beta=true"
	type row struct{ ID, MD5 string }
	show := func(q string) (r row) {
		_ = json.Unmarshal(f.must(http.MethodGet, "v1/cs/configs?show=all&group=DEFAULT_GROUP&dataId="+q, ""), &r) // nothing is no row
		return r
	}
	if show("app.yaml").ID == "" {
		f.must(http.MethodPost, "v1/cs/configs", "dataId=app.yaml&group=DEFAULT_GROUP&content=redis:+0&type=yaml&appName=demo&config_tags=t1&desc=d")
		f.must(http.MethodPost, "v1/cs/configs", "dataId=app.yaml&group=DEFAULT_GROUP&content=redis:+1&type=yaml&appName=demo&config_tags=t1&desc=d")
	}
	if show("b.json").ID == "" {
		f.must(http.MethodPost, "v1/cs/configs", "dataId=b.json&group=DEFAULT_GROUP&content={}&type=json")
	}
	if b := f.must(http.MethodGet, app+beta, ""); strings.Contains(string(b), `"data":null`) {
		status, b := f.send(http.MethodPost, "v1/cs/configs", "dataId=app.yaml&group=DEFAULT_GROUP&content=redis:+2&type=yaml", http.Header{"Betaips": {"10.0.0.9"}})
		if status != http.StatusOK {
			f.t.Fatal(status, string(b))
		}
	}
	f.send(http.MethodDelete, "v1/cs/configs?group=DEFAULT_GROUP&dataId="+absent, "", nil)
	now := show("app.yaml")
	f.config, f.md5, f.other = now.ID, now.MD5, show("b.json").ID
	var past struct {
		PageItems []struct{ ID string }
	}
	if err := json.Unmarshal(f.must(http.MethodGet, "v1/cs/history?search=accurate&dataId=app.yaml&group=DEFAULT_GROUP&pageNo=1&pageSize=10", ""), &past); err != nil || len(past.PageItems) == 0 {
		f.t.Fatalf("no history: %v", err)
	}
	f.nid = past.PageItems[0].ID
	f.send(http.MethodPost, "v1/console/namespaces", "customNamespaceId=dev&namespaceName=dev&namespaceDesc=d", nil)
	f.send(http.MethodDelete, "v1/console/namespaces?namespaceId=qa", "", nil)
	f.must(http.MethodPost, "v1/ns/instance", "serviceName=order&ip=10.0.0.1&port=8080&metadata=v%3D1")
	f.send(http.MethodDelete, "v1/ns/service?serviceName=svc1", "", nil)
	if !strings.Contains(string(f.must(http.MethodGet, "v1/auth/users/search?username=bob", "")), "bob") {
		f.must(http.MethodPost, "v1/auth/users", "username=bob&password=bob-Pw-1")
	}
	f.send(http.MethodDelete, "v1/auth/users?username=amy", "", nil)
	f.send(http.MethodPost, "v1/auth/roles", "role=dev&username=bob", nil)
	f.send(http.MethodPost, "v1/auth/permissions", "role=dev&resource=dev:*:*&action=r", nil)
}

// fill puts the ids and digests of this server in the place of the recorder's.
func (f *front) fill(r *Request) {
	q := maps.Clone(r.Query)
	put := func(name, v string) {
		if _, ok := q[name]; ok {
			q[name] = v
		}
	}
	if q["ids"] != "" {
		put("ids", f.config+","+f.other)
	}
	put("nid", f.nid)
	put("accessToken", f.token)
	if strings.HasSuffix(r.Path, "/previous") {
		put("id", f.config)
	}
	if r.Path == "v1/auth/users" && r.Method == http.MethodDelete || r.Path == "v3/auth/user" && r.Method == http.MethodDelete || strings.HasSuffix(r.Path, "/search") && strings.Contains(r.Path, "auth/user") {
		put("username", "bob")
	}
	r.Query = q
	r.Body = strings.NewReplacer(
		"username=nacos&password=nacos", "username=nacos&password="+f.password, `"cfgId":"1"`, `"cfgId":"`+f.config+`"`, `"cfgId":"2"`, `"cfgId":"`+f.other+`"`, "md5=m1", "md5="+f.md5,
	).Replace(r.Body)
}

// header is that of a request, with the token and the login in the place of the
// recorder's.
func (f *front) header(r *Request) http.Header {
	h := http.Header{}
	for k, v := range r.Headers {
		v = strings.ReplaceAll(v, "<JWT>", f.token)
		switch k {
		case "casmd5":
			v = f.md5
		case "authorization":
			v = f.login
		}
		h.Set(k, v)
	}
	return h
}

// archive is an import of one config, as a browser sends it.
func archive(t *testing.T) (body, kind string) {
	t.Helper()
	var z, form bytes.Buffer
	w := zip.NewWriter(&z)
	for name, text := range map[string]string{
		"DEFAULT_GROUP/imported.yaml": "a: 1",
		".metadata.yml":               "metadata:\n- appName: ''\n  dataId: imported.yaml\n  desc: ''\n  group: DEFAULT_GROUP\n  type: yaml\n",
	} {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	m := multipart.NewWriter(&form)
	_ = m.WriteField("policy", "OVERWRITE")
	part, err := m.CreateFormFile("file", "x.zip")
	if err == nil {
		_, err = part.Write(z.Bytes())
	}
	if err != nil || m.Close() != nil {
		t.Fatal(err)
	}
	return form.String(), m.FormDataContentType()
}

// unsupported says whether a request is for what this server does not have, and
// says so.
func unsupported(path string) bool {
	return strings.Contains(path, "v3/console/ai/") || path == "v3/console/core/cluster/server/leave"
}

// replay sends one request and says what is wrong with the answer.
func (f *front) replay(r Request, fields map[string][]string) string {
	f.t.Helper()
	f.fill(&r)
	q := url.Values{}
	for k, v := range r.Query {
		q.Set(k, v)
	}
	h := f.header(&r)
	if strings.HasPrefix(h.Get("Content-Type"), "multipart/") {
		body, kind := archive(f.t)
		r.Body = body
		h.Set("Content-Type", kind)
	}
	path := r.Path
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	status, body := f.send(r.Method, path, r.Body, h)
	var answer any
	_ = json.Unmarshal(body, &answer) // texts are no JSON
	switch {
	case unsupported(r.Path):
		if m, ok := answer.(map[string]any); !ok || status != http.StatusNotImplemented || m["code"] != 40001.0 || !strings.Contains(string(body), "not supported") {
			return "it is not said that this is not supported: " + http.StatusText(status) + " " + string(body)
		}
		return ""
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status >= http.StatusInternalServerError || status == http.StatusForbidden || status == http.StatusUnauthorized:
		return http.StatusText(status) + " " + string(body)
	case status == http.StatusBadRequest && refused(&r):
		return ""
	case status != http.StatusOK:
		return http.StatusText(status) + " " + string(body)
	case strings.Contains(r.kind(), "xport"):
		if _, err := zip.NewReader(bytes.NewReader(body), int64(len(body))); err != nil {
			return "no archive: " + err.Error()
		}
		return ""
	}
	if r.Query["dataId"] != absent {
		if lacks := Lacks(answer, fields[r.kind()]); lacks != "" {
			return "a page reads " + lacks + " of " + string(body)
		}
	}
	return ""
}

// refused are the requests that this server refuses as Nacos does: they were
// recorded on a set-up that allows no other answer.
func refused(r *Request) bool {
	switch {
	case r.Method == http.MethodDelete && strings.HasSuffix(r.Path, "ns/service"): // there are instances
		return true
	case strings.Contains(r.Path, "auth/permission") && strings.Contains(r.Body, "ROLE_ADMIN"): // who may everything
		return true
	}
	return false
}

func play(t *testing.T, file string, fields map[string][]string) {
	t.Helper()
	all, err := Load(filepath.Join("testdata", file))
	if err != nil || len(all) < 300 {
		t.Fatalf("%d requests, %v", len(all), err)
	}
	f := newFront(t)
	seen, changed := map[string]bool{}, true
	for i, r := range all {
		if changed || !reading(&r) {
			f.prepare()
		}
		changed, seen[r.kind()] = !reading(&r), true
		if wrong := f.replay(r, fields); wrong != "" {
			t.Errorf("request %d (%s): %s %s %v %.200s: %s", i, r.Step, r.Method, r.Path, r.Query, r.Body, wrong)
		}
		if strings.Contains(r.Body, "newPassword=") { // the token is void now
			_, value, _ := strings.Cut(r.Body, "newPassword=")
			if strings.Contains(r.Body, "username=nacos") {
				f.password = value
			}
			f.token = ""
			f.enter()
		}
	}
	for kind := range fields {
		if !seen[kind] {
			t.Errorf("no request is a %s", kind)
		}
	}
	t.Logf("%d requests of %d kinds", len(all), len(seen))
}

// reading reports whether a request changes nothing.
func reading(r *Request) bool { return r.Method == http.MethodGet }

// TestFrontEnd251 replays what the console of Nacos 2.5.1 sends.
func TestFrontEnd251(t *testing.T) { play(t, "2.5.1.json", reads()) }

// TestFrontEnd31 replays what the console of Nacos 3.1 sends.
func TestFrontEnd31(t *testing.T) { play(t, "3.1.json", reads3()) }

// TestLacks is the test of the test.
func TestLacks(t *testing.T) {
	var v any
	if err := json.Unmarshal([]byte(`{"a":[{"b":null}],"c":1}`), &v); err != nil {
		t.Fatal(err)
	}
	for path, there := range map[string]bool{"a.0.b": true, "c": true, "a.1": false, "a.0.d": false, "c.e": false, "f": false} {
		if got := Lacks(v, []string{path}) == ""; got != there {
			t.Errorf("%s: %v", path, got)
		}
	}
}
