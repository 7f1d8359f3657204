package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const (
	requestMethod = "/Request/request"
	streamMethod  = "/BiRequestStream/requestBiStream"
)

// openLimit is how long a connection may take to be there.
const openLimit = 10 * time.Second

// heard is what came on a stream, or what was answered by itself.
type heard struct {
	Line

	at time.Time
}

// caller is one HTTP/2 transport to the server, with its streams. It answers
// pushes as SDKs do.
type caller struct {
	clientIP string
	cc       *grpc.ClientConn
	end      context.CancelFunc
	streams  []*talkStream
	readers  sync.WaitGroup
	dropped  atomic.Bool // closed by the client: what ends now is no news

	mu      sync.Mutex // guards the following fields
	muted   map[string]bool
	replies map[string]Line
	events  []heard
	news    chan struct{} // holds one value when there are events that nobody has looked at
}

// talkStream is one bidirectional stream of a transport.
type talkStream struct {
	number int
	mu     sync.Mutex // guards sending
	grpc.ClientStream
}

var errOneTransport = errors.New("the transport has ended")

// dial opens one transport; it is never replaced by another one.
func dial(ctx context.Context, address, clientIP string) (*caller, error) {
	c := &caller{clientIP: clientIP, muted: map[string]bool{}, replies: map[string]Line{}, news: make(chan struct{}, 1)}
	var dialed atomic.Bool
	cc, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(), grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithIdleTimeout(0),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(PayloadCodec{}), grpc.MaxCallRecvMsgSize(maxAnswer), grpc.MaxCallSendMsgSize(2*maxAnswer)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			if dialed.Swap(true) {
				return nil, errOneTransport
			}
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				return nil, fmt.Errorf("dial: %w", err)
			}
			return &watchedConn{Conn: conn, ended: c.transportEnded}, nil
		}))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	c.cc = cc
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	cc.Connect()
	for s := cc.GetState(); s != connectivity.Ready; s = cc.GetState() {
		if s == connectivity.TransientFailure || !cc.WaitForStateChange(ctx, s) {
			_ = cc.Close()
			return nil, fmt.Errorf("connect to %s: %v", address, s)
		}
	}
	return c, nil
}

// close ends the transport.
func (c *caller) close() {
	c.dropped.Store(true)
	_ = c.cc.Close()
	if c.end != nil {
		c.end()
	}
	c.readers.Wait()
}

// transportEnded is told when the server has closed the connection. The ends
// of its streams come first.
func (c *caller) transportEnded() {
	go func() {
		c.readers.Wait()
		c.hear(Line{Got: "closed"})
	}()
}

func (c *caller) hear(l Line) {
	if c.dropped.Load() {
		return
	}
	c.mu.Lock()
	c.events = append(c.events, heard{Line: l, at: time.Now()})
	c.mu.Unlock()
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// count is how many events nobody has taken yet.
func (c *caller) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.events)
}

func (c *caller) take() []heard {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.events
	c.events = nil
	return out
}

// unary makes a unary call.
func (c *caller) unary(ctx context.Context, method string, m *Payload) (*Payload, string) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	var reply Payload
	err := c.cc.Invoke(ctx, method, m, &reply)
	return &reply, status.Code(err).String()
}

// stream gives the first stream, or a further one, opening it.
func (c *caller) stream(ctx context.Context, further bool) (*talkStream, error) {
	if len(c.streams) > 0 && !further {
		return c.streams[0], nil
	}
	if c.end == nil {
		ctx, c.end = context.WithCancel(ctx)
	}
	s, err := c.cc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, streamMethod)
	if err != nil {
		return nil, fmt.Errorf("open stream: %w", err)
	}
	ts := &talkStream{number: len(c.streams) + 1, ClientStream: s}
	c.streams = append(c.streams, ts)
	c.readers.Go(func() { c.read(ts) })
	return ts, nil
}

func (s *talkStream) send(m *Payload) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.SendMsg(m); err != nil && !errors.Is(err, io.EOF) { // the end is told by the reader
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// read notes what comes on a stream until it ends, and answers it.
func (c *caller) read(s *talkStream) {
	for {
		var m Payload
		if err := s.RecvMsg(&m); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			c.hear(Line{Got: "end", Stream: s.number, Status: status.Code(err).String()})
			return
		}
		c.hear(Line{Got: "push", Stream: s.number, Type: m.Type, ClientIP: m.ClientIP, JSON: m.Body})
		kind, body, ok := c.replyTo(&m)
		if !ok {
			continue
		}
		if s.send(&Payload{Type: kind, ClientIP: c.clientIP, Body: body}) == nil {
			c.hear(Line{Auto: true, Stream: s.number, Type: kind, JSON: body})
		}
	}
}

// replyTo is how an SDK answers a push; nobody answers a SetupAckRequest.
func (c *caller) replyTo(m *Payload) (kind string, body []byte, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, err := json.Marshal(pick(m.Body, "requestId"))
	if err != nil || c.muted[m.Type] || m.Type == "SetupAckRequest" {
		return "", nil, false
	}
	if l, set := c.replies[m.Type]; set {
		return l.AnswerType, []byte(strings.ReplaceAll(string(l.JSON), `"{{requestId}}"`, string(id))), true
	}
	return strings.TrimSuffix(m.Type, "Request") + "Response",
		fmt.Appendf(nil, `{"resultCode":200,"errorCode":0,"requestId":%s,"success":true}`, id), true
}

// watchedConn tells when the other side has closed it.
type watchedConn struct {
	net.Conn

	once  sync.Once
	ended func()
}

// Read is the connection's.
func (w *watchedConn) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if err != nil {
		w.once.Do(w.ended)
	}
	return n, err //nolint:wrapcheck // io.EOF must stay itself
}
