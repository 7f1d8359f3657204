// Package site serves the files of a web front-end: the console that is built
// into the binary, or a directory in its place.
package site

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Site is a front-end in memory. Its files have the same names in every build;
// what changes is a path segment before those below assets/, which is the digest
// of the whole. So a browser may keep them for ever.
type Site struct {
	load  func() // before the fields below are read
	files map[string]*file
	build string
}

// file is one file, and what it is sent as.
type file struct {
	raw  []byte
	kind string // content type
	etag string // "" where no two answers are the same

	once sync.Once
	gz   []byte // made when it is first asked for
}

// ErrNoIndex is returned for files without an index.html.
var ErrNoIndex = errors.New("there is no index.html")

// indexName is the file that is the page.
const indexName = "index.html"

// Where the files lie that the page loads, and where it is told that they lie.
const (
	assets = "assets/"
	keyed  = "a/" // and the build, and a slash
)

// New is the front-end in fsys, which does not change. Its files are read when
// the first of them is asked for: most servers of a fleet never show a page.
func New(fsys fs.FS) (*Site, error) {
	if _, err := fs.Stat(fsys, indexName); err != nil {
		return nil, errors.Join(ErrNoIndex, err)
	}
	s := &Site{}
	s.load = sync.OnceFunc(func() { s.read(fsys) })
	return s, nil
}

// read takes all files in. What cannot be read is not there.
func (s *Site) read(fsys fs.FS) {
	s.files = map[string]*file{}
	_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error { // the function returns no error
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // one file less
		}
		if raw, err := fs.ReadFile(fsys, name); err == nil {
			s.files[name] = newFile(name, raw)
		}
		return nil
	})
	all := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		_, _ = fmt.Fprintf(all, "%s %s\n", name, s.files[name].etag) // a hash takes all
	}
	s.build = hex.EncodeToString(all.Sum(nil)[:6])
	if index := s.files[indexName]; index != nil {
		page := bytes.ReplaceAll(index.raw, []byte("./"+assets), []byte("./"+keyed+s.build+"/"))
		s.files[indexName] = newFile(indexName, page)
	}
}

func newFile(name string, raw []byte) *file {
	sum := sha256.Sum256(raw)
	return &file{raw: raw, kind: kindOf(name), etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
}

// kindOf is the content type of a file. The table of the machine is not asked:
// on some a .js is text/plain, which no browser runs under nosniff.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// Build is the digest of all files.
func (s *Site) Build() string {
	s.load()
	return s.build
}

// policy is what a page of ours may do: load what is here, and nothing else. Its
// code editor makes a style sheet, which has to name the nonce of the page.
func policy(nonce string) string {
	styles := "style-src 'self'"
	if nonce != "" {
		styles += " 'nonce-" + nonce + "'"
	}
	return "default-src 'self'; script-src 'self'; " + styles + "; img-src 'self' data:; font-src 'self' data:; " +
		"connect-src 'self'; worker-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
}

// mark stands in the page where the nonce of each answer comes.
const mark = "%nonce%"

// nobody is the permissions policy: none of these is for us.
const nobody = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"

// Serve answers a request for the file of that name below the page, "" for the
// page itself. It reports false, having done nothing, where there is none.
func (s *Site) Serve(w http.ResponseWriter, r *http.Request, name string) bool {
	s.load()
	if name == "" {
		name = indexName
	}
	lasting := false
	if rest, ok := strings.CutPrefix(name, keyed); ok {
		build, below, _ := strings.Cut(rest, "/")
		name, lasting = assets+below, build == s.build
		if !lasting && s.files[name] != nil && path.Ext(name) == ".js" {
			// An old page that loads a part of the new build would be a mix of both.
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "this is of another version: load the page again", http.StatusGone)
			return true
		}
	}
	f := s.files[name]
	if f == nil {
		return false
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", policy(""))
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", nobody)
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" { // on plain HTTP a browser only complains of it
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY") // for browsers that know no frame-ancestors
	h.Set("Cache-Control", "no-cache")
	if lasting {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if name == indexName {
		nonce := rand.Text()
		h.Set("Content-Security-Policy", policy(nonce))
		f = &file{raw: bytes.ReplaceAll(f.raw, []byte(mark), []byte(nonce)), kind: f.kind}
	}
	f.send(w, r)
	return true
}

// packable is the size from which a file is worth to be compressed.
const packable = 1024

func (f *file) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	if f.etag != "" {
		h.Set("ETag", f.etag)
		if matches(r.Header.Get("If-None-Match"), f.etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Vary", "Accept-Encoding")
	body := f.raw
	if f.etag != "" && len(f.raw) > packable && takesGzip(r.Header.Get("Accept-Encoding")) {
		f.once.Do(f.pack)
		if len(f.gz) < len(f.raw) {
			body = f.gz
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK) // the router has put down a 404 before it asked here
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may have gone
	}
}

func (f *file) pack() {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(f.raw)
	}
	if err == nil {
		err = z.Close()
	}
	if f.gz = b.Bytes(); err != nil { // a buffer takes all
		f.gz = f.raw
	}
}

// matches reports whether an If-None-Match names the etag.
func matches(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(part), "W/") == etag {
			return true
		}
	}
	return false
}

// takesGzip reports whether an Accept-Encoding has gzip, and not with q=0.
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" {
			return strings.ReplaceAll(q, " ", "") != "q=0"
		}
	}
	return false
}
