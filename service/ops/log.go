package ops

import (
	"log/slog"
	"slices"
	"strings"
)

// logNames are Nacos's names of the parts of its log that can be set apart.
// Pharos has one log with one level, which each of them sets.
func logNames() []string {
	return []string{
		"core-auth", "core", "core-raft", "core-distro", "core-cluster",
		"naming-push", "naming-rt", "naming-server", "naming-event", "naming-raft", "naming-distro", "naming-performance",
		"config-server", "config-fatal", "config-pull", "config-pull-check", "config-dump", "config-memory",
		"config-client-request", "config-trace", "config-notify",
	}
}

// SetLogLevel sets the level of a log. A name or a level that there is not
// changes nothing and is no error, as in Nacos.
func (s *Service) SetLogLevel(name, level string) {
	if !slices.Contains(logNames(), name) {
		return
	}
	switch strings.ToUpper(level) {
	case "TRACE", "DEBUG", "ALL":
		s.level.Set(slog.LevelDebug)
	case "INFO":
		s.level.Set(slog.LevelInfo)
	case "WARN":
		s.level.Set(slog.LevelWarn)
	case "ERROR", "OFF":
		s.level.Set(slog.LevelError)
	}
}
