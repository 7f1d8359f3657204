package site

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
)

// Dir is a front-end in a directory, which is read for every request: another
// console in the place of ours, or ours while somebody works on it. Nothing
// outside of the directory is served, wherever its links lead.
type Dir struct{ root *os.Root }

// OpenDir opens the front-end in a directory.
func OpenDir(name string) (*Dir, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if _, err := root.Stat(indexName); err != nil {
		return nil, errors.Join(ErrNoIndex, err, root.Close())
	}
	return &Dir{root}, nil
}

// Close gives the directory up.
func (d *Dir) Close() error { return d.root.Close() }

// Build is "": files may change at any time.
func (*Dir) Build() string { return "" }

// Serve answers a request for the file of that name below the page, "" for the
// page itself. It reports false, having done nothing, where there is none. What
// others' front-ends load is not known, so there is no content policy.
func (d *Dir) Serve(w http.ResponseWriter, r *http.Request, name string) bool {
	if name == "" {
		name = indexName
	}
	if !fs.ValidPath(name) || hidden(name) {
		return false
	}
	f, err := d.root.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Type", kindOf(name))
	http.ServeContent(w, r, path.Base(name), info.ModTime(), io.ReadSeeker(f))
	return true
}

// hidden reports whether a part of a path begins with a dot: such files are not
// meant for others.
func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return true
		}
	}
	return false
}
