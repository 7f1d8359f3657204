package naming_test

import (
	"fmt"
	"testing"

	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/service/naming"
)

// filled is a lab of two nodes, the first of which was told of n instances.
func filled(b *testing.B, n int) *lab {
	b.Helper()
	l := newLab(b, 2)
	for i := range n {
		if err := l.nodes[0].s.Register(b.Context(), reg(fmt.Sprintf("svc-%d", i%1000), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), 80, meta(`{"v":"1"}`))); err != nil {
			b.Fatal(err)
		}
	}
	for l.nodes[1].s.Counts().Instances < n {
		<-l.nodes[1].changed
	}
	return l
}

// BenchmarkBeatAtACopy is a beat that a node answers for the owner.
func BenchmarkBeatAtACopy(b *testing.B) {
	l := filled(b, 10_000)
	s := l.nodes[0].s
	var all []naming.Beat
	for i := range 10_000 {
		ip := fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
		if distro.Owner(l.nodes[0].members.View(), naming.Address(ip, 80)) == addr(1) {
			all = append(all, naming.Beat{Key: keyOf(fmt.Sprintf("svc-%d", i%1000)), IP: ip, Port: 80})
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		x := &all[i%len(all)]
		if !s.Answers(x.Key, x.IP, x.Port) {
			b.Fatal("no copy")
		}
		if _, err := s.Beat(b.Context(), x); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncode makes a record of an instance.
func BenchmarkEncode(b *testing.B) {
	l := filled(b, 1_000)
	ids := idsOf(l.nodes[0].s)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		if _, ok := l.nodes[0].s.Encode(ids[i%len(ids)]); !ok {
			b.Fatal("no record")
		}
	}
}

// BenchmarkMerge takes a changed record in.
func BenchmarkMerge(b *testing.B) {
	l := filled(b, 1_000)
	var recs []distro.Record
	for _, id := range idsOf(l.nodes[0].s) {
		rec, ok := l.nodes[0].s.Encode(id)
		if !ok {
			b.Fatal("no record")
		}
		recs = append(recs, rec)
	}
	s := l.nodes[1].s
	clock := l.nodes[1].syncer.Clock()
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		x := &recs[i%len(recs)]
		x.Rev = clock.Next(x.Rev)
		if later := s.Merge(addr(0), recs[i%len(recs):][:1]); len(later) > 0 {
			b.Fatal("it stayed")
		}
	}
}

// BenchmarkEach is a look at all records, as each digest takes.
func BenchmarkEach(b *testing.B) {
	l := filled(b, 10_000)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		n := 0
		l.nodes[0].s.Each(func(distro.Entry) bool { n++; return true })
		if n < 10_000 {
			b.Fatal(n)
		}
	}
}

func idsOf(s *naming.Service) (ids []string) {
	s.Each(func(e distro.Entry) bool { ids = append(ids, e.ID); return true })
	return ids
}
