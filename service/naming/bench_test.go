package naming_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/service/naming"
)

// fill registers n instances spread over services, and returns a function that
// makes the i-th of them again.
func fill(b *testing.B, s *naming.Service, n, services int) func(i int) *naming.Registration {
	b.Helper()
	all := make([]*naming.Registration, n)
	for i := range all {
		all[i] = reg(fmt.Sprintf("svc-%d", i%services), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), 8000, meta(`{"v":"1"}`))
	}
	register(b, s, all...)
	return func(i int) *naming.Registration { return all[i%n] }
}

func BenchmarkRegisterAgain(b *testing.B) {
	s := start(b, "")
	at := fill(b, s, 10_000, 1_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := s.Register(b.Context(), at(i)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRegisterChanged(b *testing.B) {
	s := start(b, "")
	at := fill(b, s, 10_000, 1_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := *at(i)
		r.Weight = float64(1 + i/10_000%2)
		if err := s.Register(b.Context(), &r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBeat(b *testing.B) {
	s := start(b, "")
	at := fill(b, s, 100_000, 10_000)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i += 7 {
			r := at(i)
			if _, err := s.Beat(b.Context(), &naming.Beat{Key: r.Key, IP: r.IP, Port: r.Port}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkParseBeat(b *testing.B) {
	const text = `{"port":9090,"ip":"10.0.0.7","weight":1.0,"serviceName":"DEFAULT_GROUP@@orders","cluster":"DEFAULT","metadata":{"preserved.register.source":"SPRING_CLOUD"},"scheduled":false,"period":5000,"stopped":false}`
	b.ReportAllocs()
	for b.Loop() {
		if _, err := naming.ParseBeat(text); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkList(b *testing.B, hosts int) {
	b.Helper()
	s := start(b, "")
	fill(b, s, hosts, 1)
	q := naming.List{Key: keyOf("svc-0")}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if len(s.List(q).Body) < hosts*100 {
				b.Fatal("short")
			}
		}
	})
}

func BenchmarkList10(b *testing.B) { benchmarkList(b, 10) }

func BenchmarkList1000(b *testing.B) { benchmarkList(b, 1_000) }

// benchmarkPush is what a change costs until the data of a push is there.
func benchmarkPush(b *testing.B, hosts int) {
	b.Helper()
	s := start(b, "")
	at := fill(b, s, hosts, 1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := *at(i)
		r.Weight = float64(2 + i/hosts%2)
		if err := s.Register(b.Context(), &r); err != nil {
			b.Fatal(err)
		}
		if len(s.PushData(r.Key, "", "")) < hosts*100 {
			b.Fatal("short")
		}
	}
}

func BenchmarkPushRender10(b *testing.B) { benchmarkPush(b, 10) }

func BenchmarkPushRender1000(b *testing.B) { benchmarkPush(b, 1_000) }

func BenchmarkAppendHead(b *testing.B) {
	var buf [64]byte
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		_ = naming.AppendHead(buf[:0], now)
	}
}
