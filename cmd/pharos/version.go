package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/pharos-registry/pharos/service/ops"
)

// stamped is the version that the Makefile links in: -X main.stamped=v1.2.3.
//
//nolint:gochecknoglobals // the linker sets it
var stamped string

// version prints what was built, and the Nacos whose place it takes.
func version(_ context.Context, in invocation) error {
	_, err := fmt.Fprintf(in.stdout, "pharos %s (%s, %s/%s), in the place of Nacos %s\n",
		built(), runtime.Version(), runtime.GOOS, runtime.GOARCH, ops.Compatible)
	return err
}

// built is the linked version, else what Go knows of the module or the commit.
func built() string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown version)"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "(development version)"
}
