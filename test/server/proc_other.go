//go:build !linux

package server

import (
	"errors"
	"syscall"
	"time"
)

// errNoProc is what RSS and CPU answer where there is no /proc.
var errNoProc = errors.New("memory and CPU of a process are read on Linux only")

func diesWithParent() *syscall.SysProcAttr { return nil }

// RSS is the resident memory of the process in bytes.
func RSS(int) (int64, error) { return 0, errNoProc }

// CPU is the user and system time that the process has used.
func CPU(int) (time.Duration, error) { return 0, errNoProc }
