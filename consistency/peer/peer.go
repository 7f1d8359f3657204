// Package peer carries bytes between the nodes of one cluster: typed calls, raw
// streams and forwarded HTTP requests, on one port, between nodes that proved
// to each other that they belong together.
//
// It knows no business. A peer address is the host:port of that one port; which
// of them exist is the business of package cluster.
package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// PortOffset is what lies between a member's HTTP port and its peer port.
const PortOffset = -1000

// AddrOf returns the peer address of the member with that HTTP address.
func AddrOf(member string) (string, error) {
	host, port, err := net.SplitHostPort(member)
	if err != nil {
		return "", fmt.Errorf("member address: %w", err)
	}
	p, err := strconv.Atoi(port)
	if err != nil || p+PortOffset < 1 || p > 65535 {
		return "", fmt.Errorf("member address %s: port must be %d to 65535", member, 1-PortOffset)
	}
	return net.JoinHostPort(host, strconv.Itoa(p+PortOffset)), nil
}

// MemberOf is the inverse of AddrOf.
func MemberOf(peerAddr string) (string, error) {
	host, port, err := net.SplitHostPort(peerAddr)
	if err != nil {
		return "", fmt.Errorf("peer address: %w", err)
	}
	p, err := strconv.Atoi(port)
	if err != nil || p < 1 || p-PortOffset > 65535 {
		return "", fmt.Errorf("peer address %s: port must be 1 to %d", peerAddr, 65535+PortOffset)
	}
	return net.JoinHostPort(host, strconv.Itoa(p-PortOffset)), nil
}

// Transport opens and accepts raw connections: TCP, or a Host of a Network.
type Transport interface {
	Dial(ctx context.Context, addr string) (net.Conn, error)
	Listen(ctx context.Context, addr string) (net.Listener, error)
}

// TCP is the Transport of real nodes.
type TCP struct{}

var _ Transport = TCP{}

// Dial connects to addr.
func (TCP) Dial(ctx context.Context, addr string) (net.Conn, error) {
	return (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext(ctx, "tcp", addr)
}

// Listen listens on addr.
func (TCP) Listen(ctx context.Context, addr string) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
}

// Default limits.
const (
	// DefaultMaxFrame bounds one request or answer, in bytes. The largest thing
	// sent is a config of 10 MB, escaped.
	DefaultMaxFrame = 32 << 20
	// DefaultTimeout is the deadline of a call whose context has none.
	DefaultTimeout = 10 * time.Second

	dialTimeout    = 3 * time.Second
	writeTimeout   = 10 * time.Second
	maxHandshakes  = 64        // connections that have not yet proved anything
	maxConns       = 1024      // accepted and authenticated
	maxServing     = 1024      // requests served at once, for each connection
	maxServedBytes = 256 << 20 // of request bodies being served
)

// Options are what New needs.
type Options struct {
	Self        Ident
	Listen      string      // host:port to listen on
	Credentials Credentials // from SharedSecret or MutualTLS
	Transport   Transport   // nil is TCP
	Logger      *slog.Logger
	MaxFrame    int // bytes; 0 is DefaultMaxFrame
}

// Handler answers one kind of call. body is its own. An *Error reaches the
// caller with its code, any other error as Internal.
type Handler func(ctx context.Context, body []byte) ([]byte, error)

// Node is one node's end of the peer plane. Handlers and streams are registered
// before Run; calls may be made at any time.
type Node struct {
	opt      Options
	handlers map[string]Handler
	streams  map[string]*Stream
	http     *http.Server
	forward  *forward
	clock    clock

	life       context.Context // ends with Close
	end        context.CancelFunc
	handshakes chan struct{}
	served     atomic.Int64 // bytes

	mu       sync.Mutex // guards the following fields
	listener net.Listener
	pool     map[string]*slot
	conns    map[net.Conn]struct{} // accepted ones, and dialed streams
	closed   bool
	wg       sync.WaitGroup // Add is called with mu held and closed false
}

// New returns a node. It opens no socket and starts no goroutine.
func New(o Options) (*Node, error) {
	if !o.Credentials.usable() {
		return nil, errors.New("a cluster needs a shared secret or certificates")
	}
	if o.Logger == nil {
		return nil, errors.New("peer: no logger")
	}
	if o.Transport == nil {
		o.Transport = TCP{}
	}
	if o.MaxFrame == 0 {
		o.MaxFrame = DefaultMaxFrame
	}
	n := &Node{
		opt: o, handlers: map[string]Handler{}, streams: map[string]*Stream{},
		handshakes: make(chan struct{}, maxHandshakes),
		pool:       map[string]*slot{}, conns: map[net.Conn]struct{}{}, clock: newClock(),
	}
	n.life, n.end = context.WithCancel(context.Background())
	n.forward = newForward(n)
	return n, nil
}

// Self is how this node names itself.
func (n *Node) Self() Ident { return n.opt.Self }

// Handle answers calls of kind with h. It panics on a name that is taken or too
// long: both are mistakes of the program.
func (n *Node) Handle(kind string, h Handler) {
	if n.handlers[kind] != nil || kind == "" || len(kind) > maxKind {
		panic("peer: call " + kind + " cannot be registered")
	}
	n.handlers[kind] = h
}

// Listen binds the peer port, so that a port in use is known before anything
// starts. Run does it when it was not done.
func (n *Node) Listen(ctx context.Context) (net.Addr, error) {
	l, err := n.opt.Transport.Listen(ctx, n.opt.Listen)
	if err != nil {
		return nil, fmt.Errorf("peer port: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || n.listener != nil {
		return nil, errors.Join(errors.New("peer: closed or listening already"), l.Close())
	}
	n.listener = l
	return l.Addr(), nil
}

// Run serves until ctx ends, then closes the node.
func (n *Node) Run(ctx context.Context) error {
	n.mu.Lock()
	l := n.listener
	n.mu.Unlock()
	if l == nil {
		if _, err := n.Listen(ctx); err != nil {
			return err
		}
		n.mu.Lock()
		l = n.listener
		n.mu.Unlock()
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	n.serveHTTP()
	err := n.accept(l) //nolint:contextcheck // a request lives as long as the node, or its connection
	if ctx.Err() != nil || n.life.Err() != nil {
		err = nil
	}
	return errors.Join(err, n.Close())
}

// Close ends every connection and waits until nothing of the node runs.
func (n *Node) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		n.wg.Wait()
		return nil
	}
	n.closed = true
	l := n.listener
	var conns []net.Conn
	for c := range n.conns {
		conns = append(conns, c)
	}
	slots := n.pool
	n.pool = map[string]*slot{}
	n.mu.Unlock()

	n.end()
	if l != nil {
		_ = l.Close()
	}
	for _, s := range n.streams {
		_ = s.Close()
	}
	if n.http != nil {
		_ = n.http.Close()
	}
	n.forward.t.CloseIdleConnections()
	for _, s := range slots {
		s.close(ErrUnreachable)
	}
	for _, c := range conns {
		_ = c.Close()
	}
	n.wg.Wait()
	return nil
}

// start runs fn as part of the node, or reports that the node is closed.
func (n *Node) start(fn func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	n.wg.Go(fn)
	return true
}

// track notes a connection that Close must close; false when it is too late or
// there are too many.
func (n *Node) track(c net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || len(n.conns) >= maxConns {
		return false
	}
	n.conns[c] = struct{}{}
	return true
}

func (n *Node) untrack(c net.Conn) {
	n.mu.Lock()
	delete(n.conns, c)
	n.mu.Unlock()
}
