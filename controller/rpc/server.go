package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // clients may compress what they send
	"google.golang.org/grpc/keepalive"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/audit"
	"github.com/pharos-registry/pharos/service/naming"
	"github.com/pharos-registry/pharos/service/push"
)

// Times of the protocol: contract §3.4.
const (
	// idle is after which silence a client is asked for a sign of life.
	idle = 20 * time.Second
	// detection is how long it may take to give it.
	detection = 5 * time.Second
	// stuck is how long a connection may take no bytes.
	stuck = 5 * time.Minute
	// resetWait is how long a client may take to acknowledge that it goes.
	resetWait = 3 * time.Second
	// lastWords is how long the end of a stream has to arrive before its connection
	// is closed.
	lastWords = 200 * time.Millisecond
	// watchEvery is how often connections are looked at.
	watchEvery = 500 * time.Millisecond
	// handshake bounds the beginning of a connection.
	handshake = 10 * time.Second
)

// maxStreams bounds the calls of one connection that are under way at once; a
// client waits with more. SDKs send some hundreds.
const maxStreams = 1024

// Options are what a Server needs. All but Off are required where not said
// otherwise.
type Options struct {
	Naming *naming.Service
	Hub    *push.Hub
	Stats  *push.Stats

	Guard    *middleware.Guard
	Audit    *audit.Log
	Metrics  *Metrics
	Requests *middleware.Metrics // counts all requests, whatever they came by
	Log      *slog.Logger

	Self  string            // the address that others know this server by
	Ready func() error      // why configs are not served yet; nil: they are
	Off   middleware.Module // switched off; Core: none

	MaxMessage       int // bytes
	MaxMetadata      int // characters of the metadata of one instance
	NoParamCheck     bool
	AckTimeout       time.Duration // of pushes
	KeepAliveTime    time.Duration // silence before the server pings
	KeepAliveTimeout time.Duration
	PermitKeepAlive  time.Duration                    // the shortest interval at which clients may ping
	Credentials      credentials.TransportCredentials // nil: without TLS
	Leave            time.Duration                    // for clients to go elsewhere when the server stops
}

// Server serves SDKs of the gRPC generation. Its connections are bounded by the
// listener it is given.
type Server struct {
	o      Options
	types  map[string]*Type
	grpc   *grpc.Server
	lastID atomic.Int64

	stopping atomic.Bool
	tasks    sync.WaitGroup // goroutines that clean up after connections
	closed   []func(*Conn)

	mu    sync.Mutex // guards conns
	conns map[string]*Conn
}

// New returns a Server over the rows of more beside its own. It fails where a row
// does not say who may send it.
func New(o Options, more ...Type) (*Server, error) {
	s := &Server{o: o, types: map[string]*Type{}, conns: map[string]*Conn{}}
	for _, t := range slices.Concat(s.internalTypes(), s.namingTypes(), more) {
		if err := t.Check(); err != nil {
			return nil, err
		}
		if s.types[t.Name] != nil {
			return nil, fmt.Errorf("%s: declared twice", t.Name)
		}
		if t.Module == middleware.Core || t.Module != o.Off {
			s.types[t.Name] = &t
		}
	}
	opts := []grpc.ServerOption{
		grpc.ForceServerCodecV2(codec{}),
		grpc.MaxRecvMsgSize(o.MaxMessage),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: o.KeepAliveTime, Timeout: o.KeepAliveTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: o.PermitKeepAlive, PermitWithoutStream: true}),
	}
	if o.Credentials != nil {
		opts = append(opts, grpc.Creds(o.Credentials))
	}
	s.grpc = grpc.NewServer(opts...)
	s.grpc.RegisterService(&grpc.ServiceDesc{
		ServiceName: "Request",
		Methods:     []grpc.MethodDesc{{MethodName: "request", Handler: s.unary}},
	}, nil)
	s.grpc.RegisterService(&grpc.ServiceDesc{
		ServiceName: "BiRequestStream",
		Streams: []grpc.StreamDesc{{
			StreamName: "requestBiStream", ServerStreams: true, ClientStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error { return s.biStream(stream) },
		}},
	}, nil)
	return s, nil
}

// Types returns the rows, for who looks them over.
func (s *Server) Types() []*Type {
	out := make([]*Type, 0, len(s.types))
	for _, t := range s.types {
		out = append(out, t)
	}
	return out
}

// OnClosed has fn called after the end of each connection. It must not block.
// Call it before Serve.
func (s *Server) OnClosed(fn func(*Conn)) { s.closed = append(s.closed, fn) }

// Serve takes connections of l until ctx ends. Then it asks clients to go
// elsewhere, and closes those that stay.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- s.grpc.Serve(listener{l, s}) }() // ended by Stop
	err := s.watch(ctx, failed)
	s.stopping.Store(true)
	if e := l.Close(); err == nil && e != nil && !errors.Is(e, net.ErrClosed) {
		err = e
	}
	if err == nil {
		s.sendAway(ctx)
	}
	s.grpc.Stop()
	s.tasks.Wait()
	return err
}

// sendAway asks all clients to go elsewhere and waits until they have.
func (s *Server) sendAway(ctx context.Context) {
	all := s.Connections()
	for _, c := range all {
		go c.Reset("") // ends when the connection does, at the latest
	}
	if len(all) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Leave)
	defer cancel()
	tick := time.NewTicker(lastWords)
	defer tick.Stop()
	for s.Count() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// starting says why nothing is served yet.
func (s *Server) starting() error {
	if s.o.Naming.Ready() || s.o.Ready == nil {
		return nil
	}
	if s.o.Ready() != nil {
		return errStarting
	}
	return nil
}

// register takes a connection in; false says that its transport has ended.
func (s *Server) register(c *Conn) bool {
	c.touch()
	t := c.transport
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone || t.conn != nil {
		return false
	}
	s.mu.Lock()
	s.conns[c.ID] = c
	s.mu.Unlock()
	c.detach = s.o.Hub.Attach(c.ID, c)
	if c.Module() == moduleNaming {
		s.o.Naming.Connect(c.ID, c.ClientIP)
	}
	t.conn = c
	return true
}

// unregister ends a connection in good order: its stream first.
func (s *Server) unregister(c *Conn) {
	c.ending.Do(func() { close(c.end) })
	s.close(c.transport)
}

// close closes a transport once its last words had the time to arrive.
func (s *Server) close(t *transport) {
	time.AfterFunc(lastWords, func() {
		if err := t.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			s.o.Log.Debug("a connection was closed", "connection", t.id, "error", err)
		}
	})
}

// ended cleans up after a transport. It is called once for each, by whoever
// closed it, so it does the work elsewhere.
func (s *Server) ended(t *transport) {
	t.mu.Lock()
	c := t.conn
	t.gone = true
	t.mu.Unlock()
	if c == nil {
		return
	}
	c.ending.Do(func() { close(c.end) })
	s.tasks.Go(func() {
		s.mu.Lock()
		delete(s.conns, c.ID)
		s.mu.Unlock()
		c.abandon()
		c.detach()
		s.o.Naming.Disconnect(c.ID, s.stopping.Load())
		for _, fn := range s.closed {
			fn(c)
		}
	})
}

// Connections returns the connections whose clients have said who they are, in
// the order of their ids.
func (s *Server) Connections() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*Conn, 0, len(s.conns))
	for _, c := range s.conns {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *Conn) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out
}

// Count is how many connections there are.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// CountByModule is how many connections there are by Conn.Module: those of
// clients that say neither naming nor config are "unknown", as clients choose
// what they say.
func (s *Server) CountByModule() map[string]int {
	by := map[string]int{moduleNaming: 0, moduleConfig: 0, "unknown": 0}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		m := c.Module()
		if _, ok := by[m]; !ok {
			m = "unknown"
		}
		by[m]++
	}
	return by
}

// Connection returns the connection of an id, nil where there is none.
func (s *Server) Connection(id string) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[id]
}
