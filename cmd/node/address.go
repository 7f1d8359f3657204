package node

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"

	"github.com/pharos-registry/pharos/cmd/settings"
)

const loopback = "127.0.0.1"

// selfAddress is the address or name that this node tells others, chosen as
// Nacos does: the one that is said, else the host's name if that is preferred,
// else the last fitting IPv4 address of the first interface that is up and not
// loopback, else the loopback address.
func selfAddress(c settings.Cluster) (string, error) {
	if c.SelfIP != "" {
		return c.SelfIP, nil
	}
	if c.PreferHost {
		name, err := os.Hostname()
		if err != nil {
			return "", fmt.Errorf("nacos.inetutils.prefer-hostname-over-ip: %w; say nacos.inetutils.ip-address instead", err)
		}
		return name, nil
	}
	ignored, err := patterns("nacos.inetutils.ignored-interfaces", c.IgnoreIfaces)
	if err != nil {
		return "", err
	}
	preferred, err := patterns("nacos.inetutils.preferred-networks", c.Networks)
	if err != nil {
		return "", err
	}
	all, err := net.Interfaces()
	if err != nil {
		return loopback, nil //nolint:nilerr // a machine that does not tell is as one without a network
	}
	fits := func(ip netip.Addr) bool {
		return (!c.SiteLocal || ip.IsPrivate()) && (len(preferred) == 0 || preferred.match(ip.String()))
	}
	for _, i := range all { // in the order of their index
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 || ignored.match(i.Name) {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		if ip := lastIPv4(addrs, fits); ip != "" {
			return ip, nil
		}
	}
	return loopback, nil
}

// lastIPv4 is the last IPv4 address that fits, "" where none does.
func lastIPv4(addrs []net.Addr, fits func(netip.Addr) bool) (last string) {
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, _ := netip.AddrFromSlice(n.IP)
		if ip = ip.Unmap(); ip.Is4() && !ip.IsLoopback() && fits(ip) {
			last = ip.String()
		}
	}
	return last
}

// choices are patterns of which one must match the whole, or be its beginning.
type choices []choice

type choice struct {
	text string
	expr *regexp.Regexp
}

func patterns(key string, texts []string) (choices, error) {
	var all choices
	for _, t := range texts {
		expr, err := regexp.Compile("^(?:" + t + ")$")
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no regular expression: %w", key, t, err)
		}
		all = append(all, choice{t, expr})
	}
	return all, nil
}

func (c choices) match(s string) bool {
	for _, x := range c {
		if x.expr.MatchString(s) || strings.HasPrefix(s, x.text) {
			return true
		}
	}
	return false
}
