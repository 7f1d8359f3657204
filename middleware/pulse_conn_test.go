//go:build unix

package middleware_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/middleware"
)

// TestGone has callers hang up before a node that stood still looks at what they
// wanted. It is not done, nor sent on; it is for who still waits, and where the
// node did not stand still.
func TestGone(t *testing.T) {
	for _, kind := range []string{"plain", "limited", "TLS"} {
		t.Run(kind, func(t *testing.T) {
			r := newRing(t, 2)
			n := r.nodes[0]
			at := make(chan struct{}, 1)
			goOn := make(chan struct{})
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				at <- struct{}{}
				<-goOn
				n.engine.ServeHTTP(w, q)
				at <- struct{}{}
			}))
			srv.Config.ConnContext = middleware.WithConn
			if kind == "limited" {
				srv.Listener, _ = middleware.NewBudget(100).Limit(srv.Listener, "")
			}
			dial := func() (net.Conn, error) { return net.Dial("tcp", srv.Listener.Addr().String()) }
			if kind == "TLS" {
				srv.StartTLS()
				conf := srv.Client().Transport.(*http.Transport).TLSClientConfig
				dial = func() (net.Conn, error) { return tls.Dial("tcp", srv.Listener.Addr().String(), conf) }
			} else {
				srv.Start()
			}
			defer srv.Close()
			for _, c := range []struct {
				name           string
				skipped, waits bool
				owner          int
				served         bool
			}{
				{"gone", true, false, 0, false},
				{"gone, of another", true, false, 1, false},
				{"waits", true, true, 0, true},
				{"waits, of another", true, true, 1, true},
				{"gone, in time", false, false, 0, true},
			} {
				n.mu.Lock()
				n.skipped = c.skipped
				n.mu.Unlock()
				conn, err := dial()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, "POST /do/x?tag="+r.tagOf(c.owner)+" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				<-at
				if !c.waits {
					_ = conn.Close()
					awaitClosed(t)
				}
				goOn <- struct{}{}
				<-at
				if c.waits {
					resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil || resp.StatusCode != http.StatusAccepted {
						t.Errorf("%s: %v %v", c.name, resp, err)
					}
					_ = resp.Body.Close()
					_ = conn.Close()
				}
				if got := len(r.only(0)) + len(r.only(1)); (got == 1) != c.served {
					t.Errorf("%s: served %d times", c.name, got)
				}
			}
		})
	}
}

// awaitClosed gives the kernel the moment that it takes to tell the other end.
func awaitClosed(t *testing.T) {
	t.Helper()
	select {
	case <-time.After(100 * time.Millisecond):
	case <-t.Context().Done():
	}
}
