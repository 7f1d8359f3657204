package node

import (
	"errors"

	"github.com/pharos-registry/pharos/cmd/settings"
)

// unsupported refuses settings that this version would have to pass over in
// silence, where silence would harm: calls let through that were to be denied.
// A case goes when its part of the server comes.
func unsupported(set settings.Settings) error {
	switch {
	case set.Server.DNSPort != 0:
		return errors.New("pharos.dns.port: this version does not speak DNS; leave it 0")
	default:
		return nil
	}
}
