package node

import (
	"bytes"
	"context"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/controller/rpc"
	"github.com/pharos-registry/pharos/controller/udp"
	"github.com/pharos-registry/pharos/service/naming"
	"github.com/pharos-registry/pharos/service/push"
)

// openPush builds what tells subscribers of changes, and has it told of them.
func (n *Node) openPush() {
	n.pushes = &push.Stats{}
	server := udp.New(n.pushes, n.log)
	n.hub = push.New(push.Options{
		Window:      n.set.Naming.PushTaskDelay,
		Retry:       n.set.Naming.PushRetryDelay,
		Subscribers: n.subscribers,
		Followed:    func(t push.Topic) bool { return n.naming.Followed(naming.Key(t)) },
		Render:      n.renderPush,
		Empty:       func(body []byte) bool { return bytes.Contains(body, []byte(`"hosts":[]`)) }, // quotes inside texts are escaped
		Peer:        server.Peer,
		Enabled:     func() bool { return n.naming.Switches().Push },
		Stats:       n.pushes,
		Log:         n.log,
	})
	n.naming.Observe(func(_ string, keys []naming.Key) {
		for _, k := range keys {
			n.hub.Changed(push.Topic(k))
		}
	})
	n.naming.OnSubscribe(func(s naming.Subscriber) { n.hub.Subscribed(push.Topic(s.Key), s.ClientID) })
	n.loops = append(n.loops, n.hub.Run, func(ctx context.Context) error { return n.serveUDP(ctx, server) })
	n.observePush()
}

// serveUDP pushes to 1.x SDKs until ctx ends. A machine that grants no socket is
// served without: those SDKs poll.
func (n *Node) serveUDP(ctx context.Context, server *udp.Server) error {
	if _, tcp := n.network.(peer.TCP); !tcp { // it has no datagrams
		<-ctx.Done()
		return nil
	}
	// Without brackets: an address of IPv6 may come with them.
	conn, err := udp.Listen(ctx, strings.Trim(n.set.Server.Bind, "[]"))
	if err != nil {
		n.log.Warn("subscribers are not told by UDP; they find changes when they poll", "error", err)
		<-ctx.Done()
		return nil
	}
	return server.Serve(ctx, conn)
}

func (n *Node) subscribers(t push.Topic, into []push.Subscriber) []push.Subscriber {
	n.naming.Followers(naming.Key(t), func(f naming.Follower) {
		into = append(into, push.Subscriber{ID: f.ClientID, Clusters: f.Clusters, Unsaid: f.Unsaid, Consumer: f.Consumer})
	})
	return into
}

// renderPush is what a follower of t is told.
func (n *Node) renderPush(t push.Topic, s push.Subscriber, f push.Form) (kind string, body []byte) {
	if f == push.Stream {
		return rpc.Notify(n.naming.StreamData(naming.Key(t), s.Clusters, s.Consumer, s.Unsaid))
	}
	return "", n.naming.PushData(naming.Key(t), s.Clusters, s.Consumer)
}

// observePush registers the counters of pushes.
func (n *Node) observePush() {
	counter := func(name, help string, value func(push.Counts) float64) {
		n.reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return value(n.pushes.Ever()) }))
	}
	counter("pharos_pushes_total", "Messages pushed to subscribers.", func(c push.Counts) float64 { return float64(c.Total) })
	counter("pharos_pushes_failed_total", "Pushed messages that were not acknowledged.", func(c push.Counts) float64 { return float64(c.Failed) })
	counter("pharos_pushes_acknowledged_total", "Pushed messages that were acknowledged.", func(c push.Counts) float64 { return float64(c.Acked) })
	counter("pharos_push_acknowledge_seconds_total", "Time from sending to acknowledgement, of all messages together.",
		func(c push.Counts) float64 { return c.Cost.Seconds() })
}
