package persistence_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/persistence"
)

// BenchmarkPublish compares durable publishes by 64 writers, each with its
// history row, with what the disk does when commits are synced one by one.
func BenchmarkPublish(b *testing.B) {
	b.Run("disk: write 4 KB and fsync, one after another", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		page := make([]byte, 4096)
		for b.Loop() {
			if _, err := f.Write(page); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "fsyncs/s")
	})
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d writers, 1 KB", writers), func(b *testing.B) { publishWith(b, writers) })
	}
}

func publishWith(b *testing.B, writers int) {
	b.Helper()
	db := open(b)
	body := strings.Repeat("k=v\n", 256)
	b.ReportAllocs()
	before := cpuTime(b)
	var n atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for w := range writers {
		wg.Go(func() {
			for {
				i := n.Add(1)
				if i > int64(b.N) {
					return
				}
				op := publish(fmt.Sprintf("config-%d-%d", w, i%16), body[:1000]+strconv.FormatInt(i, 10))
				if _, err := db.Apply(b.Context(), op); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "publishes/s")
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLoad reads 50,000 configs by pages, as a start does.
func BenchmarkLoad(b *testing.B) {
	db := open(b)
	const configs = 50_000
	fill(b, db, configs)
	for _, content := range []bool{false, true} {
		b.Run(fmt.Sprintf("content=%v", content), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for after := int64(0); ; {
					rows, err := db.ConfigPage(b.Context(), after, 1000, content)
					if err != nil {
						b.Fatal(err)
					}
					if len(rows) == 0 {
						break
					}
					n, after = n+len(rows), rows[len(rows)-1].ID
				}
				if n != configs {
					b.Fatalf("%d configs", n)
				}
			}
			b.ReportMetric(float64(configs)*float64(b.N)/b.Elapsed().Seconds(), "configs/s")
		})
	}
}

// fill publishes n configs of 1 KB.
func fill(b *testing.B, db *persistence.DB, n int) {
	b.Helper()
	body := strings.Repeat("k=v\n", 256)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 256 {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if _, err := db.Apply(b.Context(), publish(fmt.Sprint("c", i), body)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
