package sdk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// finding is what a program reported of one check.
type finding struct {
	check, result, detail string
}

// program is one run of a language's client.
type program struct {
	suite    suite
	language string
	env      []string
	does     map[string]func() // what a program may ask for
}

// run starts the program, prints its findings as they come and does what it
// asks for. Everything else that it says goes to a log, whose end is shown
// when something failed.
func (p *program) run(ctx context.Context, t *testing.T, command []string) ([]finding, error) {
	t.Helper()
	log, err := os.Create(filepath.Join(cacheDir(t, "logs"), p.suite.name+"-"+p.language+".log"))
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", p.language, err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env, cmd.Dir, cmd.Stderr = p.env, t.TempDir(), log
	inGroup(cmd)
	cmd.WaitDelay = 5 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("input of %s: %w", p.language, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("output of %s: %w", p.language, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.language, err)
	}
	found := p.read(out, in, log)
	err = cmd.Wait()
	failed := slices.ContainsFunc(found, func(f finding) bool { return f.result == "fail" })
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("%s did not end within %v", p.language, p.suite.limit)
	case err != nil && failed: // the code says what the findings say
		err = nil
	case err == nil && failed:
		err = errors.New(p.language + " ended with code 0 after a failed check")
	}
	if err != nil || failed {
		t.Logf("%s says (end of %s):\n%s", p.language, log.Name(), tail(log.Name()))
	}
	return found, err
}

func (p *program) read(out io.Reader, in, log io.Writer) []finding {
	var found []finding
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 4<<20) // an SDK may print what it got
	for lines.Scan() {
		line := lines.Text()
		field := strings.SplitN(line, "\t", 4)
		switch {
		case field[0] == "@check" && len(field) == 4:
			f := finding{field[1], field[2], strings.TrimSpace(field[3])}
			found = append(found, f)
			fmt.Printf("%-7s %-7s %-4s %-32s %s\n", p.suite.name, p.language, f.result, f.check, f.detail)
		case field[0] == "@ask" && len(field) == 2 && p.does[field[1]] != nil:
			p.does[field[1]]()
			_, _ = io.WriteString(in, "done\n") // a program that is gone shows in its exit code
		default:
			_, _ = fmt.Fprintln(log, line)
		}
	}
	_, _ = io.Copy(io.Discard, out)
	return found
}

// judge says what is wrong with a program's findings: failures, and checks that
// were not made.
func (s suite) judge(found []finding) []string {
	var wrong []string
	made := map[string]bool{}
	for _, f := range found {
		if made[f.check] || !slices.Contains(s.checks, f.check) {
			wrong = append(wrong, fmt.Sprintf("%q is reported twice or is no check of the suite", f.check))
		}
		made[f.check] = true
		if f.result != "ok" {
			wrong = append(wrong, fmt.Sprintf("%s: %s", f.check, f.detail))
		}
	}
	for _, c := range s.checks {
		if !made[c] {
			wrong = append(wrong, fmt.Sprintf("%q was not checked", c))
		}
	}
	return wrong
}

func tail(path string) string {
	const most = 3 << 10
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-most):])
}
