//go:build unix

package middleware

import (
	"errors"
	"syscall"
)

// closed reports whether the other end of a connection has closed it. It looks
// beside whoever reads from it.
func closed(raw syscall.RawConn) (is bool) {
	err := raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		if err == nil {
			is = n == 0 // bytes are a next request
		} else {
			is = !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
		}
	})
	return is || err != nil
}
