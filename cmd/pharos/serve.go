package main

import (
	"context"
	"errors"

	"github.com/pharos-registry/pharos/cmd/logging"
	"github.com/pharos-registry/pharos/cmd/node"
	"github.com/pharos-registry/pharos/cmd/settings"
)

// serve runs the server until ctx ends.
func serve(ctx context.Context, in invocation) (err error) {
	l, err := settings.Load(in.args, in.environment)
	if err != nil {
		return err
	}
	log, err := logging.Open(l.Settings.Log, in.stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	if len(l.Ignored) > 0 {
		log.Warn("some of the configuration means nothing here and is ignored", "file", l.File, "keys", l.Ignored)
	}
	n, err := node.New(l.Settings, node.Options{Log: log.Logger, Level: log.Level, Version: built(), Loaded: l}) //nolint:contextcheck // a start is not given up half way
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	tuneMemory(in.environment)
	return n.Run(ctx)
}
