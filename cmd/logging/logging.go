// Package logging opens what the process writes for its operator: the log and
// the files of other logs, rotated by size under a total cap.
package logging

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/DeRuina/timberjack"
	"golang.org/x/term"

	"github.com/pharos-registry/pharos/cmd/settings"
)

// Log is the log of the process.
type Log struct {
	*slog.Logger

	Level *slog.LevelVar // may be set while the process runs
	file  io.Closer      // nil on standard error
}

// Close closes the log's file, if it has one.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// Open opens the log that set asks for. Without a file it writes to stderr:
// text on a terminal, JSON otherwise.
func Open(set settings.Log, stderr *os.File) (*Log, error) {
	var (
		l                  = &Log{Level: new(slog.LevelVar)}
		w        io.Writer = stderr
		terminal           = term.IsTerminal(int(stderr.Fd()))
	)
	l.Level.Set(set.Level)
	if set.File != "" {
		f, err := OpenFile(set.File, set.MaxSize, set.MaxTotal)
		if err != nil {
			return nil, err
		}
		w, l.file, terminal = &spare{first: f, second: stderr}, f, false
	}
	o := &slog.HandlerOptions{Level: l.Level}
	if set.Format == settings.LogText || (set.Format == settings.LogAuto && terminal) {
		l.Logger = slog.New(slog.NewTextHandler(w, o))
	} else {
		l.Logger = slog.New(slog.NewJSONHandler(w, o))
	}
	return l, nil
}

// OpenFile opens a log file that is rotated when it reaches size bytes; it and
// its rotated files together keep to total bytes, give or take one megabyte.
func OpenFile(path string, size, total int64) (io.WriteCloser, error) {
	// The library would open it at the first record and its errors be lost.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640) //nolint:gosec // the path is a setting
	if err != nil {
		return nil, fmt.Errorf("the log file cannot be written: %w; name another, or make its directory", err)
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	const mega = 1 << 20
	size = max(min(size, total/2), mega)
	return &timberjack.Logger{
		Filename:   path,
		MaxSize:    int(size / mega),
		MaxBackups: int(max(total/size-1, 1)), // none would mean all are kept
		// Files of one moment count as one to the library, and a burst fills
		// several within its default, a millisecond.
		BackupTimeFormat: "2006-01-02T15-04-05.000000000",
	}, nil
}

// spare writes to second what first does not take, so that a full disk does not
// silence the log.
type spare struct{ first, second io.Writer }

// Write never fails because of first alone.
func (s *spare) Write(p []byte) (int, error) {
	if n, err := s.first.Write(p); err == nil {
		return n, nil
	}
	return s.second.Write(p)
}
