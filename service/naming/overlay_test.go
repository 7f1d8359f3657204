package naming_test

import (
	"path/filepath"
	"testing"

	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

func TestOverlayFollowsTheClientWhereItIsNotSet(t *testing.T) {
	s := start(t, "")
	weigh := func(w float64) func(*naming.Registration) { return func(r *naming.Registration) { r.Weight = w } }
	register(t, s, reg("o", "10.0.0.1", 80, weigh(5), meta("a=1,b=2")))
	patch := func(p naming.Patch) {
		t.Helper()
		p.Key, p.IP, p.Port, p.Cluster = keyOf("o"), "10.0.0.1", 80, "DEFAULT"
		if err := s.Patch(t.Context(), &p); err != nil {
			t.Fatal(err)
		}
	}
	patch(naming.Patch{Enabled: new(false)})
	register(t, s, reg("o", "10.0.0.1", 80, weigh(8), meta("a=3,c=4")))
	in, err := s.Find(keyOf("o"), "10.0.0.1", 80, "DEFAULT")
	if err != nil {
		t.Fatal(err)
	}
	if in.Weight != 8 || in.Enabled {
		t.Errorf("weight %v enabled %v, want the client's weight and the operator's no", in.Weight, in.Enabled)
	}
	same(t, in.Metadata.Map(), map[string]string{"a": "3", "c": "4"})

	patch(naming.Patch{Weight: new(0.5), Enabled: new(true), Metadata: new(`{"a":"9","z":"1"}`)})
	patch(naming.Patch{Metadata: new("z=2")}) // replaces the overlay's metadata, keeps the weight
	same(t, hosts(t, s, "o"), []host{{"10.0.0.1", 80, 0.5, true, true, "DEFAULT", "10.0.0.1#80#DEFAULT#DEFAULT_GROUP@@o", map[string]string{"a": "3", "c": "4", "z": "2"}}})

	// An update replaces all of it.
	if err := s.Update(t.Context(), reg("o", "10.0.0.1", 80, weigh(2), meta("x=y"))); err != nil {
		t.Fatal(err)
	}
	same(t, hosts(t, s, "o")[0].Metadata, map[string]string{"a": "3", "c": "4", "x": "y"})
	same(t, hosts(t, s, "o")[0].Weight, 2.0)
}

func TestOverlayErrors(t *testing.T) {
	s := start(t, "")
	register(t, s, reg("o", "10.0.0.1", 80))
	at := func(name, cluster string) *naming.Patch {
		return &naming.Patch{Key: keyOf(name), IP: "10.0.0.1", Port: 80, Cluster: cluster}
	}
	wantCode(t, s.Patch(t.Context(), at("none", "DEFAULT")), service.NotFound, "no ips found for cluster DEFAULT in service DEFAULT_GROUP@@none")
	wantCode(t, s.Patch(t.Context(), at("o", "c9")), service.NotFound, "no matched ip found!")
	wantCode(t, s.Update(t.Context(), reg("none", "10.0.0.1", 80)), service.BadInstance,
		"service not found, namespace: public, service: Service{namespace='public', group='DEFAULT_GROUP', name='none', ephemeral=true, revision=0}")
}

func TestBatchMetadata(t *testing.T) {
	s := start(t, "")
	register(t, s, reg("m", "10.0.0.1", 80, meta("a=1")), reg("m", "10.0.0.2", 80, cluster("c2")))
	batch := func(b naming.Batch) []string {
		t.Helper()
		b.Key = keyOf("m")
		found, err := s.Batch(t.Context(), &b)
		if err != nil {
			t.Fatal(err)
		}
		out := []string{}
		for _, in := range found {
			out = append(out, in.IP)
		}
		return out
	}
	one := naming.At{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT"}
	same(t, batch(naming.Batch{Metadata: "k=v", Instances: []naming.At{one, one, {IP: "10.9.9.9", Port: 1, Cluster: "DEFAULT"}}}), []string{"10.0.0.1"})
	same(t, batch(naming.Batch{Metadata: "all=yes"}), []string{"10.0.0.1", "10.0.0.2"})
	same(t, batch(naming.Batch{Metadata: "k=x,a=x", Remove: true, Instances: []naming.At{one}}), []string{"10.0.0.1"})
	hs := hosts(t, s, "m")
	// What the client sent cannot be taken away.
	same(t, hs[0].Metadata, map[string]string{"a": "1", "all": "yes"})
	same(t, hs[1].Metadata, map[string]string{"all": "yes"})
}

func TestDurableThingsComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pharos.db")
	func() {
		s := start(t, path)
		register(t, s, reg("p", "10.0.0.1", 80, persistent, cluster("c1"), meta("k=v")), reg("p", "10.0.0.2", 80, persistent, unhealthy),
			reg("p", "10.0.0.3", 80, persistent, meta("preserved.instance.id.generator=snowflake")), reg("e", "10.0.0.9", 80))
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(s.UpdateService(t.Context(), &naming.Spec{Key: keyOf("p"), Threshold: 0.25, Metadata: "x=y", Selector: `{"type":"label","expression":"CONSUMER.label.A = PROVIDER.label.A"}`}))
		must(s.UpdateCluster(t.Context(), &naming.ClusterSpec{Key: keyOf("p"), Cluster: "c1", CheckPort: 81, Checker: `{"type":"HTTP","path":"/up"}`, Metadata: "m=n"}))
		must(s.Update(t.Context(), reg("p", "10.0.0.1", 80, cluster("c1"), func(r *naming.Registration) { r.Weight = 7 })))
		must(s.SetHealth(t.Context(), keyOf("p"), "10.0.0.1", 80, false))
		must(s.Deregister(t.Context(), reg("p", "10.0.0.3", 80, persistent)))
		must(s.CreateService(t.Context(), &naming.Spec{Key: keyOf("empty"), Ephemeral: true, Threshold: 0.5}))
		must(s.SetSwitch(t.Context(), "clientBeatInterval", "7000", false))
		must(s.SetSwitch(t.Context(), "pushVersion", "go:0.2.0", false))
		must(s.SetSwitch(t.Context(), "healthCheckTimes", "9", true)) // here only
	}()
	s := start(t, path)
	// None is healthy: all are shown, as healthy.
	same(t, hosts(t, s, "p"), []host{
		{"10.0.0.1", 80, 7, true, true, "c1", "10.0.0.1#80#c1#DEFAULT_GROUP@@p", map[string]string{"k": "v"}},
		{"10.0.0.2", 80, 1, true, true, "DEFAULT", "10.0.0.2#80#DEFAULT#DEFAULT_GROUP@@p", map[string]string{}},
	})
	v := s.View(keyOf("p"))
	if v.Ephemeral || v.Threshold() != 0.25 || len(v.Instances) != 2 || v.Instances[0].Healthy || v.Instances[0].Weight != 7 {
		t.Errorf("service %+v", v)
	}
	same(t, v.Metadata().Map(), map[string]string{"x": "y"})
	same(t, v.Selector().Names, []string{"A"})
	c, ok := v.Meta.Cluster("c1")
	if !ok || c.CheckPort != 81 || c.UseInstancePort || c.Checker != (naming.Checker{Type: "HTTP", Path: "/up", Expect: 200}) {
		t.Errorf("cluster %+v", c)
	}
	if s.View(keyOf("e")).Exists {
		t.Error("an ephemeral service came back")
	}
	if e := s.View(keyOf("empty")); !e.Exists || !e.Ephemeral {
		t.Error("a service that was created is not there, or is of another kind")
	}
	sw := s.Switches()
	if sw.BeatInterval != 7000 || sw.PushGo != "0.2.0" || sw.CheckTimes != 3 {
		t.Errorf("switches %+v", sw)
	}
}

// What is left out of the bounds of a health check is as on a fresh server.
func TestHealthParamsInPart(t *testing.T) {
	s := start(t, "")
	if err := s.SetSwitch(t.Context(), "tcpHealthParams", `{"max":6000}`, false); err != nil {
		t.Fatal(err)
	}
	same(t, s.Switches().TCPHealth, naming.HealthParams{Max: 6000, Min: 1000, Factor: 0.75})
	if err := s.SetSwitch(t.Context(), "mysqlHealthParams", `{}`, false); err != nil {
		t.Fatal(err)
	}
	same(t, s.Switches().MySQLHealth, naming.HealthParams{Max: 3000, Min: 2000, Factor: 0.65})
	wantCode(t, s.SetSwitch(t.Context(), "httpHealthParams", "null", false), service.BadParam, "json param invalid.")
}
