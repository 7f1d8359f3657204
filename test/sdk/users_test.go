package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pharos-registry/pharos/test/server"
)

// How long a token lives in the auth suite. The Java and the Go SDK log in again
// after nine tenths of it, Java looking every 5 s: 11 s lets both be in time, and
// makes a client that is late show at once. Java's second generation may take
// fourteen fifteenths, in whole seconds; once it is late, it waits for a minute.
const (
	tokenSeconds       = 11
	secondTokenSeconds = 16
)

func authSettings(s suite) map[string]string {
	return map[string]string{
		"nacos.core.auth.enabled":                           "true",
		"nacos.core.auth.plugin.nacos.token.expire.seconds": strconv.Itoa(s.token),
	}
}

// admin talks to the management API as the first administrator.
type admin struct {
	t     *testing.T
	srv   *server.Server
	token string
}

// makeUsers sets up the accounts that the programs use: one that may do all in
// the public namespace, one that may read there, one without any role, and one
// whose password the programs get wrong.
func makeUsers(t *testing.T, srv *server.Server, s suite) []string {
	t.Helper()
	const password = "Sdk-check-2024"
	a := &admin{t: t, srv: srv}
	a.post("/v1/auth/users/admin", "password", password)
	var login struct{ AccessToken string }
	if err := json.Unmarshal([]byte(a.post("/v1/auth/users/login", "username", "nacos", "password", password)), &login); err != nil {
		t.Fatalf("login of the administrator: %v", err)
	}
	a.token = login.AccessToken
	for _, user := range []string{"sdk-writer", "sdk-reader", "sdk-nobody", "sdk-wrong"} {
		a.post("/v1/auth/users", "username", user, "password", password)
	}
	for user, action := range map[string]string{"sdk-writer": "rw", "sdk-reader": "r", "sdk-wrong": "rw"} {
		a.post("/v1/auth/roles", "role", "role-"+user, "username", user)
		a.post("/v1/auth/permissions", "role", "role-"+user, "resource", ":*:*", "action", action)
	}
	a.post("/v1/cs/configs", "dataId", "sdk-secret", "group", "SDK_GROUP", "content", "open sesame")
	return []string{
		"AUTH_WRITER=sdk-writer:" + password,
		"AUTH_READER=sdk-reader:" + password,
		"AUTH_NOBODY=sdk-nobody:" + password,
		"AUTH_WRONG=sdk-wrong:not-" + password,
		"AUTH_TOKEN_SECONDS=" + strconv.Itoa(s.token),
	}
}

func (a *admin) post(path string, pairs ...string) string {
	a.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	ctx, cancel := context.WithTimeout(a.t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.srv.URL(path), strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		a.t.Fatal(fmt.Errorf("POST %s: %d %s", path, resp.StatusCode, body))
	}
	return string(body)
}
