package node

import (
	"path/filepath"

	"github.com/pharos-registry/pharos/cmd/logging"
	"github.com/pharos-registry/pharos/middleware"
)

// openAccessLog opens the log of requests, if one is wanted.
func (n *Node) openAccessLog() error {
	set := n.set.Log
	if !set.Access {
		return nil
	}
	path := set.AccessTo
	if path == "" {
		path = filepath.Join(n.set.Data.Dir, "access.log")
	}
	f, err := logging.OpenFile(path, set.MaxSize, set.MaxTotal)
	if err != nil {
		return err
	}
	n.access = middleware.NewAccessLog(f)
	n.loops = append(n.loops, n.access.Run)
	n.closers = append(n.closers, func() error {
		n.access.Flush() // what was answered while the server drained
		return f.Close()
	})
	return nil
}
