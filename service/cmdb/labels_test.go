package cmdb_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/cmdb"
	"github.com/pharos-registry/pharos/test/faketime"
)

func TestParse(t *testing.T) {
	want := cmdb.Table{
		"10.0.0.1":       {"zone": "a", "rack": "7"},
		"10.0.0.2":       {},
		"fe80::1":        {"zone": "b c"},
		"db.example.org": {"tier": "x=y"},
	}
	for name, text := range map[string]string{
		"json":         `{"10.0.0.1":{"zone":"a","rack":"7"}, "10.0.0.2":{}, "fe80:0:0::1":{"zone":"b c"}, "db.example.org":{"tier":"x=y"}}`,
		"json and BOM": "\xef\xbb\xbf \n{\"10.0.0.1\":{\"zone\":\"a\",\"rack\":\"7\"},\"10.0.0.2\":null,\"FE80::1\":{\"zone\":\"b c\"},\"db.example.org\":{\"tier\":\"x=y\"}}",
		"lines": `
# a comment
10.0.0.1 = zone=a, rack = 7,
  10.0.0.2=
fe80::1 = zone=b c
db.example.org = tier=x=y`,
		"windows": "10.0.0.1=zone=a,rack=7\r\n10.0.0.2=\r\nfe80::1=zone=b c\r\n::ffff:10.0.0.9=\r\ndb.example.org=tier=x=y\r\n",
	} {
		got, err := cmdb.Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		delete(got, "10.0.0.9")
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	for name, text := range map[string]string{
		"broken JSON":     `{"10.0.0.1":`,
		"a number":        `{"10.0.0.1":{"zone":1}}`,
		"a list":          `{"10.0.0.1":["zone"]}`,
		"no name":         `{"10.0.0.1":{"":"a"}}`,
		"no address":      `{"":{}}`,
		"twice":           "10.0.0.1=a=b\n10.0.0.1=a=c",
		"twice, spelled":  `{"::1":{},"0:0::1":{}}`,
		"no =":            "10.0.0.1",
		"no label=value":  "10.0.0.1=zone",
		"line, no name":   "10.0.0.1==a",
		"no UTF-8":        "10.0.0.1=zone=\xff",
		"an address only": "=zone=a",
		"too large":       strings.Repeat("#", cmdb.MaxSize+1),
	} {
		if got, err := cmdb.Parse([]byte(text)); err == nil {
			t.Errorf("%s was read as %v", name, got)
		}
	}
}

// FuzzParse holds that a text is refused or gives addresses and labels with
// names.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"10.0.0.1":{"zone":"a"}}`))
	f.Add([]byte("10.0.0.1 = zone=a, rack=7\n# x\n"))
	f.Add([]byte("::ffff:10.0.0.1==,"))
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := cmdb.Parse(b)
		if err != nil {
			return
		}
		for address, labels := range table {
			if address == "" {
				t.Error("an empty address")
			}
			if _, ok := labels[""]; ok {
				t.Errorf("%q has a label without a name", address)
			}
		}
	})
}

func TestFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "labels")
		var said bytes.Buffer
		l := cmdb.New(cmdb.Options{File: file, Interval: time.Hour, Log: slog.New(slog.NewTextHandler(&said, nil))})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		stamp := time.Now()
		write := func(text string) {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			stamp = stamp.Add(time.Second) // the file system's clock is not the bubble's
			if err := os.Chtimes(file, stamp, stamp); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			synctest.Wait()
		}
		zone := func(want string) {
			t.Helper()
			if got := l.Of("10.0.0.1")["zone"]; got != want {
				t.Errorf("zone %q, want %q", got, want)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		zone("")
		if n := strings.Count(said.String(), "cannot be read"); n != 1 {
			t.Errorf("complained %d times of one missing file", n)
		}
		write("10.0.0.1=zone=a")
		zone("a")
		write("10.0.0.1=zone=b\n::1=zone=c")
		zone("b")
		if got := l.Of("0:0::1")["zone"]; got != "c" {
			t.Errorf("another spelling of an address has the zone %q", got)
		}
		if l.Of("10.0.0.2") != nil || l.Of("::2") != nil {
			t.Error("an unknown address has labels")
		}
		write("{") // a mistake changes nothing
		zone("b")
		write("")
		zone("b")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		faketime.Pass(3 * time.Second)
		zone("b")
		write(`{"10.0.0.1":{"zone":"d"}}`)
		zone("d")
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestURL(t *testing.T) {
	var answer atomic.Value
	answer.Store("10.0.0.1=zone=a")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch text := answer.Load().(string); text {
		case "redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case "endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(bytes.Repeat([]byte("#"), 1<<20)); err != nil {
					return
				}
			}
		default:
			_, _ = io.WriteString(w, text)
		}
	}))
	defer srv.Close()
	l := cmdb.New(cmdb.Options{URL: srv.URL, Interval: time.Hour, Log: slog.New(slog.DiscardHandler)})
	for _, step := range []struct{ answer, zone string }{
		{"10.0.0.1=zone=a", "a"},
		{"redirect", "a"},
		{"endless", "a"},
		{"{", "a"},
		{"10.0.0.1=zone=b", "b"},
		{"10.0.0.2=zone=b", ""},
	} {
		answer.Store(step.answer)
		l.Read(t.Context())
		if got := l.Of("10.0.0.1")["zone"]; got != step.zone {
			t.Errorf("after %q the zone is %q, want %q", step.answer, got, step.zone)
		}
	}
	srv.Close()
	l.Read(t.Context())
	if got := l.Of("10.0.0.2")["zone"]; got != "b" {
		t.Errorf("after the server is gone the zone is %q", got)
	}
}

func TestNoSource(t *testing.T) {
	if cmdb.New(cmdb.Options{}) != nil {
		t.Error("labels without a source")
	}
}
