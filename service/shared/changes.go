package shared

import (
	"sync"

	"github.com/pharos-registry/pharos/service/config"
)

// maxNoted is how many configs are remembered one by one; whoever is further
// behind compares all.
const maxNoted = 10_000

// changes are what a node tells the others, and what it was told. Fields are only
// ever added.
type changes struct {
	Configs []config.Key `json:"configs,omitempty"`
	Users   bool         `json:"users,omitempty"` // users, roles, permissions or cut-offs
	All     bool         `json:"all,omitempty"`   // more than can be listed
}

func (c *changes) empty() bool { return len(c.Configs) == 0 && !c.Users && !c.All }

// note collects changes until they are taken. Its zero value is ready to use.
type note struct {
	mu    sync.Mutex // guards the following fields
	keys  map[config.Key]bool
	users bool
	all   bool
}

func (n *note) add(c *changes) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.users = n.users || c.Users
	n.all = n.all || c.All
	if n.keys == nil {
		n.keys = map[config.Key]bool{}
	}
	for _, k := range c.Configs {
		n.keys[k] = true
	}
	if len(n.keys) > maxNoted {
		n.all = true
	}
	if n.all {
		clear(n.keys)
	}
}

func (n *note) take() changes {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := changes{Users: n.users, All: n.all}
	for k := range n.keys {
		c.Configs = append(c.Configs, k)
	}
	n.keys, n.users, n.all = nil, false, false
	return c
}
