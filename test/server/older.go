package server

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// oldest is the commit that clusters are upgraded from: the first one whose nodes
// work as a cluster of this design.
const oldest = "3f48b80"

// Older is the program as it was, for upgrades: the file named by
// PHAROS_OLD_BINARY, or else a build of the commit PHAROS_OLD_REF. Where this
// is no clone that has the commit, it is this program under another version;
// is says which of them it is.
func Older(tb testing.TB) (path, is string) {
	tb.Helper()
	if path = os.Getenv("PHAROS_OLD_BINARY"); path != "" {
		if _, err := os.Stat(path); err != nil {
			tb.Fatalf("PHAROS_OLD_BINARY: %v", err)
		}
		return path, path
	}
	ref, asked := os.LookupEnv("PHAROS_OLD_REF")
	if !asked {
		ref = oldest
	}
	path, err := buildRef(tb, ref)
	switch {
	case err == nil:
		return path, "commit " + ref
	case asked || !errors.Is(err, errNoCommit):
		tb.Fatal(err)
	}
	return Stamped(tb, "v0.0.0-old"), fmt.Sprintf("this very program, stamped v0.0.0-old, as %v", err)
}

var errNoCommit = errors.New("there is no such commit in this clone")

// buildRef builds the program of a commit from a copy of its files.
func buildRef(tb testing.TB, ref string) (string, error) {
	tb.Helper()
	_, here, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(here)))
	var said bytes.Buffer
	run := func(dir, name string, args ...string) error {
		cmd := exec.CommandContext(tb.Context(), name, args...)
		cmd.Dir, cmd.Stderr = dir, &said
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		return cmd.Run()
	}
	if err := run(root, "git", "cat-file", "-e", ref+"^{commit}"); err != nil {
		return "", fmt.Errorf("%w: %s", errNoCommit, ref)
	}
	dir := tb.TempDir()
	files, path := filepath.Join(dir, "files.tar"), filepath.Join(dir, "pharos-old")
	for _, step := range [][]string{
		{root, "git", "archive", "-o", files, ref},
		{dir, "tar", "-xf", files},
		{dir, "go", "build", "-tags", "nomsgpack", "-trimpath", "-ldflags", "-X main.stamped=old-" + ref, "-o", path, "./cmd/pharos"},
	} {
		if err := run(step[0], step[1], step[2:]...); err != nil {
			return "", fmt.Errorf("build commit %s: %s: %w\n%s", ref, step[1], err, said.String())
		}
	}
	return path, nil
}
