package node

import (
	"archive/zip"
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/service/audit"
)

// send calls with a body as who.
func (g guarded) send(t *testing.T, who, method, path, contentType string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(context.Background(), method, g.set.Server.ContextPath+path, bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+g.tokens[who])
	w := httptest.NewRecorder()
	g.api.ServeHTTP(w, r)
	return w
}

// audited is the newest record about a path.
func (g guarded) audited(t *testing.T, path string) audit.Record {
	t.Helper()
	found, err := g.audit.Find(audit.Query{Contains: path, Limit: 1})
	if err != nil || len(found) == 0 {
		t.Fatalf("%s is not in the audit log: %v", path, err)
	}
	return found[0]
}

// An answer that says no in its envelope is not written down as done.
func TestAuditOfRefusalsInEnvelopes(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	for _, c := range []struct{ who, method, path, body, outcome, said string }{
		{"no role", "PUT", "/v1/auth/users/password", "oldPassword=wrong&newPassword=another", audit.Denied, "Old password is invalid"},
		{"no role", "PUT", "/v1/auth/users/password", "oldPassword=" + url.QueryEscape(testPassword) + "&newPassword=another", audit.Done, ""},
		{"admin", "POST", "/v1/auth/users", "username=nacos&password=x", audit.Failed, "User `nacos` is default admin user."},
		{"admin", "POST", "/v1/auth/users/admin", "password=x", audit.Failed, "have admin user cannot use it"},
		{"admin", "POST", "/v1/cs/configs?clone=true&tenant=", "[]", audit.Failed, "没有选择任何配置"},
		{"admin", "POST", "/v1/cs/capacity", "group=G&quota=7", audit.Done, ""},
	} {
		kind := "application/x-www-form-urlencoded"
		if strings.HasPrefix(c.body, "[") {
			kind = "application/json"
		}
		w := g.send(t, c.who, c.method, c.path, kind, []byte(c.body))
		path, _, _ := strings.Cut(c.path, "?")
		r := g.audited(t, path)
		if r.Method != c.method || r.Outcome != c.outcome || !strings.HasPrefix(r.Error, c.said) || c.said == "" && r.Error != "" {
			t.Errorf("%s %s was answered %d %s and written down as %s %q", c.method, c.path, w.Code, w.Body, r.Outcome, r.Error)
		}
	}
}

// A call that names configs by ids or in a file leaves their digests behind.
func TestAuditOfManyConfigs(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	const (
		one = "9dd4e461268c8034f5c8564e155c67a6" // md5 of "x"
		two = "415290769594460e2e485922904f345d" // md5 of "y"
	)
	for _, id := range []string{"a", "b"} {
		if w := g.send(t, "admin", http.MethodPost, "/v1/cs/configs", "application/x-www-form-urlencoded", []byte("group=G&content=x&dataId="+id)); w.Code != http.StatusOK {
			t.Fatal(w.Code, w.Body)
		}
	}
	var file, form bytes.Buffer
	z := zip.NewWriter(&file)
	for _, name := range []string{"G/a", "G/new"} {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write([]byte("y"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	m := multipart.NewWriter(&form)
	part, err := m.CreateFormFile("file", "configs.zip")
	if err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(file.Bytes())
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if w := g.send(t, "admin", http.MethodPost, "/v1/cs/configs?import=true&policy=OVERWRITE", m.FormDataContentType(), form.Bytes()); !strings.Contains(w.Body.String(), `"succCount":2`) {
		t.Fatal(w.Code, w.Body)
	}
	r := g.audited(t, "/v1/cs/configs")
	if r.Before != "2 configs: a+G "+one+", new+G -" || r.After != "2 configs: a+G "+two+", new+G "+two {
		t.Errorf("import: before %q, after %q", r.Before, r.After)
	}
	if w := g.send(t, "admin", http.MethodDelete, "/v1/cs/configs?delType=ids&ids=1,2,99", "", nil); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	r = g.audited(t, "/v1/cs/configs")
	if want := regexp.MustCompile(`^2 configs: a\+G ` + two + `, b\+G ` + one + `$`); !want.MatchString(r.Before) || r.After != "" {
		t.Errorf("removal: before %q, after %q", r.Before, r.After)
	}
}
