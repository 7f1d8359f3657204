package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/consistency/cluster"
)

const (
	rosterFile = "members.json" // in the data directory: who came and went while the cluster ran
	lookTime   = 3 * time.Second
)

var errNoMembers = errors.New("a cluster needs to know its members: set nacos.member.list or NACOS_SERVERS, write a cluster.conf, " +
	"set pharos.cluster.dns, or name a member with --join")

// source is where the settings have members looked up, and the members that
// are asked for admission.
func source(set settings.Settings) (cluster.Source, []string, error) {
	c, port := set.Cluster, set.Server.Port
	join, err := cluster.ParseList(strings.Join(c.Join, ","), port)
	if err != nil {
		return nil, nil, fmt.Errorf("pharos.cluster.join: %w", err)
	}
	switch {
	case c.Lookup == "address-server":
		return addressServer(set), join, nil
	case len(c.MemberList) > 0:
		list, err := cluster.ParseList(strings.Join(c.MemberList, ","), port)
		if err != nil {
			return nil, nil, fmt.Errorf("nacos.member.list: %w", err)
		}
		return cluster.Static(list), join, nil
	case c.ConfFile != "":
		return cluster.File{Path: c.ConfFile, Port: port}, join, nil
	case c.DNS != "":
		src, err := byName(c, port)
		return src, join, err
	case len(join) > 0:
		return cluster.Static(nil), join, nil
	}
	if _, err := os.Stat(filepath.Join(set.Data.Dir, rosterFile)); err == nil { // it was told of the others before
		return cluster.Static(nil), nil, nil
	}
	return nil, nil, errNoMembers
}

// firstLoads is how often the members are looked up before the start fails, 0 for
// the usual number.
func firstLoads(c settings.Cluster) int {
	if c.Lookup == "address-server" {
		return c.Address.Retry
	}
	return 0
}

func byName(c settings.Cluster, port int) (cluster.Source, error) {
	src := cluster.DNS{Host: c.DNS, Port: port, Interval: c.DNSRefresh}
	if host, p, err := net.SplitHostPort(c.DNS); err == nil {
		if src.Port, err = strconv.Atoi(p); err != nil || host == "" {
			return nil, fmt.Errorf("pharos.cluster.dns: %q is refused; allowed is a name or name:port", c.DNS)
		}
		src.Host = host
	}
	return src, nil
}

func addressServer(set settings.Settings) *cluster.AddressServer {
	a := set.Cluster.Address
	return &cluster.AddressServer{
		URL:  "http://" + net.JoinHostPort(a.Domain, strconv.Itoa(a.Port)) + a.URL,
		Port: set.Server.Port,
	}
}

// ownAddress is the address or name that the other members know this node by:
// the one that is said, else that of the listed members which is of this
// machine and has this node's port, else the one it listens on, else what
// selfAddress finds.
func ownAddress(ctx context.Context, set settings.Settings, src cluster.Source, join []string) (string, error) {
	if set.Cluster.SelfIP != "" {
		return set.Cluster.SelfIP, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	list, err := src.Load(ctx)
	if err != nil { // it is read again, and complained of, when the node runs
		list = nil
	}
	here := newMachine()
	for _, m := range list {
		host, port, err := net.SplitHostPort(m)
		if err == nil && port == strconv.Itoa(set.Server.Port) && here.is(ctx, host) {
			return host, nil
		}
	}
	if ip := net.ParseIP(set.Server.Bind); ip != nil && !ip.IsUnspecified() {
		return set.Server.Bind, nil
	}
	if all := slices.Concat(list, join); len(all) > 0 && !slices.ContainsFunc(all, func(m string) bool { return !onLoopback(m) }) {
		return loopback, nil // all on this machine
	}
	return selfAddress(set.Cluster)
}

func onLoopback(member string) bool {
	host, _, err := net.SplitHostPort(member)
	return err == nil && (strings.EqualFold(host, "localhost") || isLoopback(host))
}

// machine is what this machine is called.
type machine struct {
	name string
	ips  map[netip.Addr]bool
}

func newMachine() machine {
	m := machine{ips: map[netip.Addr]bool{}}
	m.name, _ = os.Hostname() // one without a name has addresses
	all, err := net.InterfaceAddrs()
	if err != nil {
		return m
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				m.ips[ip.Unmap()] = true
			}
		}
	}
	return m
}

// is reports whether host is this machine: one of its addresses, its name, or a
// name that leads to one of its addresses.
func (m machine) is(ctx context.Context, host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || m.ips[ip.Unmap()]
	}
	if first, _, _ := strings.Cut(host, "."); m.name != "" && (strings.EqualFold(host, m.name) || strings.EqualFold(first, m.name)) {
		return true
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(found, func(ip netip.Addr) bool { return ip.IsLoopback() || m.ips[ip.Unmap()] })
}
