package udp

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pharos-registry/pharos/service/push"
)

// peer is one subscriber. Its fields are guarded by the server's lock.
type peer struct {
	server *Server
	addr   netip.AddrPort
	told   time.Time // the last message
	open   []*entry  // not acknowledged, oldest first
}

var _ push.Conn = (*peer)(nil)

// Send sends m as one datagram and waits for nothing. What cannot be sent at
// all is counted as failed; the SDK reads it with its next poll.
func (p *peer) Send(m push.Message) error {
	s := p.server
	packet := m.Wire(s.pack.pack)
	if len(packet) > maxDatagram {
		s.stats.Failed()
		s.log.Debug("too large for a datagram", "to", p.addr, "bytes", len(packet))
		return nil
	}
	e, dropped := p.expect(m, packet)
	if dropped {
		s.stats.Failed()
	}
	err := s.write(packet, p.addr)
	if err == nil {
		return nil
	}
	s.mu.Lock()
	waiting := s.open[ackID{p.addr, e.seq}] == e
	if waiting {
		s.forget(e)
	}
	s.mu.Unlock()
	if noWay := (*net.AddrError)(nil); errors.As(err, &noWay) {
		s.stats.Failed() // an address that this socket can never reach
		return nil
	}
	return err
}

// expect notes that m is on its way, before an acknowledgement can come.
func (p *peer) expect(m push.Message, packet []byte) (e *entry, dropped bool) {
	s := p.server
	now := time.Now()
	e = &entry{peer: p, seq: m.Seq, key: m.Key, packet: packet, sent: now}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.told = now
	if len(p.open) == maxOpen {
		s.forget(p.open[0])
		dropped = true
	}
	for _, old := range p.open {
		old.stale = old.stale || old.key == m.Key
	}
	p.open = append(p.open, e)
	s.open[ackID{p.addr, e.seq}] = e
	if s.second.first == nil {
		select {
		case s.kick <- struct{}{}:
		default:
		}
	}
	s.second.add(e, now)
	return e, dropped
}

func (p *peer) remove(e *entry) {
	if i := slices.Index(p.open, e); i >= 0 {
		p.open = slices.Delete(p.open, i, i+1)
	}
}

// Close does nothing: a subscriber has no connection of its own.
func (*peer) Close() {}
