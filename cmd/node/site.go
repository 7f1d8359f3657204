package node

import (
	"fmt"
	"time"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/controller"
	"github.com/pharos-registry/pharos/controller/site"
	"github.com/pharos-registry/pharos/service/ops"
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

// about is what the console is told of the server.
func (n *Node) about(version string) controller.About {
	s := n.set
	mode := settings.ModeCluster
	if s.Cluster.Standalone {
		mode = settings.ModeStandalone
	}
	return controller.About{
		Version: version, Nacos: ops.Compatible, Mode: mode, Function: s.Server.Function, AuthSystem: s.Auth.SystemType,
		Enforced: s.Auth.Client() == settings.AuthEnforce, MaxContent: s.Config.MaxContent, Started: time.Now(),
	}
}
