package conformance

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Differences are the answers that are meant to be other than the
// reference's, and which of them were met.
type Differences struct {
	reason map[string]string // step id → why
	met    map[string]bool   // listed and differing
	agreed map[string]bool   // listed, replayed and equal
}

// LoadDifferences reads lists, one after another: "[scenario] METHOD url #
// reason" a line. Lines that do not begin with "[" are comments.
func LoadDifferences(paths ...string) (*Differences, error) {
	var all []io.Reader
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read differences: %w", err)
		}
		defer func() { _ = f.Close() }()
		all = append(all, f)
	}
	return ReadDifferences(io.MultiReader(all...))
}

// ReadDifferences is LoadDifferences for an open file. Every entry needs a
// reason, and may stand there once.
func ReadDifferences(r io.Reader) (*Differences, error) {
	d := &Differences{reason: map[string]string{}, met: map[string]bool{}, agreed: map[string]bool{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if !strings.HasPrefix(line, "[") {
			continue
		}
		id, reason, _ := strings.Cut(line, " # ")
		id = strings.TrimSpace(id)
		if strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("differences, line %d: no reason given (\" # reason\")", n)
		}
		if _, twice := d.reason[id]; twice {
			return nil, fmt.Errorf("differences, line %d: %s is listed twice", n, id)
		}
		d.reason[id] = reason
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read differences: %w", err)
	}
	return d, nil
}

// Count notes the results of one replay and sorts them: how many agreed, how
// many differ as listed, and those that differ unlisted.
func (d *Differences) Count(results []Result) (agreed, listed int, unlisted []Result) {
	for _, r := range results {
		id := r.Step.ID()
		_, known := d.reason[id]
		switch {
		case len(r.Diffs) == 0:
			agreed++
			if known {
				d.agreed[id] = true
			}
		case known:
			listed++
			d.met[id] = true
		default:
			unlisted = append(unlisted, r)
		}
	}
	return agreed, listed, unlisted
}

// Stale are the listed differences that were replayed and differed in no
// replay that has been counted.
func (d *Differences) Stale() []string {
	var out []string
	for id := range d.agreed {
		if !d.met[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Unknown are the listed differences that name no step of these recordings.
func (d *Differences) Unknown(recordings ...[]Scenario) []string {
	known := map[string]bool{}
	for _, scenarios := range recordings {
		for _, sc := range scenarios {
			for i := range sc.Steps {
				known[sc.Steps[i].ID()] = true
			}
		}
	}
	var out []string
	for id := range d.reason {
		if !known[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
