//go:build unix

package node

import (
	"errors"
	"os"
	"syscall"
)

// lock takes f for this process, or says that another one has it. A file system
// without locks, as some network ones are, has no say.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return errHeld
	case errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS):
		return nil
	default:
		return err
	}
}

// openFiles is how many files the process may have open.
func openFiles() int {
	const usual = 1024
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return usual
	}
	const most = 1 << 30 // "unlimited" is larger than an int may be
	return int(min(r.Cur, most))
}
