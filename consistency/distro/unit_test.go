package distro

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The vectors are those of Nacos.
func TestHash(t *testing.T) {
	for _, tt := range []struct {
		tag  string
		want int32
	}{
		{"192.168.1.10:8080", 189675087},
		{"127.0.0.1:8848", 35729055},
		{"10.0.0.7:9090", 1471539076},
		{"null:0", 1034385667},
		{"DEFAULT_GROUP@@nacos.test.1", 301437168},
		{"", 0},
		{"é", 0xe9},
		{"日本", 0x65e5*31 + 0x672c},
		{"😀", 0xd83d*31 + 0xde00}, // a surrogate pair
	} {
		if got := hash(tt.tag); got != tt.want {
			t.Errorf("hash(%q) = %d, want %d", tt.tag, got, tt.want)
		}
	}
}

func TestPick(t *testing.T) {
	alive := []string{"a", "b", "c"}
	for i, tag := range []string{"192.168.1.10:8080", "127.0.0.1:8848", "10.0.0.7:9090"} {
		want := alive[[]int{189675087 % 3, 35729055 % 3, 1471539076 % 3}[i]]
		if got := pick(alive, "self", tag); got != want {
			t.Errorf("%s is owned by %s, not %s", tag, got, want)
		}
	}
	if got := pick(nil, "self", "x"); got != "self" {
		t.Errorf("with nobody alive %s owns it", got)
	}
}

func TestVersion(t *testing.T) {
	now := time.Now()
	ago := now.Add(-6 * time.Second)
	var c Clock
	act1 := c.Next(0)
	act2 := c.Next(act1)
	quiet := c.Quiet(act1)
	for _, tt := range []struct {
		name        string
		a, b        Version
		later, ends bool
	}{
		{"later act", Version{Rev: act2}, Version{Rev: act1, Heard: now}, true, true},
		{"earlier act", Version{Rev: act1, Heard: now}, Version{Rev: act2}, false, false},
		{"same", Version{Rev: act1, Heard: now}, Version{Rev: act1, Heard: ago}, false, true},
		{"same, and the other heard since", Version{Rev: act1, Heard: ago}, Version{Rev: act1, Heard: now}, false, false},
		{"same, and the other was confirmed since", Version{Rev: act1, Heard: now, Seen: ago}, Version{Rev: act1, Heard: now, Seen: now}, false, false},
		{"silence against a copy", Version{Rev: quiet, Heard: now}, Version{Rev: act1, Heard: now.Add(time.Second)}, true, true},
		{"silence against who heard since", Version{Rev: quiet, Heard: ago}, Version{Rev: act1, Heard: now}, false, false},
		{"who heard since against silence", Version{Rev: act1, Heard: now}, Version{Rev: quiet, Heard: ago}, true, true},
		{"silence of an earlier act", Version{Rev: quiet, Heard: now}, Version{Rev: act2}, false, false},
		{"copies", Version{Rev: quiet}, Version{Rev: act1}, true, true},
	} {
		if got := tt.a.Later(tt.b); got != tt.later {
			t.Errorf("%s: later %v", tt.name, got)
		}
		if got := tt.a.Ends(tt.b); got != tt.ends {
			t.Errorf("%s: ends %v", tt.name, got)
		}
	}
	for r := act1; ; r = c.Quiet(r) {
		if r>>quietBits != act1>>quietBits {
			t.Fatal("silence became an act")
		}
		if c.Quiet(r) == r {
			break
		}
	}
	c.See(act2 + 1<<40)
	if n := c.Next(0); n <= act2+1<<40 {
		t.Error("a revision is less than one that was seen")
	}
}

func TestTombs(t *testing.T) {
	tb := tombs{by: map[string]Version{}}
	now := time.Now()
	v := Version{Rev: 100 << quietBits}
	tb.bury("a", v, now)
	tb.bury("a", Version{Rev: 50 << quietBits}, now) // older: no news
	if at, ok := tb.ends("a", v); !ok || at != v {
		t.Error(at, ok)
	}
	if _, ok := tb.ends("a", Version{Rev: 101 << quietBits}); ok {
		t.Error("a later registration is ended")
	}
	again := Version{Rev: 200 << quietBits}
	tb.bury("a", again, now.Add(time.Minute))
	tb.sweep(now.Add(tombLife))
	if _, ok := tb.ends("a", again); !ok {
		t.Error("the later removal went with the earlier one")
	}
	tb.sweep(now.Add(time.Minute + tombLife))
	if tb.len() != 0 || len(tb.order) != 0 {
		t.Error("it stays for ever")
	}
	if offerWithin >= tombLife {
		t.Error("a record is offered after its tombstone is gone")
	}
}

func TestWire(t *testing.T) {
	w := newWriter(0)
	in := []Record{
		{ID: "a", Home: "h:1", Version: Version{Rev: 1 << 60}, Data: []byte{}},
		{ID: "", Version: Version{Rev: 0}, Gone: true},
		{ID: "ü", Version: Version{Rev: 7}, Data: bytes.Repeat([]byte("x"), 1000)},
	}
	for _, r := range in {
		w.record(r)
	}
	out, err := readRecords(w.b)
	if diff := cmp.Diff(in, out); diff != "" || err != nil {
		t.Error(diff, err)
	}
	heard := time.Now().Add(-time.Minute)
	w = newWriter(0)
	w.record(Record{Version: Version{Heard: heard}, Gone: true})
	out, err = readRecords(w.b)
	if err != nil || out[0].Heard.Sub(heard).Abs() > time.Second {
		t.Error(out, err)
	}
	for n := range len(w.b) {
		if _, err := readRecords(w.b[:n]); err == nil && n > 1 {
			t.Errorf("%d of %d bytes were read", n, len(w.b))
		}
	}
	if _, err := readRecords([]byte{9}); err == nil {
		t.Error("another version was read")
	}
}

func TestSums(t *testing.T) {
	var a, b sums
	a.add("x", 1)
	a.add("y", 2)
	b.add("y", 2)
	b.add("x", 1)
	if a != b {
		t.Error("order matters")
	}
	b.add("z", 1)
	if a == b {
		t.Error("a record more is not seen")
	}
	var c, d sums
	c.add("x", 1)
	d.add("x", 2)
	if c == d {
		t.Error("a revision is not seen")
	}
}

func FuzzWire(f *testing.F) {
	w := newWriter(0)
	w.record(Record{ID: "a", Version: Version{Rev: 3}, Data: []byte("d")})
	w.record(Record{ID: "b", Gone: true})
	f.Add(w.b)
	v := verdict{need: []string{"a"}, gone: []Record{{ID: "g", Gone: true}}, offer: []mention{{id: "o"}}}
	f.Add(v.write())
	f.Fuzz(func(t *testing.T, b []byte) {
		if recs, err := readRecords(b); err == nil {
			w := newWriter(0)
			for _, r := range recs {
				w.record(r)
			}
			again, err := readRecords(w.b)
			if err != nil || len(again) != len(recs) {
				t.Fatalf("%v became %v: %v", recs, again, err)
			}
		}
		if v, err := readVerdict(b); err == nil {
			if again, err := readVerdict(v.write()); err != nil || len(again.need) != len(v.need) || len(again.offer) != len(v.offer) {
				t.Fatalf("%v became %v: %v", v, again, err)
			}
		}
		r := newReader(b)
		r.num()
		r.sums()
		r.set()
	})
}

func BenchmarkOwner(b *testing.B) {
	alive := []string{"10.0.0.1:8848", "10.0.0.2:8848", "10.0.0.3:8848"}
	b.ReportAllocs()
	for b.Loop() {
		pick(alive, "", "192.168.100.10:8080")
	}
}
