package conformance_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/conformance"
)

// A server that answers from the recording itself agrees at every step.
func TestReplayOfTheRecordingItself(t *testing.T) {
	for _, file := range recordings(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			scenarios := load(t, file)
			results := play(t, conformance.Options{Bases: []string{echo(t, scenarios).URL}}, scenarios)
			for _, r := range results {
				if len(r.Diffs) > 0 {
					t.Error(describe(r))
				}
			}
			if want := len(steps(scenarios)); len(results) != want {
				t.Errorf("%d results of %d steps", len(results), want)
			}
		})
	}
}

// Each kind of change to an answer is found at every step that it applies to.
func TestReplayFindsEveryChange(t *testing.T) {
	changes := map[string]func(a *conformance.Answer) (changed bool){
		"status":       func(a *conformance.Answer) bool { a.Status++; return true },
		"content type": func(a *conformance.Answer) bool { a.Headers["content-type"] = "x/y"; return true },
		"no type": func(a *conformance.Answer) bool {
			_, had := a.Headers["content-type"]
			delete(a.Headers, "content-type")
			return had
		},
		"md5": func(a *conformance.Answer) bool {
			_, had := a.Headers["content-md5"]
			a.Headers["content-md5"] = "0"
			return had
		},
		"extra member":   changeObject(func(m map[string]any) bool { m["pharos"] = nil; return true }),
		"missing member": changeObject(func(m map[string]any) bool { n := len(m); clear(m); return n > 0 }),
		"JSON as text":   func(a *conformance.Answer) bool { had := a.JSON != nil; a.JSON = nil; a.Text = "{"; return had },
		"text":           func(a *conformance.Answer) bool { had := a.JSON == nil; a.Text += " "; return had },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			for _, file := range recordings(t) {
				scenarios := load(t, file)
				changed := load(t, file)
				var touched []bool
				for _, s := range steps(changed) {
					hidden := slices.Contains(s.Vary, "$") && name != "status" && !strings.Contains(name, "type") && name != "md5"
					head := s.Method == http.MethodHead && (name == "text" || name == "JSON as text")
					s.Answer.Headers = cloneHeaders(s.Answer.Headers)
					touched = append(touched, change(&s.Answer) && !hidden && !head)
				}
				for _, s := range steps(scenarios) {
					s.Wait = 0
				}
				for i, r := range play(t, conformance.Options{Bases: []string{echo(t, changed).URL}}, scenarios) {
					if found := len(r.Diffs) > 0; touched[i] && !found {
						t.Errorf("not found: %s", r.Step.ID())
					}
				}
			}
		})
	}
}

func TestCompareBodies(t *testing.T) {
	for _, c := range []struct {
		name, want, got string
		vary, unordered []string
		diffs           int
	}{
		{name: "order of members and spacing", want: `{"a":1,"b":[2]}`, got: `{ "b":[2], "a":1 }`},
		{name: "a whole number is no fraction", want: `{"a":1.0}`, got: `{"a":1}`, diffs: 1},
		{name: "fractions by value", want: `{"a":1.50}`, got: `{"a":1.5}`},
		{name: "number against text", want: `{"a":1}`, got: `{"a":"1"}`, diffs: 1},
		{name: "null against missing", want: `{"a":null}`, got: `{}`, diffs: 1},
		{name: "long numbers keep every digit", want: `{"a":9007199254740993}`, got: `{"a":9007199254740992}`, diffs: 1},
		{name: "times vary everywhere", want: `{"a":[{"lastBeat":5}]}`, got: `{"a":[{"lastBeat":6}]}`},
		{name: "but not their type", want: `{"a":[{"lastBeat":5}]}`, got: `{"a":[{"lastBeat":"6"}]}`, diffs: 1},
		{name: "vary one member", want: `{"a":1,"b":1}`, got: `{"a":2,"b":2}`, vary: []string{"a"}, diffs: 1},
		{name: "vary each of a list", want: `[{"a":1},{"a":1}]`, got: `[{"a":2},{"a":3}]`, vary: []string{"*.a"}},
		{name: "vary by place", want: `{"l":[1,2]}`, got: `{"l":[1,3]}`, vary: []string{"l.1"}},
		{name: "what varies must be there", want: `{"a":1}`, got: `{}`, vary: []string{"a"}, diffs: 1},
		{name: "the whole body", want: `{"a":1}`, got: `[]`, vary: []string{"$"}},
		{name: "order of a list", want: `{"l":[1,2]}`, got: `{"l":[2,1]}`, diffs: 2},
		{name: "list without order", want: `{"l":[{"x":1,"y":2},{"x":3}]}`, got: `{"l":[{"x":3},{"y":2,"x":1}]}`, unordered: []string{"l"}},
		{name: "the body is the list", want: `["a","b"]`, got: `["b","a"]`, unordered: []string{"$"}},
		{name: "multiplicity counts", want: `{"l":[1,1,2]}`, got: `{"l":[1,2,2]}`, unordered: []string{"l"}, diffs: 1},
		{name: "object against list", want: `{"a":{}}`, got: `{"a":[]}`, diffs: 1},
		{name: "length of a list", want: `[1,2]`, got: `[1]`, diffs: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &conformance.Step{Vary: c.vary, Unordered: c.unordered, Answer: conformance.Answer{Status: 200, JSON: json.RawMessage(c.want)}}
			if d := conformance.Compare(s, &conformance.Answer{Status: 200, JSON: json.RawMessage(c.got)}); len(d) != c.diffs {
				t.Errorf("%d differences, want %d: %q", len(d), c.diffs, d)
			}
		})
	}
}

// A step with a wait is asked again until it agrees, a saved value is sent in
// URL, header and body, and the next scenario has forgotten it.
func TestReplayWaitsAndSaves(t *testing.T) {
	const recording = `{"scenario":"a","start":true}
{"scenario":"a","method":"POST","url":"/new","headers":{},"save":{"ID":"data.1.id"},"answer":{"status":200,"headers":{},"json":{"data":[{"id":"?"},{"id":7}]}},"vary":["data.*.id"]}
{"scenario":"a","method":"PUT","url":"/x/{{ID}}?q=%zz|{{ID}}","headers":{"H":"{{ID}}"},"body":"b={{ID}}&c={{NONE}}","wait":5,"answer":{"status":200,"headers":{},"text":"third"}}
{"scenario":"b","start":true}
{"scenario":"b","method":"GET","url":"/y/{{ID}}","headers":{},"answer":{"status":302,"headers":{},"text":""}}
`
	scenarios, err := conformance.Load(strings.NewReader(recording))
	if err != nil {
		t.Fatal(err)
	}
	var puts int
	var seen []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header()["Content-Type"] = nil
		switch r.Method {
		case http.MethodPost:
			_, _ = fmt.Fprint(w, `{"data":[{"id":"8"},{"id":9}]}`)
		case http.MethodPut:
			puts++
			seen = append(seen, fmt.Sprintf("%s %s %s %s", r.RequestURI, r.Header.Get("H"), r.Header.Get("Content-Type"), body))
			_, _ = fmt.Fprint(w, []string{"first", "second", "third"}[min(puts-1, 2)])
		default:
			seen = append(seen, r.RequestURI)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
		}
	}))
	defer srv.Close()
	results := play(t, conformance.Options{Bases: []string{srv.URL}}, scenarios)
	if got := results[0].Diffs; len(got) != 0 {
		t.Errorf("ids vary, but: %q", got)
	}
	if len(results[1].Diffs) != 0 || puts != 3 {
		t.Errorf("after %d attempts: %q", puts, results[1].Diffs)
	}
	want := []string{"/x/9?q=%zz|9 9 application/x-www-form-urlencoded b=9&c={{NONE}}", "/y/{{ID}}"}
	if seen = slices.Compact(seen); !slices.Equal(seen, want) {
		t.Errorf("sent %q, want %q", seen, want)
	}
	if len(results[2].Diffs) != 0 {
		t.Errorf("a redirect is an answer, but: %q", results[2].Diffs)
	}
}

func TestReplayPatience(t *testing.T) {
	const recording = `{"scenario":"a","start":true}
{"scenario":"a","method":"GET","url":"/","headers":{},"answer":{"status":200,"headers":{},"text":""}}
{"scenario":"a","method":"PUT","url":"/","headers":{},"answer":{"status":200,"headers":{},"text":""}}
`
	asked := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		if asked[r.Method]++; asked[r.Method] == 1 {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer srv.Close()
	scenarios, err := conformance.Load(strings.NewReader(recording))
	if err != nil {
		t.Fatal(err)
	}
	results := play(t, conformance.Options{Bases: []string{srv.URL}, Patience: 5 * time.Second}, scenarios)
	if len(results[0].Diffs) != 0 || len(results[1].Diffs) != 1 {
		t.Errorf("patience is for GET alone: %q, %q", results[0].Diffs, results[1].Diffs)
	}
}

func TestReplayWithoutServer(t *testing.T) {
	scenarios := load(t, filepath.Join("testdata", "core.jsonl"))[:1]
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	for _, r := range play(t, conformance.Options{Bases: []string{srv.URL}}, scenarios) {
		if len(r.Diffs) == 0 || !strings.Contains(r.Diffs[0], "status 0") {
			t.Errorf("%s: no server, but %q", r.Step.ID(), r.Diffs)
		}
	}
}

func TestDifferences(t *testing.T) {
	list := "a comment\n[s] GET /a # meant\n[s] GET /b # meant too\n[s] GET /c # never replayed\n"
	d, err := conformance.ReadDifferences(strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	step := func(url string) *conformance.Step { return &conformance.Step{Scenario: "s", Method: "GET", URL: url} }
	agreed, listed, unlisted := d.Count([]conformance.Result{
		{Step: step("/a"), Diffs: []string{"x"}}, {Step: step("/a")}, {Step: step("/b")}, {Step: step("/d"), Diffs: []string{"y"}},
	})
	if agreed != 2 || listed != 1 || len(unlisted) != 1 || unlisted[0].Step.URL != "/d" {
		t.Errorf("agreed %d, listed %d, unlisted %v", agreed, listed, unlisted)
	}
	if got := d.Stale(); !slices.Equal(got, []string{"[s] GET /b"}) {
		t.Errorf("stale: %q", got)
	}
	known := []conformance.Scenario{{Title: "s", Steps: []conformance.Step{*step("/a"), *step("/b")}}}
	if got := d.Unknown(known); !slices.Equal(got, []string{"[s] GET /c"}) {
		t.Errorf("unknown: %q", got)
	}
	for _, bad := range []string{"[s] GET /a\n", "[s] GET /a # \n", "[s] GET /a # x\n[s] GET /a # y\n"} {
		if _, err := conformance.ReadDifferences(strings.NewReader(bad)); err == nil {
			t.Errorf("accepted: %q", bad)
		}
	}
}

func recordings(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings found: %v", err)
	}
	return files
}

func steps(scenarios []conformance.Scenario) []*conformance.Step {
	var out []*conformance.Step
	for i := range scenarios {
		for j := range scenarios[i].Steps {
			if s := &scenarios[i].Steps[j]; s.Method != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// echo answers the requests with the recorded answers, one after another.
func echo(t *testing.T, scenarios []conformance.Scenario) *httptest.Server {
	t.Helper()
	var mu sync.Mutex // guards next
	next := 0
	all := steps(scenarios)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		s := all[next]
		next++
		mu.Unlock()
		if r.Method != s.Method || (r.RequestURI != s.URL && !strings.Contains(s.URL, "{{")) {
			t.Errorf("sent %s %s, recorded %s %s", r.Method, r.RequestURI, s.Method, s.URL)
		}
		w.Header()["Content-Type"] = nil
		for k, v := range s.Answer.Headers {
			w.Header().Set(k, v)
		}
		w.WriteHeader(s.Answer.Status)
		if s.Answer.JSON != nil {
			_, _ = w.Write(s.Answer.JSON)
		} else {
			_, _ = io.WriteString(w, s.Answer.Text)
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

func changeObject(change func(map[string]any) bool) func(*conformance.Answer) bool {
	return func(a *conformance.Answer) bool {
		var m map[string]any
		if json.Unmarshal(a.JSON, &m) != nil || m == nil || !change(m) {
			return false
		}
		a.JSON, _ = json.Marshal(m)
		return true
	}
}

func cloneHeaders(h map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, h)
	return out
}
