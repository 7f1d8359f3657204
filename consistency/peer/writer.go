package peer

import (
	"bufio"
	"context"
	"net"
	"sync"
	"time"
)

// writer sends frames over one connection in the order they were given, many
// with one system call when they come fast.
type writer struct {
	nc    net.Conn
	queue chan []byte
	done  chan struct{}
	once  sync.Once
}

func newWriter(nc net.Conn) *writer {
	return &writer{nc: nc, queue: make(chan []byte, 256), done: make(chan struct{})}
}

// send queues a frame; false when the connection or ctx ended first.
func (w *writer) send(ctx context.Context, b []byte) bool {
	select {
	case <-w.done: // select picks at random: a closed writer must not win by chance
		return false
	default:
	}
	select {
	case w.queue <- b:
		return true
	case <-w.done:
		return false
	case <-ctx.Done():
		return false
	}
}

func (w *writer) close() { w.once.Do(func() { close(w.done) }) }

// run writes until the writer is closed or the connection fails, which it then
// closes: the reader of the same connection notices.
func (w *writer) run() {
	defer w.close()
	b := bufio.NewWriterSize(w.nc, 64<<10)
	for {
		var f []byte
		select {
		case f = <-w.queue:
		case <-w.done:
			return
		}
		_ = w.nc.SetWriteDeadline(time.Now().Add(writeTimeout))
		if err := w.drain(b, f); err != nil {
			_ = w.nc.Close()
			return
		}
	}
}

// drain writes f and what else is waiting.
func (w *writer) drain(b *bufio.Writer, f []byte) error {
	for {
		if _, err := b.Write(f); err != nil {
			return err
		}
		select {
		case f = <-w.queue:
		default:
			return b.Flush()
		}
	}
}
