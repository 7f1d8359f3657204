package persistence_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/pharos-registry/pharos/persistence"
)

// tmpfs mounts a small disk of its own, which takes rights that not every test
// machine gives.
func tmpfs(t *testing.T, options string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// On a full disk writes are refused with a clear error and nothing is lost; with
// room again they work by themselves.
func TestFullDisk(t *testing.T) {
	dir := tmpfs(t, "size=1500k")
	db := must(persistence.Open(filepath.Join(dir, "p.db")))(t)
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	fill := strings.Repeat("x", 20_000)
	n := 0
	for ; ; n++ {
		_, err := db.Apply(t.Context(), publish("c"+strconv.Itoa(n), fill))
		if err == nil && n < 1000 {
			continue
		}
		if !errors.Is(err, persistence.ErrUnavailable) || !strings.Contains(err.Error(), "disk is full") {
			t.Errorf("after %d: %v", n, err)
		}
		break
	}
	if got := must(db.CountConfigs(t.Context()))(t); got != int64(n) || n == 0 {
		t.Errorf("%d configs, %d were answered", got, n)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=20m"); err != nil {
		t.Fatal(err)
	}
	mustApply(t, db, publish("c"+strconv.Itoa(n), fill))
	for i := range n + 1 {
		if c := must(db.Config(t.Context(), key("c"+strconv.Itoa(i))))(t); c == nil || c.Content != fill {
			t.Fatalf("config %d: %+v", i, c)
		}
	}
}

// A disk that cannot be written is said so at the start.
func TestReadOnlyDisk(t *testing.T) {
	dir := tmpfs(t, "size=8m")
	db := must(persistence.Open(filepath.Join(dir, "p.db")))(t)
	mustApply(t, db, publish("a", "one"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=8m"); err != nil {
		t.Fatal(err)
	}
	db, err := persistence.Open(filepath.Join(dir, "p.db"))
	if err == nil {
		_, err = db.Apply(t.Context(), publish("a", "two"))
		_ = db.Close()
	}
	if !errors.Is(err, persistence.ErrUnavailable) || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("%v", err)
	}
}
