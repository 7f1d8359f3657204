//go:build !noui

// Package ui is the web console as it is built and committed in dist.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files are the files of the console with index.html at the root, nil in a
// binary that was built without it.
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil { // only for a name that is no path
		return nil
	}
	return sub
}
