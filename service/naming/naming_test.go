package naming_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

// start returns a service over the database at path; "" is one of its own.
func start(tb testing.TB, path string) *naming.Service {
	tb.Helper()
	if path == "" {
		path = filepath.Join(tb.TempDir(), "pharos.db")
	}
	db, err := persistence.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return startWith(tb, naming.Options{DB: db})
}

// startWith returns a service; one without a database has one of its own.
func startWith(tb testing.TB, o naming.Options) *naming.Service {
	tb.Helper()
	if o.DB == nil {
		db, err := persistence.Open(filepath.Join(tb.TempDir(), "pharos.db"))
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = db.Close() })
		o.DB = db
	}
	o.Expire = true
	s, err := naming.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func keyOf(name string) naming.Key {
	return naming.Key{Namespace: naming.DefaultNamespace, Group: naming.DefaultGroup, Service: name}
}

// reg is a registration as most clients send it.
func reg(name, ip string, port uint16, change ...func(*naming.Registration)) *naming.Registration {
	r := &naming.Registration{
		Key: keyOf(name), IP: ip, Port: port, Cluster: naming.DefaultCluster, Weight: 1,
		Healthy: true, Enabled: true, Ephemeral: true, ShowID: true,
	}
	for _, fn := range change {
		fn(r)
	}
	return r
}

func persistent(r *naming.Registration) { r.Ephemeral = false }

func meta(s string) func(*naming.Registration) {
	return func(r *naming.Registration) { r.Metadata = s }
}

func cluster(s string) func(*naming.Registration) {
	return func(r *naming.Registration) { r.Cluster = s }
}

func unhealthy(r *naming.Registration) { r.Healthy = false }

func disabled(r *naming.Registration) { r.Enabled = false }

func register(tb testing.TB, s *naming.Service, all ...*naming.Registration) {
	tb.Helper()
	for _, r := range all {
		if err := s.Register(tb.Context(), r); err != nil {
			tb.Fatalf("register %s:%d: %v", r.IP, r.Port, err)
		}
	}
}

// host is what the tests look at of a list.
type host struct {
	IP       string            `json:"ip"`
	Port     int               `json:"port"`
	Weight   float64           `json:"weight"`
	Healthy  bool              `json:"healthy"`
	Enabled  bool              `json:"enabled"`
	Cluster  string            `json:"clusterName"`
	ID       string            `json:"instanceId"`
	Metadata map[string]string `json:"metadata"`
}

type answer struct {
	Hosts     []host `json:"hosts"`
	Protected bool   `json:"reachProtectionThreshold"`
}

func list(tb testing.TB, s *naming.Service, q naming.List) answer {
	tb.Helper()
	var a answer
	if err := json.Unmarshal(append([]byte("{"), s.List(q).Body...), &a); err != nil {
		tb.Fatal(err)
	}
	return a
}

func hosts(tb testing.TB, s *naming.Service, name string) []host {
	tb.Helper()
	return list(tb, s, naming.List{Key: keyOf(name)}).Hosts
}

func ips(hs []host) []string {
	out := []string{}
	for _, h := range hs {
		out = append(out, h.IP)
	}
	return out
}

func wantCode(tb testing.TB, err error, code service.Code, msg string) {
	tb.Helper()
	e, ok := errors.AsType[*service.Error](err)
	if !ok || e.Code != code || e.Msg != msg {
		tb.Errorf("got error %v, want code %d %q", err, code, msg)
	}
}

func same(tb testing.TB, got, want any) {
	tb.Helper()
	if d := cmp.Diff(want, got); d != "" {
		tb.Error("-want +got\n" + d)
	}
}

func TestRegisterListDeregister(t *testing.T) {
	s := start(t, "")
	register(t, s, reg("a", "10.0.0.2", 80), reg("a", "10.0.0.1", 81, cluster("c1"), meta(`{"k":"v"}`)))
	same(t, hosts(t, s, "a"), []host{
		{"10.0.0.1", 81, 1, true, true, "c1", "10.0.0.1#81#c1#DEFAULT_GROUP@@a", map[string]string{"k": "v"}},
		{"10.0.0.2", 80, 1, true, true, "DEFAULT", "10.0.0.2#80#DEFAULT#DEFAULT_GROUP@@a", map[string]string{}},
	})
	// A second registration of an address moves it.
	register(t, s, reg("a", "10.0.0.1", 81, cluster("c2")))
	same(t, hosts(t, s, "a")[0].Cluster, "c2")
	for range 2 { // the second time nothing is there, which is no error
		if err := s.Deregister(t.Context(), reg("a", "10.0.0.1", 81)); err != nil {
			t.Fatal(err)
		}
	}
	same(t, ips(hosts(t, s, "a")), []string{"10.0.0.2"})
	same(t, hosts(t, s, "nobody"), []host{})
}

func TestIllegalInstances(t *testing.T) {
	s := start(t, "")
	weight := func(w float64) func(*naming.Registration) { return func(r *naming.Registration) { r.Weight = w } }
	nan := 0.0
	nan /= nan
	const badWeight = "instance format invalid: The weights range from 0.0 to 10000.0"
	const badTimes = "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'."
	for _, tt := range []struct {
		change func(*naming.Registration)
		code   service.Code
		msg    string
	}{
		{weight(-0.1), service.BadWeight, badWeight},
		{weight(10000.1), service.BadWeight, badWeight},
		{weight(nan), service.BadWeight, badWeight},
		{meta("preserved.heart.beat.timeout=4999"), service.BadInstance, badTimes},
		{meta("preserved.ip.delete.timeout=4999"), service.BadInstance, badTimes},
		{meta("a="), service.BadMetadata, "metadata format incorrect:a="},
		{cluster("a_b"), service.BadInstance, "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: a_b)"},
		{meta("preserved.instance.id.generator=nope"), service.Internal, "caused: The InstanceIdGenerator type is not found ;"},
	} {
		wantCode(t, s.Register(t.Context(), reg("bad", "10.0.0.1", 80, tt.change)), tt.code, tt.msg)
	}
	if s.View(keyOf("bad")).Exists {
		t.Error("a refused registration left a service behind")
	}
	register(t, s, reg("good", "10.0.0.1", 80, weight(10000), meta("preserved.heart.beat.timeout=5000")), reg("good", "10.0.0.2", 80, weight(0)))
}

func TestKindsDoNotMix(t *testing.T) {
	s := start(t, "")
	register(t, s, reg("e", "10.0.0.1", 80), reg("p", "10.0.0.1", 80, persistent))
	wantCode(t, s.Register(t.Context(), reg("e", "10.0.0.2", 80, persistent)), service.WrongKind,
		"errCode: 400, errMsg: Current service DEFAULT_GROUP@@e is ephemeral service, can't register persistent instance. ")
	wantCode(t, s.Register(t.Context(), reg("p", "10.0.0.2", 80)), service.WrongKind,
		"errCode: 400, errMsg: Current service DEFAULT_GROUP@@p is persistent service, can't register ephemeral instance. ")
	// The wrong kind of deregistration finds nothing.
	if err := s.Deregister(t.Context(), reg("p", "10.0.0.1", 80)); err != nil {
		t.Fatal(err)
	}
	same(t, ips(hosts(t, s, "p")), []string{"10.0.0.1"})
	same(t, ips(hosts(t, s, "e")), []string{"10.0.0.1"})
}

// What others do between the write of a persistent instance and the answer: a
// removal is not taken for a refusal, which would remove what came after it.
func TestRegistrationOvertaken(t *testing.T) {
	db, err := persistence.Open(filepath.Join(t.TempDir(), "pharos.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var before, after func()
	s := startWith(t, naming.Options{DB: db, Write: func(ctx context.Context, op persistence.Op) (persistence.Result, error) {
		if _, ok := op.(persistence.PutInstance); !ok {
			return db.Apply(ctx, op)
		}
		before()
		res, err := db.Apply(ctx, op)
		after()
		return res, err
	}})
	apply := func(op persistence.Op) {
		if _, err := db.Apply(t.Context(), op); err != nil {
			t.Fatal(err)
		}
	}
	row := persistence.ServiceKey{Namespace: naming.DefaultNamespace, Group: naming.DefaultGroup, Name: "s"}

	before = func() {}
	after = func() {
		apply(persistence.RemoveInstance{ServiceKey: row, IP: "10.0.0.1", Port: 80})
		after = func() {}
		before = func() {}
	}
	register(t, s, reg("s", "10.0.0.1", 80, persistent))
	same(t, ips(hosts(t, s, "s")), []string{})
	register(t, s, reg("s", "10.0.0.1", 80, persistent, meta("by=another")))
	same(t, ips(hosts(t, s, "s")), []string{"10.0.0.1"})

	before = func() { register(t, s, reg("e", "10.0.0.2", 80)) }
	wantCode(t, s.Register(t.Context(), reg("e", "10.0.0.3", 80, persistent)), service.WrongKind,
		"errCode: 400, errMsg: Current service DEFAULT_GROUP@@e is ephemeral service, can't register persistent instance. ")
	same(t, ips(hosts(t, s, "e")), []string{"10.0.0.2"})
	again := startWith(t, naming.Options{DB: db})
	same(t, ips(hosts(t, again, "s")), []string{"10.0.0.1"})
	same(t, ips(hosts(t, again, "e")), []string{}) // its row is gone
}

func TestBeat(t *testing.T) {
	s := start(t, "")
	beat := func(b *naming.Beat) string {
		t.Helper()
		reply, err := s.Beat(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		return string(reply)
	}
	full := func(text string) *naming.Beat {
		info, err := naming.ParseBeat(text)
		if err != nil {
			t.Fatal(err)
		}
		return &naming.Beat{Key: keyOf("b"), IP: info.IP, Port: uint16(info.Port), Full: &info}
	}
	light := &naming.Beat{Key: keyOf("b"), IP: "10.0.0.1", Port: 80}
	same(t, beat(light), `{"clientBeatInterval":5000,"code":20404,"lightBeatEnabled":true}`)
	if s.View(keyOf("b")).Exists {
		t.Error("a light beat made a service")
	}
	same(t, beat(full(`{"ip":"10.0.0.1","port":80,"cluster":"c1","weight":2.5,"metadata":{"k":"v"}}`)), `{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}`)
	same(t, beat(light), `{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}`)
	same(t, beat(full(`{"ip":"10.0.0.2","port":81,"metadata":{"preserved.heart.beat.interval":"3000"}}`)), `{"clientBeatInterval":3000,"code":10200,"lightBeatEnabled":true}`)
	same(t, hosts(t, s, "b"), []host{
		{"10.0.0.1", 80, 2.5, true, true, "c1", "10.0.0.1#80#c1#DEFAULT_GROUP@@b", map[string]string{"k": "v"}},
		{"10.0.0.2", 81, 0, true, true, "DEFAULT", "10.0.0.2#81#DEFAULT#DEFAULT_GROUP@@b", map[string]string{"preserved.heart.beat.interval": "3000"}},
	})
	// A full beat of what is known changes nothing.
	beat(full(`{"ip":"10.0.0.1","port":80,"cluster":"c9","weight":9}`))
	same(t, hosts(t, s, "b")[0].Weight, 2.5)
}

func TestSnowflakeIDs(t *testing.T) {
	s := start(t, "")
	snow := meta("preserved.instance.id.generator=snowflake")
	register(t, s, reg("snow", "10.0.0.1", 80, snow), reg("snow", "10.0.0.2", 80, snow))
	hs := hosts(t, s, "snow")
	if hs[0].ID == hs[1].ID || hs[0].ID == "" {
		t.Errorf("ids %q and %q", hs[0].ID, hs[1].ID)
	}
	register(t, s, reg("none", "10.0.0.1", 80, func(r *naming.Registration) { r.ShowID = false }))
	same(t, hosts(t, s, "none")[0].ID, "")
}

// Ids that two nodes make in the same millisecond differ in the worker part.
func TestSnowflakeIDsHaveTheWorker(t *testing.T) {
	const instances = 5000 // more than there are numbers in a millisecond
	for _, worker := range []int{0, 7, naming.MaxWorker} {
		s := startWith(t, naming.Options{Worker: worker})
		snow, seen := meta("preserved.instance.id.generator=snowflake"), map[int64]bool{}
		for i := range instances {
			register(t, s, reg("snow", "10.0."+strconv.Itoa(i/250)+"."+strconv.Itoa(i%250), 80, snow))
		}
		for _, h := range hosts(t, s, "snow") {
			number, rest, _ := strings.Cut(h.ID, "#")
			id, err := strconv.ParseInt(number, 10, 64)
			if err != nil || rest != "DEFAULT#DEFAULT_GROUP@@snow" {
				t.Fatalf("id %q: %v", h.ID, err)
			}
			if got := id >> 12 & naming.MaxWorker; got != int64(worker) {
				t.Fatalf("id %q is of worker %d, want %d", h.ID, got, worker)
			}
			if at := time.UnixMilli(id>>22 + 1533429240000); time.Since(at).Abs() > time.Minute {
				t.Fatalf("id %q is of %v", h.ID, at)
			}
			seen[id] = true
		}
		same(t, len(seen), instances)
	}
}

func TestObserversHearOfChanges(t *testing.T) {
	s := start(t, "")
	var heard []string
	s.Observe(func(id string, keys []naming.Key) {
		for _, k := range keys {
			heard = append(heard, id+" "+k.Service)
		}
	})
	register(t, s, reg("a", "10.0.0.1", 80), reg("a", "10.0.0.1", 80), reg("p", "10.0.0.1", 80, persistent))
	one := 1.5
	if err := s.Patch(t.Context(), &naming.Patch{Key: keyOf("a"), IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: &one}); err != nil {
		t.Fatal(err)
	}
	if err := s.Deregister(t.Context(), reg("a", "10.0.0.1", 80)); err != nil {
		t.Fatal(err)
	}
	// The second registration is the same: nothing to tell.
	same(t, heard, []string{"10.0.0.1:80#true a", "10.0.0.1:80#false p", "10.0.0.1:80#true a", "10.0.0.1:80#true a"})
}
