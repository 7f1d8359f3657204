package node

import (
	"fmt"

	"github.com/pharos-registry/pharos/controller"
	"github.com/pharos-registry/pharos/controller/site"
	"github.com/pharos-registry/pharos/ui"
)

// openSite reads the console: that of the binary, or a directory in its place.
// It is nil where none is to be served.
func (n *Node) openSite() (controller.Site, error) {
	c := n.set.Console
	if !c.UI {
		return nil, nil //nolint:nilnil // none
	}
	if c.Dir != "" {
		d, err := site.OpenDir(c.Dir)
		if err != nil {
			return nil, fmt.Errorf("pharos.console.dir: %w", err)
		}
		n.closers = append(n.closers, d.Close)
		return d, nil
	}
	files := ui.Files()
	if files == nil {
		n.log.Info("this binary was built without the console")
		return nil, nil //nolint:nilnil // none
	}
	s, err := site.New(files)
	if err != nil {
		return nil, fmt.Errorf("the console in the binary: %w", err)
	}
	return s, nil
}
