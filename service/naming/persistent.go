package naming

import (
	"context"
	"strconv"
	"strings"
	"time"
)

func (s *Service) registerPersistent(context.Context, Key, Instance) error { return errNoDatabase }

func (s *Service) deregisterPersistent(context.Context, Key, string, uint16) error {
	return errNoDatabase
}

func (s *Service) load() error { return nil }

func (s *Service) clean(context.Context, time.Time) {}

// truthy is what ConvertUtils takes for true.
func truthy(s string) bool {
	switch strings.ToLower(s) {
	case "y", "yes", "on", "true", "t":
		return true
	}
	return false
}

// Address returns ip:port.
func Address(ip string, port uint16) string { return ip + ":" + strconv.Itoa(int(port)) }

// Target is a persistent instance, for who checks its health.
type Target struct {
	Key      Key
	IP       string
	Port     uint16
	Cluster  string
	Healthy  bool
	Settings Cluster // how its cluster is checked
}

// Targets calls yield with every persistent instance until it says false.
func (s *Service) Targets(yield func(Target) bool) {
	more := true
	s.eachEntry(func(e *entry) {
		if !more {
			return
		}
		v := e.current()
		if v.Ephemeral {
			return
		}
		for _, in := range v.Instances {
			set, _ := v.Meta.Cluster(in.Cluster)
			if more = yield(Target{v.Key, in.IP, in.Port, in.Cluster, in.Healthy, set}); !more {
				return
			}
		}
	})
}

// SetHealth records what a check has found of a persistent instance.
func (s *Service) SetHealth(context.Context, Key, string, uint16, bool) error { return errNoDatabase }
