package node

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/consistency/distro"
	"github.com/pharos-registry/pharos/controller/rpc"
	"github.com/pharos-registry/pharos/persistence"
	"github.com/pharos-registry/pharos/service/health"
	"github.com/pharos-registry/pharos/service/naming"
)

// openHealth builds what checks persistent instances.
func (n *Node) openHealth() error {
	probes, err := n.probes()
	if err != nil {
		return err
	}
	checks := health.New(health.Options{
		Services: n.checkedServices,
		Targets:  n.checkTargets,
		Report: func(ctx context.Context, t health.Target, healthy bool) error {
			return n.naming.SetHealth(ctx, naming.Key(t.Key), t.IP, t.Port, healthy)
		},
		Owns:     n.checks,
		Switches: n.checkSwitches,
		Probes:   probes,
		Log:      n.log,
	})
	n.naming.Observe(func(clientID string, keys []naming.Key) {
		if clientID != "" && !strings.HasSuffix(clientID, "#false") {
			return // who beats is not checked
		}
		for _, k := range keys {
			checks.Changed(health.Key(k))
		}
	})
	// How a cluster is checked is a row that subscribers are not told of.
	n.db.Observe(func(op persistence.Op, _ persistence.Result) {
		switch op := op.(type) {
		case persistence.PutCluster:
			checks.Changed(serviceOf(op.ServiceKey))
		case persistence.RemoveService:
			checks.Changed(serviceOf(op.ServiceKey))
		}
	})
	n.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pharos_checked_instances", Help: "Instances whose health this server checks.",
	}, func() float64 { return float64(checks.Len()) }))
	n.prober = checks
	n.loops = append(n.loops, checks.Run)
	return nil
}

// checks reports whether this node is the one that checks an address. The nodes
// share them out as they do the clients that send beats.
func (n *Node) checks(ip string, port uint16) bool {
	if n.members == nil {
		return true
	}
	v := n.members.View()
	return distro.Owner(v, net.JoinHostPort(ip, strconv.Itoa(int(port)))) == v.Self
}

func serviceOf(k persistence.ServiceKey) health.Key {
	return health.Key{Namespace: k.Namespace, Group: k.Group, Service: k.Name}
}

// probes are the checks of all types, by type.
func (n *Node) probes() (map[string]health.Probe, error) {
	probes := health.Probes()
	probes[health.GRPC] = rpc.ProbeHealth
	command, hook := n.set.Naming.CheckCommand, n.set.Naming.CheckHook
	switch {
	case command != "" && hook != "":
		return nil, errors.New("pharos.naming.check.command and pharos.naming.check.hook are both set; keep one of them")
	case hook != "":
		probes[health.Custom] = health.Hook(hook)
	case command != "":
		custom, err := health.Command(command)
		if err != nil {
			return nil, err
		}
		probes[health.Custom] = custom
	}
	return probes, nil
}

// checkedServices calls yield with each service that has persistent instances.
func (n *Node) checkedServices(yield func(health.Key) bool) {
	last := health.Key{}
	for t := range n.naming.Targets {
		k := health.Key(t.Key)
		if k != last && !yield(k) {
			return
		}
		last = k
	}
}

// checkTargets are the persistent instances of a service.
func (n *Node) checkTargets(k health.Key) []health.Target {
	v := n.naming.View(naming.Key(k))
	if v.Ephemeral {
		return nil
	}
	targets := make([]health.Target, 0, len(v.Instances))
	for _, in := range v.Instances {
		if in.Ephemeral {
			continue
		}
		c, _ := v.Meta.Cluster(in.Cluster)
		port := int(in.Port)
		if !c.UseInstancePort {
			port = c.CheckPort
		}
		targets = append(targets, health.Target{
			Key: k, IP: in.IP, Port: in.Port, Cluster: in.Cluster, Healthy: in.Healthy,
			Type: c.Checker.Type, Address: health.Address(in.IP, port),
			Path: c.Checker.Path, Headers: c.Checker.Headers,
			User: c.Checker.User, Pwd: c.Checker.Pwd, Cmd: c.Checker.Cmd,
		})
	}
	return targets
}

func (n *Node) checkSwitches() health.Switches {
	sw := n.naming.Switches()
	params := func(p naming.HealthParams) health.Params {
		return health.Params{Max: p.Max, Min: p.Min, Factor: float64(p.Factor)}
	}
	return health.Switches{
		Check: sw.Check, Times: sw.CheckTimes,
		TCP: params(sw.TCPHealth), HTTP: params(sw.HTTPHealth), MySQL: params(sw.MySQLHealth),
	}
}
