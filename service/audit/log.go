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

// Log is the audit log of one node. Calls that were denied have a file of their
// own beside it: whoever sends many of them is not to push out what was done.
type Log struct {
	path, deniedPath string

	mu     sync.Mutex // guards the following fields, and keeps lines whole
	out    *timberjack.Logger
	denied *timberjack.Logger
}

// megabyte is the unit in which the rotation counts.
const megabyte = 1 << 20

// Open opens the log at path, which is made when the first record comes; of
// audit.log the denied calls are in audit.denied.log. A file is rotated at
// maxSize bytes, and all of one kind together hold about maxTotal.
func Open(path string, maxSize, maxTotal int64) (*Log, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	ext := filepath.Ext(path)
	denied := strings.TrimSuffix(path, ext) + ".denied" + ext
	open := func(path string) *timberjack.Logger {
		return &timberjack.Logger{
			Filename:   path,
			MaxSize:    int(max(1, maxSize/megabyte)),
			MaxBackups: int(max(1, maxTotal/max(1, maxSize))),
			FileMode:   0o600,
		}
	}
	return &Log{path: path, deniedPath: denied, out: open(path), denied: open(denied)}, nil
}

// Append writes a record. It is in the file when Append returns.
func (l *Log) Append(r Record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.out
	if r.Outcome == Denied {
		out = l.denied
	}
	_, err = out.Write(append(b, '\n'))
	return err
}

// Close closes the files.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.out.Close(), l.denied.Close())
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

// lineBuffer is the size of the buffer that lines are read through; ours are
// shorter. What does not fit is not ours and is passed over.
const lineBuffer = 256 << 10

// Find returns the newest records that q wants, newest first.
func (l *Log) Find(q Query) ([]Record, error) {
	found := []Record{}
	for _, path := range []string{l.path, l.deniedPath} {
		in, err := findAll(path, q)
		if err != nil {
			return nil, err
		}
		found = append(found, in...)
	}
	slices.SortStableFunc(found, func(a, b Record) int { return b.Time.Compare(a.Time) })
	return found[:min(len(found), q.Limit)], nil
}

// findAll returns the newest records of a log and of what was rotated of it,
// newest first. It reads whole files, and stops when it has enough.
func findAll(path string, q Query) ([]Record, error) {
	files, err := files(path)
	if err != nil {
		return nil, err
	}
	var found []Record
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

// files lists a log and what was rotated of it, newest first. The names of
// rotated files carry their time, so they sort.
func files(path string) ([]string, error) {
	ext := filepath.Ext(path)
	old, err := filepath.Glob(strings.TrimSuffix(path, ext) + "-*" + ext)
	if err != nil {
		return nil, err
	}
	slices.Sort(old)
	slices.Reverse(old)
	return append([]string{path}, old...), nil
}

// find returns the last q.Limit records of a file that q wants, oldest first.
func find(path string, q Query) ([]Record, error) {
	f, err := os.Open(path) //nolint:gosec // the operator's own path
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
	lines := bufio.NewReaderSize(in, lineBuffer)
	for {
		line, err := lines.ReadSlice('\n')
		var r Record
		if err == nil && json.Unmarshal(line, &r) == nil && q.wants(&r) {
			if len(found) >= 2*q.Limit { // now and then, not for each record
				found = append(found[:0], found[q.Limit:]...)
			}
			found = append(found, r)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			err = skipLine(lines)
		case errors.Is(err, io.EOF): // a torn last line is passed over
			return found[max(0, len(found)-q.Limit):], nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
}

// skipLine reads the rest of a line that is too long.
func skipLine(lines *bufio.Reader) error {
	for {
		_, err := lines.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
