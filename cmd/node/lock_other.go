//go:build !unix

package node

import "os"

// lock does nothing: the database's own lock must do.
func lock(*os.File) error { return nil }

// openFiles is a number of files that any system allows.
func openFiles() int { return 8192 }
