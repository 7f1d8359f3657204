// Package settings is what the operator decided: one typed struct, filled from
// defaults, a Nacos application.properties, the environment and flags.
package settings

import "time"

// Settings is the whole configuration of one server, validated.
type Settings struct {
	Server  Server
	Data    Data
	Cluster Cluster
	Naming  Naming
}

// Server is how the process listens.
type Server struct {
	Bind        string // address to listen on; "" is all addresses
	Port        int    // HTTP; gRPC is Port+1000, peers Port-1000
	ContextPath string // "/nacos"; "" serves at the root
}

// Data is where durable things live.
type Data struct {
	Dir string
}

// Cluster is how nodes find each other.
type Cluster struct {
	Standalone bool
}

// Naming is what service discovery can be told.
type Naming struct {
	ExpireInstance     bool          // remove instances whose beats stop; nacos.naming.expireInstance
	ClientExpired      time.Duration // idle limit of an HTTP client; nacos.naming.client.expired.time
	PushTaskDelay      time.Duration // how long changes of one service are collected; nacos.naming.push.pushTaskDelay
	CleanEmptyInterval time.Duration // nacos.naming.clean.empty-service.interval
	CleanEmptyAfter    time.Duration // nacos.naming.clean.empty-service.expired-time
	CleanMetaInterval  time.Duration // nacos.naming.clean.expired-metadata.interval
	CleanMetaAfter     time.Duration // nacos.naming.clean.expired-metadata.expired-time
	MaxMetadataLength  int           // characters; nacos.naming.service.metadata.length
	ParamCheck         bool          // nacos.core.param.check.enabled
}

// Default returns the settings of a server with nothing set.
func Default() Settings {
	return Settings{
		Server:  Server{Port: 8848, ContextPath: "/nacos"},
		Data:    Data{Dir: "data"},
		Cluster: Cluster{Standalone: true},
		Naming: Naming{
			ExpireInstance:     true,
			ClientExpired:      3 * time.Minute,
			CleanEmptyInterval: time.Minute,
			CleanEmptyAfter:    time.Minute,
			CleanMetaInterval:  5 * time.Second,
			CleanMetaAfter:     time.Minute,
			MaxMetadataLength:  1024,
			ParamCheck:         true,
		},
	}
}
