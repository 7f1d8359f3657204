package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// answerLimit is how long an answer may take; the longest recorded poll is 30 s.
const answerLimit = 40 * time.Second

// retryPause is the time between two attempts at a step that may wait.
const retryPause = 200 * time.Millisecond

// maxAnswer bounds the body of an answer.
const maxAnswer = 16 << 20

// Options say where and how a recording is replayed.
type Options struct {
	Bases    []string      // http://host:port, without the context path; each request goes to one of them at random
	Patience time.Duration // how long a GET is asked again before a difference counts; a cluster needs a second or so
}

// Result is what became of one step.
type Result struct {
	Step  *Step
	Diffs []string // empty when the answers agree
}

// Replay sends the steps of the scenarios in order and compares the answers.
// It ends early only with ctx.
func Replay(ctx context.Context, o Options, scenarios []Scenario) ([]Result, error) {
	p := &player{opts: o, client: &http.Client{
		Timeout:       answerLimit,
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	defer p.client.CloseIdleConnections()
	var out []Result
	for i := range scenarios {
		p.saved = map[string]string{}
		for j := range scenarios[i].Steps {
			s := &scenarios[i].Steps[j]
			if s.Sleep > 0 {
				if err := pause(ctx, seconds(s.Sleep)); err != nil {
					return out, err
				}
				continue
			}
			diffs, err := p.step(ctx, s)
			if err != nil {
				return out, err
			}
			out = append(out, Result{Step: s, Diffs: diffs})
		}
	}
	return out, nil
}

// player is one replay: a client and what the running scenario has saved.
type player struct {
	opts   Options
	client *http.Client
	saved  map[string]string
}

// step asks until the answer agrees or the step's time is over, and keeps what
// the last answer has for later steps.
func (p *player) step(ctx context.Context, s *Step) ([]string, error) {
	limit := seconds(s.Wait)
	if s.Method == http.MethodGet {
		limit = max(limit, p.opts.Patience)
	}
	until := time.Now().Add(limit)
	for {
		got := p.send(ctx, s)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("replay %s: %w", s.ID(), err)
		}
		diffs := Compare(s, got)
		if len(diffs) == 0 || !time.Now().Before(until) {
			p.keep(s, got)
			return diffs, nil
		}
		if err := pause(ctx, retryPause); err != nil {
			return nil, err
		}
	}
}

func (p *player) keep(s *Step, got *Answer) {
	for name, path := range s.Save {
		if path == "$" {
			p.saved[name] = got.Text
		} else {
			p.saved[name] = pick(got.JSON, path)
		}
	}
}

// send makes the request of a step. A request that gets no answer gives one
// with status 0.
func (p *player) send(ctx context.Context, s *Step) *Answer {
	req, err := p.request(ctx, s)
	if err != nil {
		return &Answer{Text: err.Error()}
	}
	r, err := p.client.Do(req)
	if err != nil {
		return &Answer{Text: "no answer: " + err.Error()}
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
	if err != nil {
		return &Answer{Text: "no answer: " + err.Error()}
	}
	a := &Answer{Status: r.StatusCode, Headers: map[string]string{}}
	for _, h := range keptHeaders {
		if v := r.Header.Values(h); len(v) > 0 {
			a.Headers[h] = v[len(v)-1]
		}
	}
	if isComposite(body) {
		a.JSON = body
	} else {
		a.Text = validUTF8(body)
	}
	return a
}

var errBase = errors.New("base is not http://host:port")

func (p *player) request(ctx context.Context, s *Step) (*http.Request, error) {
	base, err := url.Parse(p.opts.Bases[rand.IntN(len(p.opts.Bases))])
	if err != nil || base.Host == "" {
		return nil, cmp.Or(err, errBase)
	}
	var body io.Reader = http.NoBody
	if s.Body != nil {
		body = bytes.NewReader([]byte(p.fill(*s.Body)))
	}
	req, err := http.NewRequestWithContext(ctx, s.Method, base.String(), body)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	target(req.URL, p.fill(s.URL))
	req.Header.Set("User-Agent", "pharos-conformance")
	for k, v := range s.Headers {
		req.Header.Set(k, p.fill(v))
	}
	if s.Body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, nil
}

// target makes the URL send the recorded path and query as they are written,
// escapes included.
func target(u *url.URL, recorded string) {
	path, query, _ := strings.Cut(recorded, "?")
	u.RawQuery = query
	if strings.HasPrefix(path, "//") { // which Opaque would take for a host
		u.Path = path
		return
	}
	u.Opaque = path
}

var variable = regexp.MustCompile(`\{\{(\w+)\}\}`)

func (p *player) fill(text string) string {
	return variable.ReplaceAllStringFunc(text, func(m string) string {
		if v, ok := p.saved[m[2:len(m)-2]]; ok {
			return v
		}
		return m
	})
}

// validUTF8 puts U+FFFD in the place of each byte that is no part of a
// character, as the recorder did.
func validUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// pause waits on the wall clock: the recorded server was given that time too.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("pause: %w", ctx.Err())
	}
}
