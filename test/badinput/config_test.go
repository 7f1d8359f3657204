package badinput_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/test/server"
)

func TestBadConfigs(t *testing.T) {
	long := func(n int) string { return strings.Repeat("n", n) }
	const configs, listener = "/v1/cs/configs", "/v1/cs/configs/listener"
	config := func(over ...string) map[string]string {
		form := map[string]string{"dataId": "bad-config", "group": "G", "content": "x", "serviceName": "-", "groupName": "-", "ip": "-", "port": "-", "ephemeral": "-"}
		for i := 0; i < len(over); i += 2 {
			form[over[i]] = over[i+1]
		}
		return form
	}
	listen := func(keys string) map[string]string {
		return config("dataId", "-", "group", "-", "content", "-", "Listening-Configs", keys)
	}
	requests := []request{
		{name: "data id of 257", path: configs, form: config("dataId", long(257))},
		{name: "data id of path", path: configs, form: config("dataId", "../../etc/passwd")},
		{name: "data id with a null", path: configs, form: config("dataId", "a\x00b")},
		{name: "no data id", path: configs, form: config("dataId", "-"), lenient: true},
		{name: "group of 129", path: configs, form: config("group", long(129))},
		{name: "tenant of 129", path: configs, form: config("tenant", long(129))},
		{name: "tenant of quotes", path: configs, form: config("tenant", "' OR 1=1 --")},
		{name: "no content", path: configs, form: config("content", "-"), lenient: true},
		{name: "content of blanks", path: configs, form: config("content", " \n ")},
		{name: "content above 10 M", path: configs, form: config("content", long(10<<20+1))},
		{name: "tag of 17", path: configs, form: config("tag", long(17))},
		{name: "six tags", path: configs, form: config("config_tags", "1,2,3,4,5,6")},
		{name: "description of 129", path: configs, form: config("desc", long(129))},
		{name: "listener of nothing", path: listener, form: listen("")},
		{name: "listener of one word", path: listener, form: listen("a\x01"), lenient: true},
		{name: "listener of six words", path: listener, form: listen("a\x02b\x02c\x02d\x02e\x02f\x01"), lenient: true},
		{name: "listener of separators", path: listener, form: listen(strings.Repeat("\x02", 100_000)), lenient: true},
		{name: "listener with a bad escape", path: listener, form: listen("a%zz\x02b\x02c\x01"), lenient: true},
		{name: "listener of illegal names", path: listener, form: listen("a b\x02c\x02d\x01")},
	}
	s := server.Start(t, server.Options{})
	publish(t, s)
	before := configState(t, s)
	for _, r := range requests {
		r.method = http.MethodPost
		t.Run(r.name, func(t *testing.T) { r.mustBeRefused(t, s) })
		if r.path == configs {
			r.path = "/v2/cs/config"
			t.Run("v2 "+r.name, func(t *testing.T) {
				if tags, ok := r.form["config_tags"]; ok {
					r.form["configTags"] = tags
				}
				if ns, ok := r.form["tenant"]; ok {
					r.form["namespaceId"] = ns
				}
				r.mustBeRefused(t, s)
			})
		}
	}
	if diff := cmp.Diff(before, configState(t, s)); diff != "" {
		t.Errorf("refused writes changed something (-before +after):\n%s", diff)
	}
}

// Archives that lie about themselves import nothing, and cost little memory.
func TestBadArchives(t *testing.T) {
	const meta = ".metadata.yml"
	entry := func(dataID string) string { return "- dataId: " + dataID + "\n  group: G\n  type: text\n" }
	for name, c := range map[string]struct {
		archive []byte
		growth  int64 // what the server may grow by; 0 is 64 MB
	}{
		"not an archive":         {archive: bytes.Repeat([]byte("x"), 1000)},
		"cut short":              {archive: pack(t, file{name: meta, text: "metadata:\n" + entry("a")}, file{name: "G/a", text: "x"})[:60]},
		"an entry of 1 GB":       {archive: pack(t, file{name: meta, text: "metadata:\n" + entry("a")}, file{name: "G/a", zeros: 1 << 30}), growth: 128 << 20},
		"metadata of 1 GB":       {archive: pack(t, file{name: meta, zeros: 1 << 30}), growth: 128 << 20},
		"200 entries of 20 MB":   {archive: pack(t, many(200, 20<<20)...), growth: 320 << 20},
		"100,000 empty entries":  {archive: pack(t, many(100_000, 0)...)},
		"entries that climb out": {archive: pack(t, file{name: meta, text: "metadata:\n" + entry("../../../tmp/pharos-bad")}, file{name: "G/../../../tmp/pharos-bad", text: "x"})},
		"metadata that is none":  {archive: pack(t, file{name: meta, text: "][}{"}, file{name: "G/a", text: "x"})},
		"metadata of references": {archive: pack(t, file{name: meta, text: "a: &a [x,x,x,x,x,x,x,x,x]\n" + billion()}, file{name: "G/a", text: "x"})},
	} {
		t.Run(name, func(t *testing.T) {
			s := server.Start(t, server.Options{})
			publish(t, s)
			state, rss := configState(t, s), s.RSS()
			status, text := importArchive(t, s, c.archive)
			if status < 400 && !strings.Contains(text, `"succCount":0`) && !strings.Contains(text, `"code":1000`) {
				t.Errorf("answered %d %.300s", status, text)
			}
			checkText(t, text)
			if diff := cmp.Diff(state, configState(t, s)); diff != "" {
				t.Errorf("it changed something (-before +after):\n%s", diff)
			}
			limit := c.growth
			if limit == 0 {
				limit = 64 << 20
			}
			if grown := s.RSS() - rss; grown > limit {
				t.Errorf("an archive of %d KB made the server grow by %d MB", len(c.archive)>>10, grown>>20)
			}
		})
	}
}

// file is an entry of an archive: text, or so many zeros.
type file struct {
	name, text string
	zeros      int64
}

func pack(t *testing.T, files ...file) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, f := range files {
		w, err := z.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, io.MultiReader(strings.NewReader(f.text), io.LimitReader(zeros{}, f.zeros))); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func many(n int, size int64) []file {
	var meta strings.Builder
	meta.WriteString("metadata:\n")
	files := make([]file, n+1)
	for i := range n {
		id := fmt.Sprintf("bad-%d", i)
		meta.WriteString("- dataId: " + id + "\n  group: G\n  type: text\n")
		files[i+1] = file{name: "G/" + id, zeros: size}
	}
	files[0] = file{name: ".metadata.yml", text: meta.String()}
	return files
}

// billion is YAML that unfolds to a billion texts where references are followed
// blindly.
func billion() string {
	var b strings.Builder
	for c := 'b'; c < 'k'; c++ {
		fmt.Fprintf(&b, "%c: &%c [%s*%c]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 8), c-1)
	}
	return b.String() + "metadata: *j\n"
}

// zeros is an endless entry.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func importArchive(t *testing.T, s *server.Server, archive []byte) (status int, text string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "configs.zip")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL("/v1/cs/configs?import=true&namespace="), &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// publish writes what bad requests could spoil.
func publish(t *testing.T, s *server.Server) {
	t.Helper()
	r := postForm(t, s.URL("/v1/cs/configs"), "dataId=good-config&group=G&content=good")
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusOK {
		t.Fatalf("a good publish is answered %d", r.StatusCode)
	}
}

// configState is every config that the server knows.
func configState(t *testing.T, s *server.Server) any {
	t.Helper()
	return getJSON(t, s.URL("/v1/cs/configs?search=blur&dataId=&group=&pageNo=1&pageSize=500"))
}
