package logging_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/cmd/logging"
	"github.com/pharos-registry/pharos/cmd/settings"
)

func TestOpen(t *testing.T) {
	tests := []struct {
		name, format string
		json         bool
	}{
		{"not on a terminal", settings.LogAuto, true},
		{"json said", settings.LogJSON, true},
		{"text said", settings.LogText, false},
	}
	for _, tt := range tests {
		for _, toFile := range []bool{false, true} {
			name := tt.name
			if toFile {
				name += ", to a file"
			}
			t.Run(name, func(t *testing.T) {
				stderr := create(t, "stderr")
				read := stderr.Name()
				set := settings.Log{Level: slog.LevelWarn, Format: tt.format, MaxSize: 1 << 20, MaxTotal: 4 << 20}
				if toFile {
					set.File = filepath.Join(t.TempDir(), "p.log")
					read = set.File
				}
				log, err := logging.Open(set, stderr)
				if err != nil {
					t.Fatal(err)
				}
				log.Info("below the level")
				log.Warn("a word", "key", 7)
				if err := log.Close(); err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(read)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(got, []byte("below")) || !bytes.Contains(got, []byte("a word")) || json.Valid(got) != tt.json {
					t.Errorf("logged %q", got)
				}
			})
		}
	}
}

func TestFileThatCannotBeWritten(t *testing.T) {
	_, err := logging.Open(settings.Log{File: filepath.Join(t.TempDir(), "absent", "p.log")}, create(t, "stderr"))
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line", err)
	}
}

func TestRotationKeepsToTheTotal(t *testing.T) {
	dir := t.TempDir()
	f, err := logging.OpenFile(filepath.Join(dir, "a.log"), 1<<20, 3<<20)
	if err != nil {
		t.Fatal(err)
	}
	line := append(bytes.Repeat([]byte{'x'}, 64<<10-1), '\n')
	for range 12 << 20 / len(line) {
		if _, err := f.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, e := range files {
		if info, err := e.Info(); err == nil {
			total += info.Size()
		}
	}
	if len(files) < 2 || total > 4<<20 {
		t.Errorf("%d files of %d bytes together, want several of about 3 MiB", len(files), total)
	}
}

func create(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}
