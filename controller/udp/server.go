// Package udp tells the SDKs of the 1.x generation what has changed: datagrams
// that they acknowledge, sent once more when they do not.
package udp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pharos-registry/pharos/service/push"
)

// Times and bounds of the protocol (contract §12.4).
const (
	// ackWait is how long an acknowledgement may take, of the first datagram and
	// then of the second one.
	ackWait = 10 * time.Second
	// maxOpen bounds the unacknowledged datagrams of one subscriber; the oldest
	// one gives way.
	maxOpen = 256
	// idle is after how long a subscriber that is told nothing is forgotten here;
	// the next message makes it anew.
	idle = time.Minute
)

// errNotServing is the failure of a message before Serve has a socket.
var errNotServing = errors.New("the UDP socket is not open")

// PacketConn is the part of *net.UDPConn that a Server needs.
type PacketConn interface {
	ReadFromUDPAddrPort(b []byte) (n int, addr netip.AddrPort, err error)
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
	Close() error
}

// Listen opens the socket that pushes are sent from and acknowledgements come
// back to, on a port that the system chooses.
func Listen(ctx context.Context, bind string) (*net.UDPConn, error) {
	var lc net.ListenConfig
	c, err := lc.ListenPacket(ctx, "udp", net.JoinHostPort(bind, "0"))
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UDPConn)
	if !ok {
		return nil, errors.Join(errors.New("not a UDP socket"), c.Close())
	}
	// The acknowledgements of one push come all at once. What the system does not
	// grant is no reason not to serve.
	const buffer = 4 << 20
	_ = u.SetReadBuffer(buffer)
	_ = u.SetWriteBuffer(buffer)
	return u, nil
}

// Server sends datagrams to subscribers, and waits for their acknowledgements.
// It remembers what is not acknowledged, nothing else.
type Server struct {
	stats *push.Stats
	log   *slog.Logger
	pack  packer
	kick  chan struct{} // something waits that did not before

	mu     sync.Mutex // guards the following fields, and those of peers and entries
	conn   PacketConn // nil: not serving
	peers  map[string]*peer
	open   map[ackID]*entry
	second line // sent once
	last   line // sent for the last time
}

// New returns a Server that counts in stats.
func New(stats *push.Stats, log *slog.Logger) *Server {
	return &Server{
		stats:  stats,
		log:    log,
		kick:   make(chan struct{}, 1),
		peers:  map[string]*peer{},
		open:   map[ackID]*entry{},
		second: line{wait: ackWait},
		last:   line{wait: ackWait},
	}
}

// Serve sends and receives on c until ctx ends, and closes it.
func (s *Server) Serve(ctx context.Context, c PacketConn) error {
	s.mu.Lock()
	s.conn = c
	s.mu.Unlock()
	var timers sync.WaitGroup
	timers.Go(func() { s.watch(ctx) })
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	err := s.receive(ctx, c)
	timers.Wait()
	return err
}

// receive reads acknowledgements until the socket is closed.
func (s *Server) receive(ctx context.Context, c PacketConn) error {
	buf := make([]byte, maxAck+1)
	for {
		n, addr, err := c.ReadFromUDPAddrPort(buf)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the socket was closed to stop
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil { // an ICMP error of some subscriber is nobody else's trouble
			s.log.Debug("read acknowledgement", "error", err)
			continue
		}
		seq, ok := ParseAck(buf[:n])
		if !ok || !s.acked(ackID{netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), seq}) {
			s.log.Debug("unexpected datagram", "from", addr, "bytes", n)
		}
	}
}

func (s *Server) acked(id ackID) bool {
	s.mu.Lock()
	e := s.open[id]
	if e != nil {
		s.forget(e)
	}
	s.mu.Unlock()
	if e == nil {
		return false
	}
	s.stats.Acked(time.Since(e.sent))
	return true
}

// forget takes e out of everything. Call it with the lock held.
func (s *Server) forget(e *entry) {
	delete(s.open, ackID{e.peer.addr, e.seq})
	e.peer.remove(e)
	if e.line != nil {
		e.line.remove(e)
	}
}

// watch sends again and gives up what is due, until ctx ends.
func (s *Server) watch(ctx context.Context) {
	timer := time.NewTimer(idle)
	defer timer.Stop()
	sweep := time.Now().Add(idle)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		case <-timer.C:
		}
		again, lost := s.due(time.Now())
		for _, e := range again {
			if err := s.write(e.packet, e.peer.addr); err != nil {
				s.log.Debug("send again", "to", e.peer.addr, "error", err)
			}
		}
		for range lost {
			s.stats.Failed()
		}
		if now := time.Now(); !now.Before(sweep) {
			s.dropIdle(now)
			sweep = now.Add(idle)
		}
		timer.Reset(max(0, time.Until(s.nextDue(sweep))))
	}
}

// due returns what is to be sent again, and how many are given up.
func (s *Server) due(now time.Time) (again []*entry, lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.last.pop(now); e != nil; e = s.last.pop(now) {
		s.forget(e)
		lost++
	}
	for e := s.second.pop(now); e != nil; e = s.second.pop(now) {
		if e.stale {
			s.forget(e) // older than what the subscriber was told since
			lost++
			continue
		}
		s.last.add(e, now)
		again = append(again, e)
	}
	return again, lost
}

// nextDue is when watch has to look again, at the latest at limit.
func (s *Server) nextDue(limit time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range []*line{&s.second, &s.last} {
		if l.first != nil && l.first.due.Before(limit) {
			limit = l.first.due
		}
	}
	return limit
}

func (s *Server) dropIdle(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, p := range s.peers {
		if len(p.open) == 0 && now.Sub(p.told) >= idle {
			delete(s.peers, id)
		}
	}
}

func (s *Server) write(packet []byte, addr netip.AddrPort) error {
	s.mu.Lock()
	c := s.conn
	s.mu.Unlock()
	if c == nil {
		return errNotServing
	}
	_, err := c.WriteToUDPAddrPort(packet, addr)
	return err
}

// Peer returns the subscriber of a client id, ip:port#true, or nil if the id is
// not of that kind.
func (s *Server) Peer(id string) push.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.peers[id]; p != nil {
		return p
	}
	addr, ok := parseID(id)
	if !ok {
		return nil
	}
	p := &peer{server: s, addr: addr, told: time.Now()}
	s.peers[id] = p
	return p
}

// parseID reads ip:port#true. The address of IPv6 may stand without brackets.
func parseID(id string) (netip.AddrPort, bool) {
	addr, _, ok := strings.Cut(id, "#")
	colon := strings.LastIndexByte(addr, ':')
	if !ok || colon < 0 {
		return netip.AddrPort{}, false
	}
	ip, err := netip.ParseAddr(strings.Trim(addr[:colon], "[]"))
	port, perr := strconv.ParseUint(addr[colon+1:], 10, 16)
	if err != nil || perr != nil || port == 0 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(port)), true
}
