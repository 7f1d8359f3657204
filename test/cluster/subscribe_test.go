//go:build linux

package cluster

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// renewEvery is how often an SDK of the 1.x generation asks for a list that it
// is subscribed to.
const renewEvery = 10 * time.Second

// subscriber holds the list of a service as an SDK does: from pushes by UDP, and
// from asking any node now and then.
type subscriber struct {
	w       *world
	service string
	conn    *net.UDPConn
	rand    *rand.Rand

	mu   sync.Mutex // guards the following field
	have map[string]bool
}

// subscribe has one subscriber for each service hold its list until the load ends.
func (w *world) subscribe(ctx context.Context) {
	for i := range w.services {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			w.l.t.Fatal(err)
		}
		s := &subscriber{w: w, service: w.service(i), conn: conn, rand: rand.New(rand.NewPCG(w.seed, uint64(4000+i)))}
		w.subscribers = append(w.subscribers, s)
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		w.wg.Go(s.receive)
		w.wg.Go(func() { s.renew(ctx) })
	}
}

// renew asks for the list, which subscribes for the time until the next one.
func (s *subscriber) renew(ctx context.Context) {
	port := strconv.Itoa(s.conn.LocalAddr().(*net.UDPAddr).Port)
	for ctx.Err() == nil {
		n := s.w.any(s.rand)
		r := n.call(ctx, http.MethodGet, "/v1/ns/instance/list", values("serviceName", s.service, "udpPort", port, "clientIP", "127.0.0.1"), "User-Agent", "Nacos-Java-Client:v1.4.7")
		if !r.ok() {
			pause(ctx, 100*time.Millisecond)
			continue
		}
		s.take([]byte(r.body), fmt.Sprintf("asked node %d", n.number))
		pause(ctx, renewEvery)
	}
}

// receive takes and acknowledges what is pushed.
func (s *subscriber) receive() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := s.conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		raw := bytes.Clone(buf[:n])
		if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
			z, err := gzip.NewReader(bytes.NewReader(raw))
			if err == nil {
				raw, err = io.ReadAll(z)
			}
			if err != nil {
				s.w.l.t.Errorf("a push to %s cannot be read: %v", s.service, err)
				continue
			}
		}
		var p struct {
			Data        string
			LastRefTime int64
		}
		if err := json.Unmarshal(raw, &p); err != nil {
			s.w.l.t.Errorf("a push to %s cannot be read: %v", s.service, err)
			continue
		}
		_, _ = s.conn.WriteToUDP(fmt.Appendf(nil, `{"type": "push-ack", "lastRefTime":"%d", "data":""}`, p.LastRefTime), from)
		s.w.book.note("push")
		s.take([]byte(p.Data), "pushed from "+from.String())
	}
}

func (s *subscriber) take(list []byte, how string) {
	got, err := hosts(s.service, list)
	if err != nil {
		s.w.l.t.Errorf("a list of %s cannot be read (%s): %v", s.service, how, err)
		return
	}
	if len(got) == 0 && !s.w.lost.Load() {
		s.w.l.say("EMPTY: a subscriber was given nothing of %s (%s)", s.service, how)
		s.w.l.t.Errorf("a subscriber was given nothing of %s (%s)", s.service, how)
		return
	}
	s.mu.Lock()
	s.have = got
	s.mu.Unlock()
}

// told says which subscriber does not hold exactly the live instances.
func (w *world) told() string {
	for _, s := range w.subscribers {
		s.mu.Lock()
		have := s.have
		s.mu.Unlock()
		if why := complaint("the subscriber of "+s.service, w.book.compare(s.service, have)); why != "" {
			return why
		}
	}
	return ""
}
