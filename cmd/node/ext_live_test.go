package node

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestOverview is the state of everything at a glance, and who may see what of it.
func TestOverview(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	register(t, g, "well", "192.0.2.1", "")
	register(t, g, "sick", "192.0.2.1", "&healthy=false")
	g.ask(t, http.MethodPost, "/config/publish", configForm("content", "a: 1", "expect", "absent"), nil)
	var o struct {
		Verdict struct {
			Level   string
			Reasons []struct{ Key string }
		}
		Tiles struct {
			Nodes               struct{ Up, Total int }
			Services, Instances struct{ Total, Unhealthy, Healthy int }
			Configs             struct{ Total int }
			Namespaces, Clients int
		}
		Problems []struct {
			Kind, Severity string
			Target         struct{ Name string }
		}
		Changes []struct{ Kind, DataID string }
	}
	if status, key := g.ask(t, http.MethodGet, "/overview", nil, &o); status != 200 {
		t.Fatal(status, key)
	}
	if o.Verdict.Level != "bad" || o.Tiles.Nodes.Up != 1 || o.Tiles.Services.Total != 2 || o.Tiles.Services.Unhealthy != 1 || o.Tiles.Instances.Healthy != 1 ||
		o.Tiles.Configs.Total != 1 || o.Tiles.Namespaces != 1 || len(o.Changes) != 1 || o.Changes[0].Kind != "create" {
		t.Errorf("%+v", o)
	}
	if len(o.Problems) < 2 || o.Problems[0].Kind != "no_healthy_instance" || o.Problems[0].Target.Name != "sick" {
		t.Errorf("%+v", o.Problems)
	}
	if g.ask(t, http.MethodGet, "/overview", form("namespaceId", "dev"), &o); o.Tiles.Services.Total != 0 || o.Tiles.Configs.Total != 0 {
		t.Errorf("of another namespace: %+v", o.Tiles)
	}
}

// TestListsOfOurs shows a user of few rights what he may see, and nothing else.
func TestListsOfOurs(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	admin := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens["admin"]) }
	for _, path := range []string{
		"/nacos/v1/ns/instance?serviceName=hidden&ip=192.0.2.77&port=1", "/nacos/v3/console/cs/config?groupName=G&dataId=hidden&content=hidden",
	} {
		if w := g.call(http.MethodPost, path, admin); w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
	}
	for _, path := range []string{
		"/configs", "/services", "/instances", "/clients", "/releases", "/recycle", "/listeners", "/overview",
		"/search?q=hidden&kinds=config,content,service,instance,user", "/topology", "/client?clientId=192.0.2.77:1%23true",
	} {
		for _, who := range []string{"wrong namespace", "no role", "admin"} {
			w := g.call(http.MethodGet, ext+path, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens[who]) })
			body := strings.ReplaceAll(w.Body.String(), `"hidden"`, "hidden")
			shown := strings.Contains(body, "hidden") || strings.Contains(body, "192.0.2.77")
			if shown && who != "admin" || w.Code != http.StatusOK && w.Code != http.StatusNotFound {
				t.Errorf("%s is shown to %s: %d %s", path, who, w.Code, w.Body)
			}
			if empty := path == "/recycle" || path == "/listeners" || path == "/overview"; who == "admin" && !shown && !empty {
				t.Errorf("%s is not shown to the administrator: %d %s", path, w.Code, w.Body)
			}
		}
		if w := g.call(http.MethodGet, ext+path, nil); w.Code != http.StatusUnauthorized {
			t.Errorf("%s by nobody: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	register(t, g, "order", "192.0.2.33", "")
	g.ask(t, http.MethodPost, "/config/publish", configForm("content", "a: 1\nhost: redis.internal\n", "expect", "absent", "desc", "of orders"), nil)
	for query, want := range map[string][]string{
		"q=order":               {"config a.yaml", "service order"},
		"q=ORDER&kinds=service": {"service order"},
		"q=2.33":                {"instance order"},
		"q=redis":               {},
		"q=redis&kinds=content": {"content a.yaml"},
		"q=publ":                {"namespace public"},
		"q=order&namespaceId=x": {},
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		var found struct {
			Items []struct {
				Kind, Name, Snippet string
				Line                int
			}
		}
		g.ask(t, http.MethodGet, "/search", v, &found)
		got := []string{}
		for _, h := range found.Items {
			got = append(got, h.Kind+" "+h.Name)
			if h.Kind == "content" && (h.Line != 2 || h.Snippet != "host: redis.internal") {
				t.Errorf("%+v", h)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", query, got, want)
		}
	}
	for _, bad := range []string{"", "q=" + strings.Repeat("x", 200), "q=a&limit=0"} {
		v, _ := url.ParseQuery(bad)
		if status, _ := g.ask(t, http.MethodGet, "/search", v, nil); status != 400 {
			t.Errorf("%q: %d", bad, status)
		}
	}
}

// reader is a page that follows the server live.
type reader struct{ s *bufio.Scanner }

func (c *centre) reader(ctx context.Context, query string, cookie *http.Cookie) *reader {
	c.tb.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/v3/console/ext/events?"+query, nil)
	if err != nil {
		c.tb.Fatal(err)
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.tb.Fatal(err)
	}
	c.tb.Cleanup(func() { _ = res.Body.Close() })
	if ct := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || ct != "text/event-stream" {
		c.tb.Fatalf("%s %s", res.Status, ct)
	}
	return &reader{s: bufio.NewScanner(res.Body)}
}

// next is the next event.
func (r *reader) next(t *testing.T) (name, data string) {
	t.Helper()
	for r.s.Scan() {
		line := r.s.Text()
		if n, ok := strings.CutPrefix(line, "event: "); ok {
			name = n
		}
		if d, ok := strings.CutPrefix(line, "data: "); ok {
			return name, d
		}
	}
	t.Fatalf("the stream has ended: %v", r.s.Err())
	return "", ""
}

// running runs what the console has in the background. The context ends with it.
func (c *centre) running() context.Context {
	c.tb.Helper()
	ctx, cancel := context.WithCancel(c.tb.Context())
	done := make(chan error, 1)
	go func() { done <- c.api.Run(ctx) }()
	c.tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			c.tb.Error(err)
		}
	})
	return ctx
}

// TestEvents follows a server live: what changes is told, to who may know.
func TestEvents(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	ctx := c.running()
	all, one := c.reader(ctx, "", nil), c.reader(ctx, "topics=config/public/G/*,access", nil)
	for _, r := range []*reader{all, one} {
		if name, data := r.next(t); name != "hello" || !strings.Contains(data, `"epoch"`) {
			t.Fatalf("%s %s", name, data)
		}
	}
	topics := func(r *reader) []string {
		t.Helper()
		for {
			name, data := r.next(t)
			if name == "tick" {
				continue
			}
			var e struct{ Topics []string }
			if err := json.Unmarshal([]byte(data), &e); err != nil || name != "invalidate" {
				t.Fatalf("%s %s", name, data)
			}
			slices.Sort(e.Topics)
			return e.Topics
		}
	}
	c.publish("a.b", "one")
	if got, want := topics(all), []string{"config/public/G/a.b", "configs/public", "overview"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := topics(one), []string{"config/public/G/a.b"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	g := guarded{Node: c.Node}
	register(t, g, "order", "192.0.2.1", "")
	if got := topics(all); !slices.Contains(got, "service/public/DEFAULT_GROUP/order") || !slices.Contains(got, "services/public") {
		t.Errorf("%q", got)
	}
	var polled struct {
		Epoch  string
		Seq    uint64
		Topics []string
		Reset  bool
	}
	if g.ask(t, http.MethodGet, "/changes", form("epoch", "another", "seq", "1"), &polled); !polled.Reset {
		t.Errorf("%+v", polled)
	}
	var publishing sync.WaitGroup
	publishing.Go(func() { c.publish("polled", "one") })
	if g.ask(t, http.MethodGet, "/changes", form("epoch", polled.Epoch, "seq", itoa(polled.Seq), "wait", "10", "topics", "config/*"), &polled); polled.Reset || len(polled.Topics) != 1 {
		t.Errorf("%+v", polled)
	}
	publishing.Wait() // its answer may come after the news
	if err := c.lot.Close(); err != nil {
		t.Fatal(err)
	}
	for {
		if name, data := all.next(t); name == "bye" {
			if !strings.Contains(data, "shutdown") {
				t.Error(data)
			}
			break
		}
	}
}

func itoa(n uint64) string { b, _ := json.Marshal(n); return string(b) }

// TestEventsOfUsers ends a stream with its session, and keeps from it what its
// user may not know.
func TestEventsOfUsers(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	ctx := c.running()
	if _, err := c.auth.CreateAdmin(ctx, testPassword); err != nil {
		t.Fatal(err)
	}
	if err := c.auth.CreateUser(ctx, "li", testPassword); err != nil {
		t.Fatal(err)
	}
	g := guarded{Node: c.Node}
	admin, li := g.open(t, "nacos"), g.open(t, "li")
	sees, blind := c.reader(ctx, "topics=config/*,access", admin), c.reader(ctx, "topics=config/*,access", li)
	sees.next(t)
	blind.next(t)
	c.publish("secret", "one")
	for { // that users were made before may be told first
		if _, data := sees.next(t); strings.Contains(data, "config/public/G/secret") {
			break
		}
	}
	if err := c.auth.CreateUser(ctx, "wang", testPassword); err != nil {
		t.Fatal(err)
	}
	if _, data := blind.next(t); strings.Contains(data, "secret") || !strings.Contains(data, "access") {
		t.Errorf("a user without rights is told %s", data)
	}
	g.call(http.MethodDelete, ext+"/session", own(with(li)))
	c.publish("secret", "two")
	_ = c.auth.CreateUser(ctx, "zhao", testPassword)
	for {
		name, data := blind.next(t)
		if name == "bye" && strings.Contains(data, "login") {
			break
		}
		if name == "bye" || strings.Contains(data, "secret") { // that wang was made may come before the end
			t.Fatalf("after the log-out: %s %s", name, data)
		}
	}
}

func TestMetricsOfConsole(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	g := guarded{Node: c.Node}
	ctx := c.running()
	var m struct {
		Step   int
		T      []int64
		Series map[string][]*float64
	}
	ticks := c.reader(ctx, "", nil)
	for seen := 0; seen < 2; {
		if name, _ := ticks.next(t); name == "tick" {
			g.ask(t, http.MethodGet, "/metrics", form("range", "15m"), &m) // counts at the next
			seen++
		}
	}
	if len(m.T) < 2 {
		t.Fatalf("%+v", m)
	}
	for _, name := range []string{"http.rate", "http.errors", "push.rate", "services", "instances", "instances.unhealthy", "configs", "listeners", "cpu", "memory", "goroutines"} {
		if v := m.Series[name]; len(v) != len(m.T) || v[len(v)-1] == nil {
			t.Errorf("%s: %v", name, v)
		}
	}
	if v := m.Series["http.rate"]; *v[len(v)-1] <= 0 {
		t.Error("requests are not counted")
	}
	if status, key := g.ask(t, http.MethodGet, "/metrics", form("range", "7d"), nil); status != 400 || key != "invalid" {
		t.Errorf("%d %s", status, key)
	}
}

// TestAdministration is what administrators look at: the cluster, rights, the
// audit log, switches, samples.
func TestAdministration(t *testing.T) {
	t.Parallel()
	g := fresh(t, nil)
	var cl struct {
		Mode  string
		Nodes []struct {
			Self  bool
			State string
			Load  struct{ Goroutines int }
			Raft  *struct{}
		}
		Answered struct{ Of, OK int }
	}
	if g.ask(t, http.MethodGet, "/cluster", nil, &cl); cl.Mode != "standalone" || len(cl.Nodes) != 1 || !cl.Nodes[0].Self || cl.Nodes[0].State != "UP" || cl.Nodes[0].Load.Goroutines == 0 ||
		cl.Nodes[0].Raft != nil || cl.Answered.OK != 1 {
		t.Errorf("%+v", cl)
	}
	for i := range 5 {
		g.ask(t, http.MethodPost, "/config/publish", form("groupName", "G", "dataId", "d"+itoa(uint64(i)), "content", "x", "expect", "absent"), nil)
	}
	type page struct {
		Items []struct{ Path, Outcome string }
		Next  string
	}
	var seen int
	for cursor := ""; ; {
		var p page
		if status, key := g.ask(t, http.MethodGet, "/audit", form("limit", "2", "cursor", cursor), &p); status != 200 {
			t.Fatal(status, key)
		}
		seen += len(p.Items)
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	if seen != 5 {
		t.Errorf("%d records of 5 writes", seen)
	}
	var ex struct {
		Allowed bool
		Reason  string
	}
	if status, _ := g.ask(t, http.MethodGet, "/rights/explain", form("username", "nobody", "action", "r", "resource", "console/users"), &ex); status != 200 || ex.Allowed || ex.Reason == "" {
		t.Errorf("%d %+v", status, ex)
	}
	var sw []struct {
		Name  string
		Value any
	}
	if g.ask(t, http.MethodGet, "/switches", nil, &sw); len(sw) < 20 {
		t.Errorf("%v", sw)
	}
	if status, _ := g.ask(t, http.MethodPut, "/switches", form("name", "pushEnabled", "value", "false"), nil); status != 200 || g.naming.Switches().Push {
		t.Errorf("the switch is not turned: %d", status)
	}
	for _, query := range [][]string{{"dataId", `a"b$c`, "groupName", "G"}, {"serviceName", "order"}} {
		var all []struct{ Language, Code string }
		if g.ask(t, http.MethodGet, "/samples", form(query...), &all); len(all) < 6 {
			t.Errorf("%v", all)
		}
		for _, s := range all {
			if strings.ContainsAny(s.Language, "{}") || strings.Contains(s.Code, "{name}") || strings.Contains(s.Code, `"a"b`) {
				t.Errorf("%s: %s", s.Language, s.Code)
			}
		}
	}
	if status, key := g.ask(t, http.MethodGet, "/settings", nil, nil); status != 501 || key != "unsupported" {
		t.Errorf("%d %s", status, key)
	}
}
