package security_test

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/mariadb"
	"github.com/pharos-registry/pharos/test/server"
)

// call sends a form and returns the status and the body.
func call(t *testing.T, method, target string, form url.Values, header map[string]string) (int, string) {
	t.Helper()
	var body io.Reader = http.NoBody
	if method == http.MethodPost || method == http.MethodPut {
		body = strings.NewReader(form.Encode())
	} else if len(form) > 0 {
		target += "?" + form.Encode()
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func login(t *testing.T, s *server.Server, user, password string) string {
	t.Helper()
	status, body := call(t, http.MethodPost, s.URL("/v1/auth/users/login"), url.Values{"username": {user}, "password": {password}}, nil)
	var answer struct {
		Token string `json:"accessToken"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK || answer.Token == "" {
		t.Fatalf("login of %s: %d %s", user, status, body)
	}
	return answer.Token
}

const (
	adminPassword = "hidden-admin-Pw1"
	userPassword  = "hidden-user-Pw2"
	wrongPassword = "hidden-wrong-Pw3"
	newPassword   = "hidden-new-Pw4"
	identityValue = "hidden-identity-Vw5"
	tokenSecret   = "aGlkZGVuLXRva2VuLXNlY3JldC0wMTIzNDU2Nzg5YWJjZGVmZ2hpams="
)

// A life of a server with every kind of secret in every place that takes one:
// none of them is in its log, its access log, its audit log or its answers.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Settings: map[string]string{
		"nacos.core.auth.enabled": "true", "nacos.core.auth.server.identity.key": "X-Test-Identity",
		"nacos.core.auth.server.identity.value":         identityValue,
		"nacos.core.auth.plugin.nacos.token.secret.key": tokenSecret,
		"pharos.auth.admin.password":                    adminPassword,
		"pharos.log.access":                             "true",
		"pharos.log.level":                              "debug",
	}})
	admin := login(t, s, "nacos", adminPassword)
	by := map[string]string{"Authorization": "Bearer " + admin}
	steps := []struct {
		method, path string
		form         url.Values
		header       map[string]string
		status       int
	}{
		{"POST", "/v1/auth/users", url.Values{"username": {"u"}, "password": {userPassword}}, by, 200},
		{"POST", "/v1/auth/users/login", url.Values{"username": {"u"}, "password": {wrongPassword}}, nil, 403},
		{"POST", "/v1/auth/users/login?username=u&password=" + wrongPassword, nil, nil, 403},
		{"GET", "/v1/cs/configs?dataId=d&group=g&username=u&password=" + wrongPassword, nil, nil, 403},
		{"GET", "/v1/cs/configs?dataId=d&group=g&accessToken=" + admin + "x", nil, nil, 403},
		{"POST", "/v1/cs/configs?accessToken=" + admin, url.Values{"dataId": {"d"}, "group": {"g"}, "content": {"one"}}, nil, 200},
		{"POST", "/v1/cs/configs", url.Values{"dataId": {"d"}, "group": {"g"}, "content": {"two"}, "accessToken": {admin}}, nil, 200},
		{"POST", "/v1/cs/configs", url.Values{"dataId": {"d"}, "group": {"g"}, "content": {"three"}, "tag": {"t"}}, by, 200},
		{"DELETE", "/v1/cs/configs?dataId=d&group=g", nil, by, 200},
		{"PUT", "/v1/auth/users?username=u&newPassword=" + newPassword, nil, by, 200},
		{"POST", "/v1/auth/users/admin", url.Values{"password": {wrongPassword}, "code": {"hidden-code"}}, nil, 200},
		{"GET", "/v1/core/cluster/nodes", nil, map[string]string{"X-Test-Identity": identityValue}, 200},
		{"GET", "/v1/auth/users?search=none&pageNo=1&pageSize=1&newPassword=" + newPassword, nil, by, 500},
	}
	var answers strings.Builder
	for _, c := range steps {
		status, body := call(t, c.method, s.URL(c.path), c.form, c.header)
		if status != c.status {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, status, body, c.status)
		}
		answers.WriteString(body)
	}
	checkAudit(t, s, by, &answers)
	checkModes(t, s.Dir)
	s.Stop()
	look := map[string]string{"the log": s.Log(), "an answer": answers.String()}
	for _, pattern := range []string{"*.log", "logs/*"} {
		files, err := filepath.Glob(filepath.Join(s.Dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			look[f] = string(b)
		}
	}
	if len(look) < 4 {
		t.Errorf("audit and denied log are not where they are looked for: %d texts", len(look))
	}
	for where, text := range look {
		for _, secret := range []string{"hidden-", tokenSecret, admin, "$2a$"} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s shows a secret: …%s…", where, text[max(0, i-80):min(len(text), i+40)])
			}
		}
	}
}

// checkModes looks that what the data directory holds is its owner's alone.
func checkModes(t *testing.T, dir string) {
	t.Helper()
	for _, pattern := range []string{"pharos.db*", "audit*.log", "secrets/*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 && pattern != "secrets/*" {
			t.Errorf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, f := range files {
			if info, err := os.Stat(f); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v, %v: others may read it", f, info.Mode(), err)
			}
		}
	}
}

type record struct {
	User, Method, Path, Outcome, Before, After, Address string
	Params                                              map[string]string
}

const (
	md5One = "f97c5d29941bfb1b2fdab0874906ab82"
	md5Two = "b8a9f715dbb64fd5c56e7783c6820a61"
)

// checkAudit looks at what was recorded, as JSON and as CSV.
func checkAudit(t *testing.T, s *server.Server, by map[string]string, answers *strings.Builder) {
	t.Helper()
	status, body := call(t, http.MethodGet, s.URL("/v1/auth/audit"), url.Values{"limit": {"1000"}}, by)
	answers.WriteString(body)
	var page struct{ Data []record }
	if err := json.Unmarshal([]byte(body), &page); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s %v", status, body, err)
	}
	has := func(want string, fits func(record) bool) {
		t.Helper()
		if !slices.ContainsFunc(page.Data, fits) {
			t.Errorf("no record of %s in %s", want, body)
		}
	}
	const configs = "/nacos/v1/cs/configs"
	has("the first publish", func(r record) bool {
		return r.Path == configs && r.Method == http.MethodPost && r.User == "nacos" && r.Before == "" && r.After == md5One && r.Address == "127.0.0.1"
	})
	has("the second publish", func(r record) bool { return r.Path == configs && r.Before == md5One && r.After == md5Two })
	has("the removal", func(r record) bool {
		return r.Method == http.MethodDelete && r.Before == md5Two && r.After == "" && r.Outcome == "done"
	})
	has("a refused login", func(r record) bool {
		return strings.HasSuffix(r.Path, "/users/login") && r.Outcome == "denied" && r.Params["username"] == "u"
	})
	has("a refused read", func(r record) bool { return r.Path == configs && r.Method == http.MethodGet && r.Outcome == "denied" })
	has("a new user", func(r record) bool { return r.Path == "/nacos/v1/auth/users" && r.Params["password"] == "***" })

	status, body = call(t, http.MethodGet, s.URL("/v1/auth/audit"), url.Values{"limit": {"1000"}, "format": {"csv"}, "outcome": {"denied"}}, by)
	answers.WriteString(body)
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || status != http.StatusOK || len(rows) < 3 || rows[0][0] != "time" {
		t.Errorf("as CSV: %d, %d rows, %v", status, len(rows), err)
	}
	if status, _ := call(t, http.MethodGet, s.URL("/v1/auth/audit"), nil, nil); status != http.StatusForbidden {
		t.Errorf("a stranger reads the audit log: %d", status)
	}
}

// A token that was made void stays so when the server starts again, and one
// that was not stays good.
func TestTokensAcrossRestart(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		tokensAcrossRestart(t, map[string]string{})
	})
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		db := mariadb.Start(t)
		tokensAcrossRestart(t, db.Settings(db.Create("nacos")))
	})
}

func tokensAcrossRestart(t *testing.T, set map[string]string) {
	t.Helper()
	set["nacos.core.auth.enabled"], set["pharos.auth.admin.password"] = "true", adminPassword
	s := server.Start(t, server.Options{Settings: set})
	admin := login(t, s, "nacos", adminPassword)
	by := map[string]string{"Authorization": "Bearer " + admin}
	for _, u := range []string{"left", "changed", "gone", "stays"} {
		if status, body := call(t, http.MethodPost, s.URL("/v1/auth/users"), url.Values{"username": {u}, "password": {userPassword}}, by); status != http.StatusOK {
			t.Fatal(status, body)
		}
	}
	tokens := map[string]string{}
	for _, u := range []string{"left", "changed", "gone", "stays"} {
		tokens[u] = login(t, s, u, userPassword)
	}
	for _, c := range []struct {
		method, path string
		header       map[string]string
	}{
		{"POST", "/v1/auth/users/logout", map[string]string{"Authorization": "Bearer " + tokens["left"]}},
		{"PUT", "/v1/auth/users?username=changed&newPassword=" + newPassword, by},
		{"DELETE", "/v1/auth/users?username=gone", by},
	} {
		if status, body := call(t, c.method, s.URL(c.path), nil, c.header); status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", c.method, c.path, status, body)
		}
	}
	check := func(when string) {
		t.Helper()
		for u, token := range tokens {
			status, body := call(t, http.MethodGet, s.URL("/v1/console/namespaces"), nil, map[string]string{"accessToken": token})
			if (status == http.StatusOK) != (u == "stays") {
				t.Errorf("%s, %s: %d %s", when, u, status, body)
			}
		}
	}
	check("at once")
	s.Restart()
	check("after a restart")
}

// From another address of this machine the first administrator needs the code
// that the log shows.
func TestFirstAdministratorFromElsewhere(t *testing.T) {
	t.Parallel()
	here := address(t)
	port := server.FreePort(t)
	s := server.Start(t, server.Options{Port: port, Args: []string{"--bind", "0.0.0.0"}})
	elsewhere := "http://" + net.JoinHostPort(here, strconv.Itoa(port)) + "/nacos/v1/auth/users/admin"
	form := url.Values{"password": {adminPassword}}
	if status, body := call(t, http.MethodPost, elsewhere, form, nil); status != http.StatusForbidden {
		t.Fatalf("from elsewhere without the code: %d %s", status, body)
	}
	if status, body := call(t, http.MethodPost, s.URL("/v1/auth/users/admin"), form, map[string]string{"X-Forwarded-For": "127.0.0.1"}); status != http.StatusForbidden {
		t.Fatalf("forwarded without the code: %d %s", status, body)
	}
	form.Set("code", codeInLog(t, s))
	if status, body := call(t, http.MethodPost, elsewhere, form, nil); status != http.StatusOK {
		t.Fatalf("with the code: %d %s", status, body)
	}
	form.Set("password", newPassword)
	if status, body := call(t, http.MethodPost, elsewhere, form, nil); status != http.StatusOK || !strings.Contains(body, "have admin user") {
		t.Errorf("a second time: %d %s", status, body)
	}
	login(t, s, "nacos", adminPassword)
}

// codeInLog waits for the line with the one-time code, which is written after
// the port is open, and returns the code.
func codeInLog(t *testing.T, s *server.Server) string {
	t.Helper()
	tick, late := time.NewTicker(10*time.Millisecond), time.After(10*time.Second)
	defer tick.Stop()
	for {
		_, rest, _ := strings.Cut(s.Log(), `"code":"`)
		if code, _, whole := strings.Cut(rest, `"`); whole {
			return code
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("the log shows no code:\n%s", s.Log())
		}
	}
}

// address is one of this machine's that is not loopback.
func address(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	t.Skip("this machine has loopback addresses only")
	return ""
}
