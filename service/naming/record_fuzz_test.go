package naming_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/consistency/distro"
)

// FuzzRecord takes in what another node may send. What is taken in is what is
// told to others.
func FuzzRecord(f *testing.F) {
	l := newLab(f, 1)
	n := l.nodes[0]
	const id = "1.2.3.4:80#true\x00public\x00DEFAULT_GROUP\x00x"
	for _, m := range []string{"", `{"a":"b"}`, `{"preserved.instance.id.generator":"snowflake"}`} {
		if err := n.s.Register(f.Context(), reg("x", "1.2.3.4", 80, meta(m), cluster("c"))); err != nil {
			f.Fatal(err)
		}
		rec, ok := n.s.Encode(id)
		if !ok {
			f.Fatal("no record")
		}
		f.Add(id, rec.Data)
	}
	f.Add("", []byte{1})
	f.Add("a\x00b\x00c\x00d", []byte{1, 3, 0, 1, 'x', 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, id string, data []byte) {
		v := distro.Version{Rev: n.syncer.Clock().Next(0), Heard: time.Now(), Seen: time.Now()}
		n.s.Merge(addr(0), []distro.Record{{ID: id, Version: v, Data: data}})
		rec, ok := n.s.Encode(id)
		if !ok {
			return
		}
		rec.Rev = n.syncer.Clock().Next(rec.Rev)
		n.s.Merge(addr(0), []distro.Record{rec})
		again, ok := n.s.Encode(id)
		if diff := cmp.Diff(rec.Data, again.Data); !ok || diff != "" {
			t.Errorf("%q: %t %s", id, ok, diff)
		}
		n.s.Merge(addr(0), []distro.Record{{ID: id, Gone: true, Version: distro.Version{Rev: n.syncer.Clock().Next(rec.Rev), Heard: time.Now()}}})
		if _, ok := n.s.Encode(id); ok {
			t.Errorf("%q stayed", id)
		}
	})
}
