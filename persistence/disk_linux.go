package persistence

import "syscall"

// diskFull says whether the file system that holds path has no room for a
// handful of pages.
func diskFull(path string) bool {
	var s syscall.Statfs_t
	const room = 256 << 10
	return syscall.Statfs(path, &s) == nil && s.Bavail*uint64(s.Bsize) < room //nolint:gosec // a block size is positive
}
