//go:build noui

// Package ui is the web console as it is built and committed in dist. This
// binary is built without it.
package ui

import "io/fs"

// Files are the files of the console with index.html at the root, nil in a
// binary that was built without it.
func Files() fs.FS { return nil }
