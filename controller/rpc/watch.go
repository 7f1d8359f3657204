package rpc

import (
	"context"
	"net"
	"strconv"
	"time"
)

// watch looks after the connections until ctx ends or the server fails.
func (s *Server) watch(ctx context.Context, failed <-chan error) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case now := <-tick.C:
			for _, c := range s.snapshot() {
				s.look(c, now)
			}
		}
	}
}

// snapshot is Connections in no order.
func (s *Server) snapshot() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*Conn, 0, len(s.conns))
	for _, c := range s.conns {
		out = append(out, c)
	}
	return out
}

// look gives up what was not acknowledged, asks a silent client for a sign of
// life, and lets go of one that has given none or takes nothing.
func (s *Server) look(c *Conn, now time.Time) {
	for _, p := range c.late(now) {
		p.done(errNoAck)
	}
	ms := now.UnixMilli()
	if since := c.blocked.Load(); since != 0 && ms-since > stuck.Milliseconds() {
		s.o.Log.Info("a client that takes nothing is let go", "connection", c.ID)
		s.unregister(c)
		return
	}
	silent := time.Duration(ms-c.active.Load()) * time.Millisecond
	switch {
	case silent < idle:
	case silent >= idle+2*detection && c.asked.Load(): // the question itself did not get out
		s.unregister(c)
	case c.asked.CompareAndSwap(false, true):
		go c.Push("ClientDetectionRequest", Raw(`,"module":"internal"`), detection, func(err error) { // ends with the connection, at the latest
			if err == nil {
				c.touch()
				c.asked.Store(false)
				return
			}
			if time.Now().UnixMilli()-c.active.Load() < idle.Milliseconds() { // it has spoken meanwhile
				c.asked.Store(false)
				return
			}
			s.o.Log.Info("a client that says nothing is let go", "connection", c.ID)
			s.unregister(c)
		})
	}
}

// Reset asks the client to go to another server: one at that address, ip:port, if
// it knows it, else any. It blocks while the connection takes no bytes.
func (c *Conn) Reset(to string) {
	fields := Raw(nil)
	if host, port, err := net.SplitHostPort(to); err == nil {
		fields = appendString(append(fields, `,"serverIp":`...), host)
		fields = appendString(append(fields, `,"serverPort":`...), port)
		fields = appendString(append(fields, `,"connectionId":`...), c.ID)
	}
	fields = append(fields, `,"module":"internal"`...)
	c.Push("ConnectResetRequest", fields, resetWait, func(error) {}) // one that does not go stays
}

// packed is a push as it is sent, with the id that its acknowledgement has.
func packed(kind, self string, seq int64, fields []byte) []byte {
	body := make([]byte, 0, len(fields)+64)
	body = append(body, `{"headers":{},"requestId":"`...)
	body = strconv.AppendInt(body, seq, 10)
	body = append(body, '"')
	body = append(append(body, fields...), '}')
	p := Payload{Type: kind, ClientIP: self, Body: body}
	return p.Append(make([]byte, 0, len(body)+128))
}

func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}
