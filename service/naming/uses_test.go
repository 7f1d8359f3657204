package naming_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pharos-registry/pharos/service/naming"
)

// TestUses is who is told of what: a service where that is known or can be
// inferred, an application, an address.
func TestUses(t *testing.T) {
	bubble(t, naming.Options{}, func(w world) {
		t, s := w.t, w.s
		connect := func(id, ip, app string, publishes []string, follows ...string) {
			t.Helper()
			s.Connect(id, ip)
			for _, name := range publishes {
				if err := s.Publish(id, keyOf(name), []naming.Registration{*reg(name, ip, 80), *reg(name, ip, 81)}); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range follows {
				if err := s.Follow(id, naming.Subscriber{Key: keyOf(name), App: app}); err != nil {
					t.Fatal(err)
				}
			}
		}
		udp := func(ip, app, name string, clusters ...string) {
			for _, c := range append(clusters, "") {
				s.Subscribe(naming.Subscriber{Key: keyOf(name), IP: ip, Port: 4000, App: app, Clusters: c, Agent: "Nacos-Java-Client:v1.4.6"})
			}
		}
		connect("c1", "10.0.0.1", "shop", []string{"order"}, "stock", "price")
		connect("c2", "10.0.0.2", "shop", []string{"order", "user"}, "stock")
		connect("c3", "10.0.0.3", "web", nil, "order")
		connect("c4", "10.0.0.4", "web", nil, "order")
		connect("c5", "10.0.0.5", "unknown", nil, "order")
		var many []string
		for i := range 9 {
			many = append(many, fmt.Sprint("m", i))
		}
		connect("c6", "10.0.0.6", "all", many, "order")
		register(t, s, reg("stock", "10.0.0.7", 80))
		udp("10.0.0.7", "", "price", "A", "B") // three sets of clusters, one subscriber
		udp("10.0.0.2", "job", "price")        // two services are there
		all := func(naming.Key) bool { return true }
		want := map[naming.Use]int{
			{To: keyOf("stock"), Service: keyOf("order")}:                 2,
			{To: keyOf("stock"), Service: keyOf("user")}:                  1,
			{To: keyOf("price"), Service: keyOf("order")}:                 1,
			{To: keyOf("order"), App: "web"}:                              2,
			{To: keyOf("order"), IP: "10.0.0.5"}:                          1,
			{To: keyOf("order"), App: "all"}:                              1,
			{To: keyOf("price"), Service: keyOf("stock"), Inferred: true}: 1,
			{To: keyOf("price"), App: "job"}:                              1,
		}
		if d := cmp.Diff(want, s.Uses(all, false)); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
		want = map[naming.Use]int{{To: keyOf("price"), IP: "10.0.0.1"}: 1, {To: keyOf("price"), IP: "10.0.0.7"}: 1, {To: keyOf("price"), IP: "10.0.0.2"}: 1}
		if d := cmp.Diff(want, s.Uses(func(k naming.Key) bool { return k.Service == "price" }, true)); d != "" {
			t.Errorf("by address: -want +got\n%s", d)
		}
		// Who may not see a service is not told its name.
		want = map[naming.Use]int{{To: keyOf("price"), App: "shop"}: 1, {To: keyOf("price"), IP: "10.0.0.7"}: 1, {To: keyOf("price"), App: "job"}: 1}
		if d := cmp.Diff(want, s.Uses(func(k naming.Key) bool { return k.Service == "price" }, false)); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
	})
}
