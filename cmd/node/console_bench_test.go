package node

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/naming"
)

// BenchmarkConsole is the first page of the console's tables: 12,000 configs, and
// 100,000 instances of 10,000 services.
func BenchmarkConsole(b *testing.B) {
	set := settings.Default()
	set.Data.Dir, set.Cluster.Standalone = b.TempDir(), true
	n, err := New(set, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = n.Close() })
	if err := n.config.Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	fill(b, n, 12_000, 100_000)
	for _, path := range []string{
		ext + "/configs?facets=true", ext + "/configs?q=0119", ext + "/configs?pageNo=100", ext + "/services", ext + "/instances", ext + "/clients",
		ext + "/overview", ext + "/search?q=0119", "/nacos/v1/cs/configs?search=blur&dataId=*011*&group=&pageNo=1&pageSize=10",
		"/nacos/v1/cs/configs?search=accurate&dataId=&group=&pageNo=1200&pageSize=10",
		"/nacos/v1/ns/catalog/services?hasIpCount=true&pageNo=1&pageSize=10",
	} {
		b.Run(strings.TrimPrefix(path, ext), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, http.NoBody)
				r.Header.Set("X-Console", "1")
				w := httptest.NewRecorder()
				if n.Handler().ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}

// fill publishes configs, and registers instances in services of ten.
func fill(b *testing.B, n *Node, configs, instances int) {
	b.Helper()
	body := strings.Repeat("key: value\n", 90)
	var wg sync.WaitGroup
	const writers = 32 // which share transactions
	for w := range writers {
		wg.Go(func() {
			for i := w; i < configs; i += writers {
				p := config.Publish{
					Key: config.Key{Group: fmt.Sprint("GROUP_", i%20), DataID: fmt.Sprintf("config-%06d.yaml", i)}, Content: fmt.Sprint(i, "\n", body),
					Type: new("yaml"), AppName: new(fmt.Sprint("app-", i%100)), Tags: new("core"), Desc: new("what it is for"),
				}
				if err := n.config.Publish(context.Background(), p); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range instances {
		r := naming.Registration{
			Key: naming.Key{Namespace: "public", Group: naming.DefaultGroup, Service: fmt.Sprintf("service-%05d", i%(instances/10))},
			IP:  fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), Port: 8080, Cluster: naming.DefaultCluster, Weight: 1, Enabled: true, Healthy: true, Ephemeral: true,
		}
		if err := n.naming.Register(b.Context(), &r); err != nil {
			b.Fatal(err)
		}
	}
}
