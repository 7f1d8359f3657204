package config_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
)

// may permits everything.
func may(config.Key) error { return nil }

type entry struct{ name, text string }

func archive(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e.name)
		if err == nil {
			_, err = io.WriteString(w, e.text)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestImport(t *testing.T) {
	named := func(id string) []config.Named { return []config.Named{{DataID: id, Group: "g"}} }
	const meta = "metadata:\n- appName: shop\n  dataId: a.yaml\n  group: g\n  type: yaml\n- dataId: b\n  desc: 'it''s: b'\n  group: g\n  type: text\n"
	for name, c := range map[string]struct {
		file   []byte
		policy config.Policy
		want   *config.Imported
		err    error
	}{
		"second format": {
			file: archive(t, entry{"g/a.yaml", "a: 1"}, entry{"g/b", "b"}, entry{".metadata.yml", meta}),
			want: &config.Imported{Succeeded: 2},
		},
		"first format": {
			file: archive(t, entry{"g/a.yaml", "a: 1"}, entry{".meta.yml", "g.a~yaml.app=shop\r\n"}),
			want: &config.Imported{Succeeded: 1},
		},
		"no metadata": {file: archive(t, entry{"g/a.yaml", "a: 1"}), want: &config.Imported{Succeeded: 1}},
		"aborted": {
			file: archive(t, entry{"g/new", "n"}, entry{"g/there", "x"}, entry{"g/last", "l"}), policy: config.Abort,
			want: &config.Imported{Succeeded: 1, Skipped: 1, Failed: named("there"), SkippedData: named("last")},
		},
		"skipped": {
			file: archive(t, entry{"g/there", "x"}, entry{"g/last", "l"}), policy: config.Skip,
			want: &config.Imported{Succeeded: 1, Skipped: 1, SkippedData: named("there")},
		},
		"overwritten": {file: archive(t, entry{"g/there", "x"}), policy: config.Overwrite, want: &config.Imported{Succeeded: 1}},
		"strangers": {
			file: archive(t, entry{"g/a.yaml", "a: 1"}, entry{"g/c", "c"}, entry{"top", "x"}, entry{"g/../b", "x"}, entry{"g/a b", "x"}, entry{".metadata.yml", meta}),
			want: &config.Imported{Succeeded: 1, UnrecognizedCount: 5, Unrecognized: []config.Entry{
				{Name: "未在元数据中找到: g/c"}, {Name: "top"}, {Name: "g/../b"}, {Name: "g/a b"}, {Name: "未在文件中找到: g/b"},
			}},
		},
		"not an archive":      {file: []byte("nothing of the kind"), err: config.ErrNoConfigs},
		"empty":               {file: archive(t), err: config.ErrNoConfigs},
		"metadata is no list": {file: archive(t, entry{"g/a", "a"}, entry{".metadata.yml", "metadata: 7"}), err: config.ErrMetadata},
		"metadata lacks type": {file: archive(t, entry{"g/a", "a"}, entry{".metadata.yml", "metadata:\n- dataId: a\n  group: g\n"}), err: config.ErrMetadata},
		"metadata unfolds": {
			file: archive(t, entry{"g/a", "a"}, entry{".metadata.yml", "metadata:\n- &x {dataId: a, group: g, type: text}\n- *x\n"}), err: config.ErrMetadata,
		},
		"metadata without keys": {file: archive(t, entry{"g/a", "a"}, entry{".metadata.yml", "- a\n"}), err: config.ErrMetadata},
		"item that is a text":   {file: archive(t, entry{"g/a", "a"}, entry{".metadata.yml", "metadata:\n- a\n"}), err: config.ErrMetadata},
		"null and fields of others": {
			file: archive(t, entry{"g/a", "a"}, entry{".metadata.yml", "x:\n- {dataId: a, group: g, type: text, appName: null, configTags: [t], desc: ~}\n"}),
			want: &config.Imported{Succeeded: 1},
		},
		"line without equals": {file: archive(t, entry{"g/a", "a"}, entry{".meta.yml", "g.a.app shop"}), err: config.ErrMetadata},
		"line without value":  {file: archive(t, entry{"g/a", "a"}, entry{".meta.yml", "g.a.app="}), err: config.ErrMetadata},
		"bomb":                {file: archive(t, entry{"g/a", strings.Repeat("\x00", 40<<20)}), err: config.ErrNoConfigs},
	} {
		t.Run(name, func(t *testing.T) {
			s := centre(t)
			publish(t, s, config.Publish{Key: config.Key{Group: "g", DataID: "there"}, Content: "old"})
			if c.policy == "" {
				c.policy = config.Abort
			}
			got, err := s.Import(context.Background(), "", c.file, c.policy, config.Author{}, may)
			if !errors.Is(err, c.err) || c.err == nil && err != nil {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if !cmp.Equal(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestImportOfHostileMetadata has metadata that costs a careless parser time and
// memory by the square of its size. Memory is what is measured: it does not depend
// on what else the machine does.
func TestImportOfHostileMetadata(t *testing.T) {
	const (
		much = 20_000
		most = 64 << 20 // bytes; 1 GB and more where the square counts
	)
	var keys strings.Builder
	for i := range much {
		fmt.Fprintf(&keys, "k%d: v\n", i)
	}
	for name, meta := range map[string]string{
		"lists in lists":  "metadata:\n- dataId: " + strings.Repeat("[", much),
		"items in items":  strings.Repeat("- ", much),
		"maps in maps":    strings.Repeat("{a: ", much),
		"keys":            keys.String(),
		"millions of all": "metadata: [" + strings.Repeat("a,", 2_000_000) + "]",
	} {
		t.Run(name, func(t *testing.T) {
			s, file := centre(t), archive(t, entry{"g/a", "a"}, entry{".metadata.yml", meta})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := s.Import(t.Context(), "", file, config.Abort, config.Author{}, may)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, config.ErrMetadata) {
				t.Errorf("error %v", err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("%d MB were allocated", used>>20)
			}
		})
	}
}

func TestImportDescribes(t *testing.T) {
	s := centre(t)
	ctx := context.Background()
	const meta = "metadata:\n- appName: shop\n  dataId: a.yaml\n  desc: \"two\\nlines\"\n  group: g\n  type: yaml\n"
	if _, err := s.Import(ctx, "", archive(t, entry{"g/a.yaml", "a: 1"}, entry{".metadata.yml", meta}), config.Abort, config.Author{User: "u", IP: "10.0.0.1"}, may); err != nil {
		t.Fatal(err)
	}
	r, err := s.Detail(ctx, config.Key{Group: "g", DataID: "a.yaml"})
	if err != nil || r == nil {
		t.Fatal(r, err)
	}
	if r.AppName != "shop" || *r.Type != "yaml" || *r.Desc != "two\nlines" || *r.SrcUser != "u" || *r.SrcIP != "10.0.0.1" {
		t.Errorf("got %+v", r)
	}
}

func TestImportAsksForEach(t *testing.T) {
	s := centre(t)
	denied := service.Errorf(service.Forbidden, "no")
	_, err := s.Import(context.Background(), "", archive(t, entry{"g/a", "a"}, entry{"g/b", "b"}), config.Abort, config.Author{}, func(k config.Key) error {
		if k.DataID == "b" {
			return denied
		}
		return nil
	})
	if !errors.Is(err, denied) {
		t.Fatalf("error %v", err)
	}
	if it := s.Cache().Get(config.Key{Group: "g", DataID: "a"}); it != nil {
		t.Error("a part was published")
	}
}

// TestExportRoundTrip exports configs with awkward descriptions and imports them
// elsewhere.
func TestExportRoundTrip(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		t.Run(fmt.Sprint("v2=", v2), func(t *testing.T) {
			from, to := centre(t), centre(t)
			ctx := context.Background()
			texts := []string{"", "plain words", "it's: #tricky", "null", "true", "two\nlines\ttab", "zweitausend – ü", "\"quoted\" \\", "- list", "123", " lead", "trail ", "\u2028x\x7f"}
			for i, text := range texts {
				typ := "yaml"
				app := fmt.Sprint("app", i)
				publish(t, from, config.Publish{Key: config.Key{Group: "g", DataID: fmt.Sprintf("d.%d", i)}, Content: "content " + text, AppName: &app, Desc: &text, Type: &typ})
			}
			var b bytes.Buffer
			if err := from.ExportTo(ctx, &b, config.Export{Group: "g"}, v2, may, nil); err != nil {
				t.Fatal(err)
			}
			got, err := to.Import(ctx, "", b.Bytes(), config.Abort, config.Author{}, may)
			if err != nil || got.Succeeded != len(texts) {
				t.Fatalf("%+v %v", got, err)
			}
			for i, text := range texts {
				r, err := to.Detail(ctx, config.Key{Group: "g", DataID: fmt.Sprintf("d.%d", i)})
				if err != nil || r == nil {
					t.Fatal(r, err)
				}
				if r.Content != "content "+text || r.AppName != fmt.Sprint("app", i) {
					t.Errorf("%q: content %q, app %q", text, r.Content, r.AppName)
				}
				if v2 && (*r.Desc != text || *r.Type != "yaml") {
					t.Errorf("%q: desc %q, type %q", text, *r.Desc, *r.Type)
				}
			}
		})
	}
}

func TestClone(t *testing.T) {
	s := centre(t)
	ctx := context.Background()
	publish(t, s, config.Publish{Key: app, Content: "a"})
	r, err := s.Detail(ctx, app)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Clone(ctx, "nowhere", []config.Chosen{{ID: r.ID}}, config.Abort, config.Author{}, may, may); !errors.Is(err, config.ErrNoNamespace) {
		t.Errorf("into a namespace that is not there: %v", err)
	}
	if _, err := s.Clone(ctx, "", nil, config.Abort, config.Author{}, may, may); !errors.Is(err, config.ErrNoneChosen) {
		t.Errorf("nothing chosen: %v", err)
	}
	got, err := s.Clone(ctx, "", []config.Chosen{{ID: r.ID, DataID: "copy"}}, config.Abort, config.Author{}, may, may)
	if err != nil || got.Succeeded != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	if c := s.Read(config.Key{Group: "G", DataID: "copy"}, "", "", ""); c == nil || string(c.Content) != "a" {
		t.Errorf("the copy is %v", c)
	}
}

func FuzzImport(f *testing.F) {
	f.Add(archive(f, entry{"g/a.yaml", "a: 1"}, entry{".metadata.yml", "metadata:\n- dataId: a.yaml\n  group: g\n  type: yaml\n"}))
	f.Add(archive(f, entry{"g/a.yaml", "a: 1"}, entry{".meta.yml", "g.a~yaml.app=shop\r\n"}))
	f.Add([]byte("PK\x05\x06"))
	s := centre(f, func(o *config.Options) {
		// What is read is what counts here; nothing is written.
		o.Write = func(context.Context, persistence.Op) (persistence.Result, error) {
			return persistence.Result{Time: time.Unix(0, 0)}, nil
		}
	})
	f.Fuzz(func(t *testing.T, file []byte) {
		out, err := s.Import(context.Background(), "", file, config.Overwrite, config.Author{}, func(k config.Key) error { return config.CheckKey(k) })
		if err == nil && out.Succeeded == 0 {
			t.Fatalf("nothing was imported and nothing said: %+v", out)
		}
	})
}
