package audit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/service/audit"
)

func TestFind(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	l, err := audit.Open(path, 1<<20, 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	pad := strings.Repeat("x", 1000)
	const many = 3000 // about 3 MB, so that files are rotated
	for i := range many {
		r := audit.Record{
			Time: start.Add(time.Duration(i) * time.Second), User: fmt.Sprintf("u%d", i%2), Method: "POST", Path: fmt.Sprintf("/p/%d", i),
			Outcome: audit.Done, Params: map[string]string{"pad": pad},
		}
		if i == many/2 {
			r.Outcome = audit.Denied
		}
		if err := l.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		q           audit.Query
		want        int
		newest, old string
	}{
		"newest":   {audit.Query{Limit: 3}, 3, "/p/2999", "/p/2997"},
		"all":      {audit.Query{Limit: 10_000}, many, "/p/2999", "/p/0"},
		"user":     {audit.Query{User: "u0", Limit: 2}, 2, "/p/2998", "/p/2996"},
		"denied":   {audit.Query{Outcome: audit.Denied, Limit: 10}, 1, "/p/1500", "/p/1500"},
		"time":     {audit.Query{From: start.Add(time.Second), To: start.Add(2 * time.Second), Limit: 10}, 2, "/p/2", "/p/1"},
		"contains": {audit.Query{Contains: "/p/77", Limit: 100}, 11, "/p/779", "/p/77"},
	} {
		got, err := l.Find(c.q)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %d records, %v, want %d", name, len(got), err, c.want)
			continue
		}
		if got[0].Path != c.newest || got[len(got)-1].Path != c.old {
			t.Errorf("%s: from %s to %s, want from %s to %s", name, got[0].Path, got[len(got)-1].Path, c.newest, c.old)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others may read the log", info.Mode(), err)
	}
}

// Denied calls, however many, do not push out what was done; and a line that is
// no record does not hide the others.
func TestDeniedApart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.log")
	l, err := audit.Open(path, 1<<20, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := l.Append(audit.Record{Time: at, Path: "/done", Outcome: audit.Done}); err != nil {
		t.Fatal(err)
	}
	pad := map[string]string{"pad": strings.Repeat("x", 2000)}
	for i := range 3000 { // 6 MB, of which 2 MB are kept at most
		r := audit.Record{Time: at.Add(time.Duration(i+1) * time.Second), Path: "/denied", Outcome: audit.Denied, Params: pad}
		if err := l.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.Find(audit.Query{Outcome: audit.Done, Limit: 10})
	if err != nil || len(got) != 1 || got[0].Path != "/done" {
		t.Errorf("what was done: %v, %v", got, err)
	}
	if got, err = l.Find(audit.Query{Limit: 2}); err != nil || len(got) != 2 || got[0].Path != "/denied" {
		t.Errorf("the newest: %v, %v", got, err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.WriteString(strings.Repeat("y", 2<<20) + "\n" + `{"time":"2026-02-01T00:00:00Z","path":"/after","outcome":"done"}` + "\n{torn"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err = l.Find(audit.Query{Outcome: audit.Done, Limit: 10}); err != nil || len(got) != 2 || got[0].Path != "/after" {
		t.Errorf("behind a very long line: %d records, %v", len(got), err)
	}
}
