package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Talk is a recorded gRPC conversation that stands by itself.
type Talk struct {
	Title string
	Turns []Turn
}

// Turn is one thing that the client does, with all that came of it until it
// did the next one.
type Turn struct {
	Do    Line
	Waits float64 // seconds of only listening
	Heard []Line  // what came on the streams, and the client's answers to that, in order
	step  Step    // names the turn in lists of differences
}

// Line is one line of a recorded conversation. README.md says what the fields
// mean.
type Line struct {
	Scenario   string            `json:"scenario"`
	Start      bool              `json:"start"` // begins its scenario
	Do         string            `json:"do"`
	Got        string            `json:"got"` // push, end or closed
	Auto       bool              `json:"auto"`
	Conn       string            `json:"conn"`
	ClientIP   string            `json:"clientIp"`
	Stream     int               `json:"stream"` // 0 and 1 are the first one of the connection
	Type       string            `json:"type"`
	AnswerType string            `json:"answerType"`
	Headers    map[string]string `json:"headers"`
	JSON       json.RawMessage   `json:"json"`
	Text       string            `json:"text"`
	Seconds    float64           `json:"seconds"`
	Method     string            `json:"method"`
	URL        string            `json:"url"`
	Save       map[string]string `json:"save"`
	Status     string            `json:"status"` // gRPC's, of an ended stream
	T          float64           `json:"t"`      // seconds since the client did something
	Vary       []string          `json:"vary"`
	Unordered  []string          `json:"unordered"`
	Answer     *Said             `json:"answer"`
}

// Said is the answer to a unary call (GRPC is its status) or to an HTTP request.
type Said struct {
	GRPC   string          `json:"grpc"`
	Type   string          `json:"type"`
	Status int             `json:"status"`
	JSON   json.RawMessage `json:"json"`
	Text   string          `json:"text"`
}

// kind is what a heard line is: push, end, closed or auto.
func (l *Line) kind() string {
	if l.Auto {
		return "auto"
	}
	return l.Got
}

// LoadTalks reads a recording of conversations from a file.
func LoadTalks(path string) ([]Talk, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	defer func() { _ = f.Close() }()
	talks, err := ReadTalks(f)
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", path, err)
	}
	return talks, nil
}

// ReadTalks reads a recording of conversations: one JSON object a line, of
// which the first has what varies in all of them.
func ReadTalks(r io.Reader) ([]Talk, error) {
	var all []Talk
	var head Line
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for n := 1; lines.Scan(); n++ {
		var l Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if n == 1 && l.Scenario == "" {
			head = l
			continue
		}
		l.Vary = append(l.Vary, head.Vary...)
		l.Unordered = append(l.Unordered, head.Unordered...)
		if l.Start {
			all = append(all, Talk{Title: l.Scenario})
			continue
		}
		if len(all) == 0 || all[len(all)-1].Title != l.Scenario {
			return nil, fmt.Errorf("line %d: scenario %q has not been started", n, l.Scenario)
		}
		if err := all[len(all)-1].add(l); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	return all, nil
}

func (t *Talk) add(l Line) error {
	last := len(t.Turns) - 1
	switch l.Do {
	case "":
		if last < 0 {
			return fmt.Errorf("%s before anything was done", l.kind())
		}
		t.Turns[last].Heard = append(t.Turns[last].Heard, l)
	case "wait":
		if last < 0 {
			return errors.New("a wait before anything was done")
		}
		t.Turns[last].Waits += l.Seconds
	default:
		what := strings.Join(slices.DeleteFunc([]string{l.Do, l.Conn, l.Type, l.Method, l.URL},
			func(s string) bool { return s == "" }), " ")
		t.Turns = append(t.Turns, Turn{Do: l, step: Step{Scenario: t.Title, Method: strconv.Itoa(last + 2), URL: what}})
	}
	return nil
}

// Steps are the turns as differences.txt names them: "[scenario] number what".
func (t *Talk) Steps() []Step {
	var out []Step
	for i := range t.Turns {
		out = append(out, t.Turns[i].step)
	}
	return out
}
