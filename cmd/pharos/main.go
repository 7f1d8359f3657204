// Command pharos is a service registry and configuration centre that speaks
// the protocols of Nacos.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// invocation is how the process was called.
type invocation struct {
	args, environment []string
	stdout            io.Writer
	stderr            *os.File
}

func main() {
	in := invocation{args: os.Args[1:], environment: os.Environ(), stdout: os.Stdout, stderr: os.Stderr}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process at once
	err := command(&in)(ctx, in)
	if errors.Is(err, flag.ErrHelp) {
		err = help(ctx, in)
	}
	if err != nil {
		_, _ = in.stderr.WriteString("pharos: " + strings.ReplaceAll(err.Error(), "\n", "; ") + "\n")
		os.Exit(1)
	}
}

// command takes the subcommand off the arguments; without one the server runs.
func command(in *invocation) func(context.Context, invocation) error {
	name := ""
	if len(in.args) > 0 && !strings.HasPrefix(in.args[0], "-") {
		name, in.args = in.args[0], in.args[1:]
	}
	switch name {
	case "", "serve":
		return serve
	case "config":
		return config
	case "migrate":
		return migrate
	case "cluster":
		return cluster
	case "recover":
		return rescue
	case "version":
		return version
	case "help":
		return help
	default:
		return func(context.Context, invocation) error {
			return fmt.Errorf("there is no command %q; allowed are serve, config, migrate, cluster, recover, version and help", name)
		}
	}
}
