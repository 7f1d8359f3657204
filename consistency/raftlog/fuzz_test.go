package raftlog

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEntryRoundTrip(t *testing.T) {
	for _, tt := range []struct {
		name   string
		items  []item
		format byte
	}{
		{"one", []item{{KindDB, []byte("data")}}, formatSingle},
		{"one without data", []item{{KindDB, nil}}, formatSingle},
		{"many", []item{{KindDB, []byte("a")}, {0x81, nil}, {KindDB, bytes.Repeat([]byte("b"), 300)}}, formatPacked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := encodeEntry(tt.items)
			got, err := decodeEntry(b)
			if err != nil || b[0] != tt.format || len(got) != len(tt.items) {
				t.Fatalf("%v %v", got, err)
			}
			for i := range got {
				if got[i].kind != tt.items[i].kind || !bytes.Equal(got[i].data, tt.items[i].data) {
					t.Errorf("%d: %v", i, got[i])
				}
			}
		})
	}
	// The format on disk is for ever.
	if b := encodeEntry([]item{{1, []byte("x")}}); !bytes.Equal(b, []byte("\x01\x01x")) {
		t.Errorf("%q", b)
	}
	if b := encodeEntry([]item{{1, []byte("x")}, {2, []byte("yz")}}); !bytes.Equal(b, []byte("\x02\x01\x01x\x02\x02yz")) {
		t.Errorf("%q", b)
	}
	for _, bad := range []string{"", "\x01", "\x02", "\x03\x01x", "\x02\x01\x05x", "\x02\x01"} {
		if _, err := decodeEntry([]byte(bad)); err == nil {
			t.Errorf("%q was decoded", bad)
		}
	}
}

func TestSnapshotRoundTrip(t *testing.T) {
	large := strings.Repeat("0123456789", 300_000)
	s := &snapshot{
		header: snapshotHeader{Applied: map[Kind]uint64{1: 7, 2: 9}},
		sections: []section{
			{1, io.NopCloser(strings.NewReader(large))}, {2, io.NopCloser(strings.NewReader(""))}, {3, io.NopCloser(strings.NewReader("c"))},
		},
	}
	var b bytes.Buffer
	if err := s.write(&b); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	read := func(b []byte) (h snapshotHeader, got map[Kind]string, err error) {
		r := bytes.NewReader(b)
		if h, err = readHeader(r); err != nil {
			return h, nil, err
		}
		got = map[Kind]string{}
		err = readSections(r, func(k Kind, r io.Reader) error {
			if k == 3 {
				return nil // not read: skipped
			}
			x, err := io.ReadAll(r)
			got[k] = string(x)
			return err
		})
		return h, got, err
	}
	h, got, err := read(whole)
	if diff := cmp.Diff(s.header, h); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if diff := cmp.Diff(map[Kind]string{1: large, 2: ""}, got); diff != "" {
		t.Error(diff)
	}
	for _, n := range []int{0, 3, 5, 20, 40, len(whole) / 2, len(whole) - 1} {
		if _, _, err := read(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken for a snapshot", n, len(whole))
		}
	}
}

func FuzzEntry(f *testing.F) {
	f.Add(encodeEntry([]item{{1, []byte("a")}}))
	f.Add(encodeEntry([]item{{1, []byte("a")}, {2, nil}}))
	f.Add(encodeAnswers(7, []Answer{{1, []byte("x")}, {}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if items, err := decodeEntry(b); err == nil {
			again, err := decodeEntry(encodeEntry(items))
			if err != nil || len(again) != len(items) {
				t.Fatalf("%v became %v: %v", items, again, err)
			}
		}
		if i, a, err := decodeAnswers(b); err == nil {
			i2, a2, err := decodeAnswers(encodeAnswers(i, a))
			if err != nil || i2 != i || len(a2) != len(a) {
				t.Fatalf("%v became %v: %v", a, a2, err)
			}
		}
	})
}

func FuzzSnapshot(f *testing.F) {
	var b bytes.Buffer
	s := &snapshot{header: snapshotHeader{Applied: map[Kind]uint64{1: 7}}, sections: []section{{1, io.NopCloser(strings.NewReader("state"))}}}
	if err := s.write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(_ *testing.T, b []byte) {
		r := bytes.NewReader(b)
		if _, err := readHeader(r); err != nil {
			return
		}
		_ = readSections(r, func(_ Kind, r io.Reader) error { _, err := io.Copy(io.Discard, r); return err })
	})
}
