package peer

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// purposeCalls is the purpose of a connection that carries calls; any other
// names a stream.
const purposeCalls = "calls"

type identKey struct{}

// From returns the node whose call or request ctx belongs to.
func From(ctx context.Context) (Ident, bool) {
	id, ok := ctx.Value(identKey{}).(Ident)
	return id, ok
}

func (n *Node) accept(l net.Listener) error {
	for {
		nc, err := l.Accept()
		if err != nil {
			if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
				continue
			}
			return err
		}
		select {
		case n.handshakes <- struct{}{}:
		default: // too many strangers at the door
			_ = nc.Close()
			continue
		}
		if !n.track(nc) || !n.start(func() { n.admit(nc) }) {
			<-n.handshakes
			n.untrack(nc)
			_ = nc.Close()
		}
	}
}

// admit authenticates a connection and serves it. A stranger's is closed
// without a word.
func (n *Node) admit(nc net.Conn) {
	ctx, cancel := context.WithTimeout(n.life, handshakeTimeout)
	_ = nc.SetDeadline(time.Now().Add(handshakeTimeout))
	sc, err := serverHandshake(ctx, nc, n.opt.Credentials, n.opt.Self, n.refuse)
	cancel()
	<-n.handshakes
	if err != nil {
		n.untrack(nc)
		_ = nc.Close()
		n.opt.Logger.Debug("peer connection refused", "remote", nc.RemoteAddr().String(), "error", err)
		return
	}
	_ = nc.SetDeadline(time.Time{})
	if sc.purpose != purposeCalls {
		n.streams[sc.purpose].deliver(sc)
		return
	}
	n.serveCalls(sc)
	n.untrack(nc)
}

func (n *Node) refuse(purpose string) *Error {
	if purpose != purposeCalls && n.streams[purpose] == nil {
		return Errorf(NoHandler, "no stream %q", purpose)
	}
	return nil
}

// session is one accepted connection of calls.
type session struct {
	n   *Node
	ctx context.Context
	out *writer

	mu      sync.Mutex // guards the following field
	serving map[uint64]context.CancelFunc
}

func (n *Node) serveCalls(sc *secureConn) {
	ctx, cancel := context.WithCancel(context.WithValue(n.life, identKey{}, sc.remote))
	s := &session{n: n, ctx: ctx, out: newWriter(sc), serving: map[uint64]context.CancelFunc{}}
	var wg sync.WaitGroup
	wg.Go(s.out.run)
	r := bufio.NewReaderSize(sc, 64<<10)
	for {
		f, err := readFrame(r, n.opt.MaxFrame)
		if err != nil {
			break
		}
		switch f.typ {
		case frameRequest:
			s.request(f, &wg)
		case frameCancel:
			s.cancel(f.id)
		default: // a newer peer's frame; the version says it may be skipped
		}
	}
	cancel()
	s.out.close()
	_ = sc.Close()
	wg.Wait()
}

func (s *session) cancel(id uint64) {
	s.mu.Lock()
	c := s.serving[id]
	s.mu.Unlock()
	if c != nil {
		c()
	}
}

// request starts one request, or refuses it when the node has too much to do:
// it never stops reading, as cancellations come the same way.
func (s *session) request(f frame, wg *sync.WaitGroup) {
	timeout, kind, body, err := decodeRequest(f.payload)
	if err != nil {
		s.out.send(s.ctx, encodeFrame(frameError, f.id, encodeError(Errorf(BadRequest, "ill-formed request"))))
		return
	}
	h := s.n.handlers[kind]
	if h == nil {
		s.out.send(s.ctx, encodeFrame(frameError, f.id, encodeError(Errorf(NoHandler, "no call %q", kind))))
		return
	}
	size := int64(len(f.payload))
	ctx, cancel := context.WithTimeout(s.ctx, timeout)
	s.mu.Lock()
	busy := s.n.served.Add(size) > maxServedBytes || len(s.serving) >= maxServing
	if !busy {
		s.serving[f.id] = cancel
	}
	s.mu.Unlock()
	if busy {
		cancel()
		s.n.served.Add(-size)
		s.out.send(s.ctx, encodeFrame(frameError, f.id, encodeError(ErrBusy)))
		return
	}
	wg.Go(func() {
		defer cancel()
		out := s.answer(ctx, f.id, h, body)
		s.n.served.Add(-size)
		s.mu.Lock()
		delete(s.serving, f.id)
		s.mu.Unlock()
		s.out.send(s.ctx, out) //nolint:contextcheck // the answer is due after the request's own context ended
	})
}

// answer runs h and encodes what it returned.
func (s *session) answer(ctx context.Context, id uint64, h Handler, body []byte) []byte {
	out, err := h(ctx, body)
	if err == nil && frameHeader+len(out) > s.n.opt.MaxFrame {
		err = Errorf(TooLarge, "answer of %d bytes", len(out))
	}
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			err = wrap(ErrTimeout, err)
		}
		return encodeFrame(frameError, id, encodeError(err))
	}
	return encodeFrame(frameAnswer, id, out)
}
