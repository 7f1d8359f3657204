//go:build unix

package sdk

import (
	"os/exec"
	"syscall"
)

// inGroup makes the program and its children one group, which ends together
// when the time is up: an SDK's own child processes would live on.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
