package nodetest_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pharos-registry/pharos/cmd/nodetest"
)

// What the v2 API shows of a client that holds a connection.
func TestClientOfAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := nodetest.Cluster(t, 1)
		m := l.Nodes[0]
		a := dial(t, l, m, "naming")
		defer a.close()
		a.register("s", "10.2.0.1")
		_, list := m.Get("/v2/ns/client/list", nil)
		id := regexp.MustCompile(`"data":\["([^"]+)"\]`).FindStringSubmatch(list)
		if id == nil {
			t.Fatalf("the clients are %s", list)
		}
		port := id[1][strings.LastIndexByte(id[1], '_')+1:]
		_, body := m.Get("/v2/ns/client", map[string][]string{"clientId": {id[1]}})
		got := regexp.MustCompile(`"lastUpdatedTime":\d+`).ReplaceAllString(body, `"lastUpdatedTime":0`)
		want := `{"code":0,"message":"success","data":{"clientId":"` + id[1] + `","ephemeral":true,"lastUpdatedTime":0,"clientType":"connection",` +
			`"connectType":"GRPC","appName":"test","version":"Nacos-Java-Client:v2.5.1","clientIp":"10.1.0.1","clientPort":"` + port + `"}}`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}
