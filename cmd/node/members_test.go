package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/cmd/settings"
)

func TestOwnAddress(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	for name, tt := range map[string]struct {
		tune func(*settings.Settings)
		want string
	}{
		"what is said":   {func(s *settings.Settings) { s.Cluster.SelfIP = "10.1.1.1" }, "10.1.1.1"},
		"the listed one": {func(s *settings.Settings) { s.Cluster.MemberList = []string{"10.0.0.9:8858", "127.0.0.1:8858"} }, "127.0.0.1"},
		"by its name": {func(s *settings.Settings) {
			s.Cluster.MemberList = []string{"10.0.0.9:8858", host + ".pharos.svc:8858"}
		}, host + ".pharos.svc"},
		"all on this machine":  {func(s *settings.Settings) { s.Cluster.MemberList, s.Cluster.Join = nil, []string{"localhost:8848"} }, "127.0.0.1"},
		"what it listens on":   {func(s *settings.Settings) { s.Server.Bind = "10.0.0.7" }, "10.0.0.7"},
		"the list before that": {func(s *settings.Settings) { s.Server.Bind, s.Cluster.MemberList = "0.0.0.0", []string{"127.0.0.2"} }, "127.0.0.2"},
		"another node's address": {func(s *settings.Settings) {
			s.Server.Bind, s.Cluster.MemberList = "10.0.0.7", []string{"127.0.0.1:8848"}
		}, "10.0.0.7"},
	} {
		t.Run(name, func(t *testing.T) {
			set := settings.Default()
			set.Server.Port = 8858
			set.Cluster.MemberList = []string{"10.255.0.1:8848"}
			tt.tune(&set)
			src, join, err := source(set)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := ownAddress(t.Context(), set, src, join); err != nil || got != tt.want {
				t.Errorf("%q %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestSources(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "cluster.conf")
	if err := os.WriteFile(conf, []byte("10.0.0.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, tune := range map[string]func(*settings.Settings){
		"static":         func(s *settings.Settings) { s.Cluster.MemberList = []string{"10.0.0.1"} },
		"file":           func(s *settings.Settings) { s.Cluster.ConfFile = conf },
		"dns":            func(s *settings.Settings) { s.Cluster.DNS = "pharos:9000" },
		"address-server": func(s *settings.Settings) { s.Cluster.Lookup, s.Cluster.ConfFile = "address-server", conf },
	} {
		set := settings.Default()
		set.Data.Dir = dir
		tune(&set)
		if src, _, err := source(set); err != nil || src.Name() != want {
			t.Errorf("%v %v, want %s", src, err, want)
		}
	}
	set := settings.Default()
	set.Data.Dir = dir
	if _, _, err := source(set); err == nil {
		t.Error("nobody is named, and that is no error")
	}
	if err := os.WriteFile(filepath.Join(dir, rosterFile), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := source(set); err != nil {
		t.Errorf("a node that learned of the others before: %v", err)
	}
}

func TestNodeID(t *testing.T) {
	dir := t.TempDir()
	first, err := nodeID(dir)
	if err != nil || len(first) < 20 {
		t.Fatal(first, err)
	}
	if again, err := nodeID(dir); err != nil || again != first {
		t.Errorf("%q %v, want %q", again, err, first)
	}
	if err := os.WriteFile(filepath.Join(dir, idFile), []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := nodeID(dir); err == nil || !strings.Contains(err.Error(), idFile) {
		t.Errorf("an empty id: %v", err)
	}
	if other, err := nodeID(t.TempDir()); err != nil || other == first {
		t.Errorf("two directories have one id: %v", err)
	}
}
