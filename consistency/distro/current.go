package distro

import (
	"context"
	"sync"
	"time"
)

const (
	// flushTime is how long a peer is waited for: one that is slower than that is
	// asked for too much.
	flushTime = 500 * time.Millisecond
	flushLook = 5 * time.Millisecond
)

// Current waits until this node has the changes that were made on other nodes
// before the call, of all that can be reached. It is for the rare operation whose
// answer rests on what is not here.
func (s *Syncer) Current(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	var wg sync.WaitGroup
	for _, m := range s.opt.Members.View().Peers() {
		wg.Go(func() {
			if _, err := s.opt.Peer.Call(ctx, m.PeerAddr(), callFlush, newWriter(1).b); err != nil {
				s.opt.Logger.Debug("changes of a node were not waited for", "node", m.Addr, "error", err)
			}
		})
	}
	wg.Wait()
}

// servedFlush answers when nothing is left to be sent to the caller.
func (s *Syncer) servedFlush(ctx context.Context, _ []byte) ([]byte, error) {
	from, err := sender(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	l := s.links[from]
	s.mu.Unlock()
	if l == nil {
		return nil, nil
	}
	tick := time.NewTicker(flushLook)
	defer tick.Stop()
	for l.pending() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.ctx.Done():
			return nil, nil
		}
	}
	return nil, nil
}
