package mariadb

import "syscall"

// diesWithParent ends the database when the test process is killed.
func diesWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
