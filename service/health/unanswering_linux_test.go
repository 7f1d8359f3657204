package health_test

import (
	"net"
	"strconv"
	"syscall"
	"testing"
)

// unanswering is an address whose queue of connections is full, so that the
// next one is neither taken nor refused.
func unanswering(tb testing.TB) (addr string, ok bool) {
	tb.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		tb.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		tb.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		tb.Fatal(err)
	}
	in4, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		return "", false
	}
	addr = "127.0.0.1:" + strconv.Itoa(in4.Port)
	c, err := net.Dial("tcp", addr) // fills the queue
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return addr, true
}
