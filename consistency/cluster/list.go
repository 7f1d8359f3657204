package cluster

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/pharos-registry/pharos/consistency/peer"
)

const (
	maxListBytes = 1 << 20
	maxMembers   = 1000
)

// ParseList reads member addresses in the syntax of cluster.conf: one or more,
// separated by commas, on each line; a host without a port has defaultPort; #
// begins a comment, and what follows a ? is ignored, as the sample file of Nacos
// has it. Addresses come back sorted, each once.
func ParseList(text string, defaultPort int) ([]string, error) {
	if len(text) > maxListBytes {
		return nil, fmt.Errorf("member list of %d bytes, limit %d", len(text), maxListBytes)
	}
	var out []string
	line := 0
	for l := range strings.Lines(text) {
		line++
		l, _, _ = strings.Cut(l, "#")
		for entry := range strings.SplitSeq(l, ",") {
			entry, _, _ = strings.Cut(entry, "?")
			if entry = strings.TrimSpace(entry); entry == "" {
				continue
			}
			addr, err := parseAddr(entry, defaultPort)
			if err != nil {
				return nil, fmt.Errorf("member list, line %d: %w", line, err)
			}
			if out = append(out, addr); len(out) > maxMembers {
				return nil, fmt.Errorf("member list: more than %d members", maxMembers)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// parseAddr reads ip, host, ip:port, host:port, [ipv6] or [ipv6]:port.
func parseAddr(s string, defaultPort int) (string, error) {
	host, port := s, strconv.Itoa(defaultPort)
	switch bare := strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"); {
	case net.ParseIP(bare) != nil:
		host = bare
	case strings.Contains(s, ":"):
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			return "", err
		}
	}
	if host == "" || strings.ContainsAny(host, " \t/@[]\"\\") {
		return "", fmt.Errorf("%q is no host", s)
	}
	addr := net.JoinHostPort(host, port)
	_, err := peer.AddrOf(addr) // the peer port must exist as well
	return addr, err
}
