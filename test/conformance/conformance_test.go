package conformance_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/pharos-registry/pharos/test/conformance"
	"github.com/pharos-registry/pharos/test/mariadb"
	"github.com/pharos-registry/pharos/test/server"
)

// suite is one fresh server and what is replayed against it.
type suite struct {
	name     string
	files    []string          // recordings in testdata, one after another
	settings map[string]string // as the README of the recordings says
	talk     string            // a recording of gRPC conversations, in testdata/grpc; there are no files then
	console  string            // a recording of the console's own port, replayed last
	mariadb  bool              // configs live in MariaDB
	shards   int               // scenarios are dealt out to so many servers; they keep to their own names
	skip     []string          // beginnings of the titles of scenarios that do not bind here
	nodes    int               // of a cluster, of which each request goes to one at random; 0 is a server that stands alone
	off      string            // why the suite is not replayed yet; PHAROS_SUITES=name replays it all the same
}

// suites is every recording. To switch one on, delete its "off".
func suites() []suite {
	auth := map[string]string{
		"nacos.core.auth.enabled":                           "true",
		"nacos.core.auth.system.type":                       "nacos",
		"nacos.core.auth.server.identity.key":               "wire-identity",
		"nacos.core.auth.server.identity.value":             "wire-secret-7",
		"nacos.core.auth.plugin.nacos.token.secret.key":     "d2lyZS1zY2VuYXJpb3Mtc2lnbmluZy1rZXktMzJieXQ=",
		"nacos.core.auth.plugin.nacos.token.expire.seconds": "18000",
	}
	v3 := map[string]string{"nacos.core.auth.enabled": "false", "nacos.core.auth.admin.enabled": "false", "nacos.core.auth.console.enabled": "false"}
	storage := []string{"c53 storage", "c54 storage", "c56 storage", "c57 storage", "c58 storage"} // properties of MySQL's columns
	return []suite{
		{name: "naming", files: []string{"naming"}, shards: 3},
		{name: "core", files: []string{"core"}, settings: map[string]string{"nacos.prometheus.metrics.enabled": "true"}},
		{name: "config", files: []string{"config"}, shards: 2},
		{name: "config-storage", files: []string{"config-mysql"}, skip: storage},
		{name: "config-mariadb", files: []string{"config"}, mariadb: true, shards: 2},
		{name: "config-storage-mariadb", files: []string{"config-mysql"}, mariadb: true},
		{name: "auth", files: []string{"auth"}, settings: auth},
		{name: "cluster-naming", files: []string{"naming"}, shards: 2, nodes: 3},
		{name: "cluster-core", files: []string{"core"}, settings: map[string]string{"nacos.prometheus.metrics.enabled": "true"}, nodes: 3},
		{name: "cluster-config", files: []string{"config"}, shards: 2, nodes: 3},
		{name: "cluster-config-storage", files: []string{"config-mysql"}, skip: storage, nodes: 3},
		{name: "cluster-auth", files: []string{"auth"}, settings: auth, nodes: 3},
		{name: "cluster-config-mariadb", files: []string{"config-mysql"}, mariadb: true, nodes: 3},
		{name: "cluster-auth-mariadb", files: []string{"auth"}, settings: auth, mariadb: true, nodes: 3},
		{name: "v3", files: []string{"v3"}, settings: v3, off: "the v3 API of clients and administrators comes later"},
		{name: "v3-console", settings: v3, console: "v3-console"},
		{name: "grpc-core", talk: "core", shards: 3, skip: []string{"g16 "}},     // which connections go is arbitrary
		{name: "grpc-naming", talk: "naming", shards: 3, skip: []string{"n10 "}}, // which of several changes go together is a matter of time
		{name: "grpc-config", talk: "config", shards: 3},
	}
}

// row is a line of the table that the test ends with.
type row struct {
	suite                 string
	steps, agreed, listed int
	unlisted              int
	took                  time.Duration
}

// scoreboard collects what the suites find; they run side by side.
type scoreboard struct {
	mu      sync.Mutex // guards the following fields
	known   *conformance.Differences
	cluster *conformance.Differences // of one server, and those that a cluster adds
	rows    map[string]row
}

// TestConformance replays the recorded answers of real Nacos servers.
//
//	PHAROS_ONLY=text        only scenarios whose title holds text
//	PHAROS_SUITES=a,b       only these suites, also those that are off
//	PHAROS_BASE=http://…    against servers that run (several with commas: one cluster)
//	PHAROS_CONSOLE=http://… their console port, for the recording of the console
//	PHAROS_REPORT=file      write the table there, too
//	-v                      every difference of a step, not the first eight
func TestConformance(t *testing.T) {
	known, err := conformance.LoadDifferences("differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := conformance.LoadDifferences("differences.txt", "differences-cluster.txt")
	if err != nil {
		t.Fatal(err)
	}
	board := &scoreboard{known: known, cluster: cluster, rows: map[string]row{}}
	wanted := split(os.Getenv("PHAROS_SUITES"))
	t.Run("suites", func(t *testing.T) {
		for _, s := range suites() {
			if len(wanted) > 0 && !slices.Contains(wanted, s.name) {
				continue
			}
			t.Run(s.name, func(t *testing.T) {
				if s.off != "" && len(wanted) == 0 {
					t.Skip(s.off)
				}
				if testing.Short() {
					t.Skip("-short: a replay takes its waits")
				}
				if os.Getenv("PHAROS_BASE") == "" {
					t.Parallel()
				}
				s.run(t, board)
			})
		}
	})
	table := board.table()
	t.Logf("answers compared with the recorded ones\n%s", table)
	if path := os.Getenv("PHAROS_REPORT"); path != "" {
		if err := os.WriteFile(path, []byte(table), 0o600); err != nil {
			t.Error(err)
		}
	}
	for _, id := range known.Stale() {
		t.Errorf("listed in differences.txt, but it no longer differs: %s", id)
	}
}

// TestDifferencesNameSteps fails for a listed difference that names no
// recorded step, as after a typing error.
func TestDifferencesNameSteps(t *testing.T) {
	known, err := conformance.LoadDifferences("differences.txt", "differences-cluster.txt")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings found: %v", err)
	}
	var all [][]conformance.Scenario
	for _, f := range files {
		all = append(all, load(t, f))
	}
	talks, err := filepath.Glob(filepath.Join("testdata", "grpc", "*.jsonl"))
	if err != nil || len(talks) == 0 {
		t.Fatalf("no conversations found: %v", err)
	}
	for _, f := range talks {
		for _, talk := range loadTalks(t, f) {
			all = append(all, []conformance.Scenario{{Title: talk.Title, Steps: talk.Steps()}})
		}
	}
	for _, id := range known.Unknown(all...) {
		t.Errorf("listed in differences.txt, but no recording has it: %s", id)
	}
}

// run replays one suite: its shards side by side, each against a server of its own.
func (s suite) run(t *testing.T, board *scoreboard) {
	t.Helper()
	began := time.Now()
	total := row{suite: s.name}
	var mu sync.Mutex // guards total
	shards := max(1, s.shards)
	if os.Getenv("PHAROS_BASE") != "" {
		shards = 1
	}
	t.Run("shards", func(t *testing.T) {
		for n := range shards {
			t.Run(strconv.Itoa(n), func(t *testing.T) {
				t.Parallel()
				results := s.replay(t, n, shards)
				agreed, listed, unlisted := board.count(s.nodes > 1, results)
				for _, r := range unlisted {
					t.Error(describe(r))
				}
				mu.Lock()
				defer mu.Unlock()
				total.steps += len(results)
				total.agreed += agreed
				total.listed += listed
				total.unlisted += len(unlisted)
			})
		}
	})
	total.took = time.Since(began)
	board.add(total)
}

// replay starts the server and sends one shard of the suite's scenarios.
func (s suite) replay(t *testing.T, shard, shards int) []conformance.Result {
	t.Helper()
	bases, console := split(os.Getenv("PHAROS_BASE")), split(os.Getenv("PHAROS_CONSOLE"))
	opts := conformance.Options{}
	switch {
	case len(bases) > 0:
	case s.nodes > 1:
		// Nacos's own time: on a machine with all suites at once a leader may be silent
		// for half a second, and a write under way is then neither done nor refused.
		set := map[string]string{"nacos.core.protocol.raft.data.election_timeout_ms": "5000"}
		maps.Copy(set, s.all(t))
		bases = server.StartCluster(t, s.nodes, server.ClusterOptions{Settings: set}).Bases()
	default:
		srv, consolePort := s.start(t)
		bases = []string{fmt.Sprintf("http://localhost:%d", srv.Port)}
		console = []string{fmt.Sprintf("http://localhost:%d", consolePort)}
	}
	if len(bases) > 1 {
		opts.Patience = 3 * time.Second
	}
	var scenarios []conformance.Scenario
	for _, f := range s.files {
		scenarios = append(scenarios, s.choose(load(t, filepath.Join("testdata", f+".jsonl")))...)
	}
	opts.Bases = bases
	if s.talk != "" {
		talks := slices.DeleteFunc(loadTalks(t, filepath.Join("testdata", "grpc", s.talk+".jsonl")),
			func(talk conformance.Talk) bool { return !s.wants(talk.Title) })
		for i := range talks { // servers of ours have a port and a language of their own for each other
			turns := talks[i].Turns
			if at := slices.IndexFunc(turns, func(u conformance.Turn) bool { return u.Do.Do == "cluster" }); at >= 0 {
				talks[i].Turns = turns[:at]
			}
		}
		return playTalks(t, opts, deal(talks, shard, shards))
	}
	results := play(t, opts, deal(scenarios, shard, shards))
	if s.console != "" && shard == 0 && len(console) > 0 {
		opts.Bases = console
		results = append(results, play(t, opts, s.choose(load(t, filepath.Join("testdata", s.console+".jsonl"))))...)
	}
	return results
}

func (s suite) start(t *testing.T) (srv *server.Server, consolePort int) {
	t.Helper()
	consolePort = server.FreePort(t)
	settings := map[string]string{"nacos.console.port": strconv.Itoa(consolePort)}
	maps.Copy(settings, s.all(t))
	return server.Start(t, server.Options{Settings: settings}), consolePort
}

// all are the settings of the suite and of its database.
func (s suite) all(t *testing.T) map[string]string {
	t.Helper()
	settings := maps.Clone(s.settings)
	if s.mariadb {
		db := mariadb.Start(t)
		settings = db.Settings(db.Create("nacos"))
		maps.Copy(settings, s.settings)
	}
	return settings
}

// choose leaves out what the suite skips and what PHAROS_ONLY does not name.
func (s suite) choose(all []conformance.Scenario) []conformance.Scenario {
	return slices.DeleteFunc(all, func(sc conformance.Scenario) bool { return !s.wants(sc.Title) })
}

func (s suite) wants(title string) bool {
	skipped := slices.ContainsFunc(s.skip, func(p string) bool { return strings.HasPrefix(title, p) })
	return !skipped && strings.Contains(title, os.Getenv("PHAROS_ONLY"))
}

// deal gives a shard its scenarios, in their order.
func deal[T any](all []T, shard, shards int) []T {
	var mine []T
	for i := range all {
		if i%shards == shard {
			mine = append(mine, all[i])
		}
	}
	return mine
}

func play(t *testing.T, o conformance.Options, scenarios []conformance.Scenario) []conformance.Result {
	t.Helper()
	results, err := conformance.Replay(t.Context(), o, scenarios)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func playTalks(t *testing.T, o conformance.Options, talks []conformance.Talk) []conformance.Result {
	t.Helper()
	results, err := conformance.ReplayTalks(t.Context(), o, talks)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func loadTalks(t *testing.T, path string) []conformance.Talk {
	t.Helper()
	talks, err := conformance.LoadTalks(path)
	if err != nil {
		t.Fatal(err)
	}
	return talks
}

func load(t *testing.T, path string) []conformance.Scenario {
	t.Helper()
	scenarios, err := conformance.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return scenarios
}

func describe(r conformance.Result) string {
	diffs := r.Diffs
	if n := 8; len(diffs) > n && !testing.Verbose() {
		diffs = append(diffs[:n:n], fmt.Sprintf("… and %d more (-v shows all)", len(diffs)-n))
	}
	body := ""
	if r.Step.Body != nil {
		body = fmt.Sprintf(" · %.100s", *r.Step.Body)
	}
	return r.Step.ID() + body + "\n\t" + strings.Join(diffs, "\n\t")
}

func (b *scoreboard) count(cluster bool, results []conformance.Result) (agreed, listed int, unlisted []conformance.Result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cluster {
		return b.cluster.Count(results)
	}
	return b.known.Count(results)
}

func (b *scoreboard) add(r row) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows[r.suite] = r
}

func (b *scoreboard) table() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "suite\tsteps\tagreed\tlisted\tunlisted\ttook\t")
	for _, name := range slices.Sorted(maps.Keys(b.rows)) {
		r := b.rows[name]
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t\n", r.suite, r.steps, r.agreed, r.listed, r.unlisted, r.took.Round(time.Second))
	}
	_ = w.Flush()
	return out.String()
}

func split(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(s string) bool { return s == "" })
}
