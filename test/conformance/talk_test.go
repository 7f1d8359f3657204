package conformance_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pharos-registry/pharos/test/conformance"
	"github.com/pharos-registry/pharos/test/server"
)

// Whatever a server changes is found in the turn where it does so, and nowhere
// else.
func TestReplayOfATalkFindsEveryChange(t *testing.T) {
	const title = "c04 beta by the client's address"
	for name, c := range map[string]struct {
		change func(*conformance.Turn) bool // says whether it has changed anything
		found  string
	}{
		"push missing": {func(u *conformance.Turn) bool {
			was := len(u.Heard)
			u.Heard = slices.DeleteFunc(u.Heard, func(l conformance.Line) bool { return l.Type == "ConfigChangeNotifyRequest" })
			return len(u.Heard) < was
		}, "no push ConfigChangeNotifyRequest"},
		"push of another type": {changePush(func(l *conformance.Line) { l.Type += "X" }), "push ConfigChangeNotifyRequestX"},
		"push without address": {changePush(func(l *conformance.Line) { l.ClientIP = "" }), `clientIp ""`},
		"push with more in it": {changePush(func(l *conformance.Line) { l.JSON = json.RawMessage(`{"dataId":"c04"}`) }), "missing"},
		"answer of another type": {func(u *conformance.Turn) bool {
			return changeAnswer(u, func(a *conformance.Said) { a.Type = "ErrorResponse" })
		}, "type ErrorResponse"},
		"another answer": {func(u *conformance.Turn) bool {
			return changeAnswer(u, func(a *conformance.Said) { a.JSON = json.RawMessage(`{"resultCode":0}`) })
		}, "$.resultCode: 0"},
		"no answer": {func(u *conformance.Turn) bool {
			return changeAnswer(u, func(a *conformance.Said) { a.GRPC = "Unavailable" })
		}, "gRPC status Unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			load := func() []conformance.Talk {
				return slices.DeleteFunc(prompt(loadTalks(t, filepath.Join("testdata", "grpc", "config.jsonl"))),
					func(talk conformance.Talk) bool { return talk.Title != title })
			}
			changed, at := load(), -1
			for i := range changed[0].Turns {
				if at < 0 && i > 8 && c.change(&changed[0].Turns[i]) {
					at = i
				}
			}
			if at < 0 {
				t.Fatal("nothing to change")
			}
			talks := load()
			for _, r := range playTalks(t, conformance.Options{Bases: []string{startParrot(t, changed)}}, talks) {
				switch here := r.Step.ID() == talks[0].Steps()[at].ID(); {
				case here && !strings.Contains(strings.Join(r.Diffs, "\n"), c.found):
					t.Errorf("not found: %q", r.Diffs)
				case !here && len(r.Diffs) > 0:
					t.Error(describe(r))
				}
			}
		})
	}
}

func changePush(change func(*conformance.Line)) func(*conformance.Turn) bool {
	return func(u *conformance.Turn) bool {
		i := slices.IndexFunc(u.Heard, func(l conformance.Line) bool { return l.Type == "ConfigChangeNotifyRequest" })
		if i >= 0 {
			change(&u.Heard[i])
		}
		return i >= 0
	}
}

func changeAnswer(u *conformance.Turn, change func(*conformance.Said)) bool {
	if u.Do.Do != "request" {
		return false
	}
	a := *u.Do.Answer
	change(&a)
	u.Do.Answer = &a
	return true
}

func TestReadTalks(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":           `{"vary":[]}` + "\n{",
		"not started":       `{"vary":[]}` + "\n" + `{"scenario":"a","do":"open"}`,
		"heard too early":   `{"vary":[]}` + "\n" + `{"scenario":"a","start":true}` + "\n" + `{"scenario":"a","got":"push"}`,
		"waited too early":  `{"vary":[]}` + "\n" + `{"scenario":"a","start":true}` + "\n" + `{"scenario":"a","do":"wait","seconds":1}`,
		"of another talk":   `{"vary":[]}` + "\n" + `{"scenario":"a","start":true}` + "\n" + `{"scenario":"b","do":"open"}`,
		"a line of a novel": strings.Repeat("x", 5<<20),
	} {
		if talks, err := conformance.ReadTalks(strings.NewReader(text)); err == nil {
			t.Errorf("%s: read %+v", name, talks)
		}
	}
}

// prompt takes the times out of conversations, and what comes of things that a
// server does not see.
func prompt(talks []conformance.Talk) []conformance.Talk {
	for i := range talks {
		for j := range talks[i].Turns {
			u := &talks[i].Turns[j]
			u.Waits = 0
			if slices.Contains([]string{"open", "cluster", "mute", "unmute", "reply", "drop"}, u.Do.Do) {
				u.Heard = nil
			}
			for k := range u.Heard {
				u.Heard[k].T = 0
			}
		}
	}
	return talks
}

// parrot says what was recorded: the next answer to whatever it is asked, and
// then the pushes.
type parrot struct {
	t   *testing.T
	sdk *grpc.Server

	mu      sync.Mutex // guards the following fields, and sending
	turns   []conformance.Turn
	streams map[string]*parrotStream
	autos   map[string]int // answers to pushes that are still to come, by connection
}

type parrotStream struct {
	grpc.ServerStream

	end chan error // holds how the stream ends
}

// startParrot gives the address of its HTTP port.
func startParrot(t *testing.T, talks []conformance.Talk) string {
	t.Helper()
	p := &parrot{t: t, streams: map[string]*parrotStream{}, autos: map[string]int{}}
	for i := range talks {
		for _, u := range talks[i].Turns {
			if slices.Contains([]string{"request", "call", "stream", "newstream", "half", "http"}, u.Do.Do) {
				p.turns = append(p.turns, u)
			}
		}
	}
	port := server.FreePort(t)
	web := http.Server{Handler: p}
	go func() { _ = web.Serve(listenAt(t, port)) }()
	t.Cleanup(func() { _ = web.Close() })
	for _, offset := range []int{1001, 1000} {
		p.sdk = grpc.NewServer(grpc.ForceServerCodec(conformance.PayloadCodec{}), grpc.MaxRecvMsgSize(64<<20),
			grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error { return p.serve(s) }))
		go func() { _ = p.sdk.Serve(listenAt(t, port+offset)) }()
		t.Cleanup(p.sdk.Stop)
	}
	return "http://127.0.0.1:" + strconv.Itoa(port)
}

func listenAt(t *testing.T, port int) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// next is the turn that the client takes now. What it sends on a stream and
// what it calls meanwhile may come in any order.
func (p *parrot) next(do ...string) conformance.Turn {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-tick.C {
		p.mu.Lock()
		if len(p.turns) > 0 && slices.Contains(do, p.turns[0].Do.Do) {
			u := p.turns[0]
			p.turns = p.turns[1:]
			p.mu.Unlock()
			return u
		}
		left := len(p.turns)
		p.mu.Unlock()
		if time.Now().After(deadline) {
			p.t.Errorf("the client does one of %q, recorded are %d more turns", do, left)
			return conformance.Turn{Do: conformance.Line{Answer: &conformance.Said{GRPC: "Internal", Status: http.StatusInternalServerError}}}
		}
	}
}

// say sends what was heard after a turn.
func (p *parrot) say(heard []conformance.Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range heard {
		if l.Auto {
			p.autos[l.Conn]++
		}
	}
	for _, l := range heard {
		s := p.streams[l.Conn+strconv.Itoa(max(l.Stream, 1))]
		switch l.Got {
		case "push":
			ip := ""
			if l.ClientIP == "*" {
				ip = "10.0.0.9"
			}
			if err := s.SendMsg(&conformance.Payload{Type: l.Type, ClientIP: ip, Body: l.JSON}); err != nil {
				p.t.Errorf("push %s: %v", l.Type, err)
			}
		case "end":
			s.end <- statusNamed(l.Status)
		case "closed":
			go p.sdk.GracefulStop()
		}
	}
}

func statusNamed(name string) error {
	for c := range codes.Code(17) {
		if c.String() == name {
			return status.Error(c, "as recorded")
		}
	}
	return status.Error(codes.Internal, "no such status: "+name)
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	u := p.next("http")
	w.WriteHeader(u.Do.Answer.Status)
	if _, err := w.Write(append(u.Do.Answer.JSON, u.Do.Answer.Text...)); err != nil {
		p.t.Errorf("answer: %v", err)
	}
	p.say(u.Heard)
}

func (p *parrot) serve(s grpc.ServerStream) error {
	if method, _ := grpc.MethodFromServerStream(s); method == "/BiRequestStream/requestBiStream" {
		return p.converse(s)
	}
	var m conformance.Payload
	if err := s.RecvMsg(&m); err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	u := p.next("request", "call")
	if m.Type != u.Do.Type {
		p.t.Errorf("the client asks with %q, recorded is %q", m.Type, u.Do.Type)
	}
	a := u.Do.Answer
	if a.GRPC != "OK" {
		return statusNamed(a.GRPC)
	}
	err := s.SendMsg(&conformance.Payload{Type: a.Type, Body: append(a.JSON, a.Text...)})
	p.say(u.Heard)
	return err
}

// converse serves one stream until its end is recorded or the client's.
func (p *parrot) converse(s grpc.ServerStream) error {
	ps := &parrotStream{ServerStream: s, end: make(chan error, 1)}
	came := make(chan error)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for err := error(nil); err == nil; {
			var m conformance.Payload
			err = s.RecvMsg(&m)
			select {
			case came <- err:
			case <-done:
				return
			}
		}
	}()
	for name := ""; ; {
		select {
		case err := <-ps.end:
			return err
		case err := <-came:
			switch {
			case errors.Is(err, io.EOF):
				p.say(p.next("half").Heard)
				return <-ps.end
			case err != nil:
				return err
			case p.expected(name):
				continue
			}
		}
		u := p.next("stream", "newstream")
		if name == "" {
			name = u.Do.Conn
			number := "1"
			if u.Do.Do == "newstream" {
				number = "2"
			}
			p.mu.Lock()
			p.streams[name+number], p.autos[name] = ps, 0
			p.mu.Unlock()
		}
		p.say(u.Heard)
	}
}

// expected says whether what came is the answer to a push.
func (p *parrot) expected(conn string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.autos[conn] == 0 {
		return false
	}
	p.autos[conn]--
	return true
}
