package naming

import (
	"strconv"
	"time"
)

// Answer is a list as JSON, made once per change of the service. It lacks its
// opening brace and the member lastRefTime, which stand in front of Body: see
// AppendHead. The data of a push lacks nothing.
type Answer struct {
	Body   []byte
	Length []string // the Content-Length of Body with its head
	cache  int64
}

// headLen is the length of what AppendHead writes: the digits of the time are 13
// until the year 2286.
const headLen = len(`{"lastRefTime":,`) + 13

// AppendHead appends what stands in front of an Answer's Body.
func AppendHead(b []byte, now time.Time) []byte {
	b = append(b, `{"lastRefTime":`...)
	b = strconv.AppendInt(b, now.UnixMilli(), 10)
	return append(b, ',')
}

// answer returns the list of v for a question.
func (v *View) answer(q question, consumer string, labels Labels) *Answer {
	plain := q.clusters == "" && !q.healthyOnly && !q.push
	if plain {
		if a := v.base.Load(); a != nil && a.cache == q.cache {
			return a
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if a := v.answers[q]; a != nil {
		return a
	}
	if a := v.base.Load(); plain && a != nil && a.cache == q.cache { // made while we waited
		return a
	}
	s := v.pick(q, consumer, labels)
	a := v.render(q, s)
	switch {
	case v.Meta != nil && v.Meta.Selector.byConsumer():
	case plain:
		v.base.Store(a)
	case len(v.answers) < maxAnswers:
		if v.answers == nil {
			v.answers = map[question]*Answer{}
		}
		v.answers[q] = a
	}
	return a
}

// render makes the answer of a selection. v.mu is held.
func (v *View) render(q question, s selection) *Answer {
	size := 256 + len(v.Grouped) + len(q.clusters)
	if !s.protected {
		v.renderHosts()
		for _, i := range s.picked {
			size += len(v.host(i)) + 1
		}
	}
	b := make([]byte, 0, size)
	if q.push {
		// A client that takes only what is newer may have read the list before the
		// change in this very millisecond.
		b = AppendHead(b, time.Now().Add(time.Millisecond))
	}
	b = append(b, `"name":`...)
	b = appendString(b, v.Grouped)
	if !q.push {
		b = append(b, `,"groupName":`...)
		b = appendString(b, v.Key.Group)
	}
	b = append(b, `,"clusters":`...)
	b = appendString(b, q.clusters)
	b = append(b, `,"cacheMillis":`...)
	b = strconv.AppendInt(b, q.cache, 10)
	b = append(b, `,"hosts":[`...)
	start := len(b)
	for n, i := range s.picked {
		if n > 0 {
			b = append(b, ',')
		}
		if s.protected {
			b = v.Instances[i].appendJSON(b, v.Grouped, true)
		} else {
			b = append(b, v.host(i)...)
		}
	}
	end := len(b)
	b = append(b, `],"checksum":"","allIPs":false,"reachProtectionThreshold":`...)
	b = strconv.AppendBool(b, s.protected && !q.push)
	b = append(b, `,"valid":true}`...)
	if !s.protected && len(s.picked) == len(v.Instances) {
		v.hosts = b[start:end:end] // one copy will do
	}
	return &Answer{Body: b, cache: q.cache, Length: []string{strconv.Itoa(headLen + len(b))}}
}

// host returns an instance as JSON. v.mu is held.
func (v *View) host(i int) []byte {
	if i == 0 {
		return v.hosts[:v.ends[0]]
	}
	return v.hosts[v.ends[i-1]+1 : v.ends[i]]
}

// renderHosts makes the JSON of every instance, once. What the View before has
// rendered of the same instances is copied. v.mu is held.
func (v *View) renderHosts() {
	if v.ends != nil || len(v.Instances) == 0 {
		return
	}
	prev := v.prev
	v.prev = nil
	var old []*Instance
	if prev != nil {
		prev.mu.Lock()
		defer prev.mu.Unlock()
		if prev.ends != nil {
			old = prev.Instances
			v.hosts = make([]byte, 0, len(prev.hosts)+512)
		}
	}
	v.ends = make([]int, len(v.Instances))
	at := 0
	for i, in := range v.Instances {
		// Both are sorted by address: skip what is gone.
		for at < len(old) && old[at] != in && before(old[at], in) {
			at++
		}
		if i > 0 {
			v.hosts = append(v.hosts, ',')
		}
		if at < len(old) && old[at] == in {
			v.hosts = append(v.hosts, prev.host(at)...)
		} else {
			v.hosts = in.appendJSON(v.hosts, v.Grouped, in.Healthy)
		}
		v.ends[i] = len(v.hosts)
	}
}

func before(a, b *Instance) bool {
	return a.IP < b.IP || a.IP == b.IP && a.Port <= b.Port
}
