// Command pharos is a service registry and configuration centre that speaks
// the protocols of Nacos.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/pharos-registry/pharos/cmd/node"
	"github.com/pharos-registry/pharos/cmd/settings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pharos:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	set := settings.Default()
	fs := flag.NewFlagSet("pharos", flag.ContinueOnError)
	fs.IntVar(&set.Server.Port, "port", set.Server.Port, "HTTP port")
	fs.StringVar(&set.Server.Bind, "bind", set.Server.Bind, "address to listen on")
	fs.StringVar(&set.Data.Dir, "data", set.Data.Dir, "data directory")
	if err := fs.Parse(args); err != nil {
		return err
	}
	n, err := node.New(set, node.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return n.Run(ctx)
}
