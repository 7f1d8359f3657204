package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pushed is what a 1.x server sends to a subscriber.
type pushed struct {
	Type        string `json:"type"`
	LastRefTime int64  `json:"lastRefTime"`
	Data        string `json:"data"` // a service as JSON
}

// subscriber is one UDP receiver, as a 1.x SDK has it.
type subscriber struct {
	conn *net.UDPConn
	told chan telling // every push that came in; dropped when nobody reads
}

// telling is one push and when it came.
type telling struct {
	at   time.Time
	data string
}

func newSubscriber() (*subscriber, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("subscriber: %w", err)
	}
	s := &subscriber{conn: conn, told: make(chan telling, 16)}
	go s.serve() // until close
	return s, nil
}

func (s *subscriber) close() { _ = s.conn.Close() }

// serve acknowledges each push as the SDKs do.
func (s *subscriber) serve() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := s.conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		at := time.Now()
		var m pushed
		if json.Unmarshal(plain(buf[:n]), &m) != nil {
			continue
		}
		ack := fmt.Appendf(nil, `{"type":"push-ack","lastRefTime":"%d","data":""}`, m.LastRefTime)
		if _, err := s.conn.WriteToUDP(ack, from); err != nil {
			return
		}
		select {
		case s.told <- telling{at, m.Data}:
		default:
		}
	}
}

// plain unpacks a push that came compressed.
func plain(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(z, 1<<20))
	if err != nil {
		return nil
	}
	return out
}

// subscribe asks for the list with the subscriber's port, which is what makes
// it one for the next 10 s.
func (s *subscriber) subscribe(host, service string, app int) []byte {
	return query(host, "GET", "/v1/ns/instance/list", url.Values{
		"serviceName": {service}, "healthyOnly": {"false"}, "clientIP": {"127.0.0.1"}, "app": {"app" + strconv.Itoa(app)},
		"udpPort": {strconv.Itoa(s.conn.LocalAddr().(*net.UDPAddr).Port)},
	})
}

// await gives the time of the first push for which done is true; false when
// none came in time.
func (s *subscriber) await(ctx context.Context, limit time.Duration, done func(data string) bool) (time.Time, bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case m := <-s.told:
			if done(m.data) {
				return m.at, true
			}
		case <-timer.C:
			return time.Time{}, false
		case <-ctx.Done():
			return time.Time{}, false
		}
	}
}

// instance is the form of a registration.
func instance(service, ip string) url.Values {
	return url.Values{"serviceName": {service}, "ip": {ip}, "port": {"80"}, "ephemeral": {"true"}}
}

// udp measures from just before an instance is registered until each of the
// subscribers has been told of it.
func (b *bench) udp(ctx context.Context) error {
	t, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer t.stop()
	n, service := b.size(1000), "bench-fan"
	if err := once(ctx, t.host, post(t.host, "/v1/ns/instance", instance(service, "10.9.9.1"))); err != nil {
		return err
	}
	subscribers := make([]*subscriber, n)
	for i := range subscribers {
		if subscribers[i], err = newSubscriber(); err != nil {
			return err
		}
		defer subscribers[i].close()
	}
	f := fan{name: "change → UDP subscribers", n: n}
	for round := range b.rounds {
		if err := spread(ctx, t.host, n, func(i int) []byte { return subscribers[i].subscribe(t.host, service, i) }); err != nil {
			return err
		}
		if !pause(ctx, 1500*time.Millisecond) {
			return ctx.Err()
		}
		times, err := b.tellAll(ctx, t, subscribers, service, fmt.Sprintf("10.9.8.%d", round+1))
		if err != nil {
			return err
		}
		f.add(times)
	}
	b.printf("%s  RSS %.0f MB", f.String(), t.rss())
	return nil
}

// tellAll registers an instance and gives the time in milliseconds until each
// subscriber knew it.
func (b *bench) tellAll(ctx context.Context, t *target, subscribers []*subscriber, service, ip string) ([]float64, error) {
	var mu sync.Mutex // guards times
	var times []float64
	var wg sync.WaitGroup
	began := time.Now()
	if err := once(ctx, t.host, post(t.host, "/v1/ns/instance", instance(service, ip))); err != nil {
		return nil, err
	}
	for _, s := range subscribers {
		wg.Go(func() {
			at, ok := s.await(ctx, b.wait, func(data string) bool { return strings.Contains(data, `"`+ip+`"`) })
			if !ok {
				return // counted as lost
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, milliseconds(at.Sub(began)))
		})
	}
	wg.Wait()
	return times, nil
}

// noticeLimit is when a push counts as lost: long after an SDK polls by itself.
const noticeLimit = 5 * time.Second

// notice measures what one application sees: an instance that comes, changes
// and goes, by the push that 1.x SDKs take, and a config by their long poll.
func (b *bench) notice(ctx context.Context) error {
	t, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer t.stop()
	s, err := newSubscriber()
	if err != nil {
		return err
	}
	defer s.close()
	const service, ip = "bench-notice", "10.9.7.1"
	changed := instance(service, ip)
	changed.Set("metadata", `{"v":"2"}`)
	writes := []struct {
		name    string
		request []byte
		seen    func(data string) bool
	}{
		{"a new instance", post(t.host, "/v1/ns/instance", instance(service, ip)), func(d string) bool { return strings.Contains(d, ip) }},
		{"a changed instance", post(t.host, "/v1/ns/instance", changed), func(d string) bool { return strings.Contains(d, `"v":"2"`) }},
		{"a deregistered instance", query(t.host, "DELETE", "/v1/ns/instance", instance(service, ip)), func(d string) bool { return !strings.Contains(d, ip) }},
	}
	if err := once(ctx, t.host, post(t.host, "/v1/ns/instance", instance(service, "10.9.9.1"))); err != nil {
		return err
	}
	fans := make([]fan, len(writes))
	for range 10 {
		for i, w := range writes {
			if err := once(ctx, t.host, s.subscribe(t.host, service, 0)); err != nil {
				return err
			}
			if !pause(ctx, 200*time.Millisecond) { // one change at a time, as they happen
				return ctx.Err()
			}
			began := time.Now()
			if err := once(ctx, t.host, w.request); err != nil {
				return err
			}
			at, ok := s.await(ctx, min(b.wait, noticeLimit), w.seen)
			fans[i].name, fans[i].n = "an SDK is told of "+w.name, 1
			if ok {
				fans[i].add([]float64{milliseconds(at.Sub(began))})
			} else {
				fans[i].add(nil)
			}
		}
	}
	for i := range fans {
		b.printf("%s", fans[i].String())
	}
	return nil
}
