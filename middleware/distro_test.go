package middleware_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/test/faketime"
)

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

// What a client does next comes after what it did, wherever either is done and
// whatever the nodes' clocks say: each learns the other's latest revision.
func TestForwardRevisions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(t, 2)
		here, there := &r.nodes[0].clock, &r.nodes[1].clock
		tag := r.tagOf(1)
		ahead := there.Next(0) + 1<<40
		there.See(ahead)
		if r.post(0, "/do/x?tag="+tag, ""); here.Next(0) <= ahead {
			t.Error("the answer of a node whose clock is ahead did not tell of it")
		}
		ahead = here.Last() + 1<<40
		here.See(ahead)
		if r.post(0, "/do/x?tag="+tag, ""); there.Next(0) <= ahead {
			t.Error("the request of a node whose clock is ahead did not tell of it")
		}
		was := there.Last()
		w := r.post(0, "/do/x?tag="+tag, "", func(q *http.Request) { q.Header.Set("Pharos-Revision", "zzzzzzzzzzzz") })
		if there.Last() != was || here.Last() != was {
			t.Error("a client was believed")
		}
		if w.Header().Get("Pharos-Revision") != "" {
			t.Error("a client is told")
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
		faketime.Pass(10 * time.Second) // 1 is alone, and owns all
		r.net.Join(peerAddr(0), peerAddr(1))
		r.nodes[2].stop()
		faketime.Pass(10 * time.Second)
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
		faketime.Pass(10 * time.Second) // by now it is down
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
