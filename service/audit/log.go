// Package audit keeps the append-only log of who changed what, and of calls
// that were denied: one JSON object a line, in files that are rotated.
package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/DeRuina/timberjack"
)

// The outcomes of a call.
const (
	Done   = "done"
	Failed = "failed"
	Denied = "denied"
)

// Record is one line.
type Record struct {
	Time     time.Time         `json:"time"`
	User     string            `json:"user"`    // "" where nobody was asked
	Address  string            `json:"address"` // of the socket
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Resource string            `json:"resource,omitempty"`
	Params   map[string]string `json:"params,omitempty"` // without secrets
	Outcome  string            `json:"outcome"`
	Error    string            `json:"error,omitempty"`  // what the caller was told
	Before   string            `json:"before,omitempty"` // md5 of the content that was there
	After    string            `json:"after,omitempty"`  // md5 of the content that is there now
}

// Log is the audit log of one node.
type Log struct {
	path string

	mu  sync.Mutex // guards the following field, and keeps lines whole
	out *timberjack.Logger
}

// megabyte is the unit in which the rotation counts.
const megabyte = 1 << 20

// Open opens the log at path, which is made when the first record comes. A file
// is rotated at maxSize bytes, and all of them together hold about maxTotal.
func Open(path string, maxSize, maxTotal int64) (*Log, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return &Log{path: path, out: &timberjack.Logger{
		Filename:   path,
		MaxSize:    int(max(1, maxSize/megabyte)),
		MaxBackups: int(max(1, maxTotal/max(1, maxSize))),
		FileMode:   0o600,
	}}, nil
}

// Append writes a record. It is in the file when Append returns.
func (l *Log) Append(r Record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err = l.out.Write(append(b, '\n'))
	return err
}

// Close closes the file.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Close()
}

// Query chooses records. A zero field chooses all.
type Query struct {
	User     string
	Outcome  string
	Contains string // in the path or a parameter
	From, To time.Time
	Limit    int // the newest that many
}

func (q Query) wants(r *Record) bool {
	switch {
	case q.User != "" && r.User != q.User,
		q.Outcome != "" && r.Outcome != q.Outcome,
		!q.From.IsZero() && r.Time.Before(q.From),
		!q.To.IsZero() && r.Time.After(q.To):
		return false
	case q.Contains == "" || strings.Contains(r.Path, q.Contains):
		return true
	}
	for _, v := range r.Params {
		if strings.Contains(v, q.Contains) {
			return true
		}
	}
	return false
}

// maxLine bounds a line in bytes; a longer one is not ours.
const maxLine = 1 << 20

// Find returns the newest records that q wants, newest first. It reads whole
// files, the newest first, and stops when it has enough.
func (l *Log) Find(q Query) ([]Record, error) {
	files, err := l.files()
	if err != nil {
		return nil, err
	}
	found := []Record{}
	for _, f := range files {
		in, err := find(f, q)
		if err != nil {
			return nil, err
		}
		slices.Reverse(in)
		found = append(found, in...)
		if len(found) >= q.Limit {
			return found[:q.Limit], nil
		}
	}
	return found, nil
}

// files lists the log and what was rotated of it, newest first. The names of
// rotated files carry their time, so they sort.
func (l *Log) files() ([]string, error) {
	ext := filepath.Ext(l.path)
	old, err := filepath.Glob(strings.TrimSuffix(l.path, ext) + "-*" + ext)
	if err != nil {
		return nil, err
	}
	slices.Sort(old)
	slices.Reverse(old)
	return append([]string{l.path}, old...), nil
}

// find returns the last q.Limit records of a file that q wants, oldest first.
func find(path string, q Query) ([]Record, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return scan(f, q)
}

func scan(in io.Reader, q Query) ([]Record, error) {
	var found []Record
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var r Record
		if json.Unmarshal(lines.Bytes(), &r) != nil || !q.wants(&r) { // a torn last line is passed over
			continue
		}
		if len(found) == q.Limit {
			found = append(found[:0], found[1:]...)
		}
		found = append(found, r)
	}
	return found, lines.Err()
}
