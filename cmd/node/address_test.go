package node

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/pharos-registry/pharos/cmd/settings"
)

func TestSelfAddress(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	for _, tt := range []struct {
		name string
		set  settings.Cluster
		want string // "" is any address
		err  string
	}{
		{name: "said", set: settings.Cluster{SelfIP: "10.9.8.7", PreferHost: true}, want: "10.9.8.7"},
		{name: "host name", set: settings.Cluster{PreferHost: true}, want: host},
		{name: "looked for"},
		{name: "no network fits", set: settings.Cluster{Networks: []string{`198\.51\.100\..*`}}, want: "127.0.0.1"},
		{name: "every interface left out", set: settings.Cluster{IgnoreIfaces: []string{".*"}}, want: "127.0.0.1"},
		{name: "bad pattern", set: settings.Cluster{IgnoreIfaces: []string{"("}}, err: "nacos.inetutils.ignored-interfaces"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := selfAddress(tt.set)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want it to name %s", err, tt.err)
				}
				return
			}
			if _, bad := netip.ParseAddr(got); err != nil || (tt.want != "" && got != tt.want) || (tt.want == "" && bad != nil) {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestLastIPv4(t *testing.T) {
	var addrs []net.Addr
	for _, a := range []string{"127.0.0.1/8", "10.0.0.1/8", "fe80::1/64", "10.0.0.2/8", "203.0.113.9/24"} {
		ip, n, err := net.ParseCIDR(a)
		if err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, &net.IPNet{IP: ip, Mask: n.Mask})
	}
	if got := lastIPv4(addrs, func(netip.Addr) bool { return true }); got != "203.0.113.9" {
		t.Errorf("the last is %q", got)
	}
	if got := lastIPv4(addrs, netip.Addr.IsPrivate); got != "10.0.0.2" {
		t.Errorf("the last private one is %q", got)
	}
}

func TestWorker(t *testing.T) {
	for _, tt := range []struct {
		said int
		self string
		want int
	}{
		{5, "10.0.0.1", 5},
		{0, "10.0.0.1", 0},
		{-1, "10.0.3.7", 3<<8 | 7},
		{-1, "10.0.255.255", 1023},
		{-1, "fd00::1:203", 0x203},
	} {
		if got := worker(tt.said, tt.self); got != tt.want {
			t.Errorf("worker(%d, %q) = %d, want %d", tt.said, tt.self, got, tt.want)
		}
	}
	if a, b := worker(-1, "node-a"), worker(-1, "node-b"); a == b || a < 0 || a > 1023 || b < 0 || b > 1023 {
		t.Errorf("names: %d and %d", a, b)
	}
}
