// Package storage holds the black-box tests of what the server keeps: killed,
// without its database, moved from one to another.
package storage

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver" // the database/sql driver

	"github.com/pharos-registry/pharos/test/mariadb"
	"github.com/pharos-registry/pharos/test/server"
)

type client struct {
	s    *server.Server
	http *http.Client
}

func clientOf(s *server.Server) client {
	return client{s, &http.Client{Timeout: 10 * time.Second}}
}

// do gives the status and body of an answer; status 0 is none.
func (c client) do(ctx context.Context, method string, form url.Values) (int, string) {
	target := c.s.URL("/v1/cs/configs")
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	} else {
		target += "?" + form.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.http.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

func (c client) publish(ctx context.Context, dataID, content string) (int, string) {
	return c.do(ctx, http.MethodPost, url.Values{"dataId": {dataID}, "group": {"G"}, "content": {content}})
}

func (c client) get(ctx context.Context, dataID string) (int, string) {
	return c.do(ctx, http.MethodGet, url.Values{"dataId": {dataID}, "group": {"G"}})
}

func (c client) want(t *testing.T, what string, status int, body string, gotStatus int, got string) {
	t.Helper()
	if status != gotStatus || body != "" && body != got {
		t.Errorf("%s: %d %.200q, want %d %q", what, gotStatus, got, status, body)
	}
}

// until waits for an answer that other processes bring about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("not so: %s", what)
		}
	}
}

// The MySQL goes away: reads go on, writes get a clear 503, and it recovers by
// itself; so it does after a start without the MySQL.
func TestMySQLAway(t *testing.T) {
	db := mariadb.Start(t)
	s := server.Start(t, server.Options{Settings: db.Settings(db.Create("nacos"))})
	c, ctx := clientOf(s), t.Context()
	status, body := c.publish(ctx, "a", "one")
	c.want(t, "publish", 200, "true", status, body)
	until(t, "the state is copied", func() bool { return strings.Contains(s.Log(), "is copied to this disk") })
	until(t, "what was written since then is, too", func() bool { return copied(t, s, "a") })
	db.Kill()
	until(t, "writes get 503", func() bool {
		status, body = c.publish(ctx, "a", "two")
		return status == http.StatusServiceUnavailable
	})
	if strings.Contains(body, "3306") || strings.Contains(body, "127.0.0.1") || strings.Contains(body, "nacos") {
		t.Errorf("the answer tells internals: %q", body)
	}
	status, body = c.get(ctx, "a")
	c.want(t, "read without the database", 200, "one", status, body)

	s.Kill()
	s.Restart()
	status, body = c.get(ctx, "a")
	c.want(t, "read after a start without the database", 200, "one", status, body)
	status, _ = c.publish(ctx, "a", "two")
	c.want(t, "write after a start without the database", http.StatusServiceUnavailable, "", status, "")

	db.Restart()
	until(t, "writes work again", func() bool {
		status, body = c.publish(ctx, "a", "three")
		return status == 200 && body == "true"
	})
	status, body = c.get(ctx, "a")
	c.want(t, "read", 200, "three", status, body)
}

// copied says whether the server's copy of the MySQL has a config.
func copied(t *testing.T, s *server.Server, dataID string) bool {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(s.Dir, "mysql-copy.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var n int
	err = db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM config_info WHERE data_id = ?", dataID).Scan(&n)
	return err == nil && n == 1 // it may be busy
}

// The server is killed while clients publish: what was answered with true is
// there afterwards, with its history.
func TestKilled(t *testing.T) {
	const rounds, writers = 5, 8
	s := server.Start(t, server.Options{})
	c, ctx := clientOf(s), t.Context()
	version := make([]int, writers)
	for round := range rounds {
		var wg sync.WaitGroup
		var mu sync.Mutex
		for w := range writers {
			wg.Go(func() {
				for v := version[w] + 1; ; v++ {
					if status, body := c.publish(ctx, fmt.Sprint("w", w), strconv.Itoa(v)); status != 200 || body != "true" {
						return
					}
					mu.Lock()
					version[w] = v
					mu.Unlock()
				}
			})
		}
		timer := time.NewTimer(time.Duration(50+rand.IntN(200)) * time.Millisecond) // any time does
		<-timer.C
		s.Kill()
		wg.Wait()
		s.Restart()
		for w := range writers {
			_, body := c.get(ctx, fmt.Sprint("w", w))
			got, _ := strconv.Atoi(body)
			if got < version[w] || got > version[w]+1 {
				t.Fatalf("round %d, writer %d: %d is there, %d was answered", round, w, got, version[w])
			}
			version[w] = got
			if rows := historyOf(t, s, fmt.Sprint("w", w)); rows != got {
				t.Fatalf("round %d, writer %d: %d rows of history for version %d", round, w, rows, got)
			}
		}
	}
	t.Logf("versions %v", version)
}

func historyOf(t *testing.T, s *server.Server, dataID string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL("/v1/cs/history?search=accurate&pageNo=1&pageSize=1&group=G&dataId="+dataID), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), `"totalCount":`)
	n, err := strconv.Atoi(rest[:max(0, strings.IndexAny(rest, ",}"))])
	if err != nil {
		t.Fatalf("history: %s", b)
	}
	return n
}

// Rows of the embedded database are brought over to a MySQL by a command, which
// a start on the MySQL names when there are such rows.
func TestMigrate(t *testing.T) {
	db := mariadb.Start(t)
	s := server.Start(t, server.Options{})
	c, ctx := clientOf(s), t.Context()
	status, body := c.publish(ctx, "a", "one")
	c.want(t, "publish", 200, "true", status, body)
	s.Stop()
	set := db.Settings(db.Create("nacos"))
	on := server.Start(t, server.Options{Dir: s.Dir, Settings: set})
	if !strings.Contains(on.Log(), "pharos migrate") {
		t.Errorf("the start does not say that rows are left behind:\n%s", on.Log())
	}
	on.Stop()
	args := []string{"migrate", "--data", s.Dir}
	for k, v := range set {
		args = append(args, "--set", k+"="+v)
	}
	code, out := server.Run(t, nil, args...)
	if code != 0 || !strings.Contains(out, "1 configs") || strings.Contains(out, set["db.password.0"]+"@") {
		t.Fatalf("migrate: %d %s", code, out)
	}
	on.Restart()
	if status, body = clientOf(on).get(ctx, "a"); status != 200 || body != "one" {
		t.Errorf("%d %q", status, body)
	}
}
