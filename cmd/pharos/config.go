package main

import (
	"context"

	"github.com/pharos-registry/pharos/cmd/settings"
)

// config prints every key with its value and where that came from.
func config(_ context.Context, in invocation) error {
	l, err := settings.Load(in.args, in.environment)
	if err != nil {
		return err
	}
	return l.Print(in.stdout)
}
