package cluster_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/test/faketime"
)

func TestFileIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		path := filepath.Join(t.TempDir(), "cluster.conf")
		write := func(text string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("# ours\n10.0.0.0\n10.0.0.1:8848\n")
		n := []*node{
			l.start(0, "id0", cluster.Options{Source: cluster.File{Path: path, Port: 8848}}),
			l.start(1, "id1", cluster.Options{Source: cluster.Static(addrs(0, 1))}),
		}
		for _, x := range n {
			l.states(x, "UP UP", 3*time.Second)
		}
		l.start(2, "id2", cluster.Options{Source: cluster.Static(addrs(2))})
		write("10.0.0.0\n10.0.0.1\n10.0.0.2\n")
		l.states(n[0], "UP UP UP", 5*time.Second)
		for _, bad := range []string{"", "10.0.0.0,,:::\n", "#\n"} {
			write(bad)
			faketime.Pass(5 * time.Second)
			l.states(n[0], "UP UP UP", time.Second)
		}
		write("10.0.0.0\n10.0.0.2\n") // taken out by an operator: all nodes learn it
		l.states(n[0], "UP UP", 5*time.Second)
		if _, err := n[1].Wait(t.Context(), func(v *cluster.View) bool { return v.Removed }); err != nil {
			t.Error(err)
		}
		write("10.0.0.0\n10.0.0.1\n10.0.0.2\n")
		l.states(n[0], "UP UP UP", 5*time.Second)
		if n[0].SourceName() != "file" {
			t.Error(n[0].SourceName())
		}
		n[0].SetSource(cluster.Static(addrs(0, 1)))
		l.states(n[0], "UP UP", 5*time.Second)
	})
}

type resolver struct{ ips atomic.Pointer[[]string] }

func (r *resolver) LookupHost(context.Context, string) ([]string, error) {
	if p := r.ips.Load(); p != nil {
		return *p, nil
	}
	return nil, errors.New("no such host")
}

// A name server that forgets a living node does not remove it.
func TestDNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var r resolver
		r.ips.Store(&[]string{"10.0.0.1", "10.0.0.0"})
		o := cluster.Options{Source: cluster.DNS{Host: "pharos", Port: 8848, Resolver: &r}}
		n := []*node{l.start(0, "id0", o), l.start(1, "id1", o)}
		l.states(n[0], "UP UP", 3*time.Second)
		r.ips.Store(&[]string{"10.0.0.0"})
		faketime.Pass(20 * time.Second)
		l.states(n[0], "UP UP", time.Second)
		n[1].stop()
		l.states(n[0], "UP", 20*time.Second)
		r.ips.Store(nil)
		faketime.Pass(20 * time.Second)
		l.states(n[0], "UP", time.Second)
		if n[0].View().Left("id1", addr(1)) {
			t.Error("DNS removed a node for good")
		}
	})
}

func TestAddressServer(t *testing.T) {
	var ok atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !ok.Load() {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte("10.0.0.2\n10.0.0.1:8849\n"))
	}))
	defer s.Close()
	a := &cluster.AddressServer{URL: s.URL, Port: 8848, Client: s.Client()}
	for i := range 12 {
		if a.Fails() != i || !a.Healthy() {
			t.Errorf("after %d failures: %d, %v", i, a.Fails(), a.Healthy())
		}
		if _, err := a.Load(t.Context()); err == nil {
			t.Fatal("404 was taken for a list")
		}
	}
	if a.Healthy() {
		t.Error("healthy after 12 failures")
	}
	ok.Store(true)
	list, err := a.Load(t.Context())
	if diff := cmp.Diff([]string{"10.0.0.1:8849", "10.0.0.2:8848"}, list); diff != "" || err != nil || !a.Healthy() {
		t.Error(diff, err)
	}
}

func TestLoadFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := cluster.New(cluster.Options{
			ID: "a", Self: addr(0), Source: cluster.File{Path: "/nowhere/cluster.conf"},
			Meta: func() cluster.Meta { return cluster.Meta{} }, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Load(t.Context()); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		if stateLine(m.View()) != "UP" { // alone for good
			t.Error(stateLine(m.View()))
		}
	})
}

func TestParseList(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
		bad        bool
	}{
		{name: "forms", text: "b\n a:9000 ,[::1]:8849\n[::2]\n::3\n", want: []string{"[::1]:8849", "[::2]:8848", "[::3]:8848", "a:9000", "b:8848"}},
		{name: "comments", text: "#x\n\n   \n1.1.1.1 # first\n2.2.2.2:8848?raft_port=7\n", want: []string{"1.1.1.1:8848", "2.2.2.2:8848"}},
		{name: "twice", text: "a,a:8848\na", want: []string{"a:8848"}},
		{name: "windows", text: "a\r\nb\r\n", want: []string{"a:8848", "b:8848"}},
		{name: "nothing", text: "\n"},
		{name: "no port", text: "a:", bad: true},
		{name: "no host", text: ":8848", bad: true},
		{name: "port without a peer port", text: "a:1000", bad: true},
		{name: "port too high", text: "a:65536", bad: true},
		{name: "no list", text: "http://a:8848/nacos", bad: true},
		{name: "two words", text: "a b", bad: true},
		{name: "too long", text: strings.Repeat("#", 2<<20), bad: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := cluster.ParseList(tt.text, 8848)
			if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != tt.bad {
				t.Errorf("%s%v", diff, err)
			}
		})
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("a:1,b\n#c\n[::1]:8848?x")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := cluster.ParseList(text, 8848)
		if err != nil {
			return
		}
		again, err := cluster.ParseList(strings.Join(list, "\n"), 1)
		if err != nil || !slices.Equal(list, again) {
			t.Fatalf("%q became %q: %v", list, again, err)
		}
	})
}
