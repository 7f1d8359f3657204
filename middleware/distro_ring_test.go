package middleware_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/test/faketime"
)

// ring is some nodes with one route each that says who answered and what it saw.
type ring struct {
	tb    testing.TB
	net   *peer.Network
	nodes []*member
}

type member struct {
	i       int
	members *cluster.Membership
	peer    *peer.Node
	clock   distro.Clock
	engine  *gin.Engine
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu   sync.Mutex // guards the following fields
	seen []sight
	hold chan struct{} // closed to let requests go on; nil: they are not held
	copy bool
	on   bool

	leaving, skipped bool
}

// sight is a request as its handler saw it.
type sight struct {
	FromPeer                                         bool
	User, Remote, Method, Path, Body, Agent, Secrets string
}

func mainAddr(i int) string { return fmt.Sprintf("10.0.0.%d:8848", i) }
func peerAddr(i int) string { return fmt.Sprintf("10.0.0.%d:7848", i) }

func newRing(tb testing.TB, size int) *ring {
	tb.Helper()
	gin.SetMode(gin.ReleaseMode)
	r := &ring{tb: tb, net: peer.NewNetwork()}
	cred, err := peer.SharedSecret("middleware test")
	if err != nil {
		tb.Fatal(err)
	}
	list := cluster.Static{}
	for i := range size {
		list = append(list, mainAddr(i))
	}
	for i := range size {
		r.nodes = append(r.nodes, r.start(i, list, cred))
	}
	tb.Cleanup(func() {
		for _, n := range r.nodes {
			n.stop()
		}
	})
	all := make([]*cluster.Membership, 0, size)
	for _, n := range r.nodes {
		all = append(all, n.members)
	}
	faketime.Meet(tb, all...)
	return r
}

func (r *ring) start(i int, list cluster.Static, cred peer.Credentials) *member {
	r.tb.Helper()
	log := slog.New(slog.DiscardHandler)
	n := &member{i: i, on: true, engine: gin.New()}
	var err error
	n.peer, err = peer.New(peer.Options{
		Self: peer.Ident{ID: strconv.Itoa(i), Member: mainAddr(i)}, Listen: peerAddr(i), Credentials: cred, Transport: r.net.Host(peerAddr(i)), Logger: log,
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	n.members, err = cluster.New(cluster.Options{
		ID: strconv.Itoa(i), Self: mainAddr(i), Peer: n.peer, Source: list, Logger: log, Meta: func() cluster.Meta { return cluster.Meta{} },
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	d := middleware.NewDistro(middleware.DistroOptions{Members: n.members, Peer: n.peer, Clock: &n.clock, Reg: prometheus.NewRegistry(), On: func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.on
	}, Leaving: func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.leaving
	}, Skipped: func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.skipped
	}})
	tag := func(q *middleware.Request) string { return q.Params.Get("tag") }
	copied := func(*middleware.Request) bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.copy
	}
	for _, row := range []*middleware.Route{
		{Method: http.MethodPost, Path: "/do/*rest", Tag: tag, Copy: copied, Do: n.answer, Dialect: bare},
		{Method: http.MethodGet, Path: "/own", Do: n.answer, Dialect: bare},
	} {
		login := func(_ *middleware.Route, next middleware.Handler) middleware.Handler {
			return func(q *middleware.Request) (any, error) {
				if !q.FromPeer {
					q.User = "wendy"
				}
				return next(q)
			}
		}
		h := middleware.Chain(row, row.Do, d.Arrive(), middleware.Parse(1000, 1000, time.Minute), login, d.Forward())
		n.engine.Handle(row.Method, row.Path, middleware.Serve(row, h, nil))
	}
	n.peer.HandleHTTP(n.engine)
	if _, err := n.peer.Listen(r.tb.Context()); err != nil {
		r.tb.Fatal(err)
	}
	if err := n.members.Load(r.tb.Context()); err != nil {
		r.tb.Fatal(err)
	}
	var ctx context.Context
	ctx, n.cancel = context.WithCancel(context.WithoutCancel(r.tb.Context()))
	n.wg.Go(func() { _ = n.peer.Run(ctx) })
	n.wg.Go(func() { _ = n.members.Run(ctx) })
	n.members.SetState(cluster.Up)
	return n
}

func (n *member) stop() {
	n.cancel()
	n.wg.Wait()
}

func (n *member) answer(q *middleware.Request) (any, error) {
	n.mu.Lock()
	hold := n.hold
	n.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-q.Context().Done():
			return nil, q.Context().Err()
		}
	}
	h := q.HTTP()
	s := sight{
		FromPeer: q.FromPeer, User: q.User, Remote: h.RemoteAddr, Method: h.Method, Path: h.URL.RequestURI(), Agent: h.UserAgent(),
		Secrets: h.Header.Get("Authorization") + h.Header.Get("Accesstoken"),
	}
	q.Params.Each(func(name, value string) { s.Body += name + "=" + value + ";" })
	n.mu.Lock()
	n.seen = append(n.seen, s)
	n.mu.Unlock()
	return middleware.Raw{
		Status: http.StatusAccepted, ContentType: []string{"text/x-test"}, Header: []middleware.Field{{Name: "X-Kept", Value: []string{"a", "b"}}},
		Body: fmt.Appendf(nil, "node %d", n.i),
	}, nil
}

// bare is a dialect of tests.
func bare(q *middleware.Request, v any, err error) {
	w := q.Gin.Writer
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.WriteString(err.Error())
		return
	}
	raw, _ := v.(middleware.Raw)
	for _, f := range raw.Header {
		w.Header()[f.Name] = f.Value
	}
	w.Header()["Content-Type"] = raw.ContentType
	w.WriteHeader(raw.Status)
	_, _ = w.Write(raw.Body)
}

// post sends a form to node i, as a client does.
func (r *ring) post(i int, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(r.tb.Context(), http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Nacos-Java-Client:v1.4.6")
	req.RemoteAddr = "192.0.2.7:4711"
	for _, fn := range change {
		fn(req)
	}
	w := httptest.NewRecorder()
	r.nodes[i].engine.ServeHTTP(w, req)
	return w
}

// tagOf returns a tag that node i owns while all are alive.
func (r *ring) tagOf(i int) string {
	for k := range 10_000 {
		tag := fmt.Sprintf("1.1.1.%d:80", k)
		if distro.Owner(r.nodes[0].members.View(), tag) == mainAddr(i) {
			return tag
		}
	}
	r.tb.Fatalf("node %d owns nothing among %v", i, r.nodes[0].members.View().Alive())
	return ""
}

// only returns what node i saw since it was asked last.
func (r *ring) only(i int) []sight {
	n := r.nodes[i]
	n.mu.Lock()
	defer n.mu.Unlock()
	out := n.seen
	n.seen = nil
	return out
}
