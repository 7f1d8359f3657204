package nodetest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pharos-registry/pharos/cmd/nodetest"
	"github.com/pharos-registry/pharos/cmd/settings"
)

// calls is one of each type that asks for a permission, all of the group g.
var calls = []struct {
	kind, body string
	config     bool
	write      bool
}{
	{kind: "InstanceRequest", body: `{"namespace":"public","groupName":"g","serviceName":"s","type":"registerInstance","instance":{"ip":"10.2.0.1","port":80}}`, write: true},
	{kind: "BatchInstanceRequest", body: `{"namespace":"public","groupName":"g","serviceName":"s","type":"batchRegisterInstance","instances":[]}`, write: true},
	{kind: "PersistentInstanceRequest", body: `{"namespace":"public","groupName":"g","serviceName":"p","type":"deregisterInstance","instance":{"ip":"10.2.0.1","port":80}}`, write: true},
	{kind: "ServiceQueryRequest", body: `{"namespace":"public","groupName":"g","serviceName":"s"}`},
	{kind: "ServiceListRequest", body: `{"namespace":"public","groupName":"g","pageNo":1,"pageSize":1}`},
	{kind: "SubscribeServiceRequest", body: `{"namespace":"public","groupName":"g","serviceName":"s","subscribe":true}`},
	{kind: "ConfigPublishRequest", body: `{"dataId":"d","group":"g","tenant":"","content":"x"}`, config: true, write: true},
	{kind: "ConfigQueryRequest", body: `{"dataId":"d","group":"g","tenant":""}`, config: true},
	{kind: "ConfigBatchListenRequest", body: `{"listen":true,"configListenContexts":[{"dataId":"d","group":"g","tenant":"","md5":""}]}`, config: true},
	{kind: "ConfigRemoveRequest", body: `{"dataId":"d","group":"g","tenant":""}`, config: true, write: true},
}

// TestAuthorizationOfEveryType sends each type as nobody, as somebody who may
// not, as one who may read, and as one who may write.
func TestAuthorizationOfEveryType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.New(t, 1)
		m := l.Nodes[0]
		m.Tune(func(s *settings.Settings) { s.Auth.Enabled, s.Auth.AdminPassword = settings.Yes, "the-first-one" })
		m.Start()
		l.Ready()
		admin := login(t, m, "nacos", "the-first-one")
		for role, action := range map[string]string{"reader": "r", "writer": "rw", "stranger": "rw"} {
			resource := "public:g:*"
			if role == "stranger" {
				resource = "public:other:*"
			}
			for path, form := range map[string]url.Values{
				"/v1/auth/users": {"username": {role}, "password": {"password-" + role}},
			} {
				post(t, m, path, admin, form)
			}
			post(t, m, "/v1/auth/roles", admin, url.Values{"username": {role}, "role": {"R" + role}})
			post(t, m, "/v1/auth/permissions", admin, url.Values{"role": {"R" + role}, "resource": {resource}, "action": {action}})
		}
		naming, config := dial(t, l, m, "naming"), dial(t, l, m, "config")
		defer naming.close()
		defer config.close()
		for who, may := range map[string]func(write bool) bool{
			"":         func(bool) bool { return false },
			"forged":   func(bool) bool { return false },
			"stranger": func(bool) bool { return false },
			"reader":   func(write bool) bool { return !write },
			"writer":   func(bool) bool { return true },
		} {
			header := map[string]string{}
			switch who {
			case "":
			case "forged":
				header["accessToken"] = "a.b.c"
			default:
				header["accessToken"] = login(t, m, who, "password-"+who)
			}
			for _, c := range calls {
				s := naming
				if c.config {
					s = config
				}
				s.header = header
				p := s.ask(c.kind, c.body)
				body := string(p.Body)
				denied := strings.Contains(body, `"errorCode":403`)
				if denied == may(c.write) {
					t.Errorf("%q, %s: %s %s", who, c.kind, p.Type, body)
				}
				if denied && (p.Type == "ErrorResponse" || !strings.Contains(body, `"resultCode":500`)) {
					t.Errorf("%q, %s: refused with %s %s, which no SDK takes for a refusal", who, c.kind, p.Type, body)
				}
			}
			// What keeps a connection going needs nobody; what is for servers nobody gets.
			naming.ok("HealthCheckRequest", `{}`)
			for _, kind := range []string{"ServerReloadRequest", "ServerLoaderInfoRequest", "DistroDataRequest", "MemberReportRequest", "ConfigChangeClusterSyncRequest"} {
				if p := naming.ask(kind, `{}`); !strings.Contains(string(p.Body), `"errorCode":502`) {
					t.Errorf("%q, %s: %s %s", who, kind, p.Type, p.Body)
				}
			}
			if p := naming.ask("NoSuchRequest", `{}`); !strings.Contains(string(p.Body), `"errorCode":302`) {
				t.Errorf("%q, an unknown type: %s %s", who, p.Type, p.Body)
			}
		}
	})
}

func login(t *testing.T, m *nodetest.Member, user, password string) string {
	t.Helper()
	status, body := m.Call(http.MethodPost, "/v1/auth/users/login", url.Values{"username": {user}, "password": {password}})
	_, rest, ok := strings.Cut(body, `"accessToken":"`)
	token, _, _ := strings.Cut(rest, `"`)
	if status != http.StatusOK || !ok {
		t.Fatalf("login of %s: %d %s", user, status, body)
	}
	return token
}

func post(t *testing.T, m *nodetest.Member, path, token string, form url.Values) {
	t.Helper()
	if status, body := m.Call(http.MethodPost, path, form, "accessToken", token); status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, status, body)
	}
}
