package raftlog

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/pharos-registry/pharos/consistency/cluster"
	"github.com/pharos-registry/pharos/consistency/peer"
)

const (
	transportTimeout = 3 * time.Second // of one message; a snapshot has more, by its size
	transportPool    = 3               // idle connections to each node
	absenceLimit     = time.Minute     // for which a message to an absent node is held back
)

func (n *Node) newTransport() transport {
	return transport{n: n, NetworkTransport: raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		ServerAddressProvider: whereabouts{n},
		Logger:                newLogger(n.opt.Logger),
		Stream:                layer{n.stream, n.selfPeerAddr(), &n.inlet, n.doubt},
		MaxPool:               transportPool,
		Timeout:               transportTimeout,
	})}
}

// closeTransport ends the transport and waits for its handlers. The library
// does not wait, and what a late one does with a heartbeat is to write to the
// log's file, closed by then.
func (n *Node) closeTransport() error {
	err := n.trans.Close()
	n.inlet.close()
	return err
}

// inlet is the accepted connections, each with a handler of the library.
type inlet struct {
	mu     sync.Mutex // guards the following fields
	conns  map[*inbound]struct{}
	closed bool
	wg     sync.WaitGroup
}

// add takes in a connection, or refuses it when the inlet is closed.
func (i *inlet) add(c net.Conn, ended func()) (*inbound, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return nil, false
	}
	if i.conns == nil {
		i.conns = map[*inbound]struct{}{}
	}
	in := &inbound{Conn: c, inlet: i, ended: ended}
	i.conns[in] = struct{}{}
	i.wg.Add(1)
	return in, true
}

func (i *inlet) close() {
	i.mu.Lock()
	i.closed = true
	for c := range i.conns {
		_ = c.Conn.Close()
	}
	i.mu.Unlock()
	i.wg.Wait()
}

// layer is the stream between nodes as Raft's transport wants it. A server is
// dialed as id@address, and only a node of that id is spoken to: one that lost
// its data and came back with a new id at the old address must not answer for
// votes and entries that its old self gave its word on.
type layer struct {
	*peer.Stream

	addr  string
	inlet *inlet
	ended func() // called when an accepted connection has ended
}

// Dial implements raft.StreamLayer.
func (l layer) Dial(target raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	id, addr, ok := strings.Cut(string(target), "@")
	if !ok {
		return nil, fmt.Errorf("server %s has no id", target)
	}
	c, err := l.Stream.Dial(addr, timeout)
	if err != nil {
		return nil, err
	}
	if who, ok := peer.IdentOf(c); !ok || who.ID != id {
		return nil, errors.Join(fmt.Errorf("%s is %s now, not %s", addr, who.ID, id), c.Close())
	}
	return c, nil
}

// Accept implements net.Listener.
func (l layer) Accept() (net.Conn, error) {
	c, err := l.Stream.Accept()
	if err != nil {
		return nil, err
	}
	in, ok := l.inlet.add(c, l.ended)
	if !ok {
		return nil, errors.Join(net.ErrClosed, c.Close())
	}
	return in, nil
}

// inbound is an accepted connection that may be idle between messages, but not
// in the midst of one. The library receives a snapshot in its main loop and
// without a deadline: a leader cut off while it sends one would keep this node
// from voting for as long as TCP lives.
type inbound struct {
	net.Conn

	inlet *inlet
	ended func()
	midst bool // something was read and not yet answered
}

// Close implements net.Conn. The handler calls it when it ends.
func (c *inbound) Close() error {
	c.ended()
	c.inlet.mu.Lock()
	if _, ok := c.inlet.conns[c]; ok {
		delete(c.inlet.conns, c)
		c.inlet.wg.Done()
	}
	c.inlet.mu.Unlock()
	return c.Conn.Close()
}

// Read implements net.Conn.
func (c *inbound) Read(b []byte) (int, error) {
	var limit time.Time
	if c.midst {
		limit = time.Now().Add(transportTimeout)
	}
	if err := c.SetReadDeadline(limit); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	c.midst = c.midst || n > 0
	return n, err
}

// Write implements net.Conn. One goroutine reads a message and answers it.
func (c *inbound) Write(b []byte) (int, error) {
	c.midst = false
	return c.Conn.Write(b)
}

// Addr is the address that the other nodes know.
func (l layer) Addr() net.Addr { return advertised(l.addr) }

type advertised string

func (advertised) Network() string  { return "peer" }
func (a advertised) String() string { return string(a) }

// transport is the library's, but for the name a server has in messages: its
// bare address, not what it is dialed by; and for what becomes of entries for a
// node that is gone.
type transport struct {
	*raft.NetworkTransport

	n *Node
}

var _ raft.WithPreVote = transport{}

// EncodePeer implements raft.Transport.
func (transport) EncodePeer(_ raft.ServerID, addr raft.ServerAddress) []byte { return []byte(addr) }

// AppendEntries implements raft.Transport. After each failure the library waits
// twice as long, up to ten seconds, before it offers a follower entries again:
// one that is back after a while would be that much behind, though it is heard
// at once. So the failure of a node that looks absent is not told: the entries are
// offered once more when it is back. If it is back at another address, the library
// has to learn that first, and is told.
func (t transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	err := t.NetworkTransport.AppendEntries(id, target, args, resp)
	if heartbeat := args.PrevLogEntry == 0 && len(args.Entries) == 0; heartbeat {
		return err
	}
	for err != nil && t.n.back(string(id), string(target)) {
		err = t.NetworkTransport.AppendEntries(id, target, args, resp)
	}
	return err
}

// back waits until a member that looks absent, or was not met yet, does so no
// more. It reports false of one that did not, of one that is at another address
// now, and where that no longer matters.
func (n *Node) back(id, addr string) (absent bool) {
	late := time.NewTimer(absenceLimit)
	defer late.Stop()
	for n.raft.State() == raft.Leader {
		v := n.opt.Members.View()
		if m, ok := v.ByID(id); ok && m.State != cluster.Down && m.State != cluster.Suspicious {
			return absent && m.PeerAddr() == addr
		}
		absent = true
		n.mu.Lock()
		other := n.leader
		n.mu.Unlock()
		select {
		case <-v.Changed():
		case <-other:
		case <-n.stopped:
			return false
		case <-late.C:
			return false
		}
	}
	return false
}

// AppendEntriesPipeline implements raft.Transport.
func (t transport) AppendEntriesPipeline(id raft.ServerID, target raft.ServerAddress) (raft.AppendPipeline, error) {
	p, err := t.NetworkTransport.AppendEntriesPipeline(id, target)
	if err != nil {
		return nil, err
	}
	return pipeline{p}, nil
}

// pipeline is the library's, but for a limit on how long it takes a message.
// When a follower refuses an entry, the library stops reading answers and may
// still send one more message, for which it then waits without end: that
// follower would get nothing until there is another leader, and this node could
// not be shut down. Closed, the pipeline gives way to plain messages and is
// opened again.
type pipeline struct{ raft.AppendPipeline }

// AppendEntries implements raft.AppendPipeline.
func (p pipeline) AppendEntries(args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	limit := time.AfterFunc(transportTimeout, func() { _ = p.Close() })
	defer limit.Stop()
	return p.AppendPipeline.AppendEntries(args, resp)
}

// whereabouts finds a server where membership knows it now, else where the log
// has it: that address may be of before it moved.
type whereabouts struct{ n *Node }

// ServerAddr implements raft.ServerAddressProvider.
func (w whereabouts) ServerAddr(id raft.ServerID) (raft.ServerAddress, error) {
	if m, ok := w.n.opt.Members.View().ByID(string(id)); ok {
		return raft.ServerAddress(string(id) + "@" + m.PeerAddr()), nil
	}
	if f := w.n.raft.GetConfiguration(); f.Error() == nil {
		for _, s := range f.Configuration().Servers {
			if s.ID == id {
				return raft.ServerAddress(string(id) + "@" + string(s.Address)), nil
			}
		}
	}
	return "", fmt.Errorf("no server has the id %s", id)
}
