// Package mariadb starts a MariaDB server of its own for a test.
//
//	db := mariadb.Start(t)              // skips the test where mariadbd is not installed
//	name := db.Create("nacos")          // an empty database, utf8mb4
//	server.Options{Settings: db.Settings(name)}
//	db.Kill(); db.Restart()             // the database that goes away and comes back
//
// PHAROS_TEST_MYSQL=user:password@tcp(host:port) uses a server that runs
// already; tests that must kill it are then skipped.
package mariadb

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/pharos-registry/pharos/test/server"
)

// startLimit bounds the wait for the first answered ping; 0.1 s is usual.
const startLimit = 30 * time.Second

// user and password are those of the one account that tests use.
const (
	user     = "nacos"
	password = "nacos"
)

// Server is one MariaDB process with its own data directory, on loopback.
type Server struct {
	Port int

	t     testing.TB
	dir   string
	cfg   *mysql.Config // the test's account, no database chosen
	cmd   *exec.Cmd     // nil when the server was there already
	done  chan struct{} // closed when the process has been waited for
	admin *sql.DB
}

// Start makes a database server for the test and waits until it answers. The
// test is skipped where MariaDB is not installed, and fails there with CI=true.
func Start(tb testing.TB) *Server {
	tb.Helper()
	if dsn := os.Getenv("PHAROS_TEST_MYSQL"); dsn != "" {
		return existing(tb, dsn)
	}
	for _, program := range []string{"mariadbd", "mariadb-install-db"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				tb.Fatalf("%s is not installed, and CI must run this test", program)
			}
			tb.Skipf("%s is not installed (Debian: apt-get install mariadb-server), and PHAROS_TEST_MYSQL names no server", program)
		}
	}
	s := &Server{t: tb, Port: server.FreePort(tb), dir: tb.TempDir()}
	s.cfg = config("127.0.0.1:"+strconv.Itoa(s.Port), user, password)
	s.install()
	tb.Cleanup(s.cleanup)
	s.launch()
	s.makeAccount()
	s.admin = s.open("")
	return s
}

// Create makes an empty database and gives its name back.
func (s *Server) Create(name string) string {
	s.t.Helper()
	s.exec(s.admin, "DROP DATABASE IF EXISTS `"+name+"`")
	s.exec(s.admin, "CREATE DATABASE `"+name+"` DEFAULT CHARACTER SET utf8mb4")
	return name
}

// Load runs a file of SQL statements, such as a dump, in the database.
func (s *Server) Load(name, file string) {
	s.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatalf("load %s: %v", file, err)
	}
	db := s.DB(name)
	s.exec(db, string(text))
}

// DSN is the data source name of a database in the form of go-sql-driver.
func (s *Server) DSN(name string) string {
	cfg := s.cfg.Clone()
	cfg.DBName = name
	return cfg.FormatDSN()
}

// DB opens a database for looking at rows; the test's cleanup closes it. It
// takes several statements in one call.
func (s *Server) DB(name string) *sql.DB {
	s.t.Helper()
	db := s.open(name)
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}

// Settings are the keys that make Pharos use this database, as in Nacos.
func (s *Server) Settings(name string) map[string]string {
	return map[string]string{
		"spring.datasource.platform": "mysql",
		"db.num":                     "1",
		"db.url.0":                   "jdbc:mysql://" + s.cfg.Addr + "/" + name + "?characterEncoding=utf8&connectTimeout=1000&socketTimeout=3000&autoReconnect=true&useUnicode=true&useSSL=false&serverTimezone=UTC",
		"db.user.0":                  s.cfg.User,
		"db.password.0":              s.cfg.Passwd,
	}
}

// Kill ends the database server as kill -9 does. It skips the test when the
// server was there before the test.
func (s *Server) Kill() {
	s.t.Helper()
	if s.cmd == nil {
		s.t.Skip("this test kills its database, and PHAROS_TEST_MYSQL names a shared one")
	}
	_ = s.cmd.Process.Kill()
	<-s.done
}

// Restart starts a killed database server on its data and port.
func (s *Server) Restart() {
	s.t.Helper()
	s.launch()
}

func existing(tb testing.TB, dsn string) *Server {
	tb.Helper()
	given, err := mysql.ParseDSN(dsn + "/")
	if err != nil {
		tb.Fatalf("PHAROS_TEST_MYSQL: %v", err)
	}
	_, port, err := net.SplitHostPort(given.Addr)
	if err != nil {
		tb.Fatalf("PHAROS_TEST_MYSQL: %v", err)
	}
	s := &Server{t: tb, cfg: config(given.Addr, given.User, given.Passwd)}
	s.Port, _ = strconv.Atoi(port)
	s.admin = s.DB("")
	s.ping(s.cfg)
	return s
}

func config(addr, name, pass string) *mysql.Config {
	c := mysql.NewConfig()
	c.Net, c.Addr, c.User, c.Passwd = "tcp", addr, name, pass
	c.MultiStatements, c.ParseTime = true, true
	c.Timeout = time.Second
	c.Collation = "utf8mb4_general_ci"
	return c
}

func (s *Server) install() {
	s.t.Helper()
	args := append([]string{"--no-defaults", "--datadir=" + s.data(), "--tmpdir=" + s.dir, "--auth-root-authentication-method=normal", "--skip-test-db"}, asRoot()...)
	if out, err := exec.CommandContext(s.t.Context(), "mariadb-install-db", args...).CombinedOutput(); err != nil {
		s.t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
}

func (s *Server) launch() {
	s.t.Helper()
	args := append([]string{
		"--no-defaults", "--datadir=" + s.data(), "--tmpdir=" + s.dir, // a server that starts clears what others have there
		"--socket=" + filepath.Join(s.dir, "m.sock"), "--pid-file=" + filepath.Join(s.dir, "m.pid"),
		"--port=" + strconv.Itoa(s.Port), "--bind-address=127.0.0.1", "--skip-name-resolve", "--log-error=" + s.logFile(),
		"--default-time-zone=+00:00", "--max-connections=500",
	}, asRoot()...)
	// The process outlives the test's context, which ends before the cleanups run.
	cmd := exec.CommandContext(context.WithoutCancel(s.t.Context()), "mariadbd", args...)
	cmd.SysProcAttr = diesWithParent()
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("start mariadbd: %v", err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended does not matter to anyone
		close(done)
	}()
	s.cmd, s.done = cmd, done
	root := config(s.cfg.Addr, "root", "")
	s.ping(root)
}

// ping returns when the server answers.
func (s *Server) ping(cfg *mysql.Config) {
	s.t.Helper()
	db, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		s.t.Fatalf("open mariadb: %v", err)
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(s.t.Context(), startLimit)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = db.PingContext(ctx); err == nil {
			return
		}
		select {
		case <-s.done:
			s.t.Fatalf("mariadbd ended: %s", s.log())
		case <-ctx.Done():
			s.t.Fatalf("mariadb does not answer: %v\n%s", err, s.log())
		case <-tick.C:
		}
	}
}

func (s *Server) makeAccount() {
	s.t.Helper()
	db, err := sql.Open("mysql", config(s.cfg.Addr, "root", "").FormatDSN())
	if err != nil {
		s.t.Fatalf("open mariadb: %v", err)
	}
	defer func() { _ = db.Close() }()
	for _, host := range []string{"127.0.0.1", "localhost"} {
		s.exec(db, fmt.Sprintf("CREATE USER '%s'@'%s' IDENTIFIED BY '%s'", user, host, password))
		s.exec(db, fmt.Sprintf("GRANT ALL PRIVILEGES ON *.* TO '%s'@'%s' WITH GRANT OPTION", user, host))
	}
}

func (s *Server) open(name string) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("mysql", s.DSN(name))
	if err != nil {
		s.t.Fatalf("open database %q: %v", name, err)
	}
	return db
}

func (s *Server) exec(db *sql.DB, statement string) {
	s.t.Helper()
	if _, err := db.ExecContext(s.t.Context(), statement); err != nil {
		s.t.Fatalf("%.200s: %v", statement, err)
	}
}

func (s *Server) cleanup() {
	if s.admin != nil {
		_ = s.admin.Close()
	}
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // the data directory is thrown away: no need to let it end well
	<-s.done
}

func (s *Server) data() string    { return filepath.Join(s.dir, "data") }
func (s *Server) logFile() string { return filepath.Join(s.dir, "error.log") }

func (s *Server) log() string {
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-4096):]))
}

// asRoot is the option without which MariaDB refuses to run as root.
func asRoot() []string {
	if os.Getuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}
