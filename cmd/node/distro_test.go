package node

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/cmd/settings"
)

// Whatever registers, deregisters or beats for an instance goes to its owner, in
// every version of the API; what is durable, or read, is answered where it lands.
func TestTagsOfRoutes(t *testing.T) {
	set := settings.Default()
	set.Data.Dir = t.TempDir()
	set.Cluster.Standalone = true
	n, err := New(set, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	tagged := 0
	for _, r := range n.api.Routes() {
		beat := strings.HasSuffix(r.Path, "/ns/instance/beat")
		want := beat || strings.HasSuffix(r.Path, "/ns/instance") && (r.Method == http.MethodPost || r.Method == http.MethodDelete)
		if want != (r.Tag != nil) {
			t.Errorf("%s %s: has a tag: %t", r.Method, r.Path, r.Tag != nil)
		}
		if beat != (r.Copy != nil) {
			t.Errorf("%s %s: a copy answers: %t", r.Method, r.Path, r.Copy != nil)
		}
		if want {
			tagged++
		}
	}
	if tagged < 6 {
		t.Errorf("only %d routes have a tag", tagged)
	}
}
