package peer

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	streamHTTP     = "http"
	headerCaller   = "Pharos-Forwarded-Caller" // base64
	headerRemote   = "Pharos-Forwarded-Remote"
	headerUntil    = "Pharos-Forwarded-Until" // by when it has to be begun; see clock
	headerClock    = "Pharos-Clock"           // of an answer: the time at the node that gives it
	headerLate     = "Pharos-Forwarded-Late"  // of an answer: nothing was done
	maxCallerBytes = 16 << 10
	// forwardConns bounds the connections to one peer for forwarded requests. Each
	// carries one request at a time; more requests wait for one that is free.
	forwardConns = 32
)

// Forwarded is what goes with an HTTP request that one node hands to another.
// It travels in headers of an authenticated connection, and reaches the handler
// in the request's context only: a header of that name that a client sends is
// dropped at both ends, and on the public port means nothing.
type Forwarded struct {
	Caller []byte // who was authenticated, in the words of the two middlewares
	Remote string // ip:port of the client
	From   Ident  // the node that forwarded it; set on the receiving side

	clock clock  // of the receiving side
	until string // by when the request has to be begun; "": by an older node, which did not say
}

// Late reports whether the time to begin a request that was forwarded to this node
// is over. It is asked again right before a write is made, as the body may have
// come long after the head.
func (f *Forwarded) Late() bool { return f.until != "" && f.clock.passed(f.until) }

type forwardedKey struct{}

// WithForwarded returns a context whose request, sent with HTTP, carries f.
func WithForwarded(ctx context.Context, f Forwarded) context.Context {
	return context.WithValue(ctx, forwardedKey{}, f)
}

// ForwardedFrom returns what came with a request that a peer forwarded. ok is
// false for a request that came from anywhere else.
func ForwardedFrom(ctx context.Context) (f Forwarded, ok bool) {
	f, ok = ctx.Value(forwardedKey{}).(Forwarded)
	return f, ok
}

// HTTP returns the transport of forwarded requests. The URL's host is the peer
// address, its scheme http; the request's Host is kept. Connections are pooled;
// the time limit is that of the request's context, and the peer does not begin
// after it, however late the request may reach it.
func (n *Node) HTTP() http.RoundTripper { return n.forward }

// HandleHTTP serves requests that peers forward with h. Call it before Run.
func (n *Node) HandleHTTP(h http.Handler) {
	n.Stream(streamHTTP)
	n.http = &http.Server{
		Handler:           http.MaxBytesHandler(n.received(h), int64(n.opt.MaxFrame)),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(n.opt.Logger.Handler(), slog.LevelWarn),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if sc, ok := c.(*streamConn); ok {
				ctx = context.WithValue(ctx, identKey{}, sc.remote)
			}
			return ctx
		},
	}
}

func (n *Node) serveHTTP() {
	if n.http != nil {
		l := n.streams[streamHTTP]
		n.start(func() { _ = n.http.Serve(l) }) // ends with Close
	}
}

// received moves what came with the request from its headers to its context. One
// whose time is over is not served.
func (n *Node) received(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(headerClock, n.clock.text())
		f := Forwarded{Remote: r.Header.Get(headerRemote), clock: n.clock, until: r.Header.Get(headerUntil)}
		if f.Late() {
			w.Header().Set(headerLate, "true")
			w.WriteHeader(http.StatusTooEarly)
			return
		}
		from, ok := From(r.Context())
		caller, err := base64.StdEncoding.DecodeString(r.Header.Get(headerCaller))
		if !ok || err != nil || len(caller) > maxCallerBytes {
			http.Error(w, "ill-formed forwarded request", http.StatusBadRequest)
			return
		}
		f.Caller, f.From = caller, from
		r.Header.Del(headerCaller)
		r.Header.Del(headerRemote)
		r.Header.Del(headerUntil)
		h.ServeHTTP(w, r.WithContext(WithForwarded(r.Context(), f)))
	})
}

// forward is the sending side.
type forward struct {
	t      *http.Transport
	clocks *clocks
}

func newForward(n *Node) *forward {
	s := &Stream{n: n, name: streamHTTP}
	return &forward{clocks: newClocks(), t: &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) { return s.DialContext(ctx, addr) },
		// As many are kept as may be open: a burst would else end in one handshake
		// for each request, which makes all slower and the burst larger.
		MaxIdleConnsPerHost: forwardConns,
		MaxConnsPerHost:     forwardConns,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true, // the client's own Accept-Encoding is kept
	}}
}

// errLate is a request that its peer refused as too late, or that it could not
// tell the time of.
var errLate = &Error{Code: Busy, Msg: "the request reached the peer too late"}

// RoundTrip implements http.RoundTripper.
func (f *forward) RoundTrip(r *http.Request) (*http.Response, error) {
	v, _ := ForwardedFrom(r.Context())
	r = r.Clone(r.Context())
	r.Header.Set(headerCaller, base64.StdEncoding.EncodeToString(v.Caller))
	r.Header.Set(headerRemote, v.Remote)
	resp, err := f.inTime(r)
	// Of a peer whose clock is not known yet, or whose process is another one by
	// now, the refusal tells it. A bound that a slow answer gave is mended too.
	if errors.Is(err, errLate) && (r.Body == nil || r.GetBody != nil) {
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
		return f.inTime(r)
	}
	return resp, err
}

// inTime sends r once, with the limit that it has.
func (f *forward) inTime(r *http.Request) (*http.Response, error) {
	if at, ok := r.Context().Deadline(); ok {
		if !time.Now().Before(at) { // its timer may not have had its turn
			return nil, wrap(ErrUnreachable, context.DeadlineExceeded)
		}
		r.Header.Set(headerUntil, f.clocks.limit(r.URL.Host, at))
	}
	resp, err := f.t.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	f.clocks.hear(r.URL.Host, resp.Header.Get(headerClock))
	late := resp.Header.Get(headerLate) != ""
	resp.Header.Del(headerClock)
	resp.Header.Del(headerLate)
	if late {
		_ = resp.Body.Close()
		return nil, errLate
	}
	return resp, nil
}
