package naming

import (
	"strings"
	"time"
)

// Connect makes the client of a connection that was opened at this node. What it
// publishes and subscribes to is there until Disconnect. ip is what its
// subscriptions show; ids of connections have no #.
func (s *Service) Connect(id, ip string) {
	c := s.lockClient([]byte(id))
	c.open, c.home = true, ""
	c.ip = strings.Clone(ip)
	c.used.Store(time.Now().UnixMilli())
	c.mu.Unlock()
}

// Disconnect ends the client of a connection, if there is one, and takes away all
// that it did. With keep what it published stays for the other nodes to let go
// of: the client is alive and on its way to one of them.
func (s *Service) Disconnect(id string, keep bool) {
	c := s.client([]byte(id))
	if c == nil || !c.connected {
		return
	}
	c.mu.Lock()
	if !c.open {
		c.mu.Unlock()
		return
	}
	c.open = false
	if keep && s.spread != nil {
		s.unsubscribeAll(c)
		c.mu.Unlock()
		return
	}
	keys := s.disconnect(c, time.Now().UnixMilli())
	c.mu.Unlock()
	if len(keys) > 0 {
		s.notify(id, keys...)
	}
}
