package node

import "net"

// selfIP is the address that this node tells others: the last IPv4 address of
// the first interface that is up and not loopback, as Nacos chooses, else the
// loopback address.
func selfIP() string {
	all, err := net.Interfaces()
	if err != nil {
		return loopback
	}
	for _, i := range all { // in the order of their index
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		if ip := lastIPv4(addrs); ip != "" {
			return ip
		}
	}
	return loopback
}

const loopback = "127.0.0.1"

func lastIPv4(addrs []net.Addr) (ip string) {
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			ip = n.IP.String()
		}
	}
	return ip
}
