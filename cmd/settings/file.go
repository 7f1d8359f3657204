package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// file is a Nacos application.properties.
type file struct {
	path  string // "" when there is none
	props []property
	raw   map[string]property // by spelling as written; the last of several wins, as in Java
}

// candidates are the conf folders in which Nacos files are looked for, best first.
func candidates(config, dataDir string) []string {
	dirs := []string{filepath.Join(dataDir, "conf"), "conf"}
	if config != "" {
		if st, err := os.Stat(config); err == nil && !st.IsDir() {
			config = filepath.Dir(config)
		}
		dirs = slices.Insert(dirs, 0, config)
	}
	return dirs
}

// findFile reads the properties file: the one that is named, else the first of
// the conf folders that has one.
func findFile(config string, dirs []string) (*file, error) {
	paths := []string{config}
	if st, err := os.Stat(config); err == nil && st.IsDir() {
		paths[0] = filepath.Join(config, "application.properties")
	}
	if config == "" {
		paths = nil
		for _, d := range dirs {
			paths = append(paths, filepath.Join(d, "application.properties"))
		}
	}
	for _, p := range paths {
		f, err := readFile(p)
		if config == "" && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) {
			continue
		}
		return f, err
	}
	return &file{}, nil
}

func readFile(path string) (*file, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the path is given at the start
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w; make it readable, or name another with --config", err)
	}
	props, err := parseProperties(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return newFile(path, props), nil
}

func newFile(path string, props []property) *file {
	f := &file{path: path, props: props, raw: make(map[string]property, len(props))}
	for _, p := range props {
		f.raw[p.key] = p
	}
	return f
}

// source names a line as the messages show it.
func (f *file) source(line int) string { return f.path + ":" + strconv.Itoa(line) }

// said answers what the file says of a key, placeholders not yet replaced: the
// best spelling that has a value, else an empty one.
func (f *file) said(k key) (entry, bool) {
	var blank *entry
	for _, s := range k.spellings() {
		p, found := f.spelled(s, k)
		if !found {
			continue
		}
		e := entry{value: p.value, source: f.source(p.line)}
		if strings.TrimSpace(p.value) != "" {
			return e, true
		}
		if blank == nil {
			blank = &e
		}
	}
	if blank != nil && k.value.TakesEmpty() {
		return *blank, true
	}
	return entry{}, false
}

// spelled finds one spelling: as written, or in a form that Spring takes for
// the same, or as the parts name[0], name[1] of a list.
func (f *file) spelled(spelling string, k key) (property, bool) {
	if p, found := f.raw[spelling]; found || k.exact {
		return p, found
	}
	for _, p := range slices.Backward(f.props) {
		if relaxed(p.key) == relaxed(spelling) {
			return p, true
		}
	}
	if _, isList := k.value.(field[[]string]); !isList {
		return property{}, false
	}
	var all property
	for i := 0; ; i++ {
		p, found := f.raw[spelling+"["+strconv.Itoa(i)+"]"]
		if !found {
			return all, i > 0
		}
		if i == 0 {
			all = p
		} else {
			all.value += "," + p.value
		}
	}
}

// unknown lists the keys that mean nothing here, with their lines.
func (f *file) unknown(keys []key) []string {
	var all []string
	for _, p := range f.props {
		base, _, _ := strings.Cut(p.key, "[")
		_, direct := find(p.key, keys)
		k, indexed := find(base, keys)
		if indexed {
			_, indexed = k.value.(field[[]string])
		}
		if !direct && !indexed {
			all = append(all, oneLine(p.key)+" (line "+strconv.Itoa(p.line)+")")
		}
	}
	return all
}

// clusterConf is the first cluster.conf that names a member, "" if none does.
func clusterConf(dirs []string) string {
	for _, d := range dirs {
		path := filepath.Join(d, "cluster.conf")
		raw, err := os.ReadFile(path) //nolint:gosec // beside the file that is given at the start
		if err != nil {
			continue
		}
		for line := range strings.SplitSeq(string(raw), "\n") {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				return path
			}
		}
	}
	return ""
}
