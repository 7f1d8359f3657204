package middleware_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/middleware"
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
	engine  *gin.Engine
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu   sync.Mutex // guards the following fields
	seen []sight
	hold chan struct{} // closed to let requests go on; nil: they are not held
	copy bool
	on   bool

	leaving bool
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
	for _, n := range r.nodes {
		if _, err := n.members.Wait(tb.Context(), func(v *cluster.View) bool { return len(v.Alive()) == size }); err != nil {
			tb.Fatal(err)
		}
	}
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
	d := middleware.NewDistro(middleware.DistroOptions{Members: n.members, Peer: n.peer, Reg: prometheus.NewRegistry(), On: func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.on
	}, Leaving: func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.leaving
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
	for k := 0; ; k++ {
		tag := fmt.Sprintf("1.1.1.%d:80", k)
		if distro.Owner(r.nodes[0].members.View(), tag) == mainAddr(i) {
			return tag
		}
	}
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

func TestForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t, 3)
		tag := r.tagOf(1)
		w := r.post(0, "/do/a%2Fb?x=1&tag="+tag, "y=2&z=%26", func(q *http.Request) {
			q.Header.Set("Authorization", "Bearer of.a.token")
			q.Header.Set("Pharos-Forwarded-Caller", "bWFsbG9yeQ==")
			q.Header.Set("Pharos-Forwarded-Remote", "203.0.113.1:1")
		})
		if w.Code != http.StatusAccepted || w.Body.String() != "node 1" || w.Header().Get("Content-Type") != "text/x-test" || len(w.Header()["X-Kept"]) != 2 {
			t.Errorf("answered %d %q %v", w.Code, w.Body, w.Header())
		}
		want := sight{
			FromPeer: true, User: "wendy", Remote: "192.0.2.7:4711", Method: http.MethodPost, Path: "/do/a%2Fb?x=1&tag=" + tag,
			Body: "x=1;tag=" + tag + ";y=2;z=&;", Agent: "Nacos-Java-Client:v1.4.6",
		}
		if got := r.only(1); len(got) != 1 || got[0] != want {
			t.Errorf("the owner saw %+v", got)
		}
		if got := append(r.only(0), r.only(2)...); len(got) != 0 {
			t.Errorf("others saw %+v", got)
		}
	})
}

func TestForwardOnlyWhatBelongsElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t, 3)
		elsewhere := "/do/x?tag=" + r.tagOf(1)
		for _, c := range []struct {
			name, path string
			set        func(*member)
			at         int
		}{
			{"of this node", "/do/x?tag=" + r.tagOf(0), nil, 0},
			{"of nobody", "/do/x", nil, 0},
			{"of another", elsewhere, nil, 1},
			{"with a copy", elsewhere, func(n *member) { n.copy = true }, 0},
			{"switched off", elsewhere, func(n *member) { n.copy, n.on = false, false }, 0},
		} {
			if c.set != nil {
				n := r.nodes[0]
				n.mu.Lock()
				c.set(n)
				n.mu.Unlock()
			}
			if w := r.post(0, c.path, ""); w.Body.String() != fmt.Sprint("node ", c.at) {
				t.Errorf("%s: answered %q", c.name, w.Body)
			}
			for _, s := range r.only(c.at) {
				if s.FromPeer != (c.at != 0) || s.User != "wendy" {
					t.Errorf("%s: %+v", c.name, s)
				}
			}
		}
	})
}

// Each node thinks that the other is the owner, as may be for a moment after a
// change of membership: it is answered after one hop.
func TestForwardOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t, 3)
		tag := r.tagOf(2)
		r.net.Part(peerAddr(1), peerAddr(2))
		r.net.Part(peerAddr(0), peerAddr(1))
		time.Sleep(10 * time.Second) // 1 is alone, and owns all
		r.net.Join(peerAddr(0), peerAddr(1))
		r.nodes[2].stop()
		time.Sleep(10 * time.Second)
		v := r.nodes[0].members.View()
		at, _ := v.Member(distro.Owner(v, tag))
		w := r.post(0, "/do/x?tag="+tag, "")
		if !strings.HasPrefix(w.Body.String(), "node ") {
			t.Errorf("owner %s: answered %d %q", at.Addr, w.Code, w.Body)
		}
		if got := len(r.only(0)) + len(r.only(1)); got != 1 {
			t.Errorf("%d handlers ran", got)
		}
	})
}

func TestForwardMultipart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t, 2)
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		if err := m.WriteField("y", "a&b"); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		tag := r.tagOf(1)
		w := r.post(0, "/do/x?tag="+tag, body.String(), func(q *http.Request) { q.Header.Set("Content-Type", m.FormDataContentType()) })
		if w.Body.String() != "node 1" {
			t.Fatalf("answered %q", w.Body)
		}
		if got := r.only(1); len(got) != 1 || got[0].Body != "tag="+tag+";y=a&b;" {
			t.Errorf("the owner saw %+v", got)
		}
	})
}

// What is too large is refused where it comes in.
func TestForwardNothingTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t, 2)
		if w := r.post(0, "/do/x?tag="+r.tagOf(1), strings.Repeat("x", 1001)); w.Code == http.StatusAccepted {
			t.Errorf("answered %d", w.Code)
		}
		if got := r.only(1); len(got) != 0 {
			t.Errorf("the owner saw %+v", got)
		}
	})
}

// An owner whose process has ended is replaced within the time that a client
// waits: the request goes to whoever comes next.
func TestForwardToTheNextOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t, 3)
		tag := r.tagOf(1)
		r.nodes[1].stop()
		began := time.Now()
		w := r.post(0, "/do/x?tag="+tag, "")
		if w.Code != http.StatusAccepted || w.Body.String() == "node 1" {
			t.Errorf("answered %d %q", w.Code, w.Body)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// An owner that is about to end does not take anything on.
func TestForwardToALeavingOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t, 3)
		tag := r.tagOf(1)
		n := r.nodes[1]
		n.mu.Lock()
		n.leaving = true
		n.mu.Unlock()
		go func() {
			time.Sleep(time.Second)
			n.members.Leave(t.Context())
		}()
		if w := r.post(0, "/do/x?tag="+tag, ""); w.Code != http.StatusAccepted || w.Body.String() == "node 1" {
			t.Errorf("answered %d %q", w.Code, w.Body)
		}
		if got := r.only(1); len(got) != 0 {
			t.Errorf("it saw %+v", got)
		}
	})
}

// One that hangs, or cannot be reached, is waited for as long as a client waits.
func TestForwardToASlowOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t, 3)
		tag := r.tagOf(1)
		n := r.nodes[1]
		n.mu.Lock()
		n.hold = make(chan struct{})
		n.mu.Unlock()
		slow := func(name string) {
			t.Helper()
			began := time.Now()
			w := r.post(0, "/do/x?tag="+tag, "")
			if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "try again") {
				t.Errorf("%s: answered %d %q", name, w.Code, w.Body)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("%s: it took %v", name, took)
			}
		}
		slow("held")
		close(n.hold)
		synctest.Wait()
		r.only(1)
		r.net.Part(peerAddr(0), peerAddr(1))
		slow("parted")
		if got := append(r.only(0), r.only(2)...); len(got) != 0 {
			t.Errorf("others saw %+v", got)
		}
		time.Sleep(10 * time.Second) // by now it is down
		if w := r.post(0, "/do/x?tag="+tag, ""); w.Code != http.StatusAccepted {
			t.Errorf("answered %d %q", w.Code, w.Body)
		}
	})
}

// Another node may ask for what is sent on, and for nothing else.
func TestPeersGetTaggedRowsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t, 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+peerAddr(1)+"/own", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := r.nodes[0].peer.HTTP().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode == http.StatusAccepted || len(r.only(1)) != 0 {
			t.Errorf("answered %d %q %v", resp.StatusCode, body, err)
		}
	})
}
