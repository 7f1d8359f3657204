//go:build linux

package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// mesh stands between the nodes' peer ports. Others know a node by an address
// on which a proxy listens; whose connection it is tells the kernel's table of
// sockets, so that each pair of nodes has a link of its own in each direction.
type mesh struct {
	tb  testing.TB
	pid func(node int) int // process of a node

	mu     sync.Mutex // guards the following fields
	links  map[[2]int]*link
	fronts []net.Listener
	pipes  map[*pipe]struct{}
	wg     sync.WaitGroup
}

// weather is what a link does to the bytes that go over it.
type weather struct {
	hold  bool          // nothing arrives until the link is mended, as when packets are lost
	reset bool          // connections break and new ones are refused
	delay time.Duration // each way, up to half as much more
	loss  float64       // share of chunks that arrive late, as after being sent again
}

// link is the way of bytes from one node to another, whoever opened the
// connection.
type link struct {
	mu      sync.Mutex // guards the following fields
	now     weather
	changed chan struct{} // closed when it does
}

// resend is how long a lost packet takes to be sent again: Linux's least.
const resend = 200 * time.Millisecond

func newMesh(tb testing.TB, pid func(int) int) *mesh {
	tb.Helper()
	m := &mesh{tb: tb, pid: pid, links: map[[2]int]*link{}, pipes: map[*pipe]struct{}{}}
	tb.Cleanup(m.close)
	return m
}

// front listens on the address that others know a node by and passes
// connections on to the one that it listens on.
func (m *mesh) front(node int, known, behind string) {
	m.tb.Helper()
	l, err := net.Listen("tcp", known)
	if err != nil {
		m.tb.Fatal(err)
	}
	m.mu.Lock()
	m.fronts = append(m.fronts, l)
	m.mu.Unlock()
	m.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.wg.Go(func() { m.serve(c, node, behind) })
		}
	})
}

func (m *mesh) close() {
	m.mu.Lock()
	for _, l := range m.fronts {
		_ = l.Close()
	}
	for p := range m.pipes {
		p.close()
	}
	m.mu.Unlock()
	m.wg.Wait()
}

func (m *mesh) link(from, to int) *link {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := [2]int{from, to}
	if m.links[k] == nil {
		m.links[k] = &link{changed: make(chan struct{})}
	}
	return m.links[k]
}

// set changes the link from one node to another.
func (m *mesh) set(from, to int, w weather) {
	l := m.link(from, to)
	l.mu.Lock()
	l.now = w
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
	if !w.reset {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for p := range m.pipes {
		if p.from == from && p.to == to || p.from == to && p.to == from {
			p.close()
		}
	}
}

// heal mends every link.
func (m *mesh) heal() {
	m.mu.Lock()
	var all [][2]int
	for k := range m.links {
		all = append(all, k)
	}
	m.mu.Unlock()
	for _, k := range all {
		m.set(k[0], k[1], weather{})
	}
}

// pipe is one connection through the mesh: opened by from.
type pipe struct {
	from, to int
	a, b     net.Conn
	ctx      context.Context
	end      context.CancelFunc
}

func (p *pipe) close() {
	p.end()
	_ = p.a.Close()
	_ = p.b.Close()
}

func (m *mesh) serve(a net.Conn, to int, behind string) {
	from, ok := m.dialer(a)
	if !ok || m.link(from, to).state().reset || m.link(to, from).state().reset {
		_ = a.Close()
		return
	}
	b, err := net.Dial("tcp", behind)
	if err != nil {
		_ = a.Close()
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &pipe{from: from, to: to, a: a, b: b, ctx: ctx, end: cancel}
	m.mu.Lock()
	m.pipes[p] = struct{}{}
	m.mu.Unlock()
	var wg sync.WaitGroup
	wg.Go(func() { m.link(from, to).carry(p, p.b, p.a) })
	wg.Go(func() { m.link(to, from).carry(p, p.a, p.b) })
	wg.Wait()
	p.close()
	m.mu.Lock()
	delete(m.pipes, p)
	m.mu.Unlock()
}

func (l *link) state() weather {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// chunk is some bytes and when they may arrive.
type chunk struct {
	data []byte
	due  time.Time
}

// carry copies until the connection ends. Reading and writing are apart, so
// that a delay is one of the way and not a limit of its rate.
func (l *link) carry(p *pipe, dst, src net.Conn) {
	way := make(chan chunk, 256)
	go func() {
		defer close(way)
		for {
			buf := make([]byte, 16<<10)
			n, err := src.Read(buf)
			if n > 0 {
				w := l.state()
				c := chunk{data: buf[:n], due: time.Now().Add(w.delay)}
				if w.delay > 0 {
					c.due = c.due.Add(rand.N(w.delay/2 + 1))
				}
				if rand.Float64() < w.loss {
					c.due = c.due.Add(resend)
				}
				select {
				case way <- c:
				case <-p.ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	for c := range way {
		if !l.wait(p.ctx, c.due) {
			p.close()
			return
		}
		if _, err := dst.Write(c.data); err != nil {
			p.close()
			return
		}
	}
	if l.wait(p.ctx, time.Time{}) { // the end of a connection does not get through either
		p.close()
	}
}

// wait returns when something due may arrive, and false when the connection
// ended before.
func (l *link) wait(ctx context.Context, due time.Time) bool {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	late := timer.C
	for {
		l.mu.Lock()
		held, changed := l.now.hold, l.changed
		l.mu.Unlock()
		if late == nil && !held {
			return true
		}
		select {
		case <-late:
			late = nil
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// dialer finds out which node opened a connection.
func (m *mesh) dialer(c net.Conn) (node int, ok bool) {
	addr, isTCP := c.RemoteAddr().(*net.TCPAddr)
	if !isTCP {
		return 0, false
	}
	inode, err := inodeOf(addr.Port, c.LocalAddr().(*net.TCPAddr).Port)
	if err != nil {
		return 0, false // it has hung up already
	}
	for node := range maxNodes {
		if pid := m.pid(node); pid != 0 && holds(pid, inode) {
			return node, true
		}
	}
	return 0, false
}

// maxNodes bounds the numbers of nodes of one test.
const maxNodes = 64

var errNoSocket = errors.New("no such socket")

// inodeOf gives the inode of the local socket that is connected from one port
// to another.
func inodeOf(local, remote int) (string, error) {
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	mine, its := fmt.Sprintf(":%04X", local), fmt.Sprintf(":%04X", remote)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		field := strings.Fields(lines.Text())
		if len(field) > 9 && strings.HasSuffix(field[1], mine) && strings.HasSuffix(field[2], its) {
			return field[9], nil
		}
	}
	return "", errNoSocket
}

// holds says whether a process has the socket open.
func holds(pid int, inode string) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	d, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer func() { _ = d.Close() }()
	want := "socket:[" + inode + "]"
	for {
		names, err := d.Readdirnames(256)
		for _, n := range names {
			if to, err := os.Readlink(filepath.Join(dir, n)); err == nil && to == want {
				return true
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return false
			}
			return false
		}
	}
}
