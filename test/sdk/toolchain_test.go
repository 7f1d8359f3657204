package sdk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// language is one client project beside this file.
type language struct {
	name  string
	tools []string // executables without which it cannot run

	second bool   // an SDK of the 2.x generation, which speaks gRPC
	shares string // another project whose files it uses, too

	// prepare installs what the lock files name and compiles. It runs only
	// when a file of the project has changed since it last succeeded.
	prepare func(l *build)
	proof   string // a file that a prepared project has, relative to its folder or to the cache
	command func(project, cache string) []string
}

func languages() []language {
	return []language{
		{
			name: "java", tools: []string{"java", "mvn"}, proof: "project/target/classes/sdkcheck/Main.class",
			prepare: func(b *build) { b.do(b.project, "mvn", "-q", "-B", "package") },
			command: func(project, _ string) []string {
				classes := filepath.Join(project, "target", "classes") + string(os.PathListSeparator) + filepath.Join(project, "target", "lib", "*")
				return []string{"java", "-Xmx256m", "-cp", classes, "sdkcheck.Main"}
			},
		},
		{
			name: "go", tools: []string{"go"}, proof: "cache/sdkcheck",
			prepare: func(b *build) { b.do(b.project, "go", "build", "-o", filepath.Join(b.cache, "sdkcheck"), ".") },
			command: func(_, cache string) []string { return []string{filepath.Join(cache, "sdkcheck")} },
		},
		{
			name: "java2", tools: []string{"java", "mvn"}, proof: "project/target/classes/sdkcheck/Second.class", second: true, shares: "java",
			prepare: func(b *build) { b.do(b.project, "mvn", "-q", "-B", "package") },
			command: func(project, _ string) []string {
				classes := filepath.Join(project, "target", "classes") + string(os.PathListSeparator) + filepath.Join(project, "target", "lib", "*")
				return []string{"java", "-Xmx256m", "-cp", classes, "sdkcheck.Second"}
			},
		},
		{
			name: "go2", tools: []string{"go"}, proof: "cache/sdkcheck", second: true,
			prepare: func(b *build) { b.do(b.project, "go", "build", "-o", filepath.Join(b.cache, "sdkcheck"), ".") },
			command: func(_, cache string) []string { return []string{filepath.Join(cache, "sdkcheck")} },
		},
		{
			name: "node", tools: []string{"node", "npm"}, proof: "project/node_modules/nacos/package.json",
			prepare: func(b *build) { b.do(b.project, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error") },
			command: func(project, _ string) []string { return []string{"node", filepath.Join(project, "main.js")} },
		},
		{
			name: "python", tools: []string{"python3"}, proof: "cache/venv/bin/python",
			prepare: func(b *build) {
				b.do(b.project, "python3", "-m", "venv", "--clear", filepath.Join(b.cache, "venv"))
				b.do(b.project, filepath.Join(b.cache, "venv", "bin", "pip"), "install", "--quiet", "--disable-pip-version-check",
					"--no-input", "--require-hashes", "-r", "requirements.txt")
			},
			command: func(project, cache string) []string {
				return []string{filepath.Join(cache, "venv", "bin", "python"), filepath.Join(project, "main.py")}
			},
		},
	}
}

// build runs the steps of a preparation; the first error ends it.
type build struct {
	ctx            context.Context
	project, cache string
	err            error
}

func (b *build) do(dir, name string, args ...string) {
	if b.err != nil {
		return
	}
	cmd := exec.CommandContext(b.ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "GOFLAGS=") })
	if out, err := cmd.CombinedOutput(); err != nil {
		b.err = fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
}

// ready prepares the project unless that is done, and gives its command.
func (l language) ready(t *testing.T) ([]string, error) {
	t.Helper()
	project := filepath.Join(here(t), l.name)
	cache := cacheDir(t, l.name)
	sum, err := fingerprint(project)
	if err != nil {
		return nil, err
	}
	if l.shares != "" {
		more, err := fingerprint(filepath.Join(here(t), l.shares))
		if err != nil {
			return nil, err
		}
		sum += " " + more
	}
	stamp := filepath.Join(cache, "prepared")
	proof := strings.NewReplacer("project/", project+"/", "cache/", cache+"/").Replace(l.proof)
	was, _ := os.ReadFile(stamp) // absent: not prepared yet
	if _, err := os.Stat(proof); err != nil || string(was) != sum {
		t.Logf("preparing the %s client", l.name)
		b := &build{ctx: t.Context(), project: project, cache: cache}
		if l.prepare(b); b.err != nil {
			return nil, b.err
		}
		if err := os.WriteFile(stamp, []byte(sum), 0o600); err != nil {
			return nil, fmt.Errorf("remember that %s is prepared: %w", l.name, err)
		}
	}
	return l.command(project, cache), nil
}

// fingerprint is a digest of the project's own files.
func fingerprint(project string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(project, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if slices.Contains([]string{"node_modules", "target", "__pycache__"}, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(h, "%s %d\n", path, len(b))
		_, err = h.Write(b)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("files of %s: %w", project, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func here(t *testing.T) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("where is this source file?")
	}
	return filepath.Dir(file)
}

// cacheDir is a folder that git ignores and that lives from run to run.
func cacheDir(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(filepath.Dir(here(t)), ".cache", "sdk", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
