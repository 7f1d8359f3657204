package controller

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pharos-registry/pharos/middleware"
	"github.com/pharos-registry/pharos/service"
	"github.com/pharos-registry/pharos/service/config"
	"github.com/pharos-registry/pharos/service/console"
	"github.com/pharos-registry/pharos/service/naming"
)

func (a *API) extEventRoutes() []middleware.Route {
	self := middleware.Access{Class: middleware.Management, Action: middleware.Read, Resource: "console/events", Self: true}
	return extRows(middleware.Core, []middleware.Route{
		{Method: http.MethodGet, Path: "/events", Access: self, Session: middleware.Alone, Do: a.extEvents},
		{Method: http.MethodGet, Path: "/changes", Access: self, Do: a.extChanges},
	})
}

// Bounds of streams of events.
const (
	maxStreams  = 200              // of one node
	streamBeat  = 15 * time.Second // between two signs of life
	streamWrite = 10 * time.Second // for a reader to take what is written
	maxTopics   = 100              // that one reader wants
	maxWait     = 30               // seconds of a long poll
	topicBytes  = 1024             // of one topic
)

// topicsWanted are the topics that a reader wants; none are all.
func (f *form) topicsWanted() []string {
	all := words(f.text("topics"))
	if len(all) > maxTopics {
		f.fail(service.BadParam, "more than %d topics", maxTopics)
	}
	for _, t := range all {
		if len(t) > topicBytes {
			f.fail(service.BadParam, "a topic is longer than %d bytes", topicBytes)
		}
	}
	return all
}

// topicName is a topic as a reader knows it.
func topicName(t console.Topic) string {
	var name strings.Builder
	name.WriteString(t.Kind)
	for i, part := range []string{t.Namespace, t.Group, t.Name} {
		if part == "" && (i > 0 || t.Kind != console.Configs && t.Kind != console.Config && t.Kind != console.Services && t.Kind != console.Service) {
			break
		}
		if part == "" {
			part = publicID
		}
		name.WriteString("/" + url.PathEscape(part))
	}
	return name.String()
}

// wants reports whether a reader wants a topic: by its name, or by that of one
// above with /* behind it.
func wants(wanted []string, name string) bool {
	if len(wanted) == 0 || name == console.Everything {
		return true
	}
	return slices.ContainsFunc(wanted, func(w string) bool {
		above, all := strings.CutSuffix(w, "*")
		return w == name || all && strings.HasPrefix(name, above)
	})
}

// told are the names of those of an event's topics that a reader wants and may
// know of.
func told(q *middleware.Request, topics []console.Topic, wanted []string) []string {
	var out []string
	for _, t := range topics {
		name := topicName(t)
		switch {
		case !wants(wanted, name),
			t.Kind == console.Config && !q.Sees(configResource(config.Key{Tenant: t.Namespace, Group: t.Group, DataID: t.Name})),
			t.Kind == console.Service && !q.Sees(serviceResource(naming.Key{Namespace: t.Namespace, Group: t.Group, Service: t.Name})):
			continue
		}
		out = append(out, name)
	}
	return out
}

// stream writes server-sent events.
type stream struct {
	w    http.ResponseWriter
	conn *http.ResponseController
	b    bytes.Buffer
}

// send writes an event, a comment where it has no name.
func (s *stream) send(name string, data any) error {
	s.b.Reset()
	if name == "" {
		s.b.WriteString(": still here\n\n")
	} else {
		b, err := json.Marshal(data)
		if err != nil {
			return err
		}
		s.b.WriteString("event: " + name + "\ndata: ")
		s.b.Write(b)
		s.b.WriteString("\n\n")
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(streamWrite)) // there is none in tests
	if _, err := s.w.Write(s.b.Bytes()); err != nil {
		return err
	}
	return s.conn.Flush()
}

// hello is the first event of a stream.
func (a *API) hello(seq uint64) map[string]any {
	build := ""
	if a.o.Site != nil {
		build = a.o.Site.Build()
	}
	return map[string]any{"epoch": a.events.Epoch(), "seq": seq, "node": a.o.Ops.Address(), "uiBuild": build}
}

// extEvents tells a reader what changes, until he leaves, his session ends or the
// server stops.
func (a *API) extEvents(q *middleware.Request) (any, error) {
	f := formOf(q)
	wanted := f.topicsWanted()
	if f.err != nil {
		return nil, f.err
	}
	r, seq := a.events.Follow(maxStreams)
	if r == nil {
		return nil, service.Errorf(service.TooMany, "too many pages follow this server live")
	}
	defer r.Close()
	h := q.Gin.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	s := &stream{w: q.Gin.Writer, conn: http.NewResponseController(q.Gin.Writer)}
	if _, err := s.w.Write([]byte("retry: 2000\n")); err != nil || s.send("hello", a.hello(seq)) != nil {
		return middleware.Answered{}, nil
	}
	a.follow1(q, r, s, wanted)
	return middleware.Answered{}, nil
}

// follow1 writes events until there is a reason to end.
func (a *API) follow1(q *middleware.Request, r *console.Reader, s *stream, wanted []string) {
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-q.Context().Done():
			return
		case <-a.o.Lot.Closing():
			_ = s.send("bye", map[string]string{"reason": "shutdown"})
			return
		case <-beat.C:
			err = s.send("", nil)
		case ev := <-r.C():
			if !a.stillIn(q) {
				_ = s.send("bye", map[string]string{"reason": "login"})
				return
			}
			err = pass(q, s, ev, wanted)
		}
		if err != nil {
			return
		}
	}
}

// pass writes an event, if it has anything for its reader.
func pass(q *middleware.Request, s *stream, ev console.Event, wanted []string) error {
	if ev.Tick != nil {
		if !wants(wanted, console.Metrics) {
			return nil
		}
		return s.send("tick", map[string]any{"t": ev.At.UnixMilli(), "values": ev.Tick})
	}
	if topics := told(q, ev.Topics, wanted); len(topics) > 0 {
		return s.send("invalidate", map[string]any{"seq": ev.Seq, "topics": topics})
	}
	return nil
}

// stillIn reports whether a reader would be let in now.
func (a *API) stillIn(q *middleware.Request) bool { return q.StillIn() == nil }

// extChanges is a long poll for what has changed since a number.
func (a *API) extChanges(q *middleware.Request) (any, error) {
	f := formOf(q)
	wanted, epoch, wait := f.topicsWanted(), f.text("epoch"), f.Num("wait", 0)
	seq := uint64(max(f.millis("seq"), 0))
	if f.err != nil {
		return nil, f.err
	}
	end := time.NewTimer(time.Duration(min(max(wait, 0), maxWait)) * time.Second)
	defer end.Stop()
	for {
		events, last, known, wake := a.events.Since(seq)
		out := map[string]any{"epoch": a.events.Epoch(), "seq": last, "topics": []string{}, "reset": false}
		if epoch != a.events.Epoch() || !known {
			out["reset"] = true
			return out, nil
		}
		var topics []string
		for _, ev := range events {
			topics = append(topics, told(q, ev.Topics, wanted)...)
		}
		if len(topics) > 0 {
			slices.Sort(topics)
			out["topics"] = slices.Compact(topics)
			return out, nil
		}
		seq = last
		select {
		case <-wake:
		case <-end.C:
			return out, nil
		case <-a.o.Lot.Closing():
			return out, nil
		case <-q.Context().Done():
			return middleware.Answered{}, nil
		}
	}
}
