package naming

import (
	"context"
	"strconv"
	"time"
)

// Codes of the answer to a beat.
const (
	beatOK      = 10200
	beatUnknown = 20404
)

// Beat is a sign of life of an ephemeral instance.
type Beat struct {
	Key  Key
	IP   string
	Port uint16

	// Full is what the beat says of its instance, nil where it says nothing.
	Full *BeatInfo
	// Sum is a sum of the request that the beat came in, 0 where there is none. An
	// instance sends the same beat again and again: see BeatAgain.
	Sum uint64
}

// beatReplies are the answers to beats of instances without an interval of their
// own, made once per change of the switches.
type beatReplies struct {
	ok, unknown []byte
	interval    int64
	light       bool
}

func newBeatReplies(sw *Switches) *beatReplies {
	return &beatReplies{
		ok:       beatReply(sw.BeatInterval, beatOK, sw.LightBeat),
		unknown:  beatReply(sw.BeatInterval, beatUnknown, sw.LightBeat),
		interval: sw.BeatInterval,
		light:    sw.LightBeat,
	}
}

func beatReply(interval int64, code int, light bool) []byte {
	b := strconv.AppendInt([]byte(`{"clientBeatInterval":`), interval, 10)
	b = strconv.AppendInt(append(b, `,"code":`...), int64(code), 10)
	b = strconv.AppendBool(append(b, `,"lightBeatEnabled":`...), light)
	return append(b, '}')
}

// Beat records a sign of life and returns the answer as JSON. A beat that
// carries the whole instance registers it if it is not known, unless it was
// deregistered a moment ago. The answer is not the caller's to change.
func (s *Service) Beat(ctx context.Context, b *Beat) ([]byte, error) {
	var buf [64]byte
	id := appendClientID(buf[:0], b.IP, b.Port, true)
	now := time.Now().UnixMilli()
	reply := s.beats.Load()
	for range 2 {
		if in, found := s.touch(id, b.Key, now, sign{sum: b.Sum}); found {
			return reply.of(in), nil
		}
		if b.Full == nil || s.tombs.holds(string(id), b.Key, now) {
			break
		}
		r := b.registration()
		if err := s.Register(ctx, r); err != nil {
			return nil, err
		}
		if !r.Ephemeral {
			return reply.ok, nil
		}
	}
	return reply.unknown, nil
}

// BeatAgain is Beat where the last beat of the instance had the same Sum: what it
// says was looked at then, and Full is not needed. It returns false otherwise.
func (s *Service) BeatAgain(b *Beat) (reply []byte, ok bool) {
	var buf [64]byte
	in, found := s.touch(appendClientID(buf[:0], b.IP, b.Port, true), b.Key, time.Now().UnixMilli(), sign{sum: b.Sum, same: true})
	if !found {
		return nil, false
	}
	return s.beats.Load().of(in), true
}

// of is the answer to a beat of an instance that is known.
func (r *beatReplies) of(in *Instance) []byte {
	if _, own := in.Metadata.Get(metaInterval); !own {
		return r.ok
	}
	return beatReply(in.Metadata.counted(metaInterval, r.interval), beatOK, r.light)
}

// registration is the request to register what a full beat says.
func (b *Beat) registration() *Registration {
	return &Registration{
		Key: b.Key, IP: b.IP, Port: b.Port,
		Cluster: b.Full.Cluster, Weight: b.Full.Weight, Metadata: b.Full.rawMeta,
		Healthy: true, Enabled: true, Ephemeral: b.Full.Ephemeral, ShowID: true,
	}
}

// sign is what a sign of life was, beside when.
type sign struct {
	sum  uint64 // of the request, 0 where there is none
	same bool   // it counts only if the last one had the same sum
	late bool   // this node may hear of it late
}

// touch records a sign of life of what the client of id publishes for k. An
// instance that had fallen silent is healthy again.
func (s *Service) touch(id []byte, k Key, now int64, by sign) (*Instance, bool) {
	c := s.client(id)
	if c == nil {
		return nil, false
	}
	c.mu.Lock()
	g := c.registration(k)
	if g == nil || by.same && g.said != by.sum {
		c.mu.Unlock()
		return nil, false
	}
	if by.sum != 0 {
		g.said = by.sum
	}
	if by.late {
		now = max(now, g.beat.Load())
	}
	c.used.Store(now)
	g.beat.Store(now)
	revived := !g.sent.Healthy && (!by.late || time.Now().UnixMilli()-now <= g.timeout())
	if revived {
		up := *g.sent
		up.Healthy = true
		g.entry.mu.Lock()
		s.set(g, &up, now)
		g.entry.mu.Unlock()
		s.happened(Healthy, g.entry.key, &up, "")
		if by.late {
			s.actedAt(g, now)
		} else {
			s.acted(g)
		}
	}
	c.mu.Unlock()
	if s.spread != nil {
		s.spread.lend(g)
	}
	if revived {
		s.notify(c.id, g.entry.key)
	}
	return g.now.Load(), true
}
