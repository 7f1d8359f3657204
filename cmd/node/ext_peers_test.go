package node

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/service/config"
)

// sleeper is a listener that does nothing.
type sleeper struct{ viewer config.Viewer }

func (*sleeper) Changed(*config.Key)     {}
func (s *sleeper) Viewer() config.Viewer { return s.viewer }
func (s *sleeper) Client() *config.Client {
	return &config.Client{Address: s.viewer.IP + ":1", IP: s.viewer.IP}
}

// TestPeersAreToldWhoAsks: another node's console gets of this one what its user
// may see.
func TestPeersAreToldWhoAsks(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	admin := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+g.tokens["admin"]) }
	for _, path := range []string{
		"/nacos/v1/ns/instance?serviceName=hidden&ip=192.0.2.77&port=1", "/nacos/v3/console/cs/config?groupName=G&dataId=hidden&content=hidden",
	} {
		if w := g.call(http.MethodPost, path, admin); w.Code != http.StatusOK {
			t.Fatal(w.Code, w.Body)
		}
	}
	var w config.Waiter
	g.config.Cache().WatchAny(&w, config.Key{Group: "G", DataID: "hidden"}, &sleeper{config.Viewer{IP: "192.0.2.77"}})
	for _, kind := range []string{`"clients"`, `"client","id":"192.0.2.77:1#true"`, `"lists"`} {
		for who, sees := range map[string]bool{`"user":"wrong namespace",`: false, `"user":"no role",`: false, `"user":"",`: false, `"user":"read only",`: true, `"user":"nacos",`: true, "": true} {
			answer, err := g.api.AnswerPeer(t.Context(), []byte(`{`+who+`"rows":10,"kind":`+kind+`}`))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(answer), "192.0.2.77"); got != sees {
				t.Errorf("%s by %q is told %s", kind, who, answer)
			}
		}
	}
	for _, bad := range []string{`{"kind":"what"}`, `{`, ``} {
		if answer, err := g.api.AnswerPeer(t.Context(), []byte(bad)); err == nil {
			t.Errorf("%q is answered %s", bad, answer)
		}
	}
}
