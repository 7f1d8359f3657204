package ops

import (
	"net/netip"
)

// ID is the state of one id generator.
type ID struct {
	Current int64 `json:"currentId"`
	Worker  int64 `json:"workerId"`
}

// idNames are the generators that Nacos lists.
func idNames() []string {
	return []string{
		"config-info-id", "config-history-id", "config-tag-relation-id", "app-configdata-relation-subs", "config-beta-id",
		"namespace-id", "user-id", "role-id", "permissions_id", "config-history-gray-id",
	}
}

// IDs returns the state of the id generators. Rows get their ids from the
// database here, so the generators have issued none; the worker id is the one
// that Nacos derives from the address.
func (s *Service) IDs() map[string]ID {
	all := make(map[string]ID, len(idNames()))
	for _, n := range idNames() {
		all[n] = ID{Worker: workerID(s.self.IP)}
	}
	return all
}

// workerID is the low ten bits of an IPv4 address.
func workerID(ip string) int64 {
	a, err := netip.ParseAddr(ip)
	if err != nil || !a.Is4() {
		return 0
	}
	b := a.As4()
	return (int64(b[2])<<8 | int64(b[3])) & 0x3ff
}
