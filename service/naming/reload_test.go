package naming_test

import (
	"path/filepath"
	"testing"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/naming"
)

// What a snapshot brings takes the place of what was there, and leaves what is
// in no row alone.
func TestReloadAfterASnapshot(t *testing.T) {
	open := func(name string) (*persistence.DB, *naming.Service) {
		db, err := persistence.Open(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		s, err := naming.New(naming.Options{DB: db, Expire: true})
		if err != nil {
			t.Fatal(err)
		}
		return db, s
	}
	from, source := open("from.db")
	to, s := open("to.db")
	to.ObserveRestore(func() {
		if err := s.Reload(t.Context()); err != nil {
			t.Error(err)
		}
	})
	weigh := func(w float64) func(*naming.Registration) { return func(r *naming.Registration) { r.Weight = w } }

	register(t, source, reg("both", "10.0.0.1", 80, persistent, weigh(3)), reg("new", "10.0.0.2", 80, persistent))
	if err := source.UpdateCluster(t.Context(), &naming.ClusterSpec{Key: keyOf("new"), Cluster: "c1", CheckPort: 81, Checker: `{"type":"TCP"}`}); err != nil {
		t.Fatal(err)
	}
	if err := source.SetSwitch(t.Context(), "lightBeatEnabled", "false", false); err != nil {
		t.Fatal(err)
	}

	register(t, s, reg("both", "10.0.0.1", 80, persistent), reg("both", "10.0.0.9", 80, persistent), reg("old", "10.0.0.3", 80, persistent), reg("eph", "10.0.0.4", 80))
	if err := s.CreateService(t.Context(), &naming.Spec{Key: keyOf("gone")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Patch(t.Context(), &naming.Patch{Key: keyOf("eph"), IP: "10.0.0.4", Port: 80, Cluster: "DEFAULT", Weight: new(0.5)}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSwitch(t.Context(), "pushEnabled", "false", false); err != nil {
		t.Fatal(err)
	}
	changed := map[string]bool{}
	s.Observe(func(_ string, keys []naming.Key) {
		for _, k := range keys {
			changed[k.Service] = true
		}
	})

	r, err := persistence.NewLog(from).Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := persistence.NewLog(to).Restore(r); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}

	same(t, ips(hosts(t, s, "both")), []string{"10.0.0.1"})
	same(t, hosts(t, s, "both")[0].Weight, 3.0)
	same(t, ips(hosts(t, s, "new")), []string{"10.0.0.2"})
	same(t, ips(hosts(t, s, "old")), []string{})
	same(t, ips(hosts(t, s, "eph")), []string{"10.0.0.4"})
	same(t, hosts(t, s, "eph")[0].Weight, 1.0)
	c, _ := s.View(keyOf("new")).Meta.Cluster("c1")
	same(t, c.CheckPort, 81)
	if s.View(keyOf("gone")).Meta != nil {
		t.Error("the record of a service without a row is there")
	}
	if sw := s.Switches(); sw.LightBeat || !sw.Push {
		t.Errorf("light beats %v, pushes %v, want what the rows say", sw.LightBeat, sw.Push)
	}
	same(t, changed, map[string]bool{"both": true, "new": true, "old": true, "eph": true})
}
