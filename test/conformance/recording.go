// Package conformance replays what real Nacos servers answered against
// another server and tells every difference.
//
// A recording (testdata/*.jsonl) is a list of requests with the answer that
// Nacos 2.5.1 or 3.0.3 gave to each. README.md in this folder says what the
// fields of a line mean and how two answers are compared.
package conformance

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// maxLine bounds a line of a recording; the longest is about 200 KB.
const maxLine = 4 << 20

// Scenario is a run of steps that stands by itself: what one step saves is
// known to the later ones of the same scenario only.
type Scenario struct {
	Title string
	Steps []Step
}

// Step is one request and what the reference answered, or a pause.
type Step struct {
	Scenario  string            `json:"scenario"`
	Start     bool              `json:"start"` // begins its scenario; there is no request
	Sleep     float64           `json:"sleep"` // a pause in seconds; there is no request
	Method    string            `json:"method"`
	URL       string            `json:"url"` // begins with "/"; {{NAME}} is a saved value, in Headers and Body too
	Headers   map[string]string `json:"headers"`
	Body      *string           `json:"body"`      // nil sends none
	Save      map[string]string `json:"save"`      // name → path in this run's answer, "$" for its whole text
	Vary      []string          `json:"vary"`      // paths whose value may differ but not its JSON type; "$" is the whole body
	Unordered []string          `json:"unordered"` // paths of lists whose order does not matter
	Wait      float64           `json:"wait"`      // seconds for which the step is asked again until the answer agrees
	Answer    Answer            `json:"answer"`
}

// Answer is what a server said. JSON holds the body when it is an object or an
// array, else Text does.
type Answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"` // lower-case names; only those that are compared or of interest
	JSON    json.RawMessage   `json:"json"`
	Text    string            `json:"text"`
}

// ID is how a difference is listed: "[scenario] METHOD url".
func (s *Step) ID() string { return "[" + s.Scenario + "] " + s.Method + " " + s.URL }

// LoadFile reads a recording from a file.
func LoadFile(path string) ([]Scenario, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	defer func() { _ = f.Close() }()
	scenarios, err := Load(f)
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", path, err)
	}
	return scenarios, nil
}

// Load reads a recording: one JSON object a line.
func Load(r io.Reader) ([]Scenario, error) {
	var all []Scenario
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for n := 1; lines.Scan(); n++ {
		var s Step
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if s.Start {
			all = append(all, Scenario{Title: s.Scenario})
			continue
		}
		if len(all) == 0 || all[len(all)-1].Title != s.Scenario {
			return nil, fmt.Errorf("line %d: scenario %q has not been started", n, s.Scenario)
		}
		last := &all[len(all)-1]
		last.Steps = append(last.Steps, s)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	return all, nil
}
