package nodetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"

	"github.com/pharos-registry/pharos/cmd/nodetest"
	"github.com/pharos-registry/pharos/controller/rpc"
	"github.com/pharos-registry/pharos/test/faketime"
)

// wire is the codec of an SDK.
type wire struct{}

func (wire) Name() string { return "proto" }

func (wire) Marshal(v any) (mem.BufferSlice, error) {
	p, ok := v.(*rpc.Payload)
	if !ok {
		return nil, errors.New("no payload")
	}
	return mem.BufferSlice{mem.SliceBuffer(p.Append(nil))}, nil
}

func (wire) Unmarshal(b mem.BufferSlice, v any) (err error) {
	p, ok := v.(*rpc.Payload)
	if !ok {
		return errors.New("no payload")
	}
	*p, err = rpc.ParsePayload(b.Materialize())
	return err
}

// sdk is a client of the gRPC generation.
type sdk struct {
	t      *testing.T
	conn   *grpc.ClientConn
	stream grpc.ClientStream
	header map[string]string
	silent bool // answers no push
	pushes chan rpc.Payload
	closed chan struct{} // its stream has ended
}

// dial opens a connection to a node and says what it is for.
func dial(t *testing.T, l *nodetest.Lab, m *nodetest.Member, module string) *sdk {
	t.Helper()
	host, _, err := net.SplitHostPort(m.Addr())
	if err != nil {
		t.Fatal(err)
	}
	from := l.Net.Host("10.1.0.1:5000")
	s := &sdk{t: t, pushes: make(chan rpc.Payload, 1000), closed: make(chan struct{})}
	s.conn, err = grpc.NewClient("passthrough:///"+host+":9848",
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(wire{})),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return from.Dial(ctx, addr) }))
	if err != nil {
		t.Fatal(err)
	}
	if p := s.ask("ServerCheckRequest", `{}`); p.Type != "ServerCheckResponse" {
		t.Fatalf("ServerCheck was answered with %s %s", p.Type, p.Body)
	}
	s.stream, err = s.conn.NewStream(context.WithoutCancel(t.Context()), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/BiRequestStream/requestBiStream")
	if err != nil {
		t.Fatal(err)
	}
	s.say("ConnectionSetupRequest", `{"clientVersion":"Nacos-Java-Client:v2.5.1","labels":{"source":"sdk","module":"`+module+`","AppName":"test"},"abilityTable":{}}`)
	go s.listen()
	if p := s.next(); p.Type != "SetupAckRequest" {
		t.Fatalf("the first push is %s", p.Type)
	}
	return s
}

func (s *sdk) say(kind, body string) {
	if err := s.stream.SendMsg(&rpc.Payload{Type: kind, ClientIP: "10.1.0.1", Body: []byte(body)}); err != nil {
		s.t.Errorf("%s: %v", kind, err)
	}
}

// listen takes pushes and acknowledges them.
func (s *sdk) listen() {
	defer close(s.closed)
	for {
		var p rpc.Payload
		if s.stream.RecvMsg(&p) != nil {
			return
		}
		var head struct {
			ID string `json:"requestId"`
		}
		_ = json.Unmarshal(p.Body, &head)
		if head.ID != "" && !s.silent {
			_ = s.stream.SendMsg(&rpc.Payload{Type: "NotifySubscriberResponse", Body: []byte(`{"resultCode":200,"requestId":"` + head.ID + `"}`)})
		}
		s.pushes <- p
	}
}

func (s *sdk) next() rpc.Payload {
	s.t.Helper()
	select {
	case p := <-s.pushes:
		return p
	case <-time.After(10 * time.Second):
		s.t.Fatal("no push came")
		return rpc.Payload{}
	}
}

// until takes pushes until one holds text.
func (s *sdk) until(text string) {
	s.t.Helper()
	for !strings.Contains(string(s.next().Body), text) { //nolint:revive // next fails the test in time
	}
}

// ask is a unary call.
func (s *sdk) ask(kind, body string) rpc.Payload {
	s.t.Helper()
	p, err := s.try(kind, body)
	if err != nil {
		s.t.Fatalf("%s: %v", kind, err)
	}
	return p
}

func (s *sdk) try(kind, body string) (p rpc.Payload, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), 3*time.Second)
	defer cancel()
	err = s.conn.Invoke(ctx, "/Request/request", &rpc.Payload{Type: kind, ClientIP: "10.1.0.1", Headers: s.header, Body: []byte(body)}, &p)
	return p, err
}

// ok asks what has to succeed, and returns the body of the answer.
func (s *sdk) ok(kind, body string) string {
	s.t.Helper()
	p := s.ask(kind, body)
	if !strings.Contains(string(p.Body), `"resultCode":200`) {
		s.t.Fatalf("%s %s was answered with %s %s", kind, body, p.Type, p.Body)
	}
	return string(p.Body)
}

func (s *sdk) register(service, ip string) {
	s.t.Helper()
	s.ok("InstanceRequest", inService(service, `"type":"registerInstance","instance":`+at(ip)))
}

func at(ip string) string { return `{"ip":"` + ip + `","port":80,"clusterName":"DEFAULT"}` }

func inService(name, rest string) string {
	return `{"namespace":"public","groupName":"DEFAULT_GROUP","serviceName":"` + name + `",` + rest + `}`
}

func (s *sdk) close() {
	_ = s.conn.Close()
	<-s.closed
}

// hosts is how many instances a node shows over HTTP.
func hosts(t *testing.T, m *nodetest.Member, service string) int {
	t.Helper()
	status, body := m.Get("/v1/ns/instance/list", map[string][]string{"serviceName": {service}})
	if status != 200 {
		t.Fatalf("list: %d %s", status, body)
	}
	var out struct {
		Hosts []json.RawMessage `json:"hosts"`
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatal(err)
	}
	return len(out.Hosts)
}

func TestConnectionIsTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 1)
		m := l.Nodes[0]
		a, b := dial(t, l, m, "naming"), dial(t, l, m, "naming")
		defer b.close()
		b.ok("SubscribeServiceRequest", inService("s", `"subscribe":true,"clusters":""`))
		a.register("s", "10.2.0.1")
		b.until(`"ip":"10.2.0.1"`)
		if n := hosts(t, m, "s"); n != 1 {
			t.Errorf("HTTP shows %d instances, want 1", n)
		}
		// A second one of the same connection takes the place of the first.
		a.register("s", "10.2.0.2")
		b.until(`"ip":"10.2.0.2"`)
		if n := hosts(t, m, "s"); n != 1 {
			t.Errorf("HTTP shows %d instances, want 1", n)
		}
		// Over HTTP one more: gRPC is told of it and shows it.
		if status, body := m.Call("POST", "/v1/ns/instance", map[string][]string{"serviceName": {"s"}, "ip": {"10.2.0.3"}, "port": {"80"}}); status != 200 {
			t.Fatal(status, body)
		}
		b.until(`"ip":"10.2.0.3"`)
		if q := b.ok("ServiceQueryRequest", inService("s", `"cluster":""`)); strings.Count(q, `"ip"`) != 2 {
			t.Errorf("the query shows %s", q)
		}
		// No beat is needed.
		go func() {
			for range 30 {
				time.Sleep(4 * time.Second)
				_, _ = a.try("HealthCheckRequest", `{}`)
				_, _ = b.try("HealthCheckRequest", `{}`)
			}
		}()
		faketime.Pass(90 * time.Second)
		if n := hosts(t, m, "s"); n != 1 { // the one over HTTP has not beaten
			t.Errorf("after 90 s HTTP shows %d instances, want that of the connection", n)
		}
		for len(b.pushes) > 0 {
			<-b.pushes
		}
		before := time.Now()
		a.close()
		b.until(`"hosts":[]`)
		if took := time.Since(before); took > time.Second {
			t.Errorf("the end of a connection was told after %v", took)
		}
		time.Sleep(time.Minute)
	})
}

func TestBatchOverAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 1)
		m := l.Nodes[0]
		a := dial(t, l, m, "naming")
		defer a.close()
		batch := func(ips ...string) {
			t.Helper()
			for i := range ips {
				ips[i] = at(ips[i])
			}
			a.ok("BatchInstanceRequest", inService("s", `"type":"batchRegisterInstance","instances":[`+strings.Join(ips, ",")+`]`))
		}
		for _, c := range []struct {
			do   func()
			want int
		}{
			{func() { batch("10.2.0.1", "10.2.0.2", "10.2.0.3") }, 3},
			{func() { batch("10.2.0.2", "10.2.0.2") }, 1}, // two that look the same are one
			{func() { batch("10.2.0.9", "10.2.0.8", "10.2.0.7", "10.2.0.6") }, 4},
			{func() { a.register("s", "10.2.0.1") }, 1},
			{func() { batch("10.2.0.1", "10.2.0.4") }, 2},
			{func() {
				a.ok("InstanceRequest", inService("s", `"type":"deregisterInstance","instance":`+at("10.9.9.9")))
			}, 0},
			{func() { batch("10.2.0.1") }, 1},
			{func() { batch() }, 0},
		} {
			c.do()
			if n := hosts(t, m, "s"); n != c.want {
				t.Errorf("%d instances, want %d", n, c.want)
			}
		}
	})
}

func TestSilentConnectionIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 1)
		m := l.Nodes[0]
		a, b := dial(t, l, m, "naming"), dial(t, l, m, "naming")
		defer a.close()
		defer b.close()
		b.silent = true
		a.register("s", "10.2.0.1")
		b.register("s", "10.2.0.2")
		faketime.Pass(20 * time.Second)
		if n := hosts(t, m, "s"); n != 2 {
			t.Errorf("%d instances after 20 s, want 2", n)
		}
		faketime.Pass(10 * time.Second)
		if n := hosts(t, m, "s"); n != 1 {
			t.Errorf("%d instances after 30 s, want that of the connection which answers", n)
		}
		select {
		case <-b.closed:
		default:
			t.Error("the stream of the silent connection is open")
		}
		faketime.Pass(2 * time.Minute)
		if n := hosts(t, m, "s"); n != 1 {
			t.Errorf("%d instances later, want 1", n)
		}
	})
}

func TestConnectionInACluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		a := dial(t, l, l.Nodes[0], "naming")
		b := dial(t, l, l.Nodes[2], "naming")
		defer b.close()
		b.ok("SubscribeServiceRequest", inService("s", `"subscribe":true,"clusters":""`))
		a.register("s", "10.2.0.1")
		a.ok("BatchInstanceRequest", inService("many", `"type":"batchRegisterInstance","instances":[`+at("10.2.0.1")+","+at("10.2.0.2")+","+at("10.2.0.3")+`]`))
		b.until(`"ip":"10.2.0.1"`)
		shown := func(service string, want int) func() bool {
			return func() bool {
				for _, m := range l.Nodes {
					if m.Node != nil && hosts(t, m, service) != want {
						return false
					}
				}
				return true
			}
		}
		l.Eventually(5*time.Second, shown("many", 3))
		a.ok("BatchInstanceRequest", inService("many", `"type":"batchRegisterInstance","instances":[`+at("10.2.0.3")+`]`))
		l.Eventually(5*time.Second, shown("many", 1))
		// Copies are kept for as long as the connection is there.
		for range 30 {
			time.Sleep(4 * time.Second)
			_, _ = a.try("HealthCheckRequest", `{}`)
			_, _ = b.try("HealthCheckRequest", `{}`)
		}
		if !shown("s", 1)() || !shown("many", 1)() {
			t.Error("not all nodes show the instances after two minutes")
		}
		a.close()
		l.Eventually(5*time.Second, shown("s", 0))
		l.Eventually(5*time.Second, shown("many", 0))
	})
}

// TestConnectionMovesWithoutAGap loses the node of a connection, in good order
// and at once: the client goes to another node, and nobody sees its instance
// missing or twice.
func TestConnectionMovesWithoutAGap(t *testing.T) {
	for name, end := range map[string]func(*nodetest.Member){"stop": (*nodetest.Member).Stop, "crash": (*nodetest.Member).Crash} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := nodetest.Cluster(t, 3)
				a := dial(t, l, l.Nodes[0], "naming")
				a.register("s", "10.2.0.1")
				l.Eventually(5*time.Second, func() bool { return hosts(t, l.Nodes[1], "s") == 1 && hosts(t, l.Nodes[2], "s") == 1 })
				moved := make(chan *sdk)
				go func() { // as an SDK does: at the end of the connection, or when it is asked to go
					select {
					case <-a.pushes:
					case <-a.closed:
					}
					next := dial(t, l, l.Nodes[1], "naming")
					time.Sleep(3 * time.Second) // its redo
					next.register("s", "10.2.0.1")
					a.close()
					moved <- next
				}()
				stop, done := make(chan struct{}), make(chan error, 1)
				go func() {
					for {
						select {
						case <-stop:
							done <- nil
							return
						case <-time.After(100 * time.Millisecond):
						}
						for _, m := range l.Nodes[1:] {
							if n := hosts(t, m, "s"); n != 1 {
								done <- fmt.Errorf("%s shows %d instances", m.Addr(), n)
								return
							}
						}
					}
				}()
				end(l.Nodes[0])
				b := <-moved
				defer b.close()
				for range 30 {
					time.Sleep(4 * time.Second)
					_, _ = b.try("HealthCheckRequest", `{}`)
				}
				close(stop)
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestLostConnectionIsForgotten loses a node for good whose client does not come
// back: the others let go of what it published.
func TestLostConnectionIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 3)
		a := dial(t, l, l.Nodes[0], "naming")
		a.register("s", "10.2.0.1")
		l.Eventually(5*time.Second, func() bool { return hosts(t, l.Nodes[1], "s") == 1 && hosts(t, l.Nodes[2], "s") == 1 })
		l.Nodes[0].Crash()
		a.close()
		l.Eventually(time.Minute, func() bool { return hosts(t, l.Nodes[1], "s") == 0 && hosts(t, l.Nodes[2], "s") == 0 })
		// The node comes back without the connection, and brings nothing with it.
		l.Nodes[0].Start()
		l.Ready()
		for range 30 {
			faketime.Pass(time.Second)
			for _, m := range l.Nodes {
				if n := hosts(t, m, "s"); n != 0 {
					t.Fatalf("%s shows %d instances", m.Addr(), n)
				}
			}
		}
	})
}
