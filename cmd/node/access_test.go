package node

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service/auth"
)

// params name a config, a service and a user, so that most handlers would go on.
const params = "serviceName=s&dataId=d&group=G&groupName=G&ip=192.0.2.1&port=80&content=x&pageNo=1&pageSize=1&search=accurate" +
	"&key=G%40%40s&username=somebody&newPassword=another&Listening-Configs=d%02G%02%01"

// A route is for clients where an SDK of some generation calls it. This list is
// the other side of the column in the route table.
func TestClasses(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	client := map[string]bool{}
	for s := range strings.FieldsSeq(`
		POST/v1/ns/instance DELETE/v1/ns/instance PUT/v1/ns/instance PATCH/v1/ns/instance GET/v1/ns/instance
		PUT/v1/ns/instance/beat GET/v1/ns/instance/list PUT/v1/ns/instance/metadata/batch DELETE/v1/ns/instance/metadata/batch
		POST/v1/ns/service DELETE/v1/ns/service PUT/v1/ns/service GET/v1/ns/service GET/v1/ns/service/list GET/v1/ns/service/names
		POST/v2/ns/instance DELETE/v2/ns/instance PUT/v2/ns/instance PATCH/v2/ns/instance GET/v2/ns/instance
		PUT/v2/ns/instance/beat GET/v2/ns/instance/list PUT/v2/ns/instance/metadata/batch DELETE/v2/ns/instance/metadata/batch
		POST/v2/ns/service DELETE/v2/ns/service PUT/v2/ns/service GET/v2/ns/service GET/v2/ns/service/list
		GET/v1/cs/configs HEAD/v1/cs/configs POST/v1/cs/configs DELETE/v1/cs/configs POST/v1/cs/configs/listener
		GET/v2/cs/config POST/v2/cs/config DELETE/v2/cs/config`) {
		client[s] = true
	}
	for _, row := range g.api.Routes() {
		name := row.Method + row.Path
		isClient := row.Access.Class == middleware.Client
		if strings.HasPrefix(row.Path, "/v3/") || strings.HasPrefix(row.Path, "/prometheus") {
			continue
		}
		if isClient != client[name] {
			t.Errorf("%s: for clients %v, want %v", name, isClient, client[name])
		}
		if row.Access.Class == middleware.Public && row.Method != http.MethodGet && !row.Login && !row.Audited {
			t.Errorf("%s: anybody may write", name)
		}
		for _, v := range row.Variants {
			if v.Access.Class != middleware.Management {
				t.Errorf("%s with %s=%s is not management", name, v.Param, v.Value)
			}
		}
	}
}

// expected says whether a caller may pass the guard of a route. It is written
// down here once more, in other words than the guard's.
func expected(a middleware.Access, caller string) bool {
	byName := a.Resource == middleware.NamingResource || a.Resource == middleware.ConfigResource
	switch {
	case a.Class == middleware.Public, caller == "admin":
		return true
	case a.Self: // whoever is logged in
		return caller == "no role" || caller == "wrong namespace" || caller == "read only" || caller == "write only"
	case caller == "read only":
		return byName && a.Action == middleware.Read
	case caller == "write only":
		return byName && a.Action == middleware.Write
	default:
		return false
	}
}

// Every route, and every type of request over gRPC, by every kind of caller.
func TestAccessMatrix(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	callers := []string{"anonymous", "no role", "wrong namespace", "read only", "write only", "admin", "forged", "expired", "other algorithm", "alg:none"}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	_, _ = fmt.Fprintln(table, "route\t"+strings.Join(callers, "\t"))
	for _, row := range g.api.Routes() {
		if row.Access.Self && row.Access.Action == middleware.Write { // tested apart: it depends on whose password it is
			continue
		}
		g.matrix(t, table, row, row.Access, callers, "")
		for _, v := range row.Variants {
			g.matrix(t, table, row, v.Access, callers, "&"+v.Param+"="+v.Value)
		}
	}
	g.typeMatrix(t, table, callers)
	if testing.Verbose() {
		_ = table.Flush()
	}
}

// matrix calls one row, or a variant of it, as each of the callers.
func (g guarded) matrix(t *testing.T, table io.Writer, row *middleware.Route, access middleware.Access, callers []string, variant string) {
	t.Helper()
	method := row.Method
	if method == middleware.Any {
		method = http.MethodGet
	}
	query := params
	if variant == "" && len(row.Variants) > 0 { // the plain row
		query = strings.Replace(query, "&search=accurate", "", 1)
	} else if variant != "" {
		query = strings.Replace(query, "&search=accurate", variant, 1)
	}
	cells := []string{method + " " + row.Path + strings.Replace(variant, "&", "?", 1)}
	for _, c := range callers {
		path := g.set.Server.ContextPath + strings.NewReplacer(":key", "G@@s", ":ns", "n", ":svc", "s").Replace(row.Path)
		w := g.call(method, path+"?"+query, func(r *http.Request) {
			if strings.HasSuffix(row.Path, "/events") { // it lasts until the reader leaves
				ctx, leave := context.WithCancel(r.Context())
				leave()
				*r = *r.WithContext(ctx)
			}
			if row.Ours { // without it no write passes, see TestForgedWrites
				r.Header.Set("X-Console", "1")
			}
			if t := g.tokens[c]; t != "" {
				r.Header.Set("Authorization", "Bearer "+t)
			}
		})
		passed := w.Code != http.StatusForbidden && (w.Code != http.StatusUnauthorized || !row.Ours)
		cells = append(cells, map[bool]string{true: "yes", false: "-"}[passed])
		if !access.Each && passed != expected(access, c) { // those are tested apart: it depends on the config
			t.Errorf("%s by %s: %d %s", cells[0], c, w.Code, w.Body)
		}
		if c == "admin" { // the calls may have removed somebody
			g.login(t, "admin", auth.AdminName)
		}
	}
	_, _ = fmt.Fprintln(table, strings.Join(cells, "\t"))
}

// Configs that are named by ids, or in a list, are asked for one by one.
func TestEachConfig(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	ctx := g.set.Server.ContextPath
	as := func(who string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens[who]) }
	}
	if w := g.call(http.MethodPost, ctx+"/v1/cs/configs?dataId=d&group=G&content=x", as("admin")); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	for _, c := range []struct{ method, path, action string }{
		{"POST", "/v1/cs/configs/listener?Listening-Configs=d%02G%02%01", "r"},
		{"GET", "/v1/cs/configs?export=true&ids=1", "r"},
		{"GET", "/v1/cs/configs?exportV2=true&ids=1", "r"},
		{"GET", "/v1/cs/configs?exportV2=true&ids=&group=G&dataId=d", "r"},
		{"DELETE", "/v1/cs/configs?delType=ids&ids=1", "w"},
	} {
		for _, who := range []string{"anonymous", "no role", "wrong namespace", "forged", "read only", "write only", "admin"} {
			want := who == "admin" || who == "read only" && c.action == "r" || who == "write only" && c.action == "w"
			w := g.call(c.method, ctx+c.path, func(r *http.Request) {
				as(who)(r)
				r.Header.Set("Long-Pulling-Timeout", "10000")
				r.Header.Set("Long-Pulling-Timeout-No-Hangup", "true")
			})
			if (w.Code != http.StatusForbidden) != want {
				t.Errorf("%s %s by %s: %d %s", c.method, c.path, who, w.Code, w.Body)
			}
		}
	}
}

// A password may be changed by its owner and by an administrator.
func TestPasswordIsOnesOwn(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	for caller, want := range map[string]int{"anonymous": 403, "read only": 403, "forged": 403, "no role": 200, "admin": 200} {
		w := g.call(http.MethodPut, g.set.Server.ContextPath+"/v1/auth/users?username=no+role&newPassword=another", func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+g.tokens[caller])
		})
		if w.Code != want {
			t.Errorf("%s: %d %s, want %d", caller, w.Code, w.Body, want)
		}
		g.restore(t)
	}
}

// What has been a way round authorization in Nacos, or could be one here.
func TestWaysRound(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	const users = "/v1/auth/users?search=accurate&pageNo=1&pageSize=9"
	ctx := g.set.Server.ContextPath
	header := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	for name, c := range map[string]struct {
		method, path string
		set          func(*http.Request)
	}{
		"agent":             {"GET", ctx + users, header("User-Agent", "Nacos-Server")},
		"agent and version": {"GET", ctx + users, header("User-Agent", "Nacos-Server:v2.5.1")},
		"default identity":  {"GET", ctx + users, header("serverIdentity", "security")},
		"empty identity":    {"GET", ctx + users, header("", "")},
		"trailing slash":    {"GET", ctx + "/v1/auth/users/?search=accurate&pageNo=1&pageSize=9", nil},
		"double slash":      {"GET", ctx + "//v1/auth/users?search=accurate&pageNo=1&pageSize=9", nil},
		"slash in front":    {"GET", "/" + ctx + users, nil},
		"parameter in path": {"GET", ctx + "/v1/auth/users;x=1?search=accurate&pageNo=1&pageSize=9", nil},
		"dots":              {"GET", ctx + "/v1/console/../auth/users?search=accurate&pageNo=1&pageSize=9", nil},
		"dots with ;":       {"GET", ctx + "/v1/console/..;/auth/users?search=accurate&pageNo=1&pageSize=9", nil},
		"escaped dots":      {"GET", ctx + "/v1/console/%2e%2e/auth/users?search=accurate&pageNo=1&pageSize=9", nil},
		"escaped slash":     {"GET", ctx + "/v1/auth%2fusers?search=accurate&pageNo=1&pageSize=9", nil},
		"escaped twice":     {"GET", ctx + "/v1/auth%252fusers?search=accurate&pageNo=1&pageSize=9", nil},
		"escaped letter":    {"GET", ctx + "/v1/auth/%75sers?search=accurate&pageNo=1&pageSize=9", nil},
		"other case":        {"GET", ctx + "/V1/Auth/Users?search=accurate&pageNo=1&pageSize=9", nil},
		"suffix":            {"GET", ctx + "/v1/auth/users.json?search=accurate&pageNo=1&pageSize=9", nil},
		"override":          {"POST", ctx + users, header("X-HTTP-Method-Override", "GET")},
		"head":              {"HEAD", ctx + users, nil},
		"options":           {"OPTIONS", ctx + users, nil},
		"forwarded for":     {"GET", ctx + users, header("X-Forwarded-For", "127.0.0.1")},
		"original url":      {"GET", ctx + "/v1/console/health/liveness", header("X-Original-URL", ctx+users)},
		"console port":      {"GET", "/v1/auth/users?search=accurate&pageNo=1&pageSize=9", nil},
	} {
		w := g.call(c.method, c.path, c.set)
		if c.method == http.MethodOptions && w.Code == http.StatusOK && w.Body.Len() == 0 {
			continue // a preflight says nothing
		}
		if w.Code < http.StatusBadRequest && strings.Contains(w.Body.String(), auth.AdminName) || w.Code/100 == 2 && name != "original url" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// Handlers read names in more than one way: whoever may touch one service or
// config does not reach another through it.
func TestReadingsOfNames(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	ctx, base := t.Context(), g.set.Server.ContextPath
	for _, err := range []error{
		g.auth.CreateUser(ctx, "narrow", testPassword),
		g.auth.AddRole(ctx, "narrow", "narrow"),
		g.auth.AddPermission(ctx, "narrow", ":*:naming/mine", "rw"),
		g.auth.AddPermission(ctx, "narrow", ":mine:naming/*", "rw"),
		g.auth.AddPermission(ctx, "narrow", ":G:config/mine", "rw"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	g.login(t, "narrow", "narrow")
	for _, c := range []struct {
		method, path string
		may          bool
	}{
		{"GET", "/v1/ns/instance/list?serviceName=mine", true},
		{"GET", "/v1/ns/instance/list?serviceName=G@@mine", true},
		{"GET", "/v1/ns/instance/list?serviceName=mine@@other", true},
		{"GET", "/v1/ns/instance/list?serviceName=other", false},
		{"GET", "/v2/ns/instance/list?serviceName=mine", true},
		// In v2 the part before @@ is the name.
		{"GET", "/v2/ns/instance/list?serviceName=other@@mine", false},
		{"DELETE", "/v2/ns/service?serviceName=other@@mine", false},
		{"POST", "/v2/ns/instance?serviceName=other@@mine&ip=192.0.2.1&port=1", false},
		{"POST", "/v2/ns/service?serviceName=mine@@other", true},
		{"GET", "/v2/ns/catalog/instances?serviceName=other&groupName=mine&pageNo=1&pageSize=9", false},
		// Given twice, it is both joined.
		{"POST", "/v1/ns/service?serviceName=mine&serviceName=other", false},
		{"POST", "/v1/cs/configs?dataId=mine&dataId=other&group=G&content=x", false},
		{"POST", "/v1/cs/configs?dataId=mine&group=G&group=H&content=x", false},
		{"POST", "/v1/cs/configs?dataId=mine&group=G&content=x", true},
		// Lists do not read the name.
		{"GET", "/v1/ns/service/list?pageNo=1&pageSize=9&groupName=G&serviceName=mine", false},
		{"GET", "/v1/ns/service/list?pageNo=1&pageSize=9&groupName=mine", true},
		{"GET", "/v1/ns/catalog/services?pageNo=1&pageSize=9&serviceName=mine", false},
		{"GET", "/v1/cs/history/configs?tenant=&dataId=mine&group=G", false},
		{"GET", "/v2/cs/history/configs?namespaceId=&dataId=mine&group=G", false},
		{"GET", "/v1/ns/instance/statuses?key=G@@mine", true},
		{"GET", "/v1/ns/instance/statuses?key=G@@other", false},
		{"GET", "/v2/ns/instance/statuses/G@@other", false},
	} {
		w := g.call(c.method, base+c.path, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens["narrow"]) })
		if (w.Code != http.StatusForbidden) != c.may {
			t.Errorf("%s %s: %d %s, want passed %v", c.method, c.path, w.Code, w.Body, c.may)
		}
	}
}

// A request that names two namespaces is held to both.
func TestTwoSpellings(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	for _, q := range []string{
		"/v1/cs/configs?dataId=d&group=G&tenant=elsewhere&namespaceId=", "/v1/cs/configs?dataId=d&group=G&tenant=elsewhere&namespaceId=other",
		"/v1/cs/configs?dataId=d&group=G&tenant=other&namespaceId=elsewhere", "/v2/cs/config?dataId=d&group=G&tenant=elsewhere&namespaceId=other",
	} {
		w := g.call(http.MethodGet, g.set.Server.ContextPath+q, func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+g.tokens["wrong namespace"])
		})
		if both := strings.Contains(q, "other"); (w.Code == http.StatusForbidden) != both {
			t.Errorf("%s: %d %s", q, w.Code, w.Body)
		}
	}
}
