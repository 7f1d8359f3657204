package node

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/controller"
	"github.com/pharos-registry/pharos/service/naming"
)

// namingAPI returns the API of a node that was not started, and its registry.
func namingAPI(tb testing.TB) (*controller.API, *naming.Service) {
	tb.Helper()
	set := settings.Default()
	set.Data.Dir = tb.TempDir()
	n, err := New(set, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := n.Close(); err != nil {
			tb.Error(err)
		}
	})
	return n.api, n.naming
}

// step is a request and what has to come back.
type step struct {
	method, path string // below /nacos
	form         string // sent as a form, unless it is empty
	status       int
	body         string // the whole text
	part         string // or a part of it
}

// play sends steps in their order.
func play(t *testing.T, api http.Handler, steps []step) {
	t.Helper()
	for _, s := range steps {
		r := httptest.NewRequest(s.method, "/nacos"+s.path, strings.NewReader(s.form))
		if s.form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		got := w.Body.String()
		if w.Code != s.status || s.part == "" && got != s.body || s.part != "" && !strings.Contains(got, s.part) {
			t.Errorf("%s %s %s\n got %d %q\nwant %d %q%q", s.method, s.path, s.form, w.Code, got, s.status, s.body, s.part)
		}
	}
}

const (
	get, post, put, del, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch
	okJSON                     = `{"code":0,"message":"success","data":"ok"}`
)

func TestInstanceRoutes(t *testing.T) {
	api, _ := namingAPI(t)
	play(t, api, []step{
		{post, "/v1/ns/instance?serviceName=a&ip=10.0.0.1&port=80", "", 200, "ok", ""},
		{post, "/v1/ns/instance/?serviceName=a&ip=10.0.0.1&port=80", "", 200, "ok", ""}, // a slash more
		{post, "/v2/ns/instance", "serviceName=a&ip=10.0.0.2&port=80&weight=2", 200, okJSON, ""},
		{get, "/v1/ns/instance/list?serviceName=g%40%40a", "", 200, "", `"hosts":[]`},
		{get, "/v1/ns/instance/list?serviceName=a", "", 200, "", `"ip":"10.0.0.2","port":80,"weight":2.0`},
		{get, "/v2/ns/instance/list?serviceName=a", "", 200, "", `"data":{"lastRefTime":`},
		{
			get, "/v1/ns/instance?serviceName=a&ip=10.0.0.1&port=80", "", 200,
			`{"service":"DEFAULT_GROUP@@a","ip":"10.0.0.1","port":80,"clusterName":"DEFAULT","weight":1.0,"healthy":true,"instanceId":"10.0.0.1#80#DEFAULT#DEFAULT_GROUP@@a","metadata":{}}`, "",
		},
		{get, "/v2/ns/instance?serviceName=a&ip=10.0.0.2&port=80", "", 200, "", `"instanceId":null`},
		{get, "/v1/ns/instance/statuses?key=public%23%23DEFAULT_GROUP%40%40a", "", 200, `{"ips":["10.0.0.1:80_true","10.0.0.2:80_true"]}`, ""},
		{get, "/v2/ns/instance/statuses/DEFAULT_GROUP%40%40a", "", 200, `{"ips":["10.0.0.1:80_true","10.0.0.2:80_true"]}`, ""},
		{put, "/v1/ns/instance/beat", "serviceName=a&ip=10.0.0.1&port=80&beat=", 200, `{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}`, ""},
		{put, "/v1/ns/instance/beat", "serviceName=a&ip=10.0.0.1&port=81", 200, `{"clientBeatInterval":5000,"code":20404,"lightBeatEnabled":true}`, ""},
		{put, "/v1/ns/instance?serviceName=a&ip=10.0.0.1&port=80&weight=3", "", 200, "ok", ""},
		{patch, "/v1/ns/instance?serviceName=a&ip=10.0.0.1&port=80&metadata=k%3Dv", "", 200, "ok", ""},
		{get, "/v1/ns/instance?serviceName=a&ip=10.0.0.1&port=80", "", 200, "", `"weight":3.0,"healthy":true,"instanceId":"10.0.0.1#80#DEFAULT#DEFAULT_GROUP@@a","metadata":{"k":"v"}`},
		{del, "/v1/ns/instance?serviceName=a&ip=10.0.0.1&port=80", "", 200, "ok", ""},
		{del, "/v2/ns/instance?serviceName=a&ip=10.0.0.2&port=80", "", 200, okJSON, ""},
		{get, "/v1/ns/instance/statuses?key=DEFAULT_GROUP%40%40a", "", 200, `{"ips":[]}`, ""},
	})
}

// TestRefusals holds the order of the steps: gate, name, check of parameters,
// handler.
func TestRefusals(t *testing.T) {
	api, s := namingAPI(t)
	long := strings.Repeat("x", 1100)
	play(t, api, []step{
		{post, "/v1/ns/instance", "", 400, "Param 'serviceName' is required.", ""},
		{post, "/v1/ns/instance?serviceName=a", "", 400, "Param 'ip' is required.", ""},
		{post, "/v1/ns/instance?serviceName=a&ip=1", "", 400, "Param 'port' is required.", ""},
		{post, "/v1/ns/instance?serviceName=%40%40a&ip=1&port=x", "", 400, "", "Service name filter error,caused: Param 'serviceName' is illegal, groupName can't be empty;"},
		{post, "/v1/ns/instance?serviceName=a&ip=1&port=65536", "", 400, "Param 'port' is illegal, the value should be between 0 and 65535.\r\n", ""},
		{post, "/v2/ns/instance?serviceName=a&ip=1&port=x", "", 400, "Param 'port' is illegal, the value should be between 0 and 65535.\r\n", ""},
		{post, "/v1/ns/instance?serviceName=a&ip=a%20b&port=1", "", 400, "Param 'ip' is illegal, illegal characters should not appear in the param.\r\n", ""},
		{post, "/v1/ns/instance?serviceName=" + long + "&ip=1&port=1", "", 400, "Param 'serviceName' is illegal, the param length should not exceed 512.\r\n", ""},
		{post, "/v1/ns/instance", "serviceName=a&ip=1&port=1&metadata=k%3D" + long, 400, "Param 'Metadata' is illegal, the param length should not exceed 1024.\r\n", ""},
		{post, "/v1/ns/instance", "serviceName=a&ip=1&port=1&metadata=x", 500, "", `"message":"Server failed, caused: ErrCode:400, ErrMsg:metadata format incorrect:x;caused: metadata format incorrect:x;"`},
		{post, "/v2/ns/instance", "serviceName=a&ip=1&port=1&metadata=x", 500, "", `"message":"ErrCode:400, ErrMsg:metadata format incorrect:x"`},
		{post, "/v1/ns/instance?serviceName=a&ip=1&port=1&weight=NaN", "", 400, "instance format invalid: The weights range from 0.0 to 10000.0", ""},
		{patch, "/v1/ns/instance?serviceName=a&ip=1&port=1&weight=Infinity", "", 400, "instance format invalid: The weight is not a number", ""},
		{put, "/v1/ns/instance/beat", "serviceName=a&beat=%7B", 500, "", "errCode: 101"},
		{put, "/v1/ns/instance/beat", "serviceName=a&beat=" + url.QueryEscape(`{"ip":"1","port":70000}`), 400, "Param 'port' is illegal, the value should be between 0 and 65535.\r\n", ""},
		{get, "/v1/ns/instance/list?serviceName=a&clusters=a,b%2Fc", "", 400, "Param 'cluster' is illegal, illegal characters should not appear in the param.\r\n", ""},
		{get, "/v1/ns/instance/list?serviceName=a&udpPort=x", "", 400, `For input string: "x"`, ""},
		{post, "/v1/ns/instance/list?serviceName=a", "", 501, "", "no such api:POST:/nacos/v1/ns/instance/list"},
		{put, "/v1/ns/cluster?clusterName=c&serviceName=a&checkPort=80&useInstancePort4Check=true&healthChecker=x", "", 400, "", "healthChecker"},
		{get, "/v1/ns/service/names?expr=%28", "", 400, "", "expression"},
		{post, "/v2/ns/instance?serviceName=a&ip=1&port=1&enabled=maybe", "", 500, "", `"data":null`},
	})
	if n := s.Counts(); n.Services != 0 || n.Clients != 0 {
		t.Errorf("refused requests left %+v behind", n)
	}
}

func TestGate(t *testing.T) {
	api, _ := namingAPI(t)
	const closed = "server is DOWNnow, please try again later!"
	play(t, api, []step{
		{put, "/v1/ns/operator/switches?entry=limitedUrlMap&value=%2Fnacos%2Fv1%2Fns%2Fx%3A429", "", 200, "ok", ""},
		{get, "/v1/ns/xyz", "", 429, "", ""},
		{put, "/v1/ns/operator/switches?entry=overriddenServerStatus&value=DOWN", "", 200, "ok", ""},
		{get, "/v1/ns/instance/list?serviceName=a", "", 503, closed, ""},
		{get, "/v1/ns/nothing", "", 503, closed, ""},
		{get, "/v2/ns/ops/metrics", "", 200, `{"code":0,"message":"success","data":{"status":"DOWN"}}`, ""},
		{put, "/v2/ns/ops/switches?entry=overriddenServerStatus&value=READ_ONLY", "", 200, okJSON, ""},
		{get, "/v1/ns/instance/list?serviceName=a", "", 200, "", `"hosts":[]`},
		{post, "/v1/ns/instance?serviceName=a&ip=1&port=1", "", 503, "server is READ_ONLYnow, please try again later!", ""},
		{put, "/v2/ns/ops/switches?entry=overriddenServerStatus&value=null", "", 200, okJSON, ""},
		{post, "/v1/ns/instance?serviceName=a&ip=1&port=1", "", 200, "ok", ""},
	})
}

// TestEveryRouteOfTheContract names what has to be in the table.
func TestEveryRouteOfTheContract(t *testing.T) {
	api, _ := namingAPI(t)
	have := map[string]bool{}
	for _, r := range api.Routes() {
		have[r.Method+" "+r.Path] = true
	}
	want := `POST,DELETE,PUT,PATCH,GET /v1/ns/instance
PUT /v1/ns/instance/beat
GET /v1/ns/instance/list /v1/ns/instance/statuses
PUT,DELETE /v1/ns/instance/metadata/batch
POST,DELETE,PUT,GET /v1/ns/service
GET /v1/ns/service/list /v1/ns/service/names /v1/ns/service/subscribers /v1/ns/service/selector/types
GET /v1/ns/catalog/service /v1/ns/catalog/instances /v1/ns/catalog/services
PUT /v1/ns/cluster /v1/ns/health /v1/ns/health/instance
GET /v1/ns/health/server /v1/ns/health/checkers
GET /v1/ns/operator/push/state /v1/ns/operator/switches /v1/ns/operator/metrics /v1/ns/operator/distro/client
PUT /v1/ns/operator/switches /v1/ns/operator/log
GET /v1/ns/ops/push/state /v1/ns/ops/switches /v1/ns/ops/metrics /v1/ns/ops/distro/client
PUT /v1/ns/ops/switches /v1/ns/ops/log
POST,DELETE,PUT,PATCH,GET /v2/ns/instance
GET /v2/ns/instance/list
PUT /v2/ns/instance/beat
ANY /v2/ns/instance/statuses/:key /v2/ns/catalog/instances
PUT,DELETE /v2/ns/instance/metadata/batch
POST,DELETE,PUT,GET /v2/ns/service
GET /v2/ns/service/list
GET /v2/ns/client /v2/ns/client/list /v2/ns/client/publish/list /v2/ns/client/subscribe/list
GET /v2/ns/client/service/publisher/list /v2/ns/client/service/subscriber/list
PUT /v2/ns/health /v2/ns/health/instance
GET,PUT /v2/ns/operator/switches /v2/ns/ops/switches
GET /v2/ns/operator/metrics /v2/ns/ops/metrics`
	for line := range strings.Lines(want) {
		f := strings.Fields(line)
		for m := range strings.SplitSeq(f[0], ",") {
			for _, p := range f[1:] {
				if !have[m+" "+p] {
					t.Errorf("no route %s %s", m, p)
				}
			}
		}
	}
}

// nowhere is a client that looks at nothing.
type nowhere struct{ h http.Header }

func (n nowhere) Header() http.Header         { return n.h }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

func benchmarkRoute(b *testing.B, method, path, form string) {
	b.Helper()
	api, _ := namingAPI(b)
	for _, ip := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8", "10.0.0.9", "10.0.0.10"} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(post, "/nacos/v1/ns/instance?serviceName=a&ip="+ip+"&port=80&metadata=%7B%22v%22%3A%221%22%7D", http.NoBody))
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
	w := nowhere{http.Header{}}
	r := httptest.NewRequest(method, "/nacos"+path, http.NoBody)
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.ContentLength = int64(len(form))
	}
	b.ReportAllocs()
	for b.Loop() {
		if form != "" {
			r.Body = body{strings.NewReader(form)}
		}
		clear(w.h)
		api.ServeHTTP(w, r)
	}
}

type body struct{ *strings.Reader }

func (body) Close() error { return nil }

func BenchmarkRouteRegister(b *testing.B) {
	benchmarkRoute(b, post, "/v1/ns/instance", "serviceName=a&ip=10.0.0.1&port=80&ephemeral=true&metadata=%7B%22v%22%3A%221%22%7D")
}

func BenchmarkRouteBeatLight(b *testing.B) {
	benchmarkRoute(b, put, "/v1/ns/instance/beat?serviceName=DEFAULT_GROUP%40%40a&ip=10.0.0.1&port=80&namespaceId=public", "")
}

func BenchmarkRouteBeatFull(b *testing.B) {
	benchmarkRoute(b, put, "/v1/ns/instance/beat?serviceName=DEFAULT_GROUP%40%40a&ip=10.0.0.1&port=80&namespaceId=public&beat="+
		url.QueryEscape(`{"ip":"10.0.0.1","port":80,"serviceName":"DEFAULT_GROUP@@a","cluster":"DEFAULT","weight":1.0,"metadata":{}}`), "")
}

func BenchmarkRouteList(b *testing.B) {
	benchmarkRoute(b, get, "/v1/ns/instance/list?serviceName=a&healthyOnly=false", "")
}
