package push_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/pharos-registry/pharos/service/push"
)

// BenchmarkFanOut is one change of a service with 1,000 followers on connections
// that take everything.
func BenchmarkFanOut(b *testing.B) {
	for _, subscribers := range []int{0, 1, 1000} {
		b.Run(strconv.Itoa(subscribers), func(b *testing.B) {
			b.ReportAllocs()
			w := newWorld(b)
			var all sync.WaitGroup
			sink := sinkConn{&all}
			o := w.options(0)
			o.Peer = func(string) push.Conn { return sink }
			h := push.New(o)
			topics := make([]push.Topic, 64) // so that none is still in its window
			for k := range topics {
				topics[k] = topicOf(strconv.Itoa(k))
				for i := range subscribers {
					w.subscribe(topics[k], fmt.Sprintf("127.0.0.1:%d#true", i), "")
				}
			}
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error)
			go func() { done <- h.Run(ctx) }()
			for i := 0; b.Loop(); i++ {
				all.Add(subscribers)
				h.Changed(topics[i%len(topics)])
				all.Wait()
			}
			cancel()
			if err := <-done; err != nil {
				b.Error(err)
			}
		})
	}
}

type sinkConn struct{ all *sync.WaitGroup }

func (s sinkConn) Send(push.Message) error { s.all.Done(); return nil }
func (s sinkConn) Close()                  {}
