// Package settings is what the operator decided: one typed struct, filled from
// defaults, a Nacos application.properties, the environment and flags.
package settings

// Settings is the whole configuration of one server, validated. Each field's
// comment names its key; docs/configuration.md lists them all.
type Settings struct {
	Server  Server
	Console Console
	GRPC    GRPC
	TLS     TLS
	Limits  Limits
	Data    Data
	Storage Storage
	Cluster Cluster
	Naming  Naming
	Config  Config
	Auth    Auth
	Log     Log
	Metrics Metrics
}

// Default returns the settings of a server with nothing set.
func Default() Settings {
	return Settings{
		Server:  defaultServer(),
		Console: defaultConsole(),
		GRPC:    defaultGRPC(),
		TLS:     defaultTLS(),
		Limits:  defaultLimits(),
		Data:    Data{Dir: "data"},
		Storage: defaultStorage(),
		Cluster: defaultCluster(),
		Naming:  defaultNaming(),
		Config:  defaultConfig(),
		Auth:    defaultAuth(),
		Log:     defaultLog(),
		Metrics: defaultMetrics(),
	}
}

// section is a heading of the configuration and the keys below it.
type section struct {
	title string
	keys  []key
}

// sections binds every key to its field in s, in the order in which they are shown.
func (s *Settings) sections() []section {
	return []section{
		{"HTTP", s.Server.keys()},
		{"Console", s.Console.keys()},
		{"gRPC", s.GRPC.keys()},
		{"TLS", s.TLS.keys()},
		{"Limits", s.Limits.keys()},
		{"Data directory", s.Data.keys()},
		{"Database", s.Storage.keys()},
		{"Cluster", s.Cluster.keys()},
		{"Service discovery", s.Naming.keys()},
		{"Configuration centre", s.Config.keys()},
		{"Authentication and authorization", s.Auth.keys()},
		{"LDAP", s.Auth.LDAP.keys()},
		{"Logging", s.Log.keys()},
		{"Metrics", s.Metrics.keys()},
	}
}

// flatten lists the keys of all sections.
func flatten(all []section) []key {
	var keys []key
	for _, sec := range all {
		keys = append(keys, sec.keys...)
	}
	return keys
}

// Data is where durable things live.
type Data struct {
	Dir string // pharos.data.dir; relative to the working directory
}

func (d *Data) keys() []key {
	return []key{
		{name: "pharos.data.dir", flag: "data", doc: "directory of everything durable: database, keys, locks, logs of the cluster", value: filled(&d.Dir)},
	}
}
