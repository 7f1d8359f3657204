package main

import (
	"context"
	"io"

	"github.com/pharos-registry/pharos/cmd/settings"
)

// help prints the commands and flags.
func help(_ context.Context, in invocation) error {
	_, err := io.WriteString(in.stdout, `pharos is a service registry and configuration centre that speaks the protocols of Nacos.

  pharos [flags]           run the server
  pharos config [flags]    print every key, its value and where that came from
  pharos migrate [flags]   bring the embedded database's rows over to the MySQL of the settings
  pharos cluster status    ask all nodes of the cluster how they are
  pharos cluster remove A  take the member with the address A out of the cluster
  pharos recover [flags]   make this node a cluster of its own, after the majority was lost
  pharos version           print the version
  pharos help              print this

Flags:
`+settings.FlagHelp()+`
Every key is also an environment variable: upper case, . as _, without -.
docs/configuration.md lists all keys.
`)
	return err
}
