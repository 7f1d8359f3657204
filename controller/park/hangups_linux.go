package park

import (
	"errors"
	"os"
	"sync"
	"syscall"
)

// hangups notices clients that leave while they are parked, and idle ones that
// speak again, with an epoll set of its own. A goroutine that reads from each
// connection would do the same for ten times the memory.
type hangups struct {
	file  *os.File // the epoll set, itself waited for by Go's poller
	raw   syscall.RawConn
	event func(s *Spot, hangup bool)
	done  chan struct{}

	mu      sync.Mutex // guards the following fields
	spots   map[int32]*Spot
	gen     int32
	started bool // the goroutine runs, from the first connection on
	closed  bool
}

// watch is what a Spot keeps for hangups, guarded by hangups.mu.
type watch struct {
	fd  int32
	gen int32 // 0: not watched; tells the spot from others that had the same fd
}

const (
	whenGone   = syscall.EPOLLRDHUP | syscall.EPOLLONESHOT
	whenSpoken = syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT
)

var errUnwatched = errors.New("the connection has no file descriptor")

func newHangups(event func(*Spot, bool)) (*hangups, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(os.NewSyscallError("fcntl", err), syscall.Close(fd))
	}
	f := os.NewFile(uintptr(fd), "epoll")
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &hangups{file: f, raw: raw, event: event, done: make(chan struct{}), spots: map[int32]*Spot{}}, nil
}

// run waits for events until close.
func (h *hangups) run() {
	defer close(h.done)
	events := make([]syscall.EpollEvent, 256)
	for {
		n := 0
		var fail error
		err := h.raw.Read(func(fd uintptr) bool {
			n, fail = syscall.EpollWait(int(fd), events, 0)
			return n != 0 && !errors.Is(fail, syscall.EINTR) // nothing: have Go's poller wait
		})
		if err != nil { // closed
			return
		}
		if fail != nil {
			continue
		}
		for _, e := range events[:n] {
			h.mu.Lock()
			s := h.spots[e.Fd]
			if s != nil && s.gen != e.Pad {
				s = nil
			}
			h.mu.Unlock()
			if s != nil {
				h.event(s, e.Events&(syscall.EPOLLRDHUP|syscall.EPOLLHUP|syscall.EPOLLERR) != 0)
			}
		}
	}
}

// park watches s for a client that leaves.
func (h *hangups) park(s *Spot) error {
	c, ok := s.conn.(syscall.Conn)
	if !ok {
		return nil // not an error: the time will end it
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	err2 := raw.Control(func(fd uintptr) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.gen++; h.gen == 0 {
			h.gen++
		}
		s.watch = watch{int32(fd), h.gen} //nolint:gosec // descriptors are small numbers
		h.spots[s.fd] = s
		if !h.started && !h.closed {
			h.started = true
			go h.run()
		}
		err = h.control(syscall.EPOLL_CTL_ADD, &s.watch, whenGone)
	})
	return errors.Join(err, err2)
}

// idle watches s, which was parked, for whatever comes next.
func (h *hangups) idle(s *Spot) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.gen == 0 {
		return errUnwatched
	}
	return h.control(syscall.EPOLL_CTL_MOD, &s.watch, whenSpoken)
}

// forget stops watching s. Its connection is open still.
func (h *hangups) forget(s *Spot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.gen == 0 {
		return
	}
	delete(h.spots, s.fd)
	_ = h.control(syscall.EPOLL_CTL_DEL, &s.watch, 0)
	s.gen = 0
}

func (h *hangups) control(op int, w *watch, events uint32) error {
	var err error
	e := syscall.EpollEvent{Events: events, Fd: w.fd, Pad: w.gen}
	if err2 := h.raw.Control(func(fd uintptr) { err = syscall.EpollCtl(int(fd), op, int(w.fd), &e) }); err2 != nil {
		return err2
	}
	return os.NewSyscallError("epoll_ctl", err)
}

func (h *hangups) close() error {
	h.mu.Lock()
	h.closed = true
	started := h.started
	h.mu.Unlock()
	err := h.file.Close()
	if started {
		<-h.done
	}
	return err
}
