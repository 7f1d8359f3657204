package node

import (
	"errors"

	"github.com/pharos-registry/pharos/cmd/settings"
)

// unsupported refuses settings that this version would have to pass over in
// silence, where silence would harm: calls let through that were to be denied.
// A case goes when its part of the server comes.
func unsupported(set settings.Settings) error {
	if set.Auth.Client() == settings.AuthEnforce {
		return errors.New("authorization is asked for (nacos.core.auth.enabled or pharos.auth.mode), and this version cannot enforce it; " +
			"leave it unset, and let only trusted networks reach the port")
	}
	return nil
}
