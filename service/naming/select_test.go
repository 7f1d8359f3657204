package naming_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/naming"
)

func TestSelection(t *testing.T) {
	s := start(t, "")
	register(t, s,
		reg("s", "10.0.0.1", 80), reg("s", "10.0.0.2", 80, cluster("gold")), reg("s", "10.0.0.3", 80, cluster("gold"), unhealthy),
		reg("s", "10.0.0.4", 80, cluster("silver"), disabled), reg("s", "10.0.0.5", 80, cluster("silver")))
	for _, tt := range []struct {
		clusters string
		healthy  bool
		want     []string
	}{
		{"", false, []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.5"}},
		{" ", false, []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.5"}},
		{"", true, []string{"10.0.0.1", "10.0.0.2", "10.0.0.5"}},
		{"gold", false, []string{"10.0.0.2", "10.0.0.3"}},
		{"gold", true, []string{"10.0.0.2"}},
		{"gold,silver", false, []string{"10.0.0.2", "10.0.0.3", "10.0.0.5"}},
		{"gold, silver", false, []string{"10.0.0.2", "10.0.0.3"}}, // nothing is trimmed
		{"GOLD", false, []string{}},
		{",", false, []string{}},
	} {
		for range 2 { // made, then kept
			a := list(t, s, naming.List{Key: keyOf("s"), Clusters: tt.clusters, HealthyOnly: tt.healthy})
			if a.Protected {
				t.Errorf("%q: protected without a record", tt.clusters)
			}
			same(t, ips(a.Hosts), tt.want)
		}
	}
}

// TestProtection holds the rounding: the reference divides two floats of 32 bits.
func TestProtection(t *testing.T) {
	for _, tt := range []struct {
		healthy, all int
		threshold    float32
		want         bool
	}{
		{1, 2, 0.5, true},
		{1, 2, 0.49, false},
		{1, 3, 0.33333334, true},
		{1, 3, 0.3333333, false},
		{7, 10, 0.7, true},
		{0, 3, 0, true},
		{1, 3, 0, false},
		{0, 3, -1, true},
		{3, 3, 1, true},
		{3, 3, 0.99, false},
		{0, 0, 1, false},
	} {
		name := fmt.Sprintf("%d of %d at %v", tt.healthy, tt.all, tt.threshold)
		t.Run(name, func(t *testing.T) {
			s := start(t, "")
			if err := s.CreateService(t.Context(), &naming.Spec{Key: keyOf("p"), Ephemeral: true, Threshold: tt.threshold}); err != nil {
				t.Fatal(err)
			}
			for i := range tt.all {
				register(t, s, reg("p", fmt.Sprintf("10.0.0.%d", i), 80, func(r *naming.Registration) { r.Healthy = i < tt.healthy }))
			}
			a := list(t, s, naming.List{Key: keyOf("p")})
			if a.Protected != tt.want {
				t.Errorf("protected is %v", a.Protected)
			}
			for i, h := range a.Hosts {
				if h.Healthy != (tt.want || i < tt.healthy) {
					t.Errorf("host %d is shown with health %v", i, h.Healthy)
				}
			}
			// What is stored stays as it is, and a change is seen at once.
			if n := s.View(keyOf("p")).Healthy(); n != tt.healthy {
				t.Errorf("%d are healthy after the list", n)
			}
		})
	}
}

func TestHealthyOnlyComesBeforeProtection(t *testing.T) {
	s := start(t, "")
	if err := s.CreateService(t.Context(), &naming.Spec{Key: keyOf("p"), Ephemeral: true, Threshold: 0.9}); err != nil {
		t.Fatal(err)
	}
	register(t, s, reg("p", "10.0.0.1", 80), reg("p", "10.0.0.2", 80, unhealthy))
	a := list(t, s, naming.List{Key: keyOf("p"), HealthyOnly: true})
	if a.Protected || len(a.Hosts) != 1 {
		t.Errorf("got %+v, want one host and no protection", a)
	}
}

func TestLabelSelector(t *testing.T) {
	labels := map[string]map[string]string{
		"10.1.0.1": {"zone": "a", "rack": "1"}, "10.0.0.1": {"zone": "a", "rack": "1"},
		"10.0.0.2": {"zone": "a", "rack": "2"}, "10.0.0.3": {"zone": "b"}, "10.1.0.9": {"zone": " "},
	}
	s := startWith(t, naming.Options{Labels: func(ip string) map[string]string { return labels[ip] }})
	create := func(name, expr string) {
		t.Helper()
		err := s.CreateService(t.Context(), &naming.Spec{Key: keyOf(name), Ephemeral: true, Threshold: -1, Selector: `{"type":"label","expression":"` + expr + `"}`})
		if err != nil {
			t.Fatal(err)
		}
		register(t, s, reg(name, "10.0.0.1", 80), reg(name, "10.0.0.2", 80), reg(name, "10.0.0.3", 80), reg(name, "10.0.0.4", 80))
	}
	create("zone", "CONSUMER.label.zone = PROVIDER.label.zone")
	create("both", "CONSUMER.label.zone = PROVIDER.label.zone & CONSUMER.label.rack = PROVIDER.label.rack")
	all := []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}
	for _, tt := range []struct {
		name, consumer string
		want           []string
	}{
		{"zone", "10.1.0.1", []string{"10.0.0.1", "10.0.0.2"}},
		{"both", "10.1.0.1", []string{"10.0.0.1"}},
		{"zone", "10.1.0.2", all}, // a consumer that nothing is known of
		{"zone", "10.1.0.9", all}, // a blank label
		{"zone", "", all},
	} {
		same(t, ips(list(t, s, naming.List{Key: keyOf(tt.name), Consumer: tt.consumer}).Hosts), tt.want)
	}
}

func TestParseSelector(t *testing.T) {
	label := func(expr string) string { return `{"type":"label","expression":"` + expr + `"}` }
	for _, tt := range []struct {
		raw   string
		names []string
	}{
		{"", nil},
		{`{"type":"none"}`, nil},
		{label(""), []string{}},
		{label("CONSUMER.label.A = PROVIDER.label.A & CONSUMER.label.B=PROVIDER.label.B"), []string{"A", "B"}},
		{label("CONSUMER.label.A=PROVIDER.label.A&CONSUMER.label.A=PROVIDER.label.A"), []string{"A"}},
		{"%7B%22type%22%3A%22none%22%7D", nil}, // once more encoded
	} {
		sel, err := naming.ParseSelector(tt.raw)
		if err != nil {
			t.Errorf("%s: %v", tt.raw, err)
		}
		same(t, sel.Names, tt.names)
	}
	const unreadable = "Selector parses failed: parse expression failed!"
	for raw, want := range map[string]string{
		"x":                       "not match any type of selector!",
		`{}`:                      "not match any type of selector!",
		`{"type":"bogus"}`:        "not match any type of selector!",
		label("CONSUMER.label.A"): unreadable,
		label("CONSUMER.label.A = PROVIDER.label.B"): unreadable,
		label("PROVIDER.label.A = CONSUMER.label.A"): unreadable,
		label("CONSUMER.label.A > PROVIDER.label.A"): unreadable,
		label("CONSUMER.label. = PROVIDER.label."):   unreadable,
		label(strings.Repeat(" ", 16<<10)):           "the selector is longer than 16384 bytes",
	} {
		code := service.BadSelector
		if want == unreadable {
			code = service.Internal
		}
		_, err := naming.ParseSelector(raw)
		wantCode(t, err, code, want)
	}
}

func TestParseChecker(t *testing.T) {
	for raw, want := range map[string]string{
		`{"type":"TCP"}`:                     `{"type":"TCP"}`,
		`{"type":"http","path":"/x"}`:        `{"type":"HTTP","path":"/x","headers":"","expectedResponseCode":200}`,
		`{"type":"REDIS","pwd":"p"}`:         `{"type":"REDIS","pwd":"p"}`,
		`{"type":"GRPC","cmd":"a.B"}`:        `{"type":"GRPC","cmd":"a.B"}`,
		`{"type":"CUSTOM"}`:                  `{"type":"CUSTOM"}`,
		`{"type":"NONE"}`:                    `{"type":"NONE"}`,
		`{}`:                                 `{"type":"NONE"}`,
		`{"type":"BOGUS","user":"u","x":[]}`: `{"type":"NONE"}`,
	} {
		c, err := naming.ParseChecker(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		text, err := c.MarshalJSON()
		if err != nil {
			t.Error(err)
		}
		same(t, string(text), want)
	}
}

// What an operator says of health checks is kept and shown again, so it is bounded.
func TestUpdateClusterBoundsTheChecker(t *testing.T) {
	s := start(t, "")
	register(t, s, reg("a", "10.0.0.1", 80, persistent))
	spec := naming.ClusterSpec{Key: keyOf("a"), Cluster: "DEFAULT", CheckPort: 80, Checker: `{"type":"HTTP","path":"` + strings.Repeat("x", 16<<10) + `"}`}
	wantCode(t, s.UpdateCluster(t.Context(), &spec), service.BadParam, "Param 'healthChecker' is illegal, it is longer than 16384 bytes")
	if c, given := s.View(keyOf("a")).Meta.Cluster("DEFAULT"); given {
		t.Errorf("kept %.40q", c.Checker.Path)
	}
}

func TestParseMetadata(t *testing.T) {
	for raw, want := range map[string]map[string]string{
		"":                            {},
		"  ":                          {},
		"k=v":                         {"k": "v"},
		"k=v,k2= v2 ":                 {"k": "v", "k2": " v2 "},
		`{"a":"b"}`:                   {"a": "b"},
		` {"a":1,"b":true,"c":1.50} `: {"a": "1", "b": "true", "c": "1.50"},
		`{"a":"1","a":"2"}`:           {"a": "2"},
		"{}":                          {},
		"=v":                          {"": "v"},
		`{"\u540d":"\u503c"}`:         {"名": "值"},
	} {
		m, err := naming.ParseMetadata(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		same(t, m.Map(), want)
	}
	for _, raw := range []string{"a", "a=", "a=b=c", "a=b,", "null", "[]", `{"a":{}}`, `{"a":[1]}`, `{"a":"b"`, `"x"`} {
		_, err := naming.ParseMetadata(raw)
		wantCode(t, err, service.BadMetadata, "metadata format incorrect:"+raw)
	}
	m, err := naming.ParseMetadata(`{"a":null,"b":"<&>\n"}`)
	if err != nil {
		t.Fatal(err)
	}
	same(t, string(m.AppendJSON(nil)), `{"a":null,"b":"<&>\n"}`)
}
