package settings

import "log/slog"

// Log formats of Log.Format.
const (
	LogAuto = "auto" // text on a terminal, JSON otherwise
	LogText = "text"
	LogJSON = "json"
)

// Log is what the process tells its operator.
type Log struct {
	Level    slog.Level // pharos.log.level
	Format   string     // pharos.log.format: LogAuto, LogText or LogJSON
	File     string     // pharos.log.file; "" is standard error
	MaxSize  int64      // pharos.log.max-size: bytes before a file is rotated
	MaxTotal int64      // pharos.log.max-total: bytes of a log and all its rotated files
	Access   bool       // pharos.log.access: a line for each request
	AccessTo string     // pharos.log.access.file; "" is access.log in the data directory
}

func defaultLog() Log {
	return Log{Level: slog.LevelInfo, Format: LogAuto, MaxSize: 100 << 20, MaxTotal: 1 << 30}
}

func (l *Log) keys() []key {
	return []key{
		{name: "pharos.log.level", flag: "log-level", doc: "least severe level that is logged: debug, info, warn or error", value: level(&l.Level)},
		{name: "pharos.log.format", doc: "text, json, or auto: text on a terminal", value: oneOf(&l.Format, LogAuto, LogText, LogJSON)},
		{name: "pharos.log.file", doc: "log file; empty is standard error", value: text(&l.File)},
		{name: "pharos.log.max-size", doc: "size at which a log file is rotated", value: size(&l.MaxSize, 1<<20, 1<<40)},
		{name: "pharos.log.max-total", doc: "size of a log file and all its rotated ones; the oldest go", value: size(&l.MaxTotal, 1<<20, 1<<50)},
		{name: "pharos.log.access", env: []string{"TOMCAT_ACCESSLOG_ENABLED"}, doc: "log a line for each request", value: boolean(&l.Access)},
		{name: "pharos.log.access.file", doc: "where to; empty is access.log in the data directory", value: text(&l.AccessTo)},
	}
}

// Metrics is what the process tells monitoring.
type Metrics struct {
	Enabled   bool // pharos.metrics.enabled: /actuator/prometheus
	Discovery bool // nacos.prometheus.metrics.enabled: /prometheus, targets for Prometheus
}

func defaultMetrics() Metrics { return Metrics{Enabled: true} }

func (m *Metrics) keys() []key {
	return []key{
		{name: "pharos.metrics.enabled", doc: "serve /actuator/prometheus", value: boolean(&m.Enabled)},
		{name: "nacos.prometheus.metrics.enabled", doc: "serve /prometheus, which tells Prometheus the instances as targets", value: boolean(&m.Discovery)},
	}
}
