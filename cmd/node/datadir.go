package node

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// errHeld is returned by lock for a file that another process has locked.
var errHeld = errors.New("held by another process")

// openDataDir makes the data directory and takes it for this process alone.
// Two servers on one would write each other's database. The lock ends with the
// process, however that ends; the file stays.
func openDataDir(dir string) (io.Closer, error) {
	const cure = "set --data to a directory that this user may write"
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("the data directory cannot be made: %w; %s", err, cure)
	}
	f, err := os.OpenFile(filepath.Join(dir, "pharos.lock"), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the directory is a setting
	if err != nil {
		return nil, fmt.Errorf("the data directory cannot be written: %w; %s", err, cure)
	}
	err = lock(f)
	if errors.Is(err, errHeld) {
		err = fmt.Errorf("the data directory %s is in use by %s; stop it, or choose another with --data", dir, holder(f))
	}
	if err == nil {
		err = sign(f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// sign leaves the process id for whoever finds the directory locked.
func sign(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// holder names who signed.
func holder(f *os.File) string {
	const most = 20 // digits of any process id
	b := make([]byte, most)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "another process"
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil {
		return "another process"
	}
	return "process " + strconv.Itoa(pid)
}

// private makes a file for this user alone, where there is none: the database
// holds password hashes.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the directory is a setting
	if err != nil {
		return err
	}
	return f.Close()
}

// withdraw takes a database's other files from everybody else, which SQLite
// makes by the umask. They are not opened for it: to close them again would
// give up the locks on them.
func withdraw(path string) error {
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Chmod(p, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
