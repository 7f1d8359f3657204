package shared_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/auth"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/shared"
	"github.com/pharos-registry/pharos/test/mariadb"
)

const (
	never = time.Hour   // longer than a test
	limit = time.Minute // for what is sure to come: only a broken test takes so long
)

// node is what one server has to do with the database.
type node struct {
	t      *testing.T
	config *config.Service
	auth   *auth.Service
	follow *shared.Follower
}

func TestOneDatabase(t *testing.T) {
	s := mariadb.Start(t)
	for name, fn := range map[string]func(*testing.T, *mariadb.Server){
		"peers are told":               testPeersAreTold,
		"switches of others":           testSwitchesOfOthers,
		"users of others":              testUsersOfOthers,
		"poll finds what was not told": testPollFindsWhatWasNotTold,
		"writes of a nacos":            testWritesOfANacos,
		"writers at once":              testWritersAtOnce,
	} {
		t.Run(name, func(t *testing.T) { fn(t, s) })
	}
}

// several starts nodes on one database, each with a way to the others.
func several(t *testing.T, s *mariadb.Server, n int, set func(*shared.Options)) (nodes []*node, net *peer.Network, raw *sql.DB) {
	t.Helper()
	name := s.Create("nacos")
	net = peer.NewNetwork()
	for i := range n {
		nodes = append(nodes, start(t, s, name, net, i, n, set))
	}
	return nodes, net, s.DB(name)
}

func host(i int) string { return "10.0.0." + strconv.Itoa(i) + ":7848" }

func start(t *testing.T, s *mariadb.Server, name string, net *peer.Network, i, n int, set func(*shared.Options)) *node {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	keys := s.Settings(name)
	source := persistence.Source{URL: keys["db.url.0"], User: keys["db.user.0"], Password: keys["db.password.0"]}
	db, err := persistence.OpenMySQL(t.Context(), persistence.MySQLOptions{
		Sources: []persistence.Source{source}, Pool: persistence.Pool{Max: 10}, Log: log, Copy: filepath.Join(t.TempDir(), "copy.db"),
	})
	if err != nil {
		t.Fatal(err)
	}
	cred, err := peer.SharedSecret("a secret of the test")
	if err != nil {
		t.Fatal(err)
	}
	p, err := peer.New(peer.Options{Self: peer.Ident{ID: strconv.Itoa(i), Member: host(i)}, Listen: host(i), Credentials: cred, Transport: net.Host(host(i)), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Listen(t.Context()); err != nil { // here and not in Run: who is told before it listens is told nothing
		t.Fatal(err)
	}
	signer, err := auth.NewSigner("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	x := &node{t: t}
	x.config = config.New(config.Options{
		DB: db, Write: db.Apply, Log: log, MaxContent: 1 << 20, MaxGray: 10, Recount: never, RetentionDays: 30,
		SearchQueue: 1, SearchThreads: 1, SearchWait: time.Second,
	})
	if x.auth, err = auth.New(t.Context(), auth.Options{Store: db, Write: db.Apply, Signer: signer, Log: log}); err != nil {
		t.Fatal(err)
	}
	o := shared.Options{
		DB: db, Config: x.config, Auth: x.auth, Log: log, Peer: p,
		Peers: func() (all []string) {
			for j := range n {
				if j != i {
					all = append(all, host(j))
				}
			}
			return all
		},
		Poll: never, Scan: never, Full: never,
	}
	set(&o)
	x.follow = shared.New(o)
	if err := x.config.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var group sync.WaitGroup
	for _, run := range []func(context.Context) error{p.Run, x.follow.Run, x.auth.Run} {
		group.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() {
		stop()
		group.Wait()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func (x *node) publish(k config.Key, content string) {
	x.t.Helper()
	if err := x.config.Publish(x.t.Context(), config.Publish{Key: k, Content: content}); err != nil {
		x.t.Fatal(err)
	}
}

// content is what a node answers, "" where there is nothing.
func (x *node) content(k config.Key, ip string) string {
	c := x.config.Read(k, ip, "", "")
	if c == nil {
		return ""
	}
	return string(c.Content)
}

// ear is a listener that is told of changes.
type ear struct {
	v    config.Viewer
	told chan struct{}
}

func (e *ear) Changed(*config.Key) {
	select {
	case e.told <- struct{}{}:
	default:
	}
}

func (e *ear) Viewer() config.Viewer { return e.v }

// comes waits until a node answers want, woken by the change of it alone.
func (x *node) comes(k config.Key, ip, want string) {
	x.t.Helper()
	e := &ear{config.Viewer{IP: ip}, make(chan struct{}, 1)}
	var w config.Waiter
	x.config.Cache().WatchAny(&w, k, e)
	defer w.Cancel()
	end := time.After(limit)
	for x.content(k, ip) != want {
		select {
		case <-e.told:
		case <-end:
			x.t.Fatalf("%v is %q, want %q", k, x.content(k, ip), want)
		}
	}
}

var app = config.Key{Tenant: "dev", Group: "G", DataID: "app"}

// What one node writes the others show at once, and wake who waits for it.
func testPeersAreTold(t *testing.T, s *mariadb.Server) {
	t.Helper()
	nodes, _, _ := several(t, s, 3, func(*shared.Options) {})
	a, b, c := nodes[0], nodes[1], nodes[2]
	for i := range 5 {
		v := fmt.Sprint("v", i)
		nodes[i%3].publish(app, v)
		for _, x := range nodes {
			x.comes(app, "192.0.2.1", v)
		}
	}
	if err := a.config.Publish(t.Context(), config.Publish{Key: app, Content: "beta", BetaIPs: "192.0.2.7"}); err != nil {
		t.Fatal(err)
	}
	b.comes(app, "192.0.2.7", "beta")
	c.comes(app, "192.0.2.7", "beta")
	if got := b.content(app, "192.0.2.8"); got != "v4" {
		t.Errorf("another address reads %q", got)
	}
	if err := b.config.RemoveBeta(t.Context(), app, config.Author{}); err != nil {
		t.Fatal(err)
	}
	a.comes(app, "192.0.2.7", "v4")
	if err := c.config.Remove(t.Context(), app, "", config.Author{}); err != nil {
		t.Fatal(err)
	}
	a.comes(app, "", "")
	b.comes(app, "", "")
	if n := b.follow.Stats(); n.Found != 0 || n.Told == 0 {
		t.Errorf("b was told of %d configs and found %d", n.Told, n.Found)
	}
}

// The switches are a config like any other, and count on every node.
func testSwitchesOfOthers(t *testing.T, s *mariadb.Server) {
	t.Helper()
	nodes, _, _ := several(t, s, 2, func(*shared.Options) {})
	k := config.Key{Group: "G", DataID: "com.alibaba.nacos.meta.switch"}
	nodes[0].publish(k, "isFixedPolling=true")
	nodes[1].comes(k, "", "isFixedPolling=true")
	if !nodes[1].config.Switches().Fixed {
		t.Error("the switch does not count on the other node")
	}
	if err := nodes[0].config.Remove(t.Context(), k, "", config.Author{}); err != nil {
		t.Fatal(err)
	}
	nodes[1].comes(k, "", "")
	if nodes[1].config.Switches().Fixed {
		t.Error("the switch stays when its config is gone")
	}
}

// A user that one node made can log in at another at once, and when his password
// changes there, his tokens are void here.
func testUsersOfOthers(t *testing.T, s *mariadb.Server) {
	t.Helper()
	nodes, _, _ := several(t, s, 2, func(*shared.Options) {})
	a, b := nodes[0].auth, nodes[1].auth
	if err := a.CreateUser(t.Context(), "ann", "secret"); err != nil {
		t.Fatal(err)
	}
	var in auth.Session
	wait(t, func() (err error) { in, err = b.Login(t.Context(), "ann", "secret", ""); return err })
	if _, err := a.Token(in.Token); err != nil {
		t.Fatal(err)
	}
	if err := b.ChangePassword(t.Context(), "ann", "another"); err != nil {
		t.Fatal(err)
	}
	wait(t, func() error {
		if _, err := a.Token(in.Token); err == nil {
			return errors.New("the token lives on the other node")
		}
		return nil
	})
}

// wait tries until it works. The refusals before are those of a directory that
// was not read again yet, of which nobody is told.
func wait(t *testing.T, try func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatal(err)
		}
	}
}

// Where no peer can be told, the history tells.
func testPollFindsWhatWasNotTold(t *testing.T, s *mariadb.Server) {
	t.Helper()
	nodes, net, _ := several(t, s, 2, func(o *shared.Options) { o.Poll = 50 * time.Millisecond })
	a, b := nodes[0], nodes[1]
	a.publish(app, "first")
	b.comes(app, "", "first")
	net.Part(host(0), host(1))
	for i := range 5 {
		v := fmt.Sprint("v", i)
		nodes[i%2].publish(app, v)
		nodes[1-i%2].comes(app, "", v)
	}
	if err := b.config.Remove(t.Context(), app, "", config.Author{}); err != nil {
		t.Fatal(err)
	}
	a.comes(app, "", "")
	if n := a.follow.Stats().Found; n == 0 {
		t.Error("nothing was found by polling")
	}
}

// A Nacos that writes to the same database tells nobody.
func testWritesOfANacos(t *testing.T, s *mariadb.Server) {
	t.Helper()
	for name, set := range map[string]func(*shared.Options){
		"by its history":          func(o *shared.Options) { o.Poll = 50 * time.Millisecond },
		"by the times":            func(o *shared.Options) { o.Scan = 50 * time.Millisecond },
		"by comparing everything": func(o *shared.Options) { o.Full = 50 * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			nodes, _, raw := several(t, s, 1, func(o *shared.Options) {
				o.Peer, o.Peers = nil, nil // it stands alone
				set(o)
			})
			x := nodes[0]
			x.publish(app, "ours")
			do := func(q string, args ...any) {
				t.Helper()
				if _, err := raw.ExecContext(t.Context(), q, args...); err != nil {
					t.Fatal(err)
				}
			}
			history := func(op string) {
				if name == "by its history" {
					do("INSERT INTO his_config_info (id, data_id, group_id, tenant_id, content, md5, op_type) VALUES (1, 'app', 'G', 'dev', 'x', 'x', ?)", op)
				}
			}
			do("UPDATE config_info SET content = 'theirs', md5 = MD5('theirs'), gmt_modified = ? WHERE data_id = 'app'", time.Now())
			history("U")
			x.comes(app, "", "theirs")
			other := config.Key{Group: "G", DataID: "other"}
			do("INSERT INTO config_info (data_id, group_id, tenant_id, content, md5, gmt_modified) VALUES ('other', 'G', '', 'new', MD5('new'), ?)", time.Now())
			if name == "by its history" {
				do("INSERT INTO his_config_info (id, data_id, group_id, tenant_id, content, md5, op_type) VALUES (0, 'other', 'G', '', 'x', 'x', 'I')")
			}
			x.comes(other, "", "new")
			if name == "by the times" { // what is gone has none
				return
			}
			do("DELETE FROM config_info WHERE data_id = 'app'")
			history("D")
			x.comes(app, "", "")
		})
	}
}

// Two nodes that write one config at once end up with the same of it, whoever
// was last.
func testWritersAtOnce(t *testing.T, s *mariadb.Server) {
	t.Helper()
	nodes, _, _ := several(t, s, 2, func(*shared.Options) {})
	var group sync.WaitGroup
	for i, x := range nodes {
		group.Go(func() {
			for j := range 50 {
				if err := x.config.Publish(t.Context(), config.Publish{Key: app, Content: fmt.Sprint(i, " ", j)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	nodes[0].publish(config.Key{Group: "G", DataID: "end"}, "end of a")
	nodes[1].publish(config.Key{Group: "G", DataID: "end-of-b"}, "end of b")
	// What a node says last it has said after all the rest.
	nodes[1].comes(config.Key{Group: "G", DataID: "end"}, "", "end of a")
	nodes[0].comes(config.Key{Group: "G", DataID: "end-of-b"}, "", "end of b")
	wait(t, func() error {
		if a, b := nodes[0].content(app, ""), nodes[1].content(app, ""); a != b {
			return fmt.Errorf("one node has %q and the other %q", a, b)
		}
		return nil
	})
	for _, x := range nodes {
		if n, err := x.config.CompareAll(t.Context()); err != nil || n != 0 {
			t.Errorf("%d configs are not those of the database: %v", n, err)
		}
	}
}
