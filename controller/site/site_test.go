package site_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pharos-registry/pharos/controller/site"
)

type server interface {
	Serve(w http.ResponseWriter, r *http.Request, name string) bool
}

// answer is what was served.
type answer struct {
	status int
	h      http.Header
	body   string
}

func ask(t *testing.T, s server, name string, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	if !s.Serve(w, r, name) {
		w.Code = http.StatusNotFound
	}
	return answer{w.Code, w.Header(), w.Body.String()}
}

var script = strings.Repeat("console.log(1);\n", 200)

func built(t *testing.T, more string) *site.Site {
	t.Helper()
	s, err := site.New(fstest.MapFS{
		"index.html":       {Data: []byte(`<script type="module" src="./assets/app.js"></script>`)},
		"assets/app.js":    {Data: []byte(script + more)},
		"assets/app.css":   {Data: []byte("a{}")},
		"favicon.svg":      {Data: []byte("<svg/>")},
		"assets/BIN.weird": {Data: []byte{1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestBuildInPath is the way that browsers keep files for ever and still get
// new ones: the page names the build, and with it the files' addresses change.
func TestBuildInPath(t *testing.T) {
	one, two := built(t, ""), built(t, "//")
	if one.Build() == two.Build() {
		t.Fatal("two builds have one name")
	}
	page := ask(t, one, "")
	if got, want := page.body, "./a/"+one.Build()+"/app.js"; !strings.Contains(got, want) {
		t.Errorf("the page is %q, without %q", got, want)
	}
	if got := page.h.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("the page is kept: %q", got)
	}
	for name, want := range map[string]struct {
		status int
		keep   string
	}{
		"a/" + one.Build() + "/app.js":  {http.StatusOK, "public, max-age=31536000, immutable"},
		"a/" + two.Build() + "/app.js":  {http.StatusGone, "no-store"},
		"a/" + two.Build() + "/app.css": {http.StatusOK, "no-cache"},
		"a/" + one.Build() + "/none.js": {http.StatusNotFound, ""},
		"favicon.svg":                   {http.StatusOK, "no-cache"},
		"assets":                        {http.StatusNotFound, ""},
		"../site.go":                    {http.StatusNotFound, ""},
	} {
		r := ask(t, one, name)
		if got := r.h.Get("Cache-Control"); r.status != want.status || got != want.keep {
			t.Errorf("%s: %d %q, want %d %q", name, r.status, got, want.status, want.keep)
		}
	}
}

func TestPacked(t *testing.T) {
	s := built(t, "")
	name := "a/" + s.Build() + "/app.js"
	r := ask(t, s, name, "Accept-Encoding", "br, gzip")
	if r.h.Get("Content-Encoding") != "gzip" {
		t.Fatalf("not packed: %v", r.h)
	}
	z, err := gzip.NewReader(strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || string(b) != script {
		t.Errorf("unpacked %d bytes, %v", len(b), err)
	}
	if again := ask(t, s, name, "If-None-Match", r.h.Get("Etag")); again.status != http.StatusNotModified {
		t.Errorf("asked again with the etag: %d", again.status)
	}
	for _, refuses := range []string{"", "br", "gzip;q=0"} {
		r := ask(t, s, name, "Accept-Encoding", refuses)
		if r.h.Get("Content-Encoding") != "" || r.body != script {
			t.Errorf("with Accept-Encoding %q it is packed", refuses)
		}
	}
}

func TestPolicy(t *testing.T) {
	h := ask(t, built(t, ""), "", "X-Forwarded-Proto", "https").h
	for name, part := range map[string]string{
		"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Permissions-Policy": "camera=()", "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if !strings.Contains(h.Get(name), part) {
			t.Errorf("%s is %q, without %q", name, h.Get(name), part)
		}
	}
	if csp := h.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe-eval") || strings.Contains(csp, "unsafe-inline") {
		t.Errorf("scripts or styles of any origin may run: %s", csp)
	}
}

// TestNonce: the page names the nonce of its policy, and no two answers have
// the same one, so that nobody who saw one page can write into another.
func TestNonce(t *testing.T) {
	s, err := site.New(fstest.MapFS{
		"index.html":    {Data: []byte(`<meta property="csp-nonce" nonce="%nonce%">` + script)},
		"assets/app.js": {Data: []byte("1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 3 {
		r := ask(t, s, "", "Accept-Encoding", "gzip", "If-None-Match", "*")
		_, after, _ := strings.Cut(r.body, `nonce="`)
		nonce, _, _ := strings.Cut(after, `"`)
		if len(nonce) < 22 || seen[nonce] || r.status != http.StatusOK || r.h.Get("Etag") != "" {
			t.Fatalf("the page is %d with the nonce %q and the etag %q", r.status, nonce, r.h.Get("Etag"))
		}
		seen[nonce] = true
		if csp := r.h.Get("Content-Security-Policy"); !strings.Contains(csp, "style-src 'self' 'nonce-"+nonce+"';") {
			t.Errorf("the policy %q does not name the nonce %q", csp, nonce)
		}
	}
	if csp := ask(t, s, "a/"+s.Build()+"/app.js").h.Get("Content-Security-Policy"); strings.Contains(csp, "nonce-") {
		t.Errorf("a script has a policy with a nonce: %s", csp)
	}
}

func TestNoIndex(t *testing.T) {
	if _, err := site.New(fstest.MapFS{"a.js": {}}); err == nil {
		t.Error("a front-end without a page is taken")
	}
	if _, err := site.OpenDir(t.TempDir()); err == nil {
		t.Error("a directory without a page is taken")
	}
}

// TestDir reads what is in the directory, and nothing that lies beside it.
func TestDir(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "site")
	for name, data := range map[string]string{
		"secret": "secret", "site/index.html": "page", "site/js/app.js": "app", "site/.env": "secret", "site/.git/config": "secret",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(top, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(top, "secret"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	d, err := site.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	for name, want := range map[string]string{"": "page", "index.html": "page", "js/app.js": "app"} {
		r := ask(t, d, name)
		if got := r.body; r.status != http.StatusOK || got != want {
			t.Errorf("%q is %d %q, want %q", name, r.status, got, want)
		}
	}
	for _, name := range []string{"../secret", "js/../../secret", "link", "js", ".env", ".git/config", "/etc/passwd", "js//app.js", "none"} {
		if r := ask(t, d, name); r.status != http.StatusNotFound {
			t.Errorf("%q is served: %d %q", name, r.status, r.body)
		}
	}
}
