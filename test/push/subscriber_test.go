package push_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// subscriber is the UDP socket of an SDK.
type subscriber struct {
	tb   testing.TB
	conn *net.UDPConn
	got  chan push
	mute bool // does not acknowledge
}

// push is what an SDK reads out of a datagram.
type push struct {
	at          time.Time
	raw         []byte
	zipped      bool
	lastRefTime int64
	data        string
	service     serviceInfo
}

type serviceInfo struct {
	Name        string `json:"name"`
	GroupName   string `json:"groupName"`
	Clusters    string `json:"clusters"`
	CacheMillis int64  `json:"cacheMillis"`
	LastRefTime int64  `json:"lastRefTime"`
	Hosts       []struct {
		IP      string `json:"ip"`
		Port    int    `json:"port"`
		Healthy bool   `json:"healthy"`
		Cluster string `json:"clusterName"`
	} `json:"hosts"`
}

func (s serviceInfo) addresses() []string {
	all := []string{}
	for _, h := range s.Hosts {
		all = append(all, h.IP+":"+strconv.Itoa(h.Port))
	}
	slices.Sort(all)
	return all
}

func listen(tb testing.TB, mute bool) *subscriber {
	tb.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	s := &subscriber{tb: tb, conn: conn, got: make(chan push, 100), mute: mute}
	go s.read()
	return s
}

func (s *subscriber) port() int {
	addr, _ := s.conn.LocalAddr().(*net.UDPAddr)
	return addr.Port
}

func (s *subscriber) read() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := s.conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		p := push{at: time.Now(), raw: bytes.Clone(buf[:n])}
		if err := p.decode(); err != nil {
			s.tb.Errorf("a datagram that no SDK can read: %v: %q", err, p.raw)
			return
		}
		if !s.mute {
			_, _ = s.conn.WriteToUDP(fmt.Appendf(nil, `{"type": "push-ack", "lastRefTime":"%d", "data":""}`, p.lastRefTime), from)
		}
		s.got <- p
	}
}

func (p *push) decode() error {
	b := p.raw
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return err
		}
		if b, err = io.ReadAll(z); err != nil {
			return err
		}
		p.zipped = true
	}
	var envelope struct {
		Type        string `json:"type"`
		Data        string `json:"data"`
		LastRefTime int64  `json:"lastRefTime"`
	}
	if err := json.Unmarshal(b, &envelope); err != nil {
		return err
	}
	if envelope.Type != "dom" {
		return fmt.Errorf("the type is %q", envelope.Type)
	}
	if p.zipped != (len(b) >= 1024) {
		return fmt.Errorf("%d bytes are compressed: %v", len(b), p.zipped)
	}
	p.lastRefTime, p.data = envelope.LastRefTime, envelope.Data
	return json.Unmarshal([]byte(p.data), &p.service)
}

// next returns the next push, which has to come within the limit.
func (s *subscriber) next(within time.Duration) push {
	s.tb.Helper()
	select {
	case p := <-s.got:
		return p
	case <-time.After(within):
		s.tb.Fatalf("not told within %v", within)
		return push{}
	}
}

// quiet holds that nothing comes for a while.
func (s *subscriber) quiet(d time.Duration) {
	s.tb.Helper()
	select {
	case p := <-s.got:
		s.tb.Errorf("told without a change: %s", p.data)
	case <-time.After(d):
	}
}

// call makes a request as a 1.x SDK does and returns the answer's body.
func call(tb testing.TB, s *server.Server, method, path string, form url.Values, agent string) string {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), method, s.URL(path)+"?"+form.Encode(), http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("User-Agent", agent)
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		tb.Fatalf("%s %s: %d %s %v", method, path, r.StatusCode, b, err)
	}
	return string(b)
}

const java = "Nacos-Java-Client:v1.4.6"

func (s *subscriber) subscribe(srv *server.Server, service, clusters, agent string) {
	s.tb.Helper()
	call(s.tb, srv, http.MethodGet, "/v1/ns/instance/list", url.Values{
		"serviceName": {service}, "clusters": {clusters}, "clientIP": {"127.0.0.1"},
		"udpPort": {strconv.Itoa(s.port())}, "app": {"test"}, "healthyOnly": {"false"},
	}, agent)
}

func instance(service, ip string, more ...string) url.Values {
	v := url.Values{"serviceName": {service}, "ip": {ip}, "port": {"8080"}, "ephemeral": {"true"}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}
