//go:build linux

package cluster

import (
	"context"
	"crypto/md5"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/mariadb"
	"github.com/pharos-registry/pharos/test/server"
)

// How soon a node shows what another one wrote to the database of both: when it
// is told, and when it has to find out by itself (it looks every two seconds).
const (
	whenTold  = time.Second
	whenFound = 5 * time.Second
)

// TestMySQL runs three nodes on one MariaDB.
func TestMySQL(t *testing.T) {
	db := mariadb.Start(t)
	l := newLab(t, 3, 1, server.ClusterOptions{Settings: db.Settings(db.Create("nacos"))})
	ctx := t.Context()
	a, b, c := l.nodes[0], l.nodes[1], l.nodes[2]

	for i := range 4 { // each tells each
		from, to := l.nodes[i%3], l.nodes[(i+1)%3]
		l.hears(ctx, to, from, fmt.Sprint("v", i), whenTold)
	}
	if r := a.call(ctx, http.MethodPost, "/v1/cs/configs", values("dataId", "page", "group", "G", "content", "gray", "tag", "blue")); !r.ok() {
		t.Fatal(r)
	}
	l.until(whenFound, "the copy for a tag is on all nodes", func() string {
		for _, n := range l.all() {
			if r := n.call(ctx, http.MethodGet, "/v1/cs/configs", values("dataId", "page", "group", "G", "tag", "blue")); r.body != "gray" {
				return fmt.Sprint("node ", n.number, ": ", r)
			}
		}
		return ""
	})

	l.login(ctx)

	l.say("no node can tell another anything")
	for _, x := range l.all() {
		for _, y := range l.all() {
			if x != y {
				l.mesh.set(x.number, y.number, weather{hold: true})
			}
		}
	}
	for i := range 3 {
		l.hears(ctx, l.nodes[(i+1)%3], l.nodes[i], fmt.Sprint("found ", i), whenFound)
	}
	if r := a.call(ctx, http.MethodDelete, "/v1/cs/configs", values("dataId", "page", "group", "G")); r.body != "true" {
		t.Fatal(r)
	}
	l.until(whenFound, "a removal is on all nodes", func() string { return l.all404(ctx) })
	l.mesh.heal()
	l.until(settled, "nodes tell each other again", func() string {
		if took, r := l.wakes(ctx, b, a, fmt.Sprint("healed ", time.Now().UnixNano())); took > whenTold {
			return fmt.Sprint(took, " ", r)
		}
		return ""
	})

	l.say("kill -9 node %d", c.number)
	l.kill(c)
	l.hears(ctx, b, a, "while one is away", whenTold)
	l.start(c)
	l.until(settled, "the node that was away has it", func() string {
		if r := c.call(ctx, http.MethodGet, "/v1/cs/configs", values("dataId", "page", "group", "G")); r.body != "while one is away" {
			return r.String()
		}
		return ""
	})
	l.until(settled, "and is told again", func() string {
		if took, r := l.wakes(ctx, c, b, fmt.Sprint("again ", time.Now().UnixNano())); took > whenTold {
			return fmt.Sprint(took, " ", r)
		}
		return ""
	})
}

// hears publishes on one node and waits for it on another, where somebody
// listens: he is to be woken in time.
func (l *lab) hears(ctx context.Context, to, from *node, content string, limit time.Duration) {
	l.t.Helper()
	took, r := l.wakes(ctx, to, from, content)
	if limit = time.Duration(float64(limit) * patience()); took > limit {
		l.t.Errorf("%q of node %d was heard on node %d after %v: %v", content, from.number, to.number, took, r)
	}
	l.say("node %d heard %q of node %d after %v", to.number, content, from.number, took)
}

// wakes is how long after a publish on one node a listener on another is
// answered and reads it.
func (l *lab) wakes(ctx context.Context, to, from *node, content string) (time.Duration, reply) {
	l.t.Helper()
	const wait = 20 * time.Second
	page := values("dataId", "page", "group", "G")
	var there reply
	l.until(settled, "both have the same", func() string {
		there = to.call(ctx, http.MethodGet, "/v1/cs/configs", page)
		if here := from.call(ctx, http.MethodGet, "/v1/cs/configs", page); here.status != there.status || here.body != there.body {
			return fmt.Sprint(here, " and ", there)
		}
		return ""
	})
	sum := ""
	if there.ok() {
		sum = fmt.Sprintf("%x", md5.Sum([]byte(there.body)))
	}
	heard := make(chan reply, 1)
	go func() {
		heard <- to.callFor(ctx, wait+5*time.Second, http.MethodPost, "/v1/cs/configs/listener",
			url.Values{"Listening-Configs": {"page\x02G\x02" + sum + "\x01"}}, "Long-Pulling-Timeout", strconv.FormatInt(wait.Milliseconds(), 10))
	}()
	l.until(settled, "the listener waits", func() string {
		r := to.call(ctx, http.MethodGet, "/v1/cs/configs/listener", page, "Authorization", "Bearer "+l.token)
		if !strings.Contains(r.body, "127.0.0.1") {
			return r.String()
		}
		return ""
	})
	if r := from.call(ctx, http.MethodPost, "/v1/cs/configs", values("dataId", "page", "group", "G", "content", content)); r.body != "true" {
		l.t.Fatalf("publish on node %d: %v", from.number, r)
	}
	began := time.Now() // how long the database took is none of its business
	r := <-heard
	took := time.Since(began)
	if !strings.Contains(r.body, "page") {
		l.t.Errorf("the listener on node %d was answered %v", to.number, r)
	}
	if got := to.call(ctx, http.MethodGet, "/v1/cs/configs", page); got.body != content {
		l.t.Errorf("node %d reads %v, want %q", to.number, got, content)
	}
	return took, r
}

// login makes users on one node and has them log in at another.
func (l *lab) login(ctx context.Context) {
	l.t.Helper()
	a, b := l.nodes[0], l.nodes[1]
	in := func(n *node, user, password string) func() string {
		return func() string {
			r := n.call(ctx, http.MethodPost, "/v1/auth/login", values("username", user, "password", password))
			_, rest, found := strings.Cut(r.body, `"accessToken":"`)
			if !r.ok() || !found {
				return r.String()
			}
			l.token, _, _ = strings.Cut(rest, `"`)
			return ""
		}
	}
	if r := a.call(ctx, http.MethodPost, "/v1/auth/users/admin", values("password", "first")); !r.ok() {
		l.t.Fatal(r)
	}
	l.until(whenFound, "the administrator that node 0 made can log in at node 1", in(b, "nacos", "first"))
	admin := l.token
	if r := b.call(ctx, http.MethodPost, "/v1/auth/users", values("username", "ann", "password", "secret"), "Authorization", "Bearer "+admin); !r.ok() {
		l.t.Fatal(r)
	}
	l.until(whenFound, "a user that node 1 made can log in at node 0", in(a, "ann", "secret"))
	ann := l.token
	l.until(whenFound, "her token counts at node 2", func() string {
		if r := l.nodes[2].call(ctx, http.MethodGet, "/v1/console/namespaces", nil, "Authorization", "Bearer "+ann); !r.ok() {
			return r.String()
		}
		return ""
	})
	if r := a.call(ctx, http.MethodPost, "/v1/auth/logout", nil, "Authorization", "Bearer "+ann); !r.ok() {
		l.t.Fatal(r)
	}
	l.until(whenFound, "and no more when she has logged out at node 0", func() string {
		if r := l.nodes[2].call(ctx, http.MethodGet, "/v1/console/namespaces", nil, "Authorization", "Bearer "+ann); r.ok() {
			return r.String()
		}
		return ""
	})
	l.token = admin
}

func (l *lab) all404(ctx context.Context) string {
	for _, n := range l.all() {
		if r := n.call(ctx, http.MethodGet, "/v1/cs/configs", values("dataId", "page", "group", "G")); r.status != http.StatusNotFound {
			return fmt.Sprint("node ", n.number, ": ", r)
		}
	}
	return ""
}
