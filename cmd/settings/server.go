package settings

import (
	"time"

	"github.com/pharos-registry/pharos/service/mask"
)

// Function modes of Server.Function.
const (
	FunctionAll    = "all"
	FunctionNaming = "naming"
	FunctionConfig = "config"
)

// Offsets of the other listeners from Server.Port. SDKs of the gRPC generation
// add the first by themselves, so it is no choice of ours.
const (
	grpcOffset = 1000
	peerOffset = -1000
)

// Server is how the process listens.
type Server struct {
	Bind        string // pharos.server.bind: address to listen on; "" is all addresses
	Port        int    // server.port: HTTP; gRPC is Port+1000, peers Port-1000
	ContextPath string // server.servlet.contextPath: "/nacos"; "" serves at the root
	Function    string // nacos.functionMode: FunctionAll, FunctionNaming or FunctionConfig
	DNSPort     int    // pharos.dns.port: service discovery over DNS; 0 is off
}

func defaultServer() Server {
	return Server{Port: 8848, ContextPath: "/nacos", Function: FunctionAll}
}

// GRPCPort is where SDKs of the gRPC generation come in.
func (s Server) GRPCPort() int { return s.Port + grpcOffset }

// PeerPort is where other nodes come in.
func (s Server) PeerPort() int { return s.Port + peerOffset }

// HasNaming says whether this process serves service discovery.
func (s Server) HasNaming() bool { return s.Function != FunctionConfig }

// HasConfig says whether this process serves the configuration centre.
func (s Server) HasConfig() bool { return s.Function != FunctionNaming }

func (s *Server) keys() []key {
	return []key{
		{
			name: "server.port", aliases: []string{"nacos.server.main.port"}, env: []string{"NACOS_APPLICATION_PORT"}, flag: "port",
			doc: "HTTP port; gRPC listens 1000 above it, peers 1000 below", value: number(&s.Port, 1001, 64535),
		},
		{name: "pharos.server.bind", aliases: []string{"server.address"}, flag: "bind", doc: "IP address to listen on; empty is all addresses", value: address(&s.Bind)},
		{
			name: "server.servlet.contextPath", aliases: []string{"nacos.server.contextPath"}, flag: "context-path",
			doc: "path before every API; empty or / is the root", value: contextPath(&s.ContextPath),
		},
		{
			name: "nacos.functionMode", env: []string{"FUNCTION_MODE"}, flag: "function", short: "f",
			doc: "which half to serve: naming, config or all", value: oneOf(&s.Function, FunctionAll, FunctionNaming, FunctionConfig),
		},
		{name: "pharos.dns.port", doc: "port that answers DNS for services; 0 is off", value: number(&s.DNSPort, 0, 65535)},
	}
}

// Console is the web console.
type Console struct {
	Port        int    // nacos.console.port: the additional listener of 3.x habits; 0 is off
	ContextPath string // nacos.console.contextPath: on that port
	UI          bool   // nacos.console.ui.enabled
	Dir         string // pharos.console.dir: a front-end in place of the one in the binary; "" is none

	Mask     bool     // pharos.console.mask: hide secrets in configs from console users without the right to see them
	MaskKeys []string // pharos.console.mask.keys: words in the names of keys whose values are secret
}

func defaultConsole() Console {
	return Console{Port: 8080, UI: true, MaskKeys: mask.DefaultKeys()}
}

func (c *Console) keys() []key {
	return []key{
		{name: "nacos.console.port", doc: "additional port of the console, as Nacos 3 has it; 0 is off; taken is a warning only", value: number(&c.Port, 0, 65535)},
		{name: "nacos.console.contextPath", doc: "path before the console on its own port", value: contextPath(&c.ContextPath)},
		{name: "nacos.console.ui.enabled", doc: "serve the web console", value: boolean(&c.UI)},
		{name: "pharos.console.dir", flag: "console-dir", doc: "directory with another front-end, which is served in place of the console; empty is none", value: text(&c.Dir)},
		{name: "pharos.console.mask", doc: "hide the values of secret keys of configs in the console and its API, but for users with the right `reveal`; client APIs are not masked", value: boolean(&c.Mask)},
		{name: "pharos.console.mask.keys", doc: "a key is secret whose name has one of these words in it, in any case, whatever `-`, `_` and `.` are between the letters", value: secretWords(&c.MaskKeys)},
	}
}

// GRPC is the listener of SDKs of the gRPC generation.
type GRPC struct {
	MaxMessage       int64         // nacos.remote.server.grpc.sdk.max-inbound-message-size: bytes
	KeepAliveTime    time.Duration // nacos.remote.server.grpc.sdk.keep-alive-time: silence before the server pings
	KeepAliveTimeout time.Duration // nacos.remote.server.grpc.sdk.keep-alive-timeout: wait for that ping's answer
	PermitKeepAlive  time.Duration // nacos.remote.server.grpc.sdk.permit-keep-alive-time: the shortest interval a client may ping at
}

func defaultGRPC() GRPC {
	return GRPC{
		MaxMessage:       10 << 20,
		KeepAliveTime:    2 * time.Hour,
		KeepAliveTimeout: 20 * time.Second,
		// Nacos allows a ping in five minutes; its own Go SDK pings every minute.
		PermitKeepAlive: 10 * time.Second,
	}
}

func (g *GRPC) keys() []key {
	const prefix = "nacos.remote.server.grpc.sdk."
	return []key{
		{
			name: prefix + "max-inbound-message-size", aliases: []string{"nacos.remote.server.grpc.maxinbound.message.size"},
			doc: "largest gRPC message taken, bytes", value: size(&g.MaxMessage, 64<<10, 256<<20),
		},
		{name: prefix + "keep-alive-time", doc: "silence before the server pings a client, ms", value: millis(&g.KeepAliveTime, time.Second, 24*time.Hour)},
		{name: prefix + "keep-alive-timeout", doc: "wait for the answer to that ping, ms", value: millis(&g.KeepAliveTimeout, 100*time.Millisecond, time.Hour)},
		{name: prefix + "permit-keep-alive-time", doc: "shortest interval at which a client may ping, ms", value: millis(&g.PermitKeepAlive, 0, time.Hour)},
	}
}
