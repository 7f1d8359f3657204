package conformance

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The offsets of the ports for gRPC from the HTTP port.
const (
	sdkOffset     = 1000
	clusterOffset = 1001
)

// late is how much longer than recorded something may take to come: test
// machines are busy.
const late = 4 * time.Second

// ReplayTalks plays the conversations in order against the server whose HTTP
// port is that of o.Bases[0], and compares what it says. It ends early only
// with ctx.
func ReplayTalks(ctx context.Context, o Options, talks []Talk) ([]Result, error) {
	p := &player{opts: o, client: &http.Client{Timeout: answerLimit}}
	defer p.client.CloseIdleConnections()
	base, err := url.Parse(o.Bases[0])
	if err != nil {
		return nil, errBase
	}
	port, err := strconv.Atoi(base.Port())
	if err != nil {
		return nil, errBase
	}
	var out []Result
	for i := range talks {
		t := &talker{player: p, host: base.Hostname(), port: port, callers: map[string]*caller{}}
		p.saved = map[string]string{}
		for j := range talks[i].Turns {
			turn := &talks[i].Turns[j]
			diffs := t.take(ctx, turn)
			if err := ctx.Err(); err != nil {
				t.close()
				return out, fmt.Errorf("replay %s: %w", turn.step.ID(), err)
			}
			if turn.compared() || len(diffs) > 0 {
				out = append(out, Result{Step: &turn.step, Diffs: diffs})
			}
		}
		t.close()
	}
	return out, nil
}

// compared says whether anything must come of the turn.
func (t *Turn) compared() bool { return t.Do.Answer != nil || len(t.Heard) > 0 || t.Waits > 0 }

// talker plays one conversation.
type talker struct {
	*player
	host    string
	port    int
	callers map[string]*caller
}

func (t *talker) close() {
	for _, c := range t.callers {
		c.close()
	}
}

// take plays a turn, listens as long as the recorder did and for what is still
// missing then, and compares.
func (t *talker) take(ctx context.Context, turn *Turn) []string {
	began := time.Now()
	diffs := t.do(ctx, &turn.Do)
	if turn.Waits > 0 {
		if err := pause(ctx, seconds(turn.Waits)); err != nil {
			return nil
		}
	}
	want := map[string][]Line{}
	for _, l := range turn.Heard {
		want[l.Conn] = append(want[l.Conn], l)
	}
	rest, cancel := context.WithTimeout(ctx, late)
	defer cancel()
	for name, lines := range want {
		if c := t.callers[name]; c != nil {
			c.await(rest, len(lines))
		}
	}
	for name, c := range t.callers {
		diffs = append(diffs, compareHeard(name, want[name], c.take(), began)...)
		delete(want, name)
	}
	for name, lines := range want {
		diffs = append(diffs, compareHeard(name, lines, nil, began)...)
	}
	slices.Sort(diffs)
	return diffs
}

// await returns when n events are there, or with ctx.
func (c *caller) await(ctx context.Context, n int) {
	for c.count() < n {
		select {
		case <-c.news:
		case <-ctx.Done():
			return
		}
	}
}

// do does what the line says and compares the answer, if there is one.
func (t *talker) do(ctx context.Context, l *Line) []string {
	switch l.Do {
	case "http":
		return t.http(ctx, l)
	case "open", "cluster":
		port := t.port + sdkOffset
		if l.Do == "cluster" {
			port = t.port + clusterOffset
		}
		c, err := dial(ctx, net.JoinHostPort(t.host, strconv.Itoa(port)), l.ClientIP)
		if err != nil {
			return []string{err.Error()}
		}
		t.callers[l.Conn] = c
		return nil
	}
	c := t.callers[l.Conn]
	if c == nil {
		return []string{"connection " + l.Conn + " is not open"}
	}
	switch l.Do {
	case "request":
		reply, code := c.unary(ctx, requestMethod, t.message(c, l))
		return t.answered(l, reply, code)
	case "call":
		reply, code := c.unary(ctx, l.URL, &Payload{Empty: true})
		return t.answered(l, reply, code)
	default:
		return failure(t.quiet(ctx, c, l))
	}
}

// quiet does what has no answer.
func (t *talker) quiet(ctx context.Context, c *caller, l *Line) error {
	switch l.Do {
	case "stream", "newstream":
		s, err := c.stream(ctx, l.Do == "newstream")
		if err != nil {
			return err
		}
		return s.send(t.message(c, l))
	case "half":
		s, err := c.stream(ctx, false)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.CloseSend() //nolint:wrapcheck // says what it is
	case "drop":
		c.close()
		delete(t.callers, l.Conn)
	case "mute", "unmute", "reply":
		c.mu.Lock()
		defer c.mu.Unlock()
		c.muted[l.Type] = l.Do == "mute"
		delete(c.replies, l.Type)
		if l.Do == "reply" {
			c.replies[l.Type] = *l
		}
	default:
		return fmt.Errorf("the recording does %q, which the replay cannot", l.Do)
	}
	return nil
}

func failure(err error) []string {
	if err == nil {
		return nil
	}
	return []string{err.Error()}
}

var blanks = regexp.MustCompile(`\{\{blank:(\d+)\}\}`)

// message is the payload that a line sends.
func (t *talker) message(c *caller, l *Line) *Payload {
	body := l.Text
	if l.JSON != nil {
		body = string(l.JSON)
	}
	body = blanks.ReplaceAllStringFunc(body, func(m string) string {
		n, err := strconv.Atoi(m[len("{{blank:") : len(m)-2])
		if err != nil {
			return m
		}
		return strings.Repeat(" ", n)
	})
	headers := map[string]string{}
	for k, v := range l.Headers {
		headers[k] = t.fill(v)
	}
	return &Payload{Type: l.Type, ClientIP: c.clientIP, Headers: headers, Body: []byte(t.fill(body))}
}

// answered compares the answer to a unary call and keeps what later lines need.
func (t *talker) answered(l *Line, reply *Payload, code string) []string {
	for name, path := range l.Save {
		t.saved[name] = pick(reply.Body, path)
	}
	switch {
	case l.Answer.GRPC != code:
		return []string{fmt.Sprintf("gRPC status %s, reference %s", code, l.Answer.GRPC)}
	case code != "OK":
		return nil
	}
	var diffs []string
	if reply.Type != l.Answer.Type {
		diffs = append(diffs, fmt.Sprintf("type %s, reference %s", reply.Type, l.Answer.Type))
	}
	return append(diffs, l.bodies(&Answer{JSON: l.Answer.JSON, Text: l.Answer.Text}, answerOf(reply.Body))...)
}

// answerOf is a body as an Answer has it.
func answerOf(body []byte) *Answer {
	if isComposite(body) {
		return &Answer{JSON: body}
	}
	return &Answer{Text: validUTF8(body)}
}

func (l *Line) bodies(want, got *Answer) []string {
	if slices.Contains(l.Vary, "$") {
		return nil
	}
	return compareBodies(&Step{Vary: l.Vary, Unordered: l.Unordered}, want, got)
}

func (t *talker) http(ctx context.Context, l *Line) []string {
	s := &Step{Method: l.Method, URL: l.URL, Headers: l.Headers}
	if l.Text != "" {
		s.Body = &l.Text
	}
	got := t.send(ctx, s)
	t.keep(&Step{Save: l.Save}, got)
	var diffs []string
	if got.Status != l.Answer.Status {
		diffs = append(diffs, fmt.Sprintf("status %d, reference %d", got.Status, l.Answer.Status))
	}
	return append(diffs, l.bodies(&Answer{JSON: l.Answer.JSON, Text: l.Answer.Text}, got)...)
}

// compareHeard lists how what came on a connection since the client did
// something differs from what the reference sent.
func compareHeard(conn string, want []Line, got []heard, began time.Time) []string {
	var diffs []string
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			diffs = append(diffs, fmt.Sprintf("%s: no %s %s", conn, want[i].kind(), want[i].Type))
		case i >= len(want):
			g := &got[i]
			diffs = append(diffs, fmt.Sprintf("%s: extra %s %s%s after %v: %.160s", conn, g.kind(), g.Type, g.Status,
				g.at.Sub(began).Round(10*time.Millisecond), g.JSON))
		default:
			for _, d := range want[i].differs(&got[i], got[i].at.Sub(began)) {
				diffs = append(diffs, fmt.Sprintf("%s, %d: %s", conn, i+1, d))
			}
		}
	}
	return diffs
}

// differs compares one thing that came with the recorded one.
func (l *Line) differs(g *heard, after time.Duration) []string {
	if l.kind() != g.kind() || l.Type != g.Type || l.Status != g.Status {
		return []string{fmt.Sprintf("%s %s%s, reference %s %s%s", g.kind(), g.Type, g.Status, l.kind(), l.Type, l.Status)}
	}
	var diffs []string
	if l.Got != "closed" && max(l.Stream, 1) != max(g.Stream, 1) {
		diffs = append(diffs, fmt.Sprintf("on stream %d, reference %d", g.Stream, max(l.Stream, 1)))
	}
	if l.Got == "push" && (l.ClientIP == "*") != (g.ClientIP != "") {
		diffs = append(diffs, fmt.Sprintf("clientIp %q, reference %q", g.ClientIP, l.ClientIP))
	}
	// Sooner is no fault where the reference gathers changes for half a second;
	// what it sends seconds later is a repetition or a limit that has passed.
	at := seconds(l.T)
	if after > at+max(late, at/4) || after < at/2-time.Second {
		diffs = append(diffs, fmt.Sprintf("after %v, reference %v", after.Round(10*time.Millisecond), at))
	}
	if len(l.JSON) == 0 || bytes.Equal(l.JSON, g.JSON) {
		return diffs
	}
	return append(diffs, l.bodies(&Answer{JSON: l.JSON}, answerOf(g.JSON))...)
}
