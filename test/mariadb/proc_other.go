//go:build !linux

package mariadb

import "syscall"

func diesWithParent() *syscall.SysProcAttr { return nil }
