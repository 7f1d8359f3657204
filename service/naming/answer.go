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
	plain := q.clusters == "" && !q.healthyOnly && !q.push && !q.stream
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
	full := !s.protected && len(s.picked) == len(v.Instances)
	first := full && v.ends == nil // the hosts are made where they are needed
	size := 256 + len(v.Grouped) + len(q.clusters)
	switch {
	case first:
		size += v.hostsSize()
	case !s.protected:
		if v.ends == nil {
			v.hosts = v.appendHosts(make([]byte, 0, v.hostsSize()))
		}
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
	b = v.appendNames(b, q)
	b = append(b, `,"cacheMillis":`...)
	b = strconv.AppendInt(b, q.cache, 10)
	b = append(b, `,"hosts":[`...)
	start := len(b)
	if first {
		b = v.appendHosts(b)
	} else {
		b = v.appendPicked(b, s)
	}
	end := len(b)
	b = append(b, `],"checksum":"","allIPs":false,"reachProtectionThreshold":`...)
	b = strconv.AppendBool(b, s.protected && (!q.push || q.stream))
	b = append(b, `,"valid":true}`...)
	if full {
		v.hosts = b[start:end:end] // one copy will do
	}
	return &Answer{Body: b, cache: q.cache, Length: []string{strconv.Itoa(headLen + len(b))}}
}

// appendNames appends what an answer is about.
func (v *View) appendNames(b []byte, q question) []byte {
	name := v.Grouped
	if q.stream {
		name = v.Key.Service
	}
	b = append(b, `"name":`...)
	b = appendString(b, name)
	if !q.push || q.stream {
		b = append(b, `,"groupName":`...)
		b = appendString(b, v.Key.Group)
	}
	if q.unsaid {
		return b
	}
	b = append(b, `,"clusters":`...)
	return appendString(b, q.clusters)
}

// host returns an instance as JSON. v.mu is held.
func (v *View) host(i int) []byte {
	if i == 0 {
		return v.hosts[:v.ends[0]]
	}
	return v.hosts[v.ends[i-1]+1 : v.ends[i]]
}

// appendPicked appends the hosts of a selection. v.mu is held.
func (v *View) appendPicked(b []byte, s selection) []byte {
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
	return b
}

// hostsSize guesses how long all hosts are as JSON. v.mu is held.
func (v *View) hostsSize() int {
	const one = 512
	if v.prev != nil && len(v.prev.Instances) > 0 {
		v.prev.mu.Lock()
		defer v.prev.mu.Unlock()
		return (len(v.prev.hosts)/len(v.prev.Instances)+1)*len(v.Instances) + one
	}
	return one * len(v.Instances)
}

// appendHosts appends all hosts, and notes where each of them ends. What the View
// before has made of the same instances is copied. v.mu is held.
func (v *View) appendHosts(b []byte) []byte {
	prev := v.prev
	v.prev = nil
	var old []*Instance
	if prev != nil {
		prev.mu.Lock()
		defer prev.mu.Unlock()
		old = prev.Instances
	}
	v.ends = make([]int, len(v.Instances))
	start, at := len(b), 0
	for i, in := range v.Instances {
		// Both are sorted by address: skip what is gone.
		for at < len(old) && old[at] != in && before(old[at], in) {
			at++
		}
		if i > 0 {
			b = append(b, ',')
		}
		if at < len(old) && old[at] == in {
			b = append(b, prev.host(at)...)
		} else {
			b = in.appendJSON(b, v.Grouped, in.Healthy)
		}
		v.ends[i] = len(b) - start
	}
	return b
}

func before(a, b *Instance) bool {
	return a.IP < b.IP || a.IP == b.IP && a.Port <= b.Port
}
