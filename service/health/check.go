// Package health asks the persistent instances of services whether they are
// well, from the server's side: nobody beats for them.
package health

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"
	"time"
)

// The types of checks. The first three are Nacos's; the others are ours, and
// need no support by clients. NONE and what is unknown is never checked.
const (
	TCP    = "TCP"
	HTTP   = "HTTP"
	MySQL  = "MYSQL"
	Redis  = "REDIS"
	GRPC   = "GRPC"
	Custom = "CUSTOM"
)

// Key names a service.
type Key struct{ Namespace, Group, Service string }

// Target is a persistent instance and how it is checked.
type Target struct {
	Key     Key
	IP      string
	Port    uint16
	Cluster string
	Healthy bool // what is known of it now

	Type    string // of the check
	Address string // host:port to ask, which need not be the instance's port
	Path    string // HTTP: of the request, with its query
	Headers string // HTTP: Name:Value|Name2:Value2
	User    string // MYSQL, REDIS
	Pwd     string // MYSQL, REDIS
	Cmd     string // MYSQL: the statement; GRPC: the service that is asked for
}

// Address returns host:port.
func Address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// Verdict is what a check has found.
type Verdict uint8

// The verdicts.
const (
	// Unknown says nothing of the instance: the check itself could not run.
	Unknown Verdict = iota
	// Pass is a healthy instance.
	Pass
	// Soft is a failure that may pass by; several in a row make an instance
	// unhealthy.
	Soft
	// Hard is a failure that makes it unhealthy at once.
	Hard
)

// Result is a verdict with its reason, for the log.
type Result struct {
	Verdict Verdict
	Err     error // nil for Pass
}

// Probe checks a target once. It ends by itself within seconds, and at once
// with ctx.
type Probe func(ctx context.Context, t *Target) Result

// timeout bounds connecting, and then reading: the reference's 500 ms.
const timeout = 500 * time.Millisecond

func pass() Result { return Result{Verdict: Pass} }

func soft(err error) Result { return Result{Soft, err} }

func hard(err error) Result { return Result{Hard, err} }

// unreachable judges an error of connecting: a refusal is an answer, anything
// else may pass by.
func unreachable(err error) Result {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return hard(err)
	}
	return soft(err)
}

// Probes returns the checks that this package has: all but GRPC, which a gRPC
// adapter provides, and CUSTOM, which an operator has to name.
func Probes() map[string]Probe {
	return map[string]Probe{
		TCP:   probeTCP,
		HTTP:  newHTTPProbe(),
		MySQL: newMySQLProbe(),
		Redis: probeRedis,
	}
}

// probeTCP passes when a connection can be made.
func probeTCP(ctx context.Context, t *Target) Result {
	d := net.Dialer{Timeout: timeout, KeepAlive: -1}
	c, err := d.DialContext(ctx, "tcp", t.Address)
	if err != nil {
		return unreachable(err)
	}
	_ = c.Close()
	return pass()
}
