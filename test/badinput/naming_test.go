// Package badinput sends a running server what no client should send: it must
// say what is wrong, change nothing and stay within its memory.
package badinput_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/test/server"
)

// request is one bad request of a table.
type request struct {
	name         string
	method, path string            // path below the context path
	form         map[string]string // over the parameters of a good registration; "-" leaves one out
	body         string            // instead of a form, when set
	contentType  string            // of body
	lenient      bool              // a 5xx is tolerated: Nacos answers so, and clients look at it
}

// good is a registration that is accepted.
func good() map[string]string {
	return map[string]string{"serviceName": "bad-svc", "groupName": "DEFAULT_GROUP", "ip": "10.50.0.9", "port": "8080", "ephemeral": "true"}
}

func TestBadInstances(t *testing.T) {
	long := func(n int) string { return strings.Repeat("n", n) }
	deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	with := func(k, v string) map[string]string { return map[string]string{k: v} }
	register := []request{
		{name: "service name of 513", form: with("serviceName", long(513))},
		{name: "service name of 100,000", form: with("serviceName", long(100_000))},
		{name: "service name with a control character", form: with("serviceName", "a\x00b")},
		{name: "service name that is no UTF-8", form: with("serviceName", "a\xff\xfe")},
		{name: "no service name", form: with("serviceName", "-")},
		{name: "group of 129", form: with("groupName", long(129))},
		{name: "group with a blank", form: with("groupName", "a b")},
		{name: "namespace of 65", form: with("namespaceId", long(65))},
		{name: "namespace with a quote", form: with("namespaceId", "a'b")},
		{name: "cluster of 65", form: with("clusterName", long(65))},
		{name: "cluster with a comma", form: with("clusterName", "a,b")},
		{name: "ip of 129", form: with("ip", long(129))},
		{name: "no ip", form: with("ip", "-")},
		{name: "port below zero", form: with("port", "-1")},
		{name: "port of 65536", form: with("port", "65536")},
		{name: "port past 64 bits", form: with("port", "99999999999999999999")},
		{name: "port as a word", form: with("port", "http")},
		{name: "port as a fraction", form: with("port", "80.5")},
		{name: "no port", form: with("port", "-")},
		{name: "weight NaN", form: with("weight", "NaN")},
		{name: "weight infinite", form: with("weight", "Infinity")},
		{name: "weight past a double", form: with("weight", "1e400"), lenient: true},
		{name: "weight below zero", form: with("weight", "-1")},
		{name: "weight above 10,000", form: with("weight", "10000.1")},
		{name: "weight as a word", form: with("weight", "heavy"), lenient: true},
		{name: "metadata of broken JSON", form: with("metadata", `{"a":`), lenient: true},
		{name: "metadata of a JSON list", form: with("metadata", `["a"]`), lenient: true},
		{name: "metadata without equals sign", form: with("metadata", "justtext"), lenient: true},
		{name: "metadata 10,000 deep", form: with("metadata", deep), lenient: true},
		{name: "metadata of 2,000", form: with("metadata", "k="+long(2000))},
		{name: "metadata of 1 MB", form: with("metadata", "k="+long(1<<20))},
		{name: "heartbeat interval above its timeout", form: with("metadata", `{"preserved.heart.beat.timeout":"1"}`)},
	}
	s := server.Start(t, server.Options{})
	seed(t, s)
	before := snapshot(t, s)
	for _, version := range []string{"/v1", "/v2"} {
		for _, r := range register {
			r.method, r.path = http.MethodPost, version+"/ns/instance"
			t.Run(version[1:]+" "+r.name, func(t *testing.T) { r.mustBeRefused(t, s) })
		}
	}
	if diff := cmp.Diff(before, snapshot(t, s)); diff != "" {
		t.Errorf("refused registrations changed something (-before +after):\n%s", diff)
	}
}

func TestBadWrites(t *testing.T) {
	beat := func(s string) map[string]string { return map[string]string{"beat": s} }
	requests := []request{
		{name: "beat of broken JSON", method: http.MethodPut, path: "/v1/ns/instance/beat", form: beat(`{"ip":`), lenient: true},
		{name: "beat of another type", method: http.MethodPut, path: "/v1/ns/instance/beat", form: beat(`{"ip":5,"port":"x"}`), lenient: true},
		{name: "beat of a list", method: http.MethodPut, path: "/v1/ns/instance/beat", form: beat(`[1]`), lenient: true},
		{name: "beat of 1 MB of brackets", method: http.MethodPut, path: "/v1/ns/instance/beat", form: beat(strings.Repeat("[", 1<<20)), lenient: true},
		{name: "beat with metadata of 2,000", method: http.MethodPut, path: "/v1/ns/instance/beat", form: beat(`{"ip":"10.50.9.1","port":1,"metadata":{"k":"` + strings.Repeat("v", 2000) + `"}}`)},
		{name: "beat of v2 with metadata of 1 MB", method: http.MethodPut, path: "/v2/ns/instance/beat", form: map[string]string{"serviceName": "DEFAULT_GROUP@@bad-svc", "beat": `{"ip":"10.50.9.1","port":1,"metadata":{"k":"` + strings.Repeat("v", 1<<20) + `"}}`}},
		{name: "health checker of 1 MB", method: http.MethodPut, path: "/v1/ns/cluster", form: map[string]string{"clusterName": "c", "checkPort": "80", "useInstancePort4Check": "true", "healthChecker": `{"type":"HTTP","path":"` + strings.Repeat("p", 1<<20) + `"}`}},
		{name: "selector of 50,000 labels", method: http.MethodPost, path: "/v1/ns/service", form: map[string]string{"serviceName": "bad-new", "selector": labels(50_000)}},
		{name: "metadata of an instance that is not there", method: http.MethodPut, path: "/v1/ns/instance", form: map[string]string{"ip": "10.50.9.9", "metadata": "a=b", "serviceName": "bad-none"}},
		{name: "protection threshold as a word", method: http.MethodPost, path: "/v1/ns/service", form: map[string]string{"serviceName": "bad-new", "protectThreshold": "x"}},
		{name: "service metadata of broken JSON", method: http.MethodPost, path: "/v1/ns/service", form: map[string]string{"serviceName": "bad-new", "metadata": "{"}, lenient: true},
		{name: "selector that does not parse", method: http.MethodPost, path: "/v1/ns/service", form: map[string]string{"serviceName": "bad-new", "selector": `{"type":"label","expression":"((("}`}, lenient: true},
		{name: "list with a port as a word", method: http.MethodGet, path: "/v1/ns/instance/list", form: map[string]string{"udpPort": "x"}},
		{name: "page of v2 as a word", method: http.MethodGet, path: "/v2/ns/service/list", form: map[string]string{"pageNo": "x", "pageSize": "y"}, lenient: true},
		{name: "batch of broken instances", method: http.MethodPut, path: "/v1/ns/instance/metadata/batch", form: map[string]string{"metadata": "a=b", "instances": `[{"ip":`}, lenient: true},
		{name: "batch of other instances", method: http.MethodPut, path: "/v1/ns/instance/metadata/batch", form: map[string]string{"metadata": "a=b", "instances": `[{"ip":5}]`}, lenient: true},
		{name: "JSON where a form is wanted", method: http.MethodPost, path: "/v1/ns/instance", body: `{"serviceName":"bad-new","ip":"1.1.1.1","port":1}`, contentType: "application/json"},
		{name: "multipart without boundary", method: http.MethodPost, path: "/v1/ns/instance", body: "x", contentType: "multipart/form-data"},
		{name: "form of percent signs", method: http.MethodPost, path: "/v1/ns/instance", body: strings.Repeat("%&", 1000), contentType: formType},
		{name: "20,000 parameters", method: http.MethodPost, path: "/v1/ns/instance", body: strings.Repeat("a=b&", 20_000), contentType: formType},
		{name: "form of 11 MB", method: http.MethodPost, path: "/v1/ns/instance", body: "serviceName=bad-new&ip=1.1.1.1&port=1&metadata=" + strings.Repeat("x", 11<<20), contentType: formType},
		{name: "method that is none", method: "BREW", path: "/v1/ns/instance", body: "", lenient: true},
	}
	s := server.Start(t, server.Options{})
	seed(t, s)
	before := snapshot(t, s)
	for _, r := range requests {
		t.Run(r.name, func(t *testing.T) { r.mustBeRefused(t, s) })
	}
	if diff := cmp.Diff(before, snapshot(t, s)); diff != "" {
		t.Errorf("refused writes changed something (-before +after):\n%s", diff)
	}
}

// labels is a selector by n labels, each another one.
func labels(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString("&")
		}
		b.WriteString("CONSUMER.label.l" + strconv.Itoa(i) + "=PROVIDER.label.l" + strconv.Itoa(i))
	}
	return `{"type":"label","expression":"` + b.String() + `"}`
}

const formType = "application/x-www-form-urlencoded"

// mustBeRefused sends the request and looks at the answer: a client error with
// a short text that tells nothing of the server's inside.
func (r request) mustBeRefused(t *testing.T, s *server.Server) {
	t.Helper()
	body, contentType := r.body, r.contentType
	target := s.URL(r.path)
	if r.body == "" {
		contentType = formType
		body = r.encode()
		if r.method == http.MethodGet || r.method == http.MethodPut {
			if len(body) < 32<<10 {
				target += "?" + body
				body = ""
			}
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), r.method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	refused := answer.StatusCode >= 400 && answer.StatusCode < 500 || r.lenient && answer.StatusCode == http.StatusInternalServerError || r.lenient && answer.StatusCode == http.StatusNotImplemented
	if !refused {
		t.Errorf("answered %d %.200s", answer.StatusCode, text)
	}
	checkText(t, string(text))
}

// checkText holds an error's text against what a client may see.
func checkText(t *testing.T, text string) {
	t.Helper()
	if len(text) > 4<<10 {
		t.Errorf("the error text is %d bytes long: %.200s…", len(text), text)
	}
	for _, inside := range []string{"runtime error", "goroutine ", ".go:", "strconv.", "json: ", "unmarshal", "unexpected EOF", "sql:", "SQL logic", "<script>"} {
		if strings.Contains(text, inside) {
			t.Errorf("the error text tells %q: %.300s", inside, text)
		}
	}
}

func (r request) encode() string {
	v := url.Values{}
	params := good()
	maps.Copy(params, r.form)
	for k, x := range params {
		if x != "-" {
			v.Set(k, x)
		}
	}
	return v.Encode()
}

// seed registers what bad requests could spoil: a persistent instance, which
// needs no beats.
func seed(t *testing.T, s *server.Server) {
	t.Helper()
	form := good()
	form["ip"], form["serviceName"], form["metadata"] = "10.50.0.1", "bad-seed", `{"zone":"a"}`
	form["ephemeral"] = "false"
	v := url.Values{}
	for k, x := range form {
		v.Set(k, x)
	}
	r := postForm(t, s.URL("/v1/ns/instance"), v.Encode())
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(r.Body)
		t.Fatalf("a good registration is answered %d %s", r.StatusCode, text)
	}
}

func postForm(t *testing.T, target, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", formType)
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// snapshot is what the server knows: its services, and the seeded instance.
func snapshot(t *testing.T, s *server.Server) map[string]any {
	t.Helper()
	state := map[string]any{}
	for name, path := range map[string]string{
		"services":  "/v1/ns/service/list?pageNo=1&pageSize=1000",
		"instances": "/v1/ns/instance/list?serviceName=bad-seed",
		"service":   "/v1/ns/service?serviceName=bad-seed",
		"bad":       "/v1/ns/instance/list?serviceName=bad-svc",
	} {
		state[name] = getJSON(t, s.URL(path))
	}
	return state
}

func getJSON(t *testing.T, target string) any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %d %s", target, r.StatusCode, text)
	}
	if m, ok := v.(map[string]any); ok {
		delete(m, "lastRefTime") // the time of the answer
		delete(m, "checksum")
	}
	return v
}

// alive fails the test when the server does not answer a good request.
func alive(t *testing.T, s *server.Server) {
	t.Helper()
	if v, ok := getJSON(t, s.URL("/v1/ns/service/list?pageNo=1&pageSize=1")).(map[string]any); !ok || v["count"] == nil {
		t.Errorf("the server on port %s does not answer as it should: %v", strconv.Itoa(s.Port), v)
	}
}
